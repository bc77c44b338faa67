"""A year's arrangement of days off and make-up working days, as a notice or a file gives it, and what must hold of it.

Whatever does not fit is told line by line, all at once, because a day read wrongly moves every deadline.
Source: 全国年节及纪念日放假办法 (2024), arts. 2, 6 and 7: the festivals, their days, and the yearly notice.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final

from bot.dates import format_day
from bot.errors import Refusal, folded
from bot.language import _, pgettext
from bot.workdays import Day, DayKind, plain, statutory

FIRST_YEAR, LAST_YEAR = 2000, 2099
_FIXED: Final = ("元旦", "劳动节", "国庆节")  # on the same days of the month in every year (art. 2)
_MOVING: Final = ("春节", "清明节", "端午节", "中秋节")  # by the moon or the sun: reckoned, and so a day out at most
_ONE_DAY: Final = timedelta(days=1)
_TABLE: Final = re.compile(r"^[ \t]*\[\[[ \t]*day[ \t]*\]\]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Festival:
    """One holiday of a notice.

    Attributes:
        name: As the notice writes it (国庆节、中秋节); empty where a file gives none.
        off: Days off that it names, in order.
        makeups: Make-up working days (调休上班) that go with it, in order.
    """

    name: str
    off: tuple[date, ...]
    makeups: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A year's notice.

    Attributes:
        year: The year that it arranges.
        number: Its number (国办发明电〔2025〕7号), or its title where no number was given.
        festivals: Its holidays in the order of the text.
    """

    year: int
    number: str
    festivals: tuple[Festival, ...]

    @property
    def named(self) -> Mapping[date, DayKind]:
        """The days that the notice names, by date."""
        off = {on: DayKind.HOLIDAY for each in self.festivals for on in each.off}
        return off | {on: DayKind.MAKEUP for each in self.festivals for on in each.makeups}

    def days(self) -> dict[date, Day]:
        """Return every day of the year: what is not named is an ordinary working day or weekend.

        Days that the notice names in the December before belong to it too.
        """
        named, first = self.named, date(self.year, 1, 1)
        whole = {first + n * _ONE_DAY for n in range((date(self.year + 1, 1, 1) - first).days)}
        return {on: Day(on, named.get(on) or plain(on), self.number) for on in sorted(whole | set(named))}


def title(year: int) -> str:
    """Return how the State Council's General Office names its notice of a year."""
    return f"国务院办公厅关于{year}年部分节假日安排的通知"


