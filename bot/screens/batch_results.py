"""The screens of results that come back as a sheet."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.batch_results import Results
from bot.dates import format_day
from bot.errors import MOST_FAULTS
from bot.language import _, ngettext, pgettext
from bot.ledger import Entry
from bot.opinions import Finding, finding_name
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import example_day, labelled, named_faults

READING: Final = "results_reading"


def asking(number: str, waiting: int, *, draft_id: int, version: int) -> Screen:
    """Ask for the sheet with the results of an entry."""
    text = lines(
        bold(_("[Results] %(number)s") % {"number": number}),
        esc(ngettext("%(n)d result is still missing", "%(n)d results are still missing", waiting) % {"n": waiting}),
        esc(_("Please send the sheet with code, result, day of issue; number and last valid day where printed")),
    )
    rows = (
        (Button(pgettext("button", "Template"), Press("btpl", 0, 0, "results")),),
        (Button(pgettext("button", "Back"), Press("bback", draft_id, version)),),
    )
    return Screen("results_asking", text, rows, wants_file=True)


def reading() -> Screen:
    """Say that the results are being read."""
    return Screen(READING, esc(_("Reading the results; the summary follows here.")))


def which_entry(sheet_id: int, entries: Sequence[Entry]) -> Screen:
    """Ask to which entry the results belong."""
    rows = [
        (Button(f"{each.number} {each.matter}"[:40], Press("bwent", sheet_id, 0, str(each.id))),) for each in entries
    ]
    rows.append((Button(pgettext("button", "Leave it"), Press("bdrop", sheet_id)),))
    text = bold(_("Which entry do the results belong to?")) if entries else esc(_("No open entry waits for results."))
    return Screen("results_entry", text, tuple(rows))


@dataclass(frozen=True, slots=True)
class Summary:
    """Results that were read and not recorded yet.

    Args:
        sheet_id: Where they are kept.
        number: The entry.
        results: What can be recorded, and what is wrong.
        waiting: How many results the entry waits for, those of the sheet included.
        rest_on: The day of issue of all others, where the officer said that nothing adverse was found on them.
        today: Local date.
    """

    sheet_id: int
    number: str
    results: Results
    waiting: int
    rest_on: dt.date | None
    today: dt.date

    @property
    def left(self) -> int:
        """How many the sheet says nothing about; a word about all others covers them."""
        return self.waiting - len(self.results.right) - len(self.results.disputed)


def summary(shown: Summary) -> Screen:
    """Say what the sheet holds before anything is recorded."""
    right, faults = shown.results.right, shown.results.faults
    counted = {finding: sum(each.finding is finding for each in right) for finding in Finding}
    more = len(faults) - MOST_FAULTS
    text = lines(
        bold(_("[Results read] %(number)s") % {"number": shown.number}),
        esc(_("%(right)d can be recorded, %(wrong)d rows are wrong") % {"right": len(right), "wrong": len(faults)}),
        *(labelled(finding_name(finding), str(n)) for finding, n in counted.items() if n),
        esc(_rest_line(shown)) if shown.left else None,
        *named_faults(faults),
        esc(ngettext("and %(n)d more fault", "and %(n)d more faults", more) % {"n": more}) if more > 0 else None,
        esc(_("Wrong rows are not recorded; correct them and send the sheet again")) if faults else None,
    )
    return Screen("results_checked", text, _summary_rows(shown), stays=True)


def _rest_line(shown: Summary) -> str:
    if shown.rest_on is None:
        return ngettext("%(n)d stays waiting", "%(n)d stay waiting", shown.left) % {"n": shown.left}
    day = format_day(shown.rest_on, today=shown.today)
    return _("the other %(n)d: no adverse information found, issued %(day)s") % {"n": shown.left, "day": day}


def _summary_rows(shown: Summary) -> tuple[tuple[Button, ...], ...]:
    rows: list[tuple[Button, ...]] = []
    count = len(shown.results.right) + (shown.left if shown.rest_on else 0)
    if count:
        today, yesterday = (Press("brec", shown.sheet_id, 0, arg) for arg in ("0", "1"))
        rows.append((Button(pgettext("button", "Came today, record %(n)d") % {"n": count}, today, Style.PRIMARY),))
        rows.append((Button(pgettext("button", "Came yesterday, record %(n)d") % {"n": count}, yesterday),))
    if shown.left and shown.rest_on is None:
        label = pgettext("button", "All others: nothing found")
        rows.append((Button(label, Press("brest", shown.sheet_id)),))
    rows.append((Button(pgettext("button", "Give up"), Press("bdrop", shown.sheet_id)),))
    return tuple(rows)


def rest_day(sheet_id: int, left: int, today: dt.date) -> Screen:
    """Ask for the day on which the opinions about all others were issued."""
    text = lines(
        bold(_("On which day were the opinions issued?")),
        esc(ngettext("About %(n)d other: nothing found", "About %(n)d others: nothing found", left) % {"n": left}),
        esc(_("Please choose a day, or type one such as %(example)s") % {"example": example_day(today)}),
    )
    rows = (
        (
            Button(pgettext("button", "Today"), Press("brest", sheet_id, 0, "0")),
            Button(pgettext("button", "Yesterday"), Press("brest", sheet_id, 0, "1")),
        ),
        (Button(pgettext("button", "Back"), Press("brest", sheet_id, 0, "back")),),
    )
    return Screen("results_rest_day", text, rows)


def recorded(entry: Entry, *, count: int, adverse: int, left: int) -> Screen:
    """Say what was recorded, and what is still open."""
    text = lines(
        bold(_("[Results recorded] %(number)s") % {"number": entry.number}),
        esc(ngettext("%(n)d opinion recorded", "%(n)d opinions recorded", count) % {"n": count}),
        esc(_("%(n)d adverse: please tell them about objection and repair") % {"n": adverse}) if adverse else None,
        esc(ngettext("%(n)d stays waiting", "%(n)d stay waiting", left) % {"n": left}) if left else None,
    )
    rows = ((Button(pgettext("button", "Open entry"), Press("req", entry.id)),),)
    return Screen("results_recorded", text, rows, stays=True)
