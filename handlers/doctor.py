"""/doctor: how the bot is doing and what must be done, in the chat for coordinators; the command line asks here too."""

import datetime as dt
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.dates import format_day
from bot.screens import doctor as screens
from bot.screens.doctor import PATIENCE, Health
from bot.screens.screen import Screen
from handlers import calendar_watch, packs
from handlers.office import Office
from handlers.turn import Flow, Turn
from storage import heartbeat, periodic, seals, watching

LOOK: Final = "invariants"  # the hourly look at the data; its finding is kept with the run
STEP: Final = "clock.step"  # the machine's clock was set, or the machine was asleep; the seconds are kept with the run
STEP_IS_NEWS: Final = dt.timedelta(days=1)


async def on_doctor(turn: Turn) -> Screen:
    """/doctor, and 〔刷新〕.

    Raises:
        Stale: The officer is no coordinator; the command's own permission is the matrix's.
    """
    turn.require("doctor")
    health = await examine(turn.session, turn.office, turn.now, is_sqlite=_is_sqlite(turn.session))
    local = turn.now.astimezone(turn.office.zone)
    return screens.doctor(health, f"{format_day(turn.today, today=turn.today)} {local:%H:%M}")


async def examine(session: AsyncSession, office: Office, now: dt.datetime, *, is_sqlite: bool) -> Health:
    """Return how the bot is doing, from its own rows and, inside the running bot, from the beats of this process.

    Args:
        session: A session that reads.
        office: The office.
        now: Aware UTC time.
        is_sqlite: Whether the bot makes copies of its database itself.
    """
    beats = {**await heartbeat.beats(session), **office.pulse.beats}
    late = {part: _minutes(now, beats.get(part)) for part in heartbeat.PARTS}
    queue = await watching.queue(session, now)
    intake = await watching.intake(session)
    look = await periodic.last(session, LOOK)
    copied = await watching.last_copy(session)
    return Health(
        deliveries={state.value: count for state, count in queue.states.items()},
        oldest={state.value: _minutes(now, since) or 0 for state, since in queue.oldest.items()},
        unhandled=_minutes(now, intake.waits_since),
        aside=intake.aside,
        unconfirmed=queue.unconfirmed,
        refused=queue.refused,
        blocked=queue.blocked,
        silent={part: each for part, each in late.items() if each is None or each >= PATIENCE},
        ticked=late[heartbeat.PLAN],
        broken=json.loads(look.note) if look is not None and look.note else {},
        missing_year=calendar_watch.missing_year(office, office.today(now)),
        provisional=await watching.provisional(session),
        copied=None if copied is None else (office.today(now) - office.today(copied)).days,
        makes_copies=is_sqlite,
        unsealed=_minutes(now, await seals.waiting_since(session)),
        cut_off=await seals.why_cut_off(session) is not None,
        pack_note=await packs.note_of(session),
        clock_step=await _clock_step(session, now),
        free_mb=_free_mb(session) if is_sqlite else None,
        has_page=office.has_page,
        unlisted=len(await watching.missing_persons(session, office.maintainer_ids)),
        in_force_note=office.policy.in_force_note,
    )


async def _clock_step(session: AsyncSession, now: dt.datetime) -> int | None:
    """Return the minutes of the last day's step; a clock that was set back has written its own into the future."""
    step = await periodic.last(session, STEP)
    if step is None or abs(now - step.ran_at) > STEP_IS_NEWS:
        return None
    return round(int(step.note or 0) / 60)


def _minutes(now: dt.datetime, since: dt.datetime | None) -> int | None:
    return None if since is None else max(0, int((now - since).total_seconds() // 60))


def _free_mb(session: AsyncSession) -> int:
    """Return the megabytes that are free where the database and its copies lie."""
    path = session.get_bind().engine.url.database or "."
    return shutil.disk_usage(Path(path).parent).free // 1_000_000


def _is_sqlite(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"


COMMANDS: Final[Mapping[str, Flow]] = {"doctor": on_doctor}
PRESSES: Final[Mapping[str, Flow]] = {"doc": on_doctor}
