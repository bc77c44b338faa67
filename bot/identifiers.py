"""Identifiers: codes of organisations, read and checked here, and ID numbers of persons, struck out.

The second half lives in ``bot.id_numbers``; its names are offered here too.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from stdnum.cn import uscc

from bot.errors import Refusal
from bot.id_numbers import ID_NUMBER_MARKER, id_number_spans, without_id_numbers
from bot.language import _
from bot.plaintext import normalise

__all__ = [
    "CODE_LENGTH", "ID_NUMBER_MARKER", "BadCode", "Code", "CounterpartKind", "IdNumberGiven", "id_number_spans",
    "is_legacy", "names_a_person", "normalise", "read_code", "read_legacy_code", "without_id_numbers",
]  # fmt: skip

CounterpartKind = Literal["enterprise", "institution", "social_org"]

CODE_LENGTH: Final = 18
LEGACY_LENGTH: Final = 9
_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_REGION: Final = range(3, 9)  # positions that hold the administrative region: digits only
_LOOKALIKES: Final = {"I": "1", "O": "0"}
_LEGACY_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_HYPHENS: Final = "Pd"
_LEGACY: Final = re.compile(r"[0-9A-Z]{8}-?[0-9X]")

# The registering authority is the first character, the type of organisation the second.
_ORGAN: Final = "11"
PERSONAL: Final = "92"  # 个体工商户: the code of a person in business (GB 32100-2015)
SHOWN: Final = 4  # the characters of such a code that others than the unit may read (domain.md §6)
_PERSONAL_CODE: Final = re.compile(r"(?<![0-9A-Za-z])92[0-9A-Za-z]{16}(?![0-9A-Za-z])")
_KINDS: Final[dict[str, CounterpartKind]] = {
    "13": "social_org",
    "1": "institution",
    "2": "social_org",
    "3": "enterprise",
    "4": "social_org",
    "5": "social_org",
    "6": "social_org",
    "7": "social_org",
    "8": "social_org",
    "9": "enterprise",
    "A": "institution",
    "N": "enterprise",
    "Y": "enterprise",
}


class BadCode(Refusal):
    """A code that cannot be right.

    Args:
        message: The sentence for the officer.
        position: The wrong character, counted from 1 without spaces; None when no single one can be named.
    """

    def __init__(self, message: str, *, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


class IdNumberGiven(Refusal):
    """An ID number was sent: nothing of it is kept, and whoever answers has the message deleted."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "An ID number must not be sent here: it was not stored and the message is deleted. "
                "Give surname, last four and your own case number, and fill the number in on paper."
            )
        )


@dataclass(frozen=True, slots=True)
class Code:
    """A unified social credit code that passed every check.

    Attributes:
        value: 18 characters, upper case.
        kind: What the code says that the counterpart is.
        personal: Whether it belongs to a person in business (个体工商户, 92…) and is kept out of logs.
    """

    value: str
    kind: CounterpartKind
    personal: bool


def _without_hyphens(text: str) -> str:
    """Return normalised text without hyphens of any kind."""
    return "".join(c for c in normalise(text) if unicodedata.category(c) != _HYPHENS)


def read_code(text: str) -> Code:
    """Read a unified social credit code, pointing at what is wrong.

    Full-width characters, spaces, hyphens and lower case are accepted; a mistyped character is never mended.

    Raises:
        BadCode: Wrong length, a character that cannot stand there, an organ's code (organs are not counterparts),
            or a check character that does not fit.

    Source: GB 32100-2015 with amendment 1.
    """
    value = _without_hyphens(text)
    if len(value) != CODE_LENGTH:
        raise BadCode(
            _("A unified social credit code has 18 characters, %(count)d were read. Please check and send it again.")
            % {"count": len(value)}
        )
    for position, character in enumerate(value, start=1):
        _require_character(position, character)
    kind = _kind(value)
    if not uscc.is_valid(value):
        raise BadCode(
            _("The check character at position 18 does not fit: one of the characters is likely mistyped. "
              "Please compare the code with the licence and send it again.")
        )  # fmt: skip
    return Code(value, kind, personal=value.startswith(PERSONAL))


def names_a_person(text: str) -> bool:
    """Say whether a text holds what must not be broadcast: an ID number, or the code of a person in business."""
    return bool(id_number_spans(text)) or _PERSONAL_CODE.search(text) is not None


def _require_character(position: int, character: str) -> None:
    """Refuse a character that cannot stand at its position, with a hint for the letters taken for digits."""
    if position in _REGION and character in "0123456789":
        return
    if position not in _REGION and character in _ALPHABET:
        return
    values = {"position": position, "character": character, "digit": _LOOKALIKES.get(character, "")}
    if character in _LOOKALIKES:
        sentence = _('Position %(position)d of the code reads "%(character)s", which codes do not use. '
                     "Is it the digit %(digit)s? Please check and send it again.")  # fmt: skip
    elif position in _REGION and character in _ALPHABET:
        sentence = _('Position %(position)d of the code reads "%(character)s", but positions 3 to 8 are digits. '
                     "Please check and send it again.")  # fmt: skip
    else:
        sentence = _('Position %(position)d of the code reads "%(character)s", which codes do not use. '
                     "Please check and send it again.")  # fmt: skip
    raise BadCode(sentence % values, position=position)


def _kind(value: str) -> CounterpartKind:
    """Return the kind of counterpart that a code's first two characters stand for.

    Source: GB 32100-2015, table of registering authorities and types.
    """
    if value.startswith(_ORGAN):
        raise BadCode(
            _("Codes that begin with 11 belong to state organs, which are not counterparts of this procedure. "
              "Please check whose code it is.")
        )  # fmt: skip
    kind = _KINDS.get(value[:2]) or _KINDS.get(value[0])
    if kind is None:
        raise BadCode(
            _('No code begins with "%(character)s". Please check and send it again.') % {"character": value[0]},
            position=1,
        )
    return kind


def is_legacy(text: str) -> bool:
    """Say whether a text has the form of an organisation code of the old kind, right or wrong."""
    return bool(_LEGACY.fullmatch(normalise(text)))


def read_legacy_code(text: str) -> str:
    """Read an organisation code of the old kind (组织机构代码), with or without its hyphen.

    Returns:
        Nine characters, without the hyphen.

    Raises:
        BadCode: Not eight characters and a check character that fits them.

    Source: GB 11714.
    """
    value = _without_hyphens(text)
    if len(value) != LEGACY_LENGTH or not (value.isascii() and value.isalnum()):
        raise BadCode(
            _("An organisation code has 8 characters and a check character, such as %(example)s. Please send it again.")
            % {"example": "12345678-8"}
        )
    total = sum(w * int(c, 36) for w, c in zip(_LEGACY_WEIGHTS, value, strict=False))
    if value[-1] != "0123456789X0"[11 - total % 11]:
        raise BadCode(
            _("The check character of the organisation code does not fit: one of the characters is likely mistyped. "
              "Please check and send it again.")
        )  # fmt: skip
    return value
