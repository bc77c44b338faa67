"""The State Council's yearly notice on days off and make-up working days, read from its usual text.

Only what is written counts: 与周末连休 names no day of its own, and a sentence that merely encourages leave makes no
day off.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from bot.calendar_year import FIRST_YEAR, LAST_YEAR, Festival, Notice, require_sound, shown, title
from bot.errors import Refusal
from bot.language import _
from bot.plaintext import in_arabic, normalise

FESTIVALS: Final = ("元旦", "春节", "清明", "劳动", "端午", "中秋", "国庆")
"""What each year's notice names. Source: 全国年节及纪念日放假办法, art. 2."""
_ONE_DAY: Final = timedelta(days=1)
_LONGEST: Final = 31  # days; no holiday is longer, so a longer span is a slip of the pen
_YEAR: Final = re.compile(r"(\d{4})年(?!\d)")  # not the year of a day
_BARE_YEAR: Final = re.compile(r"(\d{4})年?$", re.MULTILINE)
_NUMBER: Final = re.compile(r"国办发[\u4e00-\u9fff]{0,4}[〔\[(]\d{4}[〕\])]\d+号")
_DAY: Final = r"(?:(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日?|(\d{1,2})日)(?:\(([^)]*)\))?"
_TOKEN: Final = re.compile(rf"(?P<work>上班)|(?P<off>放假|补休|调休|休息)|{_DAY}(?:(?P<to>[至到~—\u2013-]+){_DAY})?")
_COUNT: Final = re.compile(r"(?:共|放假)(\d{1,2})天")
_WEEKDAY: Final = re.compile(r"(?:周|星期)([1-7日天])")
_SIGNATURE: Final = re.compile(r"\D*(\d{4})年\d{1,2}月\d{1,2}日\D*")
_ENCOURAGED: Final = "鼓励"
_LEADING: Final = re.compile(r"^[\d、.()]+")


def parse(text: str) -> Notice:
    """Read the text of a notice as it is published, with or without its heading.

    Args:
        text: As pasted; full-width or not, with lines broken anywhere.

    Raises:
        Refusal: Something does not fit; each fault with its line.
    """
    flat, lines = _flat(text)
    year = _year_of(text, flat)
    reader = _Reader(year, flat, lines)
    for start, sentence in _sentences(flat):
        reader.read(start, sentence)
    number = _NUMBER.search("\n".join(normalise(line) for line in text.splitlines()))
    festivals = tuple(each.finished() for each in reader.festivals if each.off or each.makeups)
    notice = Notice(year, number[0] if number else title(year), festivals)
    require_sound(notice, reader.faults, {on: line for each in reader.festivals for on, line in each.lines.items()})
    return notice


def _year_of(text: str, flat: str) -> int:
    """Return the year that the heading, the opening or a line of its own names."""
    match = _YEAR.search(flat) or _BARE_YEAR.search("\n".join(in_arabic(normalise(line)) for line in text.splitlines()))
    if match is None or not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        raise Refusal(_("The year is missing. Please send the text again with its heading, or with 2027年 above it."))
    return int(match[1])


def _flat(text: str) -> tuple[str, list[int]]:
    """Return the text in one piece in plain characters, and the line of each character.

    A line that ends where a sentence may end, and is not gone on with, ends one.
    """
    flat, lines = "", list[int]()
    for number, line in enumerate(text.splitlines(), start=1):
        plain = in_arabic(normalise(line))
        if flat and plain and flat[-1] in "天班休假年" and plain[0] not in ",、。;调补至到共和及与-~—\u2013":
            flat, lines = flat + "。", [*lines, number]
        flat += plain
        lines += [number] * len(plain)
    return flat, lines


def _sentences(flat: str) -> Iterator[tuple[int, str]]:
    for match in re.finditer(r"[^。;]+", flat):
        yield match.start(), match[0]


@dataclass
class _Reading:
    """A holiday while it is being read."""

    name: str
    off: list[date] = field(default_factory=list)
    makeups: list[date] = field(default_factory=list)
    lines: dict[date, int] = field(default_factory=dict)

    def finished(self) -> Festival:
        return Festival(self.name, tuple(sorted(set(self.off))), tuple(sorted(set(self.makeups))))


