"""What the bureau knows about one counterpart, as far as the officer who looks may know it."""

import datetime as dt
from dataclasses import dataclass

from bot.identifiers import PERSONAL, SHOWN
from bot.opinions import Finding


@dataclass(frozen=True, slots=True)
class HeldOpinion:
    """An opinion that holds today: that it exists is known to all units, what it says to its own.

    Args:
        number: As printed; None where none was recorded.
        issued_on: 出具日期, local.
        valid_to: Last valid day, local.
        unit: Short name of the unit that holds it; None = another bureau's.
        holder: Who holds it; None where nobody is named.
        finding: What it says; None for those who are not of its unit.
    """

    number: str | None
    issued_on: dt.date
    valid_to: dt.date
    unit: str | None
    holder: str | None
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class Brief:
    """A counterpart in one line of a list.

    Args:
        id: Its key.
        name: Its name today.
        code: Its code as this officer may read it.
        valid_to: Last valid day of the newest opinion that holds; None where there is none.
    """

    id: int
    name: str
    code: str
    valid_to: dt.date | None


@dataclass(frozen=True, slots=True)
class Dossier:
    """A counterpart on a screen of its own.

    Args:
        id: Its key.
        name: Its name today.
        code: Its code as this officer may read it.
        legacy_code: Its organisation code of the old kind, where one was recorded.
        former_names: Further names under which it is found.
        absorbed: Key and name of the counterparts that were merged into it.
        opinions: Opinions that hold today, newest first.
        breaches: When a commitment of it was found to be breached, and the unit that found it.
    """

    id: int
    name: str
    code: str
    legacy_code: str | None
    former_names: tuple[str, ...]
    absorbed: tuple[tuple[int, str], ...]
    opinions: tuple[HeldOpinion, ...]
    breaches: tuple[tuple[dt.date, str], ...]


def readable_code(code: str | None, *, inside: bool) -> str:
    """Return a code as an officer may read it: that of a person in business by its last four outside the unit.

    Args:
        code: The unified social credit code; None where only an older one is known.
        inside: Whether the officer's unit deals with this counterpart.

    Source: domain.md §6.
    """
    if code is None:
        return ""
    if inside or not code.startswith(PERSONAL):
        return code
    return "*" * (len(code) - SHOWN) + code[-SHOWN:]
