"""The quarter's files, each made in a process of its own: a book of tables, a report, a picture, a circular.

Call them from a chore (a ``work`` row), never inside a transaction. They speak the language of the pack, since papers
go to the whole bureau.
"""

import asyncio
import base64
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot import quarter_papers
from bot.documents.bulletins import CHART, Bulletin
from bot.documents.letters import written_day
from bot.documents.quarterly import BOOK
from bot.documents.tables import Table
from bot.figure_ledger import table
from bot.language import _, speaking
from bot.periods import Period, period_name, written_span
from bot.quarter_papers import Setting
from bot.quarters import Span, format_quarter
from bot.statistics import Statistics
from bot.summary import Names, Summary
from bot.summary_tables import Problems, about_table, finer_tables, further_table, workbook_tables
from bot.summary_words import paragraphs
from handlers.office import Office
from handlers.sheet_reading import ask_child
from handlers.timeline import wording
from storage import figure_records
from storage.figure_records import Asked

_MAKER: Final = "bot.documents.quarterly"
WITHIN: Final = 480.0  # seconds on the wall, shorter than the lease of long work; a busy machine may need them
NO_PROBLEMS: Final[Problems] = {}


def setting_of(office: Office, now: dt.datetime, found: Statistics, problems: Problems = NO_PROBLEMS) -> Setting:
    """Return where and when the papers are made, and for which units.

    A unit that the bureau has no more stands behind those of today as long as something of the period is its own:
    otherwise the lines of a table would not add up to its total.

    Args:
        office: The rules.
        now: Aware UTC time.
        found: The period's figures.
        problems: Unit's code -> what it wrote under 存在问题与建议.
    """
    today, policy = office.today(now), office.policy
    standing = [unit.code for unit in policy.units_on(today)]
    gone = {*found.by_unit(), *problems}.difference(standing)
    return Setting(
        policy=policy,
        units=(*standing, *sorted(gone)),
        problems=problems,
        date=written_day(today),
        bureau=policy.term("bureau", on=today),
        division=policy.legal_division(on=today).name,
    )


def draft(office: Office, summary: Summary, now: dt.datetime) -> dict[str, str]:
    """Return the paragraphs about a quarter that the coordinator may edit, by what each is about."""
    with speaking(office.policy.language):
        return paragraphs(summary, centre=office.policy.term("credit_centre", on=office.today(now)))


async def ledger_sheet(
    session: AsyncSession,
    office: Office,
    span: Span,
    *,
    now: dt.datetime,
    unit: str | None = None,
    lasting: bool = False,
) -> Table | None:
    """Return the sheet of entries behind the figures, whose columns add up to them; None where they are too many.

    Args:
        session: A reading session.
        office: The rules.
        span: The period.
        now: Aware UTC time.
        unit: Code of the one unit that is meant; None for all, which only coordinators and auditors may see.
        lasting: Whether the file is kept: what an erasure takes out of the ledger does not stand in it then.
    """
    today = office.today(now)
    asked = Asked(span, office.zone, today, unit=unit)
    if await figure_records.is_too_long(session, asked):
        return None
    lines, is_cut = await figure_records.lines(session, asked)
    if is_cut:
        return None
    with speaking(office.policy.language):
        return await asyncio.to_thread(partial(table, lines, wording(office, today), lasting=lasting))


async def book(
    office: Office, summary: Summary, *, now: dt.datetime, problems: Problems = NO_PROBLEMS, ledger: Table | None = None
) -> bytes:
    """Return the workbook: the table, everything finer, a sheet for each unit, and the ledger where one is given.

    It is kept with the quarter: a ledger in it is a ``lasting`` one.
    """
    setting = setting_of(office, now, summary.statistics, problems)
    with speaking(office.policy.language):
        named = (_("Quarter"), format_quarter(summary.quarter))
        basis = (_("Basis"), quarter_papers.basis_of(summary, office.policy))
        about = [named, *_about(summary.quarter.span, setting), basis, *([] if ledger is None else [_left_out()])]
        return await _book(workbook_tables(summary, setting.units, problems=problems, ledger=ledger, about=about))


