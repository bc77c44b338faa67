"""Looking into the ledger: what an officer typed, how far an entry is, and which part of a list is shown."""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from bot.language import pgettext
from bot.plaintext import normalise
from bot.policy.model import ProductKind

PAGE: Final = 8  # lines on one screen of a phone
LONGEST: Final = 60  # characters of a search

_SHORTEST_CODE: Final = 3
_NUMBER: Final = re.compile(r"(?P<unit>[^\d\s/-]{1,12})?(?:(?P<year>20\d\d)[-年/])?(?P<seq>\d{1,6})号?", re.ASCII)
_WIDE: Final = str.maketrans("()", "（）")
_NARROW: Final = str.maketrans("（）", "()")


class Standing(StrEnum):
    """How far an entry is, as the lists count it; each entry is in one of these on a given day."""

    UNSUBMITTED = "a"  # 待提交
    UNCONFIRMED = "b"  # 待收件
    AWAITED = "c"  # 待反馈: also while papers are wanted, or while the counterpart is to bring the opinion
    OVERDUE = "d"  # 超期: from a confirmed receipt only
    UNWRITTEN = "e"  # 待补录意见
    UNUSED = "f"  # 已反馈待使用
    DONE = "g"  # 已办结
    WITHDRAWN = "h"  # 已撤回


FINISHED: Final = (Standing.DONE, Standing.WITHDRAWN)


def standing_name(standing: Standing) -> str:
    """Return how far an entry is, in the office's words."""
    return {
        Standing.UNSUBMITTED: pgettext("standing", "to be submitted"),
        Standing.UNCONFIRMED: pgettext("standing", "receipt to be confirmed"),
        Standing.AWAITED: pgettext("standing", "feedback awaited"),
        Standing.OVERDUE: pgettext("standing", "overdue"),
        Standing.UNWRITTEN: pgettext("standing", "opinion to be written down"),
        Standing.UNUSED: pgettext("standing", "to be used"),
        Standing.DONE: pgettext("standing", "completed"),
        Standing.WITHDRAWN: pgettext("standing", "withdrawn"),
    }[standing]


def kind_name(kind: ProductKind) -> str:
    """Return one of the Plan's three kinds of credit product by its name."""
    return {
        ProductKind.COMMITMENT: pgettext("product kind", "commitment"),
        ProductKind.VERIFICATION: pgettext("product kind", "verification"),
        ProductKind.REPORT: pgettext("product kind", "credit report"),
    }[kind]


@dataclass(frozen=True, slots=True)
class EntryNumber:
    """An entry's number as people say it, whole or in part: 大气2026-17, 大气17, 2026-17."""

    unit: str | None
    year: int | None
    seq: int


def entry_number(unit: str, year: int, seq: int) -> str:
    """Return an entry's whole number as people say it, such as 大气2026-17."""
    return f"{unit}{year}-{seq}"


@dataclass(frozen=True, slots=True)
class Words:
    """What is looked for.

    Args:
        text: As typed, put in order; empty = everything.
        parts: Its words; each must stand in a name.
        code: The same as part of a code, upper case without hyphens; None where it cannot be one.
        letters: The same as pinyin or initials, lower case; None where it cannot be.
        number: The entry's number that it may be.
    """

    text: str = ""
    parts: tuple[str, ...] = ()
    code: str | None = None
    letters: str | None = None
    number: EntryNumber | None = None

    def spellings(self, part: str) -> tuple[str, ...]:
        """Return a word with its brackets as typed, half-width and full-width."""
        return tuple(dict.fromkeys((part, part.translate(_WIDE), part.translate(_NARROW))))


def read_words(typed: str) -> Words:
    """Read what an officer looks for: a name or part of it, a code, a number, pinyin, initials.

    Args:
        typed: As typed; what goes beyond 60 characters is left out.
    """
    visible = "".join(c for c in typed if unicodedata.category(c) not in ("Cc", "Cf") or c.isspace())
    parts = tuple(visible[:LONGEST].split())
    plain = "".join("-" if unicodedata.category(c) == "Pd" else c for c in normalise("".join(parts)))
    code = plain.replace("-", "")
    is_latin = code.isascii() and code.isalnum()
    return Words(
        text=" ".join(parts),
        parts=parts,
        code=code if is_latin and len(code) >= _SHORTEST_CODE else None,
        letters=code.lower() if is_latin and len(code) > 1 and not code.isdecimal() else None,
        number=_number(plain),
    )


def _number(plain: str) -> EntryNumber | None:
    match = _NUMBER.fullmatch(plain)
    if match is None or not (match["unit"] or match["year"]):
        return None
    return EntryNumber(match["unit"], int(match["year"]) if match["year"] else None, int(match["seq"]))


@dataclass(frozen=True, slots=True)
class View:
    """Which part of a list is shown: a page, and what it is narrowed to.

    Args:
        page: From 0.
        standing: How far the entries are; None = all.
        kind: The product that they must have; None = any.
        unit_id: The unit whose they are; None = all that may be seen.
        month: First day of the month of submission; None = any.
    """

    page: int = 0
    standing: Standing | None = None
    kind: ProductKind | None = None
    unit_id: int | None = None
    month: dt.date | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether it shows less than everything."""
        return replace(self, page=0) != View()

    def encode(self) -> str:
        """Return the view as a button's argument, at most 36 ASCII characters."""
        month = self.month.strftime("%Y%m") if self.month else ""
        kind = _KIND_LETTERS[self.kind] if self.kind else ""
        unit = "" if self.unit_id is None else str(self.unit_id)
        return ".".join((str(self.page), self.standing or "", kind, unit, month))

    @classmethod
    def decode(cls, arg: str) -> "View | None":
        """Read a button's argument back; None where it is not one of ours."""
        match = _VIEW.fullmatch(arg)
        if match is None:
            return None
        month = match["month"]
        return cls(
            page=int(match["page"] or 0),
            standing=Standing(match["standing"]) if match["standing"] else None,
            kind=_KINDS[match["kind"]] if match["kind"] else None,
            unit_id=int(match["unit"]) if match["unit"] else None,
            month=dt.date(int(month[:4]), int(month[4:]), 1) if month else None,
        )


_KIND_LETTERS: Final = {ProductKind.VERIFICATION: "v", ProductKind.COMMITMENT: "c", ProductKind.REPORT: "r"}
_KINDS: Final = {letter: kind for kind, letter in _KIND_LETTERS.items()}
_VIEW: Final = re.compile(
    r"(?P<page>\d{0,4})(?:\.(?P<standing>[a-h]?)\.(?P<kind>[vcr]?)\.(?P<unit>\d{0,9})\."
    r"(?P<month>(?:20\d\d(?:0[1-9]|1[0-2]))?))?",
    re.ASCII,
)
