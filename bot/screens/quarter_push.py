"""The screens of the bureau's summary (季度汇总): the draft, its confirmation, what receivers get, and the circular."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bot.dates import format_day
from bot.figures import Figures
from bot.language import _, ngettext, pgettext
from bot.quarters import Quarter, format_quarter
from bot.returns import Delivery, PushState
from bot.screens.paging import page_line, paged, turning
from bot.screens.quarter import push_line
from bot.screens.quarter_return import columns
from bot.screens.screen import Button, File, Press, Screen, Style, bold, esc, lines
from bot.wording import Paragraph

PARTS: Final = ("chart", "sheet", "ledger", "report")
MEDIA: Final = {
    "chart": ("png", "image/png"),
    "sheet": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "ledger": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "report": ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "circular": ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}
"""What a file is -> how its name ends, and its type as in HTTP."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The bureau's summary as a screen shows it.

    Args:
        id: Its key.
        version: Its version; a press on an older one is stale.
        quarter: The quarter.
        state: How far it is.
        wording: Its paragraphs.
        is_edited: Whether a coordinator has changed any of them.
        figures: The bureau's figures, frozen.
        files: What is there, one of ``PARTS`` -> its generated name.
        differing: Units whose return says other figures than the ledger of that day.
        silent: Units that have not reported.
        due: Local day on which it was drafted.
        delivery: What became of its copies.
    """

    id: int
    version: int
    quarter: Quarter
    state: PushState
    wording: Sequence[Paragraph]
    figures: Figures
    is_edited: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    differing: Sequence[str] = ()
    silent: Sequence[str] = ()
    due: dt.date | None = None
    delivery: Delivery = field(default_factory=Delivery)


def part_name(part: str) -> str:
    """Return what a file of the summary is, in words."""
    return {
        "chart": pgettext("summary", "chart"),
        "sheet": pgettext("summary", "summary table"),
        "ledger": pgettext("summary", "summary table with the ledger"),
        "report": pgettext("summary", "report"),
        "circular": pgettext("summary", "draft circular"),
    }[part]


def file_of(part: str, key: str, quarter: Quarter) -> File:
    """Return a file of the summary, named by what it is and the quarter."""
    ending, media_type = MEDIA[part]
    return File(key, f"{format_quarter(quarter)}{part_name(part)}.{ending}", media_type)


def shown(summary: Summary, *, today: dt.date, said: str | None = None, unserved: int = 0) -> Screen:
    """The summary for a coordinator: its words and figures, what to look at before it is confirmed, what became of it.

    Args:
        summary: The summary.
        today: Local date.
        said: A sentence that comes first.
        unserved: Receivers of now whose copy was refused, or who came since and have none.
    """
    names = pgettext("names", ", ")
    day = format_day(summary.due, today=today) if summary.due else ""
    group = pgettext("names", "group of %(unit)s")
    missed = [*summary.delivery.missed, *(group % {"unit": each} for each in summary.delivery.missed_groups)]
    text = lines(
        esc(said) + "\n" if said else None,
        bold(_head(summary, pgettext("summary", "Quarterly summary, draft"))),
        esc(push_line(summary.state, summary.delivery, day)),
        *_body(summary),
        *_outdated(summary),
        esc(_("The report is being made anew with the wording as it stands now.")) if _is_rewritten(summary) else None,
        "" if summary.silent or summary.differing or missed else None,
        esc(_("Not reported: %(units)s") % {"units": names.join(summary.silent)}) if summary.silent else None,
        esc(_("The returns of these units say other figures than the ledger: %(units)s")
            % {"units": names.join(summary.differing)}) if summary.differing else None,
        esc(_("Not delivered to: %(units)s") % {"units": names.join(missed)}) if missed else None,
    )  # fmt: skip
    return Screen("quarter_summary", text, _rows(summary, unserved))


def drafted(summary: Summary, *, today: dt.date, said: str) -> Screen:
    """The draft as a coordinator hears of it, with the picture beside it."""
    chart = file_of("chart", summary.files["chart"], summary.quarter) if "chart" in summary.files else None
    return replace(shown(summary, today=today, said=said), name="quarter_drafted", stays=True, file=chart)


def to_confirm(summary: Summary, persons: int, groups: int) -> Screen:
    """Say whom the summary goes to, before it does; it cannot be taken back."""
    text = lines(
        bold(_head(summary, pgettext("summary", "Confirm and send on"))),
        esc(ngettext("%(n)d head or liaison", "%(n)d heads and liaisons", persons) % {"n": persons}),
        esc(ngettext("%(n)d group of a unit", "%(n)d groups of units", groups) % {"n": groups}) if groups else None,
        esc(_("Once it is sent on the quarter is locked; what is corrected later goes into the next one.")),
    )
    rows = (
        (Button(pgettext("button", "Send it on"), Press("qgo", summary.id, summary.version), Style.PRIMARY),),
        (Button(pgettext("button", "Back"), Press("qsum", summary.id)),),
    )
    return Screen("quarter_confirm", text, rows)


def received(summary: Summary, *, in_group: bool) -> Screen:
    """What heads, liaisons and groups get: the words, the figures, the chart.

    Args:
        summary: The summary.
        in_group: Whether it goes to a group, where no button works.
    """
    text = lines(bold(_head(summary, pgettext("summary", "Quarterly summary"))), *_body(summary))
    chart = file_of("chart", summary.files["chart"], summary.quarter) if "chart" in summary.files else None
    rows = () if in_group else (_files(summary, ("sheet", "report")),)
    return Screen("quarter_received", text, tuple(row for row in rows if row), stays=True, file=chart)


def one_file(summary: Summary, part: str) -> Screen:
    """One file of the summary."""
    text = bold(_head(summary, part_name(part)))
    return Screen("quarter_file", text, (), stays=True, file=file_of(part, summary.files[part], summary.quarter))


def circular_units(
    summary: Summary, units: Sequence[tuple[int, str, bool]], page: int, *, making: bool = False
) -> Screen:  # fmt: skip
    """Which units the circular may name; none unless ticked.

    Args:
        summary: The summary.
        units: Key, name and whether it is ticked.
        page: The page, from 0.
        making: Whether the draft is being made.
    """
    here, page, pages = paged(units, page)
    ticked = [name for _key, name, is_named in units if is_named]
    text = lines(
        bold(_head(summary, part_name("circular"))),
        esc(_("Tick the units that the circular may name; the others are only counted.")),
        esc(_("Named: %(units)s") % {"units": pgettext("names", ", ").join(ticked)})
        if ticked
        else esc(_("No unit is named.")),
        esc(_("The draft is being made and will be sent into this chat.")) if making else None,
        esc(_("Please edit it on paper and have it signed; the assistant sends no circular.")),
        page_line(page, pages),
    )
    buttons = [
        Button(("☑ " if is_named else "☐ ") + name, Press("qnam", summary.id, summary.version, f"{key},{page}"))
        for key, name, is_named in here
    ]
    rows = [tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2)]
    rows += turning(page, pages, lambda to: Press("qcir", summary.id, arg=str(to)))
    rows.append((Button(pgettext("button", "Make the draft circular"), Press("qdoc", summary.id), Style.PRIMARY),))
    rows.append((Button(pgettext("button", "Back"), Press("qsum", summary.id)),))
    return Screen("quarter_circular", text, tuple(rows))


def circular_made(quarter: Quarter, key: str) -> Screen:
    """The draft of the circular."""
    values = {"title": part_name("circular"), "quarter": format_quarter(quarter)}
    text = lines(
        bold(_("[%(title)s] %(quarter)s") % values),
        esc(_("Please edit it on paper and have it signed; the assistant sends no circular.")),
    )
    return Screen("quarter_circular_made", text, (), stays=True, file=file_of("circular", key, quarter))


def _head(summary: Summary, title: str) -> str:
    return _("[%(title)s] %(quarter)s") % {"title": title, "quarter": format_quarter(summary.quarter)}


def _body(summary: Summary) -> tuple[str, ...]:
    return (
        *(esc(each.text) for each in summary.wording),
        *(columns(summary.figures) if not summary.figures.is_nil else ()),
    )


def _outdated(summary: Summary) -> list[str]:
    """Return what the figures say by now where an edited paragraph was written on others."""
    found = []
    for number, each in enumerate(summary.wording, 1):
        if each.outdated_by is not None and summary.state is PushState.DRAFTED:
            now = each.outdated_by or _("(nothing)")
            found.append(_("The figures have changed since paragraph %(n)d was edited. They say: %(now)s")
                         % {"n": number, "now": now})  # fmt: skip
    return [*([""] if found else []), *(esc(each) for each in found)]


def _is_rewritten(summary: Summary) -> bool:
    return summary.state is PushState.DRAFTED and "chart" in summary.files and "report" not in summary.files


def _rows(summary: Summary, unserved: int) -> tuple[tuple[Button, ...], ...]:
    rows: list[tuple[Button, ...]] = []
    if summary.state is PushState.DRAFTED:
        rows.append((
            Button(pgettext("button", "Confirm and send on"), Press("qok", summary.id, summary.version), Style.PRIMARY),
            Button(pgettext("button", "Edit the wording"), Press("qedt", summary.id, summary.version)),
        ))  # fmt: skip
    if summary.state is not PushState.PUSHED:
        again = Button(pgettext("button", "Draft it again"), Press("qagn", summary.id, summary.version))
        drafted = Button(pgettext("button", "Wording as drafted"), Press("qwrd", summary.id, summary.version))
        rows.append((again, drafted) if summary.is_edited and summary.state is PushState.DRAFTED else (again,))
    if summary.state is PushState.PUSHED and unserved:
        label = pgettext("button", "Send %(n)d again") % {"n": unserved}
        rows.append((Button(label, Press("qres", summary.id, summary.version)),))
    files = _files(summary, PARTS)
    rows += [files[:2], files[2:]]
    last = Button(pgettext("button", "Returns"), Press("qq", arg=summary.quarter.code))
    if summary.state in (PushState.DRAFTED, PushState.PUSHED):
        rows.append((Button(part_name("circular"), Press("qcir", summary.id)), last))
    else:
        rows.append((last,))
    return tuple(row for row in rows if row)


def _files(summary: Summary, wanted: Sequence[str]) -> tuple[Button, ...]:
    return tuple(
        Button(part_name(part), Press("qfil", summary.id, arg=part)) for part in wanted if part in summary.files
    )  # fmt: skip
