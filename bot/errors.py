"""Refusals: what an officer may expect to be told, as opposed to a defect."""

from collections.abc import Sequence
from typing import Final

from bot.language import _, ngettext
from bot.plaintext import units

MOST_FAULTS: Final = 8  # named on one screen; the others are counted


class Refusal(Exception):
    """An expected refusal: one sentence that says what is wrong and what to do next.

    The sentence is already in the officer's language, because it is made while their update is being handled.

    Args:
        message: Plain text (not HTML), shown to the officer.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def folded(faults: Sequence[str]) -> str:
    """Return faults as the lines of one refusal: each once, the first few named and the others counted.

    All of them would not fit one message where a whole list is wrong.
    """
    unique = list(dict.fromkeys(faults))
    more = len(unique) - MOST_FAULTS
    last = [ngettext("and %(n)d more fault", "and %(n)d more faults", more) % {"n": more}] if more > 0 else []
    return "\n".join([*unique[:MOST_FAULTS], *last])


def require_short(*texts: str, most: int) -> None:
    """Refuse texts that are too long together, counted as Telegram counts: it is its messages that they must fit.

    Args:
        texts: What was typed.
        most: UTF-16 units.

    Raises:
        Refusal: They are longer.
    """
    if (count := sum(map(units, texts))) > most:
        raise Refusal(
            _("The text has %(n)d characters, at most %(most)d fit. Please shorten it and send it again.")
            % {"n": count, "most": most}
        )
