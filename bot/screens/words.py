"""Words and figures that several screens say alike."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from bot.errors import MOST_FAULTS
from bot.language import _, ngettext, pgettext
from bot.policy.model import Strength
from bot.screens.screen import esc

_LONGEST_FAULT: Final = 220
MOST_NAMES: Final = 10  # names of one entry that a phone's screen takes; the others are counted


def strength_word(strength: Strength) -> str:
    """Return the word for a strength; 方案列明 and never 应当, because the clause only names a field of use."""
    return {
        Strength.REQUIRED: pgettext("strength", "required"),
        Strength.NAMED: pgettext("strength", "named by the Plan"),
        Strength.ADVISED: pgettext("strength", "advised"),
        Strength.OPTIONAL: pgettext("strength", "optional"),
    }[strength]


def shortened(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return as many names as a screen takes, and how many more there are."""
    more = len(names) - MOST_NAMES
    if more <= 0:
        return names
    return (*names[:MOST_NAMES], ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more})


def and_more(count: int) -> str | None:
    """Return that there are so many more than a screen names; None where it names all."""
    return pgettext("count", "and %(n)d more") % {"n": count} if count > 0 else None


def cut(text: str, most: int) -> str:
    """Return a text in at most so many characters, with a mark where more of it stands elsewhere."""
    return text if len(text) <= most else text[:most] + "…"


def named_faults(faults: Sequence[str]) -> list[str]:
    """Return the first faults of a sheet as lines of a screen, each cut: a heading in it may be long."""
    return [esc(cut(fault, _LONGEST_FAULT)) for fault in faults[:MOST_FAULTS]]


def counted(count: int, *, of_persons: bool) -> str:
    """Return a count of persons or organisations whose list is kept elsewhere."""
    if of_persons:
        return ngettext("%(n)d person", "%(n)d persons", count) % {"n": count}
    return ngettext("%(n)d organisation", "%(n)d organisations", count) % {"n": count}


def example_day(today: dt.date) -> str:
    """Return a day not long past, written as an officer would type it."""
    before = today - dt.timedelta(days=3)
    return f"{before.month}月{before.day}日"


def in_brackets(word: str) -> str:
    """Return a word in the brackets of the language, to stand behind a name."""
    return _(" (%(word)s)") % {"word": word}


def labelled(label: str, value: str) -> str:
    """Return an escaped line of a card: a label and what it says."""
    return esc(_("%(label)s: %(value)s") % {"label": label, "value": value})


def applied_by(subject: str, day: str) -> str:
    """Return the line of an application that the counterpart made: nobody here knows its day, so another one counts."""
    return _("Application: by the %(subject)s; counted in the figures on %(day)s") % {
        "subject": subject,
        "day": day,
    }