async def figures_book(
    office: Office,
    statistics: Statistics,
    names: Names,
    period: Period,
    *,
    now: dt.datetime,
    units: Sequence[str] | None = None,
    ledger: Table | None = None,
) -> bytes:
    """Return the workbook of any period: every figure grouped in each way, and the ledger where one is given.

    Args:
        office: The rules.
        statistics: The figures.
        names: What the codes are called; see ``handlers.summary.names``.
        period: The period, as it was asked for.
        now: Aware UTC time.
        units: The units that are listed; None for all.
        ledger: The entries behind the figures; see ``ledger_sheet``.
    """
    setting = setting_of(office, now, statistics)
    with speaking(office.policy.language):
        sheets = finer_tables(statistics, names, setting.units if units is None else units)
        sheets.append(further_table(statistics, names))
        sheets += [] if ledger is None else [ledger]
        about = [(_("Period"), period_name(period)), *_about(period.span, setting)]
        return await _book([*sheets, about_table(about)])


async def picture(office: Office, summary: Summary) -> bytes:
    """Return the picture as PNG."""
    with speaking(office.policy.language):
        return await _made(CHART, asdict(quarter_papers.chart(summary)))


async def report(
    office: Office,
    summary: Summary,
    *,
    now: dt.datetime,
    paragraphs: Sequence[str],
    problems: Problems = NO_PROBLEMS,
    picture: bytes | None = None,
) -> bytes:
    """Return the report as a Word file.

    Args:
        office: The rules, with the pack's template.
        summary: The quarter.
        now: Aware UTC time.
        paragraphs: Its sentences, as the coordinator left them; see ``draft``.
        problems: What the units wrote.
        picture: The picture; None leaves it out.
    """
    with speaking(office.policy.language):
        setting = setting_of(office, now, summary.statistics, problems)
        said = asdict(quarter_papers.report(summary, paragraphs, setting, has_chart=picture is not None))
        chart = None if picture is None else base64.b64encode(picture).decode("ascii")
        return await _made(Bulletin.REPORT, said, office, {CHART: chart})


async def circular(
    office: Office,
    summary: Summary,
    *,
    now: dt.datetime,
    paragraphs: Sequence[str],
    named: Collection[str] = (),
    practice: Sequence[str] = (),
    problems: Sequence[str] = (),
    steps: Sequence[str] = (),
) -> bytes:
    """Return the draft of a circular as a Word file; see ``bot.quarter_papers.circular``."""
    with speaking(office.policy.language):
        said = quarter_papers.circular(
            summary,
            setting_of(office, now, summary.statistics),
            paragraphs=paragraphs,
            named=named,
            practice=practice,
            problems=problems,
            steps=steps,
        )
        return await _made(Bulletin.CIRCULAR, asdict(said), office)


def _about(span: Span, setting: Setting) -> list[tuple[str, str]]:
    return [
        (_("Days"), written_span(span)),
        (_("Made on"), setting.date),
        (_("Counted"), _("Applications by the day of submission, results by the day of feedback.")),
        (_("Late"), _("Only where the centre's receipt is confirmed and this bureau applied.")),
    ]


def _left_out() -> tuple[str, str]:
    said = _("Numbers and use of opinions, and bases of measures: this book is kept. /stats exports them.")
    return (_("Left out"), said)


async def _book(sheets: Sequence[Table]) -> bytes:
    return await _made(BOOK, [[each.title, list(each.columns), [list(row) for row in each.rows]] for each in sheets])


async def _made(what: str, said: Any, office: Office | None = None, more: Mapping[str, Any] | None = None) -> bytes:
    template = b"" if office is None else office.policy.templates[what]
    asked = {"make": str(what), "said": said, **(more or {})}
    return base64.b64decode(await ask_child(_MAKER, asked, template, within=WITHIN))
