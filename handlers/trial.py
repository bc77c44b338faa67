"""The trial: the whole real application without token, network or set-up, and its clock that can be moved.

It talks over loopback HTTP to a Bot API that it serves itself, on a database of its own; the page is the chat.
"""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import due_at
from bot.language import speaking
from bot.policy.model import Policy
from handlers import access, hours, quarter_prompts
from handlers.app import Service
from handlers.clock import Clock
from handlers.office import ZONE
from handlers.settings import Settings
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from handlers.web.trial import Target, TrialDesk, trial_app
from storage import outbox, people, work
from storage import reminders as planned
from storage.tables import Person, Role, Setting, Unit

TOKEN: Final = "100000001:fictitious-trial-token-for-loopback-only"  # noqa: S105 - served and used on loopback only
CLOCK_KEY: Final = "trial.clock.offset"
STRANGER: Final = 900000009
SETTLE_WITHIN: Final = 60.0  # seconds until what fell due must have been delivered

CAST: Final = (
    (900000001, "陈经办", Role.OFFICER, 0),
    (900000002, "林联络", Role.LIAISON, 0),
    (900000003, "周处长", Role.HEAD, 0),
    (900000004, "吴协调", Role.COORDINATOR, 1),
)
"""Fictitious people: number, name, role, and whether they sit in the legal division (1) or the first unit (0)."""


@contextlib.asynccontextmanager
async def running(policy: Policy, folder: Path, *, port: int = 0) -> AsyncIterator[str]:
    """Serve the trial and give its address.

    Args:
        policy: The pack to try.
        folder: Where its database lives; kept, so that a trial can be gone on with.
        port: 0 takes a free one.
    """
    clock = Clock()
    api = BotApi(TOKEN, clock)
    stage = _Stage(policy, clock)
    server = BotApiServer(api, trial_app(api, TrialDesk(stage.people, stage.advance, clock.now)), port=port)
    async with server:
        settings = Settings(
            _env_file=None,
            token=SecretStr(TOKEN),
            api_base=server.base,
            database_url=f"sqlite:///{folder / 'xinxuan.db'}",
            key_file=folder / "key",
            admin_ids=(),
            page_url="",
        )
        async with Service(settings, policy, clock=clock) as service:
            await stage.set_up(service, api)
            yield server.base


class _Stage:
    """The cast and the clock of a trial."""

    def __init__(self, policy: Policy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._cast: list[dict[str, Any]] = []
        self._moving = asyncio.Lock()
        self._service: Service

    def people(self) -> list[dict[str, Any]]:
        """Return whom the visitor may be."""
        return self._cast

    async def set_up(self, service: Service, api: BotApi) -> None:
        """Seat the cast, restore the clock, and let them know the bot."""
        self._service = service
        async with service.database.write() as session:
            kept = await session.get(Setting, CLOCK_KEY)
            if kept is not None:
                self._clock.offset = dt.timedelta(seconds=kept.value)
            first, legal = await self._units(session)
            for number, name, role, seat in CAST:
                unit = legal if seat else first
                if await people.by_telegram_id(session, number) is None:
                    session.add(
                        Person(
                            telegram_id=number,
                            unit_id=unit.id,
                            role=role,
                            name=name,
                            joined_at=self._clock.now(),
                        )
                    )
                with speaking(self._policy.language):
                    title = access.role_name(role)
                self._cast.append({"id": number, "name": name, "role": title, "unit": unit.name})
        self._cast.append({"id": STRANGER, "name": "外来访客", "role": "未登记人员", "unit": ""})
        for person in self._cast:
            api.add_user(person["id"], person["name"], "zh-hans").started = True

    async def _units(self, session: AsyncSession) -> tuple[Unit, Unit]:
        legal_code = self._policy.legal_division(on=self._service.office.today(self._clock.now())).code
        owners = [matter.owner for matter in self._policy.matters.values() if matter.owner != legal_code]
        first = await people.unit_by_code(session, owners[0])
        legal = await people.unit_by_code(session, legal_code)
        if first is None or legal is None:
            raise LookupError("the pack's units were not set up")
        return first, legal

    async def advance(self, target: Target) -> dict[str, Any]:
        """Move the clock forward, stopping at every due moment on the way until its notices have arrived."""
        async with self._moving:
            goal = await self._goal(target)
            if goal is None:
                return {"now": self._clock.now(), "moved": False}
            await self._settle()
            while (moment := await self._next_stop()) <= goal:
                self._clock.move_to(moment)
                await self._settle()
            self._clock.move_to(goal)
            await self._settle()
            await self._keep_offset()
            return {"now": self._clock.now(), "moved": True}

    async def _goal(self, target: Target) -> dt.datetime | None:
        office = self._service.office
        today = office.today(self._clock.now())
        hour = dt.time.fromisoformat(self._policy.reminders.hour)
        match target:
            case "workday":
                return hours.next_opening(office, self._clock.now())
            case "quarter":
                month = today.month - (today.month - 1) % 3 + 3
                first = dt.date(today.year + month // 13, (month - 1) % 12 + 1, 1)
                return due_at(office.calendar.add(first, 0).on, hour, ZONE)
            case "deadline":
                return await self._next_due()

    async def _next_stop(self) -> dt.datetime:
        """Return the next moment at which something happens: a notice is due, or the quarter has its turn."""
        coming = quarter_prompts.next_moment(self._service.office, self._clock.now())
        return min(coming, await self._next_due() or coming)

    async def _next_due(self) -> dt.datetime | None:
        """Return the next moment at which a reminder can leave; one that fell due at night leaves in the morning."""
        async with self._service.database.read() as session:
            moment = await planned.next_due_at(session)
        if moment is None or moment > self._clock.now():
            return moment
        return hours.next_opening(self._service.office, self._clock.now())

    async def _settle(self) -> None:
        """Tick until nothing more is due and nothing is on its way.

        What is on its way is looked at before and after the tick: a refused notice gives its reminder back to the
        next one, and the scheduler's own tick may have been quicker.
        """
        async with asyncio.timeout(SETTLE_WITHIN):
            # What is waited for stands in the database, not in an event.
            while await self._is_busy() or await self._service.jobs.tick() or await self._is_busy():  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def _is_busy(self) -> bool:
        if self._service.screens.in_flight:
            return True
        async with self._service.database.read() as session:
            return await work.is_busy(session) or await outbox.is_busy(session, now=self._clock.now())

    async def _keep_offset(self) -> None:
        async with self._service.database.write() as session:
            await session.merge(Setting(key=CLOCK_KEY, value=self._clock.offset.total_seconds()))
