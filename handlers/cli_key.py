"""The command line's ``key``: a new encryption key, and how far the change has come."""

from typing import TYPE_CHECKING, Annotated

import typer

from handlers.cli_data import reading
from handlers.cli_frame import Sentence, run

if TYPE_CHECKING:
    from pathlib import Path

    from handlers.clock import Clock
    from storage.database import Database

app = typer.Typer(no_args_is_help=True, help="Change the encryption key.")


@app.command("rotate")
def rotate(
    now: Annotated[
        bool,
        typer.Option("--now", help="Take the former key out at once: copies made before become unreadable."),
    ] = False,
) -> None:
    """Put a new key into the key file and write everything anew under it; cut off, it is simply run again.

    While the bot runs it does the work itself. The former key stays in the file until no copy of the database needs
    it. Keep a copy of the key file elsewhere, before and after.
    """
    run(_rotate(at_once=now))


@app.command("show")
def show() -> None:
    """Say how many keys the key file holds and how much is left under a former one; works while the bot runs."""
    run(_show())


async def _rotate(*, at_once: bool) -> None:
    from handlers.clock import Clock
    from handlers.lock import AlreadyRunning
    from handlers.opening import opened
    from handlers.settings import Settings
    from storage import keys

    settings, clock = Settings(), Clock()
    keys.unlock(settings.key_file, may_create=False)
    try:
        async with opened(settings, clock) as database:
            await _change(database, settings.key_file, clock, at_once=at_once)
    except AlreadyRunning:
        if at_once:
            raise Sentence("the bot is running with this database: stop it first, then use --now") from None
        if len(keys.in_use()) == 1:
            keys.add(settings.key_file)
            typer.echo("a new key stands in the key file: keep a copy of it elsewhere")
        typer.echo("the running bot takes it up within a minute; xinxuan key show says how far it has come")


async def _change(database: "Database", path: "Path", clock: "Clock", *, at_once: bool) -> None:
    from handlers import rotation
    from storage import keys

    if len(keys.in_use()) == 1 or await rotation.finished_at(database) is not None:
        keys.add(path)
        keys.refresh()
        typer.echo("a new key stands in the key file: keep a copy of it elsewhere")
    shown = 0

    def told(total: int) -> None:
        nonlocal shown
        if total - shown >= 10_000:
            shown = total
            typer.echo(f"written anew: {total}")

    total = await rotation.rewrite(database, told=told)
    typer.echo(f"written anew: {total} values")
    await rotation.note_finished(database, clock)
    if await rotation.retire(database, path, at_once=at_once):
        typer.echo("the former key was taken out of the key file")
    else:
        typer.echo("the former key stays in the key file while a copy made before needs it; then the bot takes it out")


async def _show() -> None:
    from handlers import rotation
    from handlers.clock import Clock
    from handlers.settings import Settings
    from storage import keys
    from storage import rotation as stored

    settings = Settings()
    async with reading(settings, Clock()) as (session, _office):
        count = await stored.left(session)
    typer.echo(f"keys in the key file: {len(keys.in_use())}")
    typer.echo(f"values under a former key: {count}")
    if len(keys.in_use()) > 1 and count == 0:
        needing = rotation.needing(settings.key_file, Clock().now())
        typer.echo(f"copies that may still need a former key: {len(needing)}")
