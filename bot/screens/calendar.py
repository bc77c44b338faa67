"""The screens of the office's calendar: a year, a notice before it holds, and the bureau's rest days."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from bot.calendar_year import Festival, Notice, title
from bot.dates import format_day
from bot.language import _, ngettext, pgettext
from bot.screens.keys import Keys
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import labelled
from bot.workdays import OFFICIAL, Day, DayKind

_MOST_DIFFERENT: Final = 12  # days
_MOST_OWN: Final = 20  # days with reasons of 60 characters


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a change of the calendar reaches.

    Args:
        entries: Open entries of which a date changes.
        reminded: Open entries whose reminders move.
    """

    entries: int
    reminded: int


def overview(days: Sequence[Day], own: Mapping[dt.date, str], *, others: Sequence[int], may_change: bool) -> Screen:
    """A year of the office's calendar: days off and make-up working days, month by month.

    Args:
        days: All days of the year.
        own: The bureau's own rest days of that year, with their reasons.
        others: Years that can be looked at instead.
        may_change: Whether the reader enters notices and rest days.
    """
    year = days[0].on.year
    doubtful = any(day.provisional for day in days)
    source = next((day.source for day in days if day.on not in own), OFFICIAL)
    source = title(year) if source == OFFICIAL else source
    said = _("The notice for this year is not entered yet: every date is provisional.")
    text = lines(
        bold(_("[Working calendar] %(year)d") % {"year": year}),
        esc(said if doubtful else _("By: %(source)s") % {"source": source}),
        *_months(days, own),
        *_owns(own, year),
    )
    rows = [tuple(Button(_("Year %(year)d") % {"year": each}, Press("cal", arg=str(each))) for each in others)]
    if may_change:
        rows.append((Button(pgettext("button", "Enter a notice"), Press("calin"), Style.PRIMARY),))
        rows.append((Button(pgettext("button", "Add a rest day"), Press("calad")),))
        if own:
            rows.append((Button(pgettext("button", "Remove a rest day"), Press("calrm")),))
    return Screen("calendar", text, tuple(row for row in rows if row))


def asking_notice(keys: Keys) -> Screen:
    """Ask for the text of a notice."""
    text = lines(
        bold(_("Enter a notice")),
        esc(_("Please paste the text of the State Council's notice on days off and send it.")),
        esc(_("Nothing changes before you have checked it day by day.")),
    )
    return Screen("calendar_notice", text, ((_cancel(keys),),))


def confirm(notice: Notice, reach: Reach, different: Sequence[tuple[Day, Day]], keys: Keys, *, again: bool) -> Screen:
    """Show a notice back, day by day, before it holds.

    Args:
        notice: What was read.
        reach: What it would change.
        different: Days of a year in force already that it would turn around, as they are and as they would be.
        keys: The keyboard of the draft.
        again: Whether the difference has to be confirmed now.
    """
    ok = pgettext("button", "Put in force all the same") if again else pgettext("button", "Put in force")
    style = Style.DANGER if again else Style.PRIMARY
    text = lines(
        bold(_("[Notice for %(year)d] please check") % {"year": notice.year}),
        labelled(_("By"), notice.number),
        *(_festival(each, notice.year) for each in notice.festivals),
        *(_different(different, notice.year) if different else ()),
        esc(_("This year's calendar is in force already. Please check once more whether it is to be replaced."))
        if again
        else None,
        "",
        *_reaching(reach),
    )
    return Screen("calendar_confirm", text, ((keys.button(ok, "calok", style=style),), (_cancel(keys),)))


def unchanged(year: int) -> Screen:
    """Say that a notice brings nothing new."""
    said = _("The calendar of %(year)d is in force already with the same days. Nothing was changed.") % {"year": year}
    return Screen("calendar_unchanged", esc(said), (_back(year),))


def done(headline: str, reach: Reach, year: int) -> Screen:
    """Say what a change of the calendar has done."""
    told = _("Officers whose dates have moved are told.") if reach.entries else None
    text = lines(bold(headline), *_reaching(reach, done=True), esc(told) if told else None)
    return Screen("calendar_done", text, (_back(year),))


def asking_day(keys: Keys, today: dt.date) -> Screen:
    """Ask which working day is to be a rest day."""
    example = f"{today.month}月{today.day}日"
    text = lines(
        bold(_("Add a rest day of the bureau")),
        esc(_("Which working day is off? Please send the date, such as %(example)s.") % {"example": example}),
    )
    return Screen("calendar_day", text, ((_cancel(keys),),))


def asking_reason(on: dt.date, keys: Keys, today: dt.date) -> Screen:
    """Ask why a day is off."""
    text = lines(
        bold(_("Add a rest day of the bureau")),
        labelled(_("Day"), format_day(on, today=today)),
        esc(_("Please send the reason, such as the notice it rests on. It is shown to the officers.")),
    )
    return Screen("calendar_reason", text, ((_cancel(keys),),))


def confirm_own(on: dt.date, why: str, reach: Reach, keys: Keys, *, today: dt.date, removes: bool) -> Screen:
    """Show a rest day of the bureau before it is added or removed."""
    text = lines(
        bold(_("Remove a rest day of the bureau") if removes else _("Add a rest day of the bureau")),
        labelled(_("Day"), format_day(on, today=today)),
        labelled(_("Reason"), why),
        "",
        *_reaching(reach),
    )
    ok = keys.button(pgettext("button", "Confirm"), "calok", style=Style.DANGER if removes else Style.PRIMARY)
    return Screen("calendar_own", text, ((ok,), (_cancel(keys),)))


