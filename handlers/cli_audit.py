"""The command line's ``audit``: whether the record of what was done is as it was sealed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handlers.cli_data import reading
from handlers.cli_frame import Sentence, run

if TYPE_CHECKING:
    from storage.seals import Verdict

app = typer.Typer(no_args_is_help=True, help="Verify the audit.")


@app.callback()
def audit() -> None:
    """Verify the audit."""


@app.command("verify")
def verify(
    head: Annotated[
        list[str] | None,
        typer.Option(help="A value that a coordinator was sent, or its beginning; may be given several times."),
    ] = None,
) -> None:
    """Compare every line of the audit with its seal, and the seals with the values in the copies' manifests.

    Works while the bot runs. Fails with the first range that is not as it was sealed.
    """
    run(_verify(tuple(head or ())))


async def _verify(posted: tuple[str, ...]) -> None:
    from handlers.clock import Clock
    from handlers.settings import Settings
    from storage import seals

    settings = Settings()
    try:
        async with reading(settings, Clock()) as (session, _office):
            verdict = await seals.verify(session)
    except seals.NoSealKey as fault:
        raise Sentence(f"the audit cannot be verified: {fault}") from None
    typer.echo(f"lines sealed: {verdict.lines}, seals: {len(verdict.heads)}, not sealed yet: {verdict.unsealed}")
    if verdict.broken:
        first = verdict.broken[0]
        more = f" (and {len(verdict.broken) - 1} more ranges)" if len(verdict.broken) > 1 else ""
        raise Sentence(f"the audit is broken: lines {first.from_id} to {first.to_id}: {first.why}{more}")
    for missing in (*_posted(verdict, posted), *_in_copies(verdict, settings.data / "copies")):
        raise Sentence(missing)
    if verdict.heads:
        typer.echo(f"head: {verdict.heads[-1]}")
    typer.echo("the audit is as it was sealed")


def _posted(verdict: "Verdict", posted: tuple[str, ...]) -> Iterator[str]:
    from storage.seals import SHORTEST_HEAD

    for head in posted:
        if len(head.replace(" ", "")) < SHORTEST_HEAD:
            yield f"{head} is too short: give at least {SHORTEST_HEAD} digits"
        elif not verdict.has(head):
            yield f"{head} is not in this chain: its end was cut off, or the database is an older copy"


def _in_copies(verdict: "Verdict", folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.json")):
        head = json.loads(path.read_text("utf-8"))["audit_head"]
        if head and not verdict.has(head):
            yield (
                f"the value in {path.name} is not in this chain: its end was cut off, or the database was restored "
                "from an older copy"
            )