class _Reader:
    """Reads sentence by sentence and gathers what is wrong.

    Args:
        year: The notice's year.
        flat: The whole text.
        lines: The line of each character.
    """

    def __init__(self, year: int, flat: str, lines: Sequence[int]) -> None:
        self.year = year
        self.festivals: list[_Reading] = []
        self.faults: list[str] = []
        self._lines = lines
        self._last = date(year, 1, 1)  # gives a bare day its month

    def read(self, start: int, sentence: str) -> None:
        """Take the days of one sentence; its words say what they are."""
        if _ENCOURAGED in sentence:
            return
        self._begin(sentence)
        pending: list[date] = []
        off: list[date] = []
        for token in _TOKEN.finditer(sentence):
            if token["work"]:
                self._current.makeups += pending
                pending = []
            elif token["off"]:
                off += pending
                pending = []
            else:
                pending += self._span(token, self._lines[start + token.start()])
        if off:
            self._current.off += off
            self._check_count(sentence, off, self._lines[start])
        self._leftover(sentence, pending)

    @property
    def _current(self) -> _Reading:
        if not self.festivals:
            self.festivals.append(_Reading(""))
        return self.festivals[-1]

    def _begin(self, sentence: str) -> None:
        """Begin the holiday that a sentence names before its first day."""
        first = next((token for token in _TOKEN.finditer(sentence) if not (token["work"] or token["off"])), None)
        if first is None:
            return
        parts = [part for part in sentence[: first.start()].split(":") if part]
        head = _LEADING.sub("", parts[-1]) if parts else ""
        if any(name in head for name in FESTIVALS):
            self.festivals.append(_Reading(head if len(head) <= 12 else next(n for n in FESTIVALS if n in head)))

    def _span(self, token: re.Match[str], line: int) -> list[date]:
        """Return the days of ``X`` or ``X至Y``, noting their line."""
        groups = token.groups()
        first = self._on(groups[2:7], line)
        if first is None:
            return []
        last = self._on(groups[8:13], line, after=first) if token["to"] else first
        if last is None:
            return []
        if not first <= last < first + _LONGEST * _ONE_DAY:
            span = {"line": line, "first": shown(first, self.year), "last": shown(last, self.year)}
            self.faults.append(_("Line %(line)d: %(first)s to %(last)s is no possible span.") % span)
            return []
        days = [first + n * _ONE_DAY for n in range((last - first).days + 1)]
        self._current.lines.update({on: line for on in days})
        return days

    def _on(self, groups: Sequence[str | None], line: int, *, after: date | None = None) -> date | None:
        """Return the day that was written; without a year it is the notice's, or the next after a span's first."""
        year, month, day, bare, note = groups
        on_month = int(month) if month else self._last.month
        on_year = int(year) if year else self.year if month else self._last.year
        if after is not None and not year:
            on_year = after.year + (on_month < after.month)
        try:
            on = date(on_year, on_month, int(day or bare or 0))
        except ValueError:
            written = {"line": line, "month": on_month, "day": int(day or bare or 0)}
            self.faults.append(_("Line %(line)d: there is no day %(month)d-%(day)d.") % written)
            return None
        self._last = on
        weekday = _WEEKDAY.search(note or "")
        if weekday is not None and on.weekday() != (6 if weekday[1] in "日天" else int(weekday[1]) - 1):
            said = {"line": line, "day": shown(on, self.year)}
            self.faults.append(
                _("Line %(line)d: the calendar has %(day)s. Please check the weekday in brackets.") % said
            )
        return on

    def _check_count(self, sentence: str, off: Sequence[date], line: int) -> None:
        """Compare 共n天; with 与周末连休 the weekends beside the days may be counted in."""
        counted = _COUNT.search(sentence)
        if counted is None:
            return
        possible = {len(set(off))}
        if "连休" in sentence:
            possible.add(len(_with_weekends(off)))
        if int(counted[1]) not in possible:
            said = {"line": line, "named": len(set(off)), "counted": int(counted[1])}
            self.faults.append(
                _("Line %(line)d: %(named)d days off are named, but the text counts %(counted)d.") % said
            )

    def _leftover(self, sentence: str, pending: Iterable[date]) -> None:
        """A day of which nothing is said would be lost in silence; the date under the notice is none."""
        signature = _SIGNATURE.fullmatch(sentence)
        if not self.festivals or (signature is not None and int(signature[1]) < self.year):
            return
        for on in pending:
            said = {"line": self._current.lines[on], "day": shown(on, self.year)}
            self.faults.append(_("Line %(line)d: it is not said whether %(day)s is off or worked.") % said)


def _with_weekends(off: Sequence[date]) -> set[date]:
    """Return the days with the weekends that touch them."""
    joined = set(off)
    for step in (_ONE_DAY, -_ONE_DAY):
        for on in off:
            beside = on + step
            while beside.weekday() >= 5:
                joined.add(beside)
                beside += step
    return joined