def which_own(own: Mapping[dt.date, str], keys: Keys, today: dt.date) -> Screen:
    """Ask which rest day of the bureau is to be removed."""
    rows = [(keys.button(format_day(on, today=today), "calrm", on.isoformat()),) for on in own]
    text = lines(
        bold(_("Remove a rest day of the bureau")),
        *_owns(own, today.year),
        esc(_("Which day is worked after all?")),
    )
    return Screen("calendar_which", text, (*rows, (_cancel(keys),)))


def missing(year: int) -> Screen:
    """Tell a coordinator that a year's notice is not entered yet."""
    text = lines(
        bold(_("[Working calendar] %(year)d") % {"year": year}),
        esc(_("The notice on days off in %(year)d is not entered yet.") % {"year": year}),
        esc(_("Until then every date that reaches into it is provisional.")),
    )
    button = Button(pgettext("button", "Enter a notice"), Press("calin"), Style.PRIMARY)
    return Screen("calendar.missing", text, ((button,),), stays=True)


def spans(days: Iterable[dt.date], year: int) -> str:
    """Return days in words, those that follow each other as a span."""
    said, ordered = [], enumerate(sorted(days))
    for _key, run in groupby(ordered, key=lambda pair: pair[1].toordinal() - pair[0]):
        shown = [format_day(on, today=dt.date(year, 1, 1)) for _n, on in run]
        span = _("%(first)s to %(last)s") % {"first": shown[0], "last": shown[-1]}
        said.append(shown[0] if len(shown) == 1 else span)
    return pgettext("list", ", ").join(said)


def _one_by_one(days: Iterable[dt.date], year: int) -> str:
    """Return days in words, each with its weekday: a span would hide a day that was read wrongly."""
    return pgettext("list", ", ").join(format_day(on, today=dt.date(year, 1, 1)) for on in sorted(days))


def _months(days: Sequence[Day], own: Mapping[dt.date, str]) -> Iterator[str]:
    for _month, group in groupby(days, key=lambda day: day.on.month):
        month = list(group)
        off = [day.on for day in month if day.kind is DayKind.HOLIDAY and day.on not in own]
        made_up = [day.on for day in month if day.kind is DayKind.MAKEUP]
        if off:
            yield labelled(_("Off"), spans(off, days[0].on.year))
        if made_up:
            yield labelled(_("Worked"), spans(made_up, days[0].on.year))


def _owns(own: Mapping[dt.date, str], year: int) -> list[str]:
    """Return the bureau's rest days, each with its reason; of very many the last ones and a count."""
    said = [esc(_own(on, why, year)) for on, why in own.items()]
    more = len(said) - _MOST_OWN
    if more <= 0:
        return said
    others = ngettext("and %(n)d more day", "and %(n)d more days", more) % {"n": more}
    return [*said[-_MOST_OWN:], esc(others)]


def _own(on: dt.date, why: str, year: int) -> str:
    day = format_day(on, today=dt.date(year, 1, 1))
    return _("Rest day of the bureau: %(day)s, %(reason)s") % {"day": day, "reason": why}


def _festival(festival: Festival, year: int) -> str:
    off, parts = festival.off, list[str]()
    if off:
        count = ngettext("%(n)d day", "%(n)d days", len(off)) % {"n": len(off)}
        parts.append(_("off %(days)s (%(count)s)") % {"days": _one_by_one(off, year), "count": count})
    if festival.makeups:
        parts.append(_("worked %(days)s") % {"days": _one_by_one(festival.makeups, year)})
    return labelled(festival.name or _("Days off"), pgettext("parts", "; ").join(parts))


def _different(different: Sequence[tuple[Day, Day]], year: int) -> Iterator[str]:
    yield ""
    yield esc(_("Different from the calendar in force:"))
    for before, after in different[:_MOST_DIFFERENT]:
        said = {"day": format_day(before.on, today=dt.date(year, 1, 1)), "was": _word(before), "will": _word(after)}
        yield esc(_("%(day)s: %(was)s so far, %(will)s by the notice") % said)
    more = len(different) - _MOST_DIFFERENT
    if more > 0:
        yield esc(ngettext("and %(n)d more day", "and %(n)d more days", more) % {"n": more})


def _word(day: Day) -> str:
    return _("worked") if day.is_workday else _("off")


def _reaching(reach: Reach, *, done: bool = False) -> Iterator[str]:
    if not (reach.entries or reach.reminded):
        yield esc(_("No open entry is concerned"))
        return
    entries, reminded = {"n": reach.entries}, {"n": reach.reminded}
    if done:
        yield esc(ngettext("%(n)d open entry was reckoned again", "%(n)d open entries were reckoned again",
                           reach.entries) % entries)  # fmt: skip
        yield esc(ngettext("Reminders of %(n)d entry were moved", "Reminders of %(n)d entries were moved",
                           reach.reminded) % reminded)  # fmt: skip
        return
    yield esc(ngettext("%(n)d open entry would be reckoned again", "%(n)d open entries would be reckoned again",
                       reach.entries) % entries)  # fmt: skip
    yield esc(ngettext("Reminders of %(n)d entry would move", "Reminders of %(n)d entries would move",
                       reach.reminded) % reminded)  # fmt: skip


def _cancel(keys: Keys) -> Button:
    return keys.button(pgettext("button", "Cancel"), "calno")


def _back(year: int) -> tuple[Button, ...]:
    return (Button(pgettext("button", "Working calendar"), Press("cal", arg=str(year))),)
