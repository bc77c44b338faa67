"""The command line's ``calendar``: a year's notice from a file, and a year as it stands."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handlers.cli_frame import Sentence, policy_of, run

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.calendar_year import Notice
    from bot.policy.model import Policy
    from bot.workdays import Calendar
    from handlers.calendar_import import Preview
    from handlers.clock import Clock

app = typer.Typer(no_args_is_help=True, help="Import and show the working calendar.")

LARGEST: int = 1_000_000  # bytes; a year takes a few thousand


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A .toml file of days, or the notice's text in any other file.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change and record nothing.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a year that is already in force.")] = False,
) -> None:
    """Import a year's notice; while the bot runs use /calendar in the chat."""
    run(_import(file, dry_run=dry_run, replace=replace))


@app.command("show")
def show(year: Annotated[int, typer.Argument(min=2004, max=2099, help="The year, such as 2027.")]) -> None:
    """Print a year's holidays, make-up working days and rest days of the bureau, each with its source."""
    run(_show(year))


async def _import(file: Path, *, dry_run: bool, replace: bool) -> None:
    from bot.errors import Refusal
    from bot.language import speaking
    from handlers.clock import Clock
    from handlers.lock import AlreadyRunning
    from handlers.opening import opened
    from handlers.settings import Settings

    settings, clock = Settings(), Clock()
    policy = await asyncio.to_thread(policy_of, settings.policy)
    try:
        with speaking("en"):
            notice = _read(file)
            async with opened(settings, clock) as database, database.write() as session:
                said = await _brought_in(session, policy, clock, notice, dry_run=dry_run, replace=replace)
    except Refusal as refusal:
        raise Sentence(refusal.message) from None
    except AlreadyRunning:
        raise Sentence("the bot is running with this database: use /calendar in the chat") from None
    typer.echo(said)


async def _brought_in(
    session: "AsyncSession", policy: "Policy", clock: "Clock", notice: "Notice", *, dry_run: bool, replace: bool
) -> str:
    """Put a notice in force where it may be, and return what the maintainer is told at the end."""
    from handlers.calendar_import import Act, bring_in, preview
    from handlers.office import Office
    from storage import calendar

    await calendar.lock(session)
    office = Office(policy, await calendar.load(session), clock)
    found = await preview(session, office, notice, clock.now())
    _report(notice, found)
    if found.changes_nothing or dry_run:
        return "Nothing was changed."
    if found.in_force and not replace:
        raise Sentence(f"the calendar of {notice.year} is in force with other days: check, then repeat with --replace")
    await bring_in(session, office, notice, Act(clock.now()))
    return f"The calendar of {notice.year} is in force."


async def _show(year: int) -> None:
    stands = await _stands()
    provisional = not stands.is_published(year)
    typer.echo(f"{year}: {'provisional, the notice is missing' if provisional else 'published'}")
    for day in stands.year(year):
        if day.kind in ("holiday", "makeup"):
            typer.echo(f"{day.on.isoformat()} {day.on:%a} {day.kind} {day.source}")


async def _stands() -> "Calendar":
    """Return the calendar as it is kept, also while the bot runs; without a database yet, the official one."""
    from bot.workdays import Calendar
    from handlers.settings import Settings
    from storage import calendar, migrate
    from storage.database import Database

    database = Database(Settings().database_url)
    try:
        if database.path is not None and not database.path.exists():
            return Calendar()
        if await migrate.version(database) is None:
            return Calendar()
        async with database.read() as session:
            return await calendar.load(session)
    finally:
        await database.close()


def _read(file: Path) -> "Notice":
    from bot.calendar_notice import parse
    from bot.calendar_year import from_toml

    if not file.is_file():
        raise Sentence(f"there is no file {file}")
    if file.stat().st_size > LARGEST:
        raise Sentence(f"{file} is too large for a year's notice")
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Sentence(f"{file} is not UTF-8 text") from None
    return from_toml(text) if file.suffix == ".toml" else parse(text)


def _report(notice: "Notice", found: "Preview") -> None:
    """Print what was read and what it would change."""
    typer.echo(f"{notice.number}: {notice.year}")
    for each in notice.festivals:
        off, made_up = (" ".join(on.isoformat() for on in days) for days in (each.off, each.makeups))
        typer.echo(f"{each.name or '-'}: off {off}" + (f"; worked {made_up}" if made_up else ""))
    if found.in_force:
        for before, after in found.different:
            typer.echo(f"different: {after.on.isoformat()} was {before.kind}, is {after.kind}")
    typer.echo(f"open entries reckoned again: {found.reach.entries}; with reminders moved: {found.reach.reminded}")
