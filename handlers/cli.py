"""The command line: ``xinxuan trial``, ``run``, ``policy``, ``invite``."""

import asyncio
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.policy.loader import PolicyFaults, load, packaged
from bot.policy.model import Policy
from handlers import cli_audit, cli_calendar, cli_frame, cli_key, cli_ledger, cli_watch
from handlers.cli_frame import Sentence, policy_of

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would print values of settings
    help="信选: the right credit product for each matter.",
)
policy_app = typer.Typer(no_args_is_help=True, help="Check, show and compare policy packs.")
app.add_typer(policy_app, name="policy")
app.add_typer(cli_ledger.app)
app.add_typer(cli_watch.app)
app.add_typer(cli_calendar.app, name="calendar")
app.add_typer(cli_audit.app, name="audit")
app.add_typer(cli_key.app, name="key")


@app.command()
def trial(
    port: Annotated[int, typer.Option(help="Port on this machine; 0 takes a free one.")] = 0,
    data: Annotated[Path | None, typer.Option(help="Folder to keep; a fresh one unless named.")] = None,
    policy: Annotated[Path | None, typer.Option(help="Folder of a policy pack.")] = None,
) -> None:
    """Try the whole bot in a browser: no token, no network, no set-up."""
    folder = data if data is not None else Path(tempfile.mkdtemp(prefix="xinxuan-trial-"))
    cli_frame.run(_trial(policy_of(policy or packaged("zhengzhou")), folder, port))


@app.command()
def run() -> None:
    """Run the bot on Telegram, or on any Bot API server, by long polling or the webhook that is set."""
    cli_frame.run(_serve())


@app.command()
def invite(
    unit: Annotated[str, typer.Argument(help="The unit's code in the policy pack.")],
    role: Annotated[str, typer.Argument(help="officer, liaison, head, coordinator or auditor.")] = "officer",
) -> None:
    """Make a single-use invitation, valid for 24 hours; while the bot runs use /invite in the chat."""
    cli_frame.run(_invite(unit, role))


@policy_app.command("check")
def policy_check(path: Annotated[Path, typer.Argument(help="Folder of the pack.")]) -> None:
    """Check a policy pack and list all its faults at once; of a sound one, say when its rules were last read."""
    policy = policy_of(path)
    print(f"{policy.name}: {len(policy.matters)} matters, {len(policy.rules)} rules, version {policy.hash[:12]}")
    if policy.rules:
        print(f"Each rule was read against its source on {min(each.reviewed_on for each in policy.rules)} or later")


@policy_app.command("show")
def policy_show(
    path: Annotated[Path | None, typer.Argument(help="Folder of the pack; the packaged one unless named.")] = None,
    drawing: Annotated[bool, typer.Option("--drawing", help="Draw the guide as Mermaid text.")] = False,
) -> None:
    """Print a pack's matters with their products, or draw the guide."""
    from bot.policy.drawing import listing, mermaid
    from handlers.clock import Clock
    from handlers.office import ZONE

    policy, on = policy_of(path or packaged("zhengzhou")), Clock().now().astimezone(ZONE).date()
    print(mermaid(policy, on=on) if drawing else listing(policy, on=on))


@policy_app.command("diff")
def policy_diff(
    old: Annotated[Path, typer.Argument(help="Folder of the pack so far.")],
    new: Annotated[Path, typer.Argument(help="Folder of the pack to come.")],
) -> None:
    """Print what another pack would change: a line for each matter with other products, then for each setting."""
    from bot.language import speaking
    from bot.policy.difference import difference
    from bot.screens.rules import difference_lines
    from handlers.clock import Clock
    from handlers.office import ZONE

    before, after = policy_of(old), policy_of(new)
    found = difference(before, after, on=Clock().now().astimezone(ZONE).date())
    with speaking("en"):
        for line in difference_lines(found, after):
            print(line)


def main() -> None:
    """Run the command line; every expected failure is one sentence and a non-zero exit."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        app()
    except Sentence as sentence:
        print(f"xinxuan: {sentence}", file=sys.stderr)
        sys.exit(1)


async def _trial(policy: Policy, folder: Path, port: int) -> None:
    from handlers import logs, trial

    logs.configure("WARNING", secrets=[trial.TOKEN])
    async with trial.running(policy, folder, port=port) as address:
        print(address, flush=True)
        await _until_stopped()


async def _serve() -> None:
    from handlers import logs
    from handlers.app import Service
    from handlers.clock import Clock
    from handlers.settings import Settings

    settings = Settings()
    token = settings.token.get_secret_value()
    if not token:
        raise Sentence("XINXUAN_TOKEN is missing: set it in the environment or in .env")
    logs.configure(settings.log, secrets=[token])
    policy = await _installed(settings, Clock())
    async with Service(settings, policy, clock=Clock(), folder=settings.policy) as service:
        stopped = asyncio.create_task(_until_stopped())
        failed = asyncio.create_task(service.wait())
        await asyncio.wait((stopped, failed), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if failed.done():
            failed.result()
        failed.cancel()


async def _installed(settings: Any, clock: Any) -> Policy:
    """Return the installed pack; where it has faults, the last good one, of which the coordinators are told."""
    from handlers.opening import opened
    from handlers.rulekeeping import last_good

    try:
        return await asyncio.to_thread(load, settings.policy)
    except PolicyFaults as faults:
        async with opened(settings, clock) as database, database.read() as session:
            good = await last_good(session, settings.policy)
        if good is None:
            raise Sentence(f"the policy pack {settings.policy} cannot be used:\n{faults}") from None
        return good


async def _invite(code: str, role: str) -> None:
    from handlers import enrolment
    from handlers.clock import Clock
    from handlers.lock import AlreadyRunning
    from handlers.opening import opened
    from handlers.settings import Settings
    from storage import audit, invites, people
    from storage.tables import Role

    settings, clock = Settings(), Clock()
    if role not in set(Role):
        raise Sentence(f"there is no role {role}: use one of {', '.join(Role)}")
    policy = await asyncio.to_thread(policy_of, settings.policy)
    try:
        async with opened(settings, clock) as database, database.write() as session:
            await people.sync_units(session, policy)
            unit = await people.unit_by_code(session, code)
            if unit is None:
                raise Sentence(f"there is no unit {code}: use one of {', '.join(policy.units)}")
            expires_at = clock.now() + enrolment.INVITE_LIFE
            token = await invites.make(session, unit, Role(role), by=None, expires_at=expires_at)
            after = enrolment.invited(Role(role), expires_at)
            audit.note(session, at=clock.now(), actor_id=None, verb=enrolment.INVITED, subject=("unit", unit.id),
                       after=after)  # fmt: skip
    except AlreadyRunning:
        raise Sentence("the bot is running with this database: use /invite in the chat") from None
    print(f"{unit.name} · {role} · valid until {expires_at:%Y-%m-%d %H:%M} UTC, for one person")
    print(f"To be sent to the bot: /start {enrolment.PAYLOAD}{token}")
    if settings.token.get_secret_value():
        print(enrolment.link(await _username(settings), token))


async def _username(settings: Any) -> str:
    from handlers.telegram.connection import make_bot

    async with make_bot(settings) as bot:
        return bot.username


async def _until_stopped() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(each, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(each, lambda *_: loop.call_soon_threadsafe(stop.set))
    await stop.wait()
