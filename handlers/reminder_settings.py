"""/settings, 提醒: an officer's own hour and stages; what guards a deadline cannot be switched off.

What is planned already is planned anew by the worker, so that many ticks one after the other are one change.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.language import _
from bot.screens import reminder_settings as screens
from bot.screens.screen import Screen, is_number
from bot.wishes import FIELDS, Wishes, hours, offered, toggled
from handlers import expiry, planning
from handlers.turn import Flow, Stale, Turn
from handlers.worker import Chore, Finish, Tools
from storage import expected, work
from storage import papers as jobs
from storage.tables import Person, Request

KIND: Final = "reminders.replan"
BATCH: Final = 100


async def on_settings(turn: Turn) -> Screen:
    """提醒: the hour, and the stages of each kind."""
    return screens.overview(turn.policy.reminders, _wishes(turn))


async def on_hours(turn: Turn) -> Screen:
    """The hours to choose from, and the choice of one."""
    rules, arg = turn.policy.reminders, turn.pressed.arg
    if not arg:
        return screens.hours(rules, _wishes(turn), hours(rules))
    hour = f"{arg[:2]}:{arg[2:]}"
    if hour not in hours(rules):
        raise Stale
    return await _keep(turn, replace(_wishes(turn), hour=None if hour == rules.hour else hour))


async def on_stages(turn: Turn) -> Screen:
    """The stages of one kind, to be ticked."""
    kind, _comma, days = turn.pressed.arg.partition(",")
    rules = turn.policy.reminders
    if kind not in FIELDS:
        raise Stale
    if days:
        if not is_number(days) or int(days) not in offered(rules, kind):
            raise Stale
        await _keep(turn, toggled(_wishes(turn), rules, kind, int(days)))
    return screens.stages(rules, _wishes(turn), kind, offered(rules, kind))


async def on_default(turn: Turn) -> Screen:
    """恢复本局设置: everything as the bureau has it."""
    return replace(await _keep(turn, Wishes()), toast=_("As the bureau has it"))


async def replan(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Plan anew what is planned of an officer's work."""

    async def finish(session: AsyncSession) -> None:
        own = (Request.owner_id == params["person_id"], expected.is_followed())
        await session.execute(
            update(Request)
            .where(*own)
            .values(basis_version=Request.basis_version + 1)
            .execution_options(synchronize_session=False)
        )
        requests = (await session.scalars(select(Request).where(*own).order_by(Request.id))).all()
        for at in range(0, len(requests), BATCH):
            await planning.replan_many(session, tools.office, requests[at : at + BATCH], now)
        await expiry.ensure_all(session, tools.office, now, holder_id=params["person_id"])

    return finish


async def _keep(turn: Turn, wishes: Wishes) -> Screen:
    person, before = turn.officer, _wishes(turn)
    if wishes != before:
        person.reminder_hour, person.reminder_stages = wishes.hour, dict(wishes.stages) or None
        turn.note("person.reminders", ("person", person.id), before=_as_json(before), after=_as_json(wishes))
        params = {"person_id": person.id}
        if not await jobs.is_being_made(turn.session, KIND, params):
            work.add(turn.session, KIND, params, now=turn.now)
    return screens.overview(turn.policy.reminders, wishes)


def _wishes(turn: Turn) -> Wishes:
    return wishes_of(turn.officer)


def wishes_of(person: Person) -> Wishes:
    """Return how an officer wants to be reminded."""
    return Wishes(person.reminder_hour, person.reminder_stages or {})


def _as_json(wishes: Wishes) -> dict[str, Any]:
    return {"hour": wishes.hour, "stages": {kind: list(days) for kind, days in wishes.stages.items()}}


PRESSES: Final[Mapping[str, Flow]] = {
    "rmd": on_settings,
    "rmdh": on_hours,
    "rmdk": on_stages,
    "rmdd": on_default,
}
JOBS: Final[Mapping[str, Chore]] = {KIND: replan}