def from_toml(text: str) -> Notice:
    """Read a year from a file: ``year``, ``notice`` (its number), and a table ``[[day]]`` for each day it names.

    A table has ``date`` and ``kind`` (``holiday``, ``makeup`` or ``workday``), and may have ``name``, the holiday's.
    A ``workday`` states that an ordinary working day stays one.

    Args:
        text: The file's content.

    Raises:
        Refusal: It cannot be read or something does not fit; each fault with its line.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refusal(_("The file is not TOML: %(error)s") % {"error": error}) from None
    year = content.get("year")
    if not isinstance(year, int) or not FIRST_YEAR <= year <= LAST_YEAR:
        raise Refusal(_("The year is missing. Please put a line such as year = 2027 at the head of the file."))
    faults: list[str] = []
    rows = [row for line, table in _tables(text, content.get("day")) for row in _row(table, line, faults)]
    number = str(content.get("notice") or title(year))
    notice = Notice(year, number, tuple(_festivals(rows)))
    faults += [_both(on, line, year) for on, _name, kind, line in rows
               if kind is DayKind.WORKDAY and notice.named.get(on) is DayKind.HOLIDAY]  # fmt: skip
    require_sound(notice, faults, {on: line for on, _name, _kind, line in rows})
    return notice


_Row = tuple[date, str, DayKind, int]


def _tables(text: str, days: object) -> list[tuple[int, dict[str, Any]]]:
    """Return the tables of the days with their lines; the first line stands for days that are written inline."""
    tables = [each if isinstance(each, dict) else {} for each in days] if isinstance(days, list) else []
    lines = [text.count("\n", 0, match.end()) + 1 for match in _TABLE.finditer(text)]
    return list(zip(lines if len(lines) == len(tables) else [1] * len(tables), tables, strict=True))


def _row(table: dict[str, Any], line: int, faults: list[str]) -> Iterator[_Row]:
    on, kind = table.get("date"), table.get("kind")
    if type(on) is not date or kind not in (DayKind.HOLIDAY, DayKind.MAKEUP, DayKind.WORKDAY):
        faults.append(_("Line %(line)d: a day needs a date and a kind: holiday, makeup or workday.") % {"line": line})
        return
    if kind == DayKind.WORKDAY and on.weekday() >= 5:
        said = {"line": line, "day": shown(on, on.year)}
        faults.append(_("Line %(line)d: %(day)s is no ordinary working day; write makeup for it.") % said)
        return
    yield on, str(table.get("name", "")), DayKind(kind), line


def _festivals(rows: Sequence[_Row]) -> Iterator[Festival]:
    """Yield the holidays: days beside each other in the file that carry the same name."""
    for name, group in groupby(rows, key=lambda row: row[1]):
        days = list(group)
        off = {on for on, _name, kind, _line in days if kind is DayKind.HOLIDAY}
        makeups = {on for on, _name, kind, _line in days if kind is DayKind.MAKEUP}
        if off or makeups:
            yield Festival(name, tuple(sorted(off)), tuple(sorted(makeups)))


def require_sound(notice: Notice, faults: Sequence[str], lines: Mapping[date, int]) -> None:
    """Check what must hold of every notice, whichever way it came in.

    Args:
        notice: What was read.
        faults: What was found wrong already.
        lines: Day -> line that names it.

    Raises:
        Refusal: All faults, one to a line.
    """
    found = [*faults, *_contradictions(notice, lines)]
    if not notice.festivals and not found:
        found.append(_("No day off can be read. Please paste the whole text of the notice."))
    if notice.festivals and not found:
        found.extend(_not_off(notice))
    if found:
        raise Refusal(folded(found))


def _contradictions(notice: Notice, lines: Mapping[date, int]) -> Iterator[str]:
    off = {on for each in notice.festivals for on in each.off}
    for on in sorted({on for each in notice.festivals for on in each.makeups}):
        said = {"line": lines.get(on, 0), "day": shown(on, notice.year)}
        if on in off:
            yield _both(on, lines.get(on, 0), notice.year)
        elif on.weekday() < 5:
            yield _("Line %(line)d: %(day)s is a working day already and cannot be a make-up day.") % said
    for on in sorted(notice.named):
        if on.year != notice.year and (on.year, on.month) != (notice.year - 1, 12):
            said = {"line": lines.get(on, 0), "day": shown(on, notice.year), "year": notice.year}
            yield _("Line %(line)d: %(day)s lies outside %(year)d.") % said


def _both(on: date, line: int, year: int) -> str:
    said = {"line": line, "day": shown(on, year)}
    return _("Line %(line)d: %(day)s is both a day off and a working day.") % said


def _not_off(notice: Notice) -> Iterator[str]:
    """Name what is off by law in that year and is not in the notice; such a notice was not read in full."""
    off = {on for on, kind in notice.named.items() if kind is DayKind.HOLIDAY}
    by_law = statutory(notice.year).items()
    fixed = [on for on, name in by_law if any(each in name for each in _FIXED)]
    missing = [shown(on, notice.year) for on in sorted(fixed) if on not in off]
    for festival in _MOVING:
        about = {on + n * _ONE_DAY for on, name in by_law if festival in name for n in (-1, 0, 1)}
        if about and not about & off:
            missing.append(festival)
    if missing:
        said = {"missing": pgettext("enumeration", ", ").join(missing)}
        yield _("Not named as a day off: %(missing)s. Please check whether the text is whole.") % said


def shown(on: date, year: int) -> str:
    """Return a day of a notice in words; the year only where it is not the notice's."""
    return format_day(on, today=date(year, 1, 1))
