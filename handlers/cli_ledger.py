"""The command line's ``import`` and ``export``: a unit's ledger in and out while the bot stands still."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handlers import cli_figures
from handlers.cli_data import opened_alone, unit_of
from handlers.cli_frame import Sentence, run, write

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.ledger_import import Row, Verdict
    from handlers.office import Office
    from storage.database import Database
    from storage.sight import Sight
    from storage.tables import Unit

app = typer.Typer()


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The unit's ledger: xlsx, xls, ods or csv.")],
    unit: Annotated[str, typer.Option(help="The unit's code in the policy pack.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what becomes of each row and record nothing.")
    ] = False,
) -> None:
    """Import the open entries and valid opinions of a unit's ledger; while the bot runs use /sheet in the chat."""
    run(_import(file, unit, dry_run=dry_run))


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="The xlsx file to be made; one that is there is not replaced.")],
    unit: Annotated[str, typer.Option(help="Only this unit's, in its own columns.")] = "",
    quarter: Annotated[str, typer.Option(help="The figures of a quarter, such as 2026Q4.")] = "",
    first: Annotated[str, typer.Option("--from", help="The figures from this day on, such as 2026-10-01.")] = "",
    last: Annotated[str, typer.Option("--to", help="The figures up to this day.")] = "",
) -> None:
    """Export the ledger's verifications, or the figures of a period, as a sheet; while the bot runs use the chat."""
    if quarter or first or last:
        run(cli_figures.export(file, unit, cli_figures.period(quarter, first, last)))
    else:
        run(_export(file, unit))


async def _import(file: Path, code: str, *, dry_run: bool) -> None:
    from bot.ledger_import import counts
    from handlers import ledger_entering
    from handlers.ledger_entering import Act

    content = _bytes(file)
    async with opened_alone() as (database, office):
        async with database.read() as session:
            unit = await unit_of(session, code)
        now = office.clock.now()
        rows = await _read(database, office, unit, content)
        if dry_run:
            async with database.read() as session:
                rows = await ledger_entering.known_rows(session, unit, rows, _everybody(office))
            _report(rows, counts(rows))
            typer.echo("Nothing was recorded: this was a dry run.")
            return
        async with database.write() as session:
            act = Act(actor_id=None, owner_id=await _owner(session, unit), now=now, sight=_everybody(office))
            done = await ledger_entering.enter(session, office, unit.id, rows, act)
        _report(rows, done.counts)
        if done.numbers:
            typer.echo(f"Numbers {done.numbers[0]} to {done.numbers[-1]}")


async def _export(file: Path, code: str) -> None:
    from bot.finding import View
    from handlers import ledger_export
    from storage import ledger_import, sheets_out
    from storage.finding import Search

    async with opened_alone() as (database, office):
        async with database.read() as session:
            unit = await unit_of(session, code) if code else None
            setting = await ledger_import.columns(session, code) if code else None
            search = Search(view=View(unit_id=unit.id if unit else None))
            rows = await ledger_export.verifications(session, _everybody(office), search)
        typer.echo(f"{len(rows)} verifications are being written")
        if len(rows) > sheets_out.MOST:
            raise Sentence(f"a sheet takes {sheets_out.MOST} rows: export the units one by one")
        made, _count = await ledger_export.sheet(rows, setting)
    write(file, made)


async def _read(database: "Database", office: "Office", unit: "Unit", content: bytes) -> "tuple[Row, ...]":
    """Return the rows of a ledger; its columns are those that the unit confirmed, else those that their names mean."""
    from bot.documents.containers import column_letters
    from bot.ledger_columns import field_name, require
    from bot.ledger_import import Ledger
    from handlers import ledger_entering
    from handlers.ledger_import_work import columns_of, read_ledger
    from storage import ledger_import

    async with database.read() as session:
        setting = await ledger_import.columns(session, unit.code)
    kept = await read_ledger(content, setting)
    ledger, columns = Ledger.from_json(kept), columns_of(kept)
    for at, (heading, field) in enumerate(zip(ledger.sheet.header, columns, strict=True)):
        if heading:
            typer.echo(f"{column_letters(at)} {heading} → {field_name(field) if field else '(not imported)'}")
    require(columns)
    return ledger_entering.read_rows(office, ledger, columns, office.today(office.clock.now()))


def _everybody(office: "Office") -> "Sight":
    """Return the maintainer's eyes: at the command line nothing is hidden."""
    from storage.sight import Sight
    from storage.tables import Person, Role

    return Sight(Person(role=Role.COORDINATOR), office.today(office.clock.now()), on_the_server=True)


def _report(rows: Sequence["Row"], counts: Mapping["Verdict", int]) -> None:
    """Say what becomes of the rows, and what is wrong with which."""
    from bot.ledger_import import Verdict

    for row in rows:
        if row.verdict is Verdict.WRONG:
            typer.echo("\n".join(row.reasons))
    typer.echo(", ".join(f"{verdict.value}: {number}" for verdict, number in counts.items() if number))


async def _owner(session: "AsyncSession", unit: "Unit") -> int:
    """Return whose the entries are whose row names no colleague: the unit's liaison, else its head, else an officer."""
    from storage import ledger_import

    owner = await ledger_import.owner(session, unit.id)
    if owner is None:
        raise Sentence(f"nobody of {unit.name} is on the list yet: invite somebody first")
    return owner


def _bytes(file: Path) -> bytes:
    from bot.documents.sheet_faults import MOST_BYTES

    if not file.is_file():
        raise Sentence(f"there is no file {file}")
    if file.stat().st_size > MOST_BYTES:
        raise Sentence(f"{file} is larger than {MOST_BYTES // 1_000_000} MB")
    return file.read_bytes()
