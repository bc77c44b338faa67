"""The command line's ``export --quarter`` and ``--from``: the figures of a period, the same as /stats."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from handlers.cli_data import opened_alone, unit_of
from handlers.cli_frame import Sentence, write

if TYPE_CHECKING:
    from bot.periods import Period


def period(quarter: str, first: str, last: str) -> "Period":
    """Return the period that the options name.

    Raises:
        Sentence: They name none, or two.
    """
    from bot.periods import Kind, Period
    from bot.quarters import Quarter, Span

    if quarter and (first or last):
        raise Sentence("name a quarter or two days, not both")
    if quarter:
        found = Quarter.from_code(quarter)
        if found is None:
            raise Sentence(f"{quarter} is no quarter: write it as 2026Q4")
        return Period(Kind.QUARTER, found.span)
    if not (first and last):
        raise Sentence("both --from and --to are needed")
    try:
        span = Span(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    except ValueError:
        raise Sentence("write the days as 2026-10-01") from None
    if span.ends_on < span.begins_on:
        raise Sentence("the last day lies before the first")
    return Period(Kind.DAYS, span)


async def export(file: Path, unit: str, asked: "Period") -> None:
    """Write the figures of a period with the entries behind them, and print their sums.

    Args:
        file: The xlsx file to be made.
        unit: Code of the one unit that is meant; empty for all.
        asked: The period.
    """
    from bot.figures import Measure
    from handlers import figures, quarter_files, summary

    code = unit or None
    async with opened_alone() as (database, office):
        now = office.clock.now()
        async with database.read() as session:
            if code is not None:
                await unit_of(session, code)
            found = await figures.statistics(session, office, asked.span, now=now, unit=code)
            named = await summary.names(session, office, found.cells)
            ledger = await quarter_files.ledger_sheet(session, office, asked.span, now=now, unit=code)
        units = None if code is None else [code]
        made = await quarter_files.figures_book(office, found, named, asked, now=now, units=units, ledger=ledger)
    total = found.total()
    typer.echo(", ".join(f"{measure.value} {total[measure]}" for measure in Measure if total[measure]) or "nothing")
    if ledger is None:
        typer.echo("the entries are too many for one sheet: export a shorter period or one unit to have them too")
    write(file, made)
