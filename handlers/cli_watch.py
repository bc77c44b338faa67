"""The command line's ``doctor`` and ``due``: both only read, and work while the bot runs."""

import datetime as dt
import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final

import typer

from handlers.cli_data import reading
from handlers.cli_frame import Sentence, run

if TYPE_CHECKING:
    from handlers.clock import Clock
    from handlers.settings import Settings

app = typer.Typer()

CLOCK_MAY_DIFFER: Final = dt.timedelta(seconds=60)  # reliability.md §3.6: a step over 60 s is an alarm


@app.command("doctor")
def doctor() -> None:
    """Look at settings, key, database, clock, token and queues; say what must be done and fail if anything must."""
    run(_doctor())


@app.command("due")
def due(
    date: Annotated[str, typer.Option(help="The day of the list, such as 2026-11-25; today unless named.")] = "",
) -> None:
    """Print by officer what is overdue, unanswered, due today and due this week: for the day when Telegram is away."""
    run(_due(date))


async def _doctor() -> None:
    from bot.language import speaking
    from handlers.clock import Clock
    from handlers.settings import Settings

    settings, clock = Settings(), Clock()
    typer.echo("settings: read")
    with speaking("en"):
        found = [*_of_key(settings), *await _of_telegram(settings, clock), *await _of_data(settings, clock)]
    for problem in found:
        typer.echo(f"to be done: {problem}")
    if found:
        raise Sentence("1 thing is to be done" if len(found) == 1 else f"{len(found)} things are to be done")
    typer.echo("nothing is to be done")


def _of_key(settings: "Settings") -> Iterator[str]:
    path = settings.key_file
    if not path.is_file():
        yield f"The key file {path} is missing: restore it, or run the bot once where everything is new."
        return
    open_to = stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
    typer.echo(f"key file: {'open to others' if open_to else 'closed to others'}")
    if open_to:
        yield f"The key file {path} is open to others: chmod 600 it."


async def _of_telegram(settings: "Settings", clock: "Clock") -> list[str]:
    """Ask the Bot API who we are and what time it is; it being away is no fault of ours and only said."""
    from handlers.telegram.connection import make_bot
    from handlers.telegram.reach import identify

    if not settings.token.get_secret_value():
        return ["XINXUAN_TOKEN is missing: set it in the environment or in .env."]
    reached = await identify(make_bot(settings))
    if reached.token_dead:
        return ["Telegram refuses the token: check XINXUAN_TOKEN."]
    if reached.username is None:
        typer.echo(f"Bot API: not reached ({reached.detail})")
        return ["The Bot API cannot be reached: check the network and XINXUAN_PROXY; xinxuan due prints the list."]
    typer.echo(f"token: @{reached.username}")
    theirs = reached.time
    if theirs is None:
        typer.echo("clock: not compared")
        return []
    ahead = int((clock.now() - theirs).total_seconds())
    typer.echo(f"clock: {ahead:+d} s against the Bot API")
    if abs(ahead) > CLOCK_MAY_DIFFER.total_seconds():
        return [f"This machine's clock is {ahead:+d} s against the Bot API's: set it."]
    return []


async def _of_data(settings: "Settings", clock: "Clock") -> list[str]:
    from bot.screens.doctor import figures, problems
    from handlers import doctor as flow
    from storage import backup
    from storage.keys import KeyFileError

    try:
        async with reading(settings, clock) as (session, office):
            is_sqlite = session.get_bind().dialect.name == "sqlite"
            typer.echo("database: sound, of this version, written with this key")
            health = await flow.examine(session, office, clock.now(), is_sqlite=is_sqlite)
    except (Sentence, backup.DamagedDatabase, KeyFileError) as fault:
        return [f"{fault}."]
    for line in figures(health):
        typer.echo(line)
    return problems(health)


async def _due(date: str) -> None:
    from bot.due_list import listed
    from bot.language import DEFAULT_LANGUAGE, speaking
    from handlers import due_list
    from handlers.clock import Clock
    from handlers.settings import Settings

    settings, clock = Settings(), Clock()
    async with reading(settings, clock) as (session, office):
        try:
            today = dt.date.fromisoformat(date) if date else office.today(clock.now())
        except ValueError:
            raise Sentence(f"{date} is no date: write it as 2026-11-25") from None
        with speaking(DEFAULT_LANGUAGE):
            for line in listed(await due_list.of_day(session, office, today), today=today):
                typer.echo(line)
