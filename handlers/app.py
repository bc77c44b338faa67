"""The composition root: the only place where the parts are put together."""

import asyncio
import contextlib
import datetime as dt
import os
import warnings
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("PTB_TIMEDELTA", "1")  # before PTB is imported: retry_after is a timedelta then

import structlog
from telegram.error import InvalidToken
from telegram.ext import ExtBot
from telegram.warnings import PTBUserWarning

from bot.policy.model import Policy
from bot.workdays import Calendar
from handlers import access, appointing, chores, frame, reminder_acts, rights
from handlers.clock import Clock
from handlers.jobs import Jobs
from handlers.links import Links
from handlers.lock import AlreadyRunning
from handlers.office import Office
from handlers.opening import opened
from handlers.rulekeeping import Rulekeeper
from handlers.settings import Settings
from handlers.telegram import profile
from handlers.telegram.alarm import Alarm
from handlers.telegram.connection import make_bot
from handlers.telegram.dispatch import Dispatcher
from handlers.telegram.files import Files
from handlers.telegram.inflow import Inflow
from handlers.telegram.intake import AnotherPoller, Intake, TokenRefused, hand_in, take_in
from handlers.telegram.outbox import Sender
from handlers.telegram.pins import Summaries
from handlers.telegram.reach import greeted, time_there, told_time
from handlers.telegram.routing import App, application
from handlers.telegram.screens import Screens
from handlers.travel import Travel
from handlers.wall import Wall
from handlers.watchdog import Watchdog
from handlers.worker import COPY, Tools, Worker, copying
from storage import backup, calendar, keys, migrate, people, work
from storage.database import Database
from storage.files import FileStore

log = structlog.get_logger()

RETRY_AFTER_REFUSAL: Final = 60.0  # seconds until a refused token or a second poller is tried again while running
CLOSE_WITHIN: Final = 8.0  # seconds for answers on their way at a stop


class Fatal(Exception):
    """The program cannot work; one sentence for the maintainer."""


class Service:
    """The running bot.

    Args:
        settings: What the maintainer set.
        policy: The pack in force, already loaded and checked.
        clock: The one clock; the trial's can be moved.
        per_second: The outbox's pace where it is not the settings'.
        folder: Where the pack is installed, to be looked at while the bot runs; None looks nowhere.
    """

    def __init__(
        self,
        settings: Settings,
        policy: Policy,
        *,
        clock: Clock,
        per_second: float | None = None,
        folder: Path | None = None,
    ) -> None:
        self._settings = settings
        self._per_second = per_second or settings.per_second
        self._exits = contextlib.AsyncExitStack()
        self._tasks: set[asyncio.Task[None]] = set()
        self.failure: asyncio.Future[Fatal] | None = None
        self.office = Office(policy, Calendar(), clock, admin_ids=frozenset(settings.admin_ids))
        self.office.maintainer_ids, self.office.has_page = settings.told_each_morning, bool(settings.page_url)
        self.rules = Rulekeeper(self.office, folder)
        self.database: Database
        self.dispatcher: Dispatcher
        self.sender: Sender
        self.screens: Screens
        self.jobs: Jobs
        self.wall: Wall
        self.watchdog: Watchdog
        self.worker: Worker
        self.store = FileStore(settings.data / "files")
        self.bot: ExtBot[None]
        self.app: App

    async def __aenter__(self) -> "Service":
        try:
            await self._open()
        except BaseException:
            await self._exits.aclose()
            raise
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._exits.aclose()

    async def wait(self) -> None:
        """Work until something ends it.

        Raises:
            Fatal: The token was refused or another poller was met at the first poll.
        """
        if self.failure is not None:
            raise await self.failure

    async def _open(self) -> None:
        self.failure = asyncio.get_running_loop().create_future()
        self.database = await self._exits.enter_async_context(opened(self._settings, self.office.clock))
        await self._prepare()
        self._build()
        self._exits.push_async_callback(self._close)
        await self._greet()
        await self.dispatcher.recover()
        await self.worker.recover()
        await self._listen()
        self._spawn(self.dispatcher.run())
        self._spawn(self.sender.run())
        self._spawn(self.worker.run())
        self._spawn(Summaries(self.bot, self.database, self.office, self.sender.pace).run())
        self._spawn(profile.sync(self.bot))
        if self._settings.page_url:
            from handlers.web.page.app import serving  # 120 ms of a start that has no page

            page = serving(self._settings, self.database, self.office.clock, self.store, self.hand_in)
            await self._exits.enter_async_context(page)
        self.jobs.start()
        self._spawn(self.watchdog.run())

    async def _listen(self) -> None:
        """Take updates in: by webhook where the settings name one, else by polling."""
        settings, clock = self._settings, self.office.clock
        inflow = Inflow(clock, settings.per_minute, frozenset(reminder_acts.PRESSES))
        if settings.webhook_url:
            from handlers.telegram import hook  # a start that polls has no page to serve

            take = partial(take_in, self.database, clock, inflow)
            self._spawn(await hook.listen(self._exits, self.bot, settings, take, self.dispatcher.wake, self._on_polled))
        else:
            polled, failed = self._on_polled, self.office.pulse.resume
            intake = Intake(
                self.bot, self.database, clock, self.dispatcher.wake, on_polled=polled, on_failed=failed, inflow=inflow
            )
            self._spawn(self._poll(intake))

    def _build(self) -> None:
        settings, database, office = self._settings, self.database, self.office
        self.bot = make_bot(settings)
        alarm = Alarm(self.bot, office)
        self.wall = Wall(partial(time_there, self.bot), alarm.of_clock)
        self.watchdog = Watchdog(office, alarm.of_parts)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PTBUserWarning)
            self.app = application(self.bot)
        travel = Travel(Links(settings.page_url) if settings.page_url else None).outgoing
        self.dispatcher = Dispatcher(
            self.app,
            database,
            office,
            running=settings.data / "running",
            on_queued=lambda: self.sender.wake(),
            on_work=lambda: self.worker.wake(),
            travel=travel,
        )
        self.screens = Screens(self.bot, self.dispatcher.on_shown, store=self.store)
        self.dispatcher.screens = self.screens
        self.sender = Sender(
            self.bot,
            database,
            office,
            rights.heard(frame.NOTICES),
            group_renderers=frame.GROUP_NOTICES,
            quiet=frame.QUIET,
            store=self.store,
            travel=travel,
            per_second=self._per_second,
            may_send=self.wall.is_believed,
        )
        copies = {COPY: copying(database.path, settings.data / "copies")} if database.path is not None else {}
        fetch = Files(self.bot, self.store).fetch
        tools = Tools(database, office, self.store, fetch, self.screens.progress)
        own = {access.MENUS: profile.menus(self.bot), access.ADOPT: self.rules.chore}
        self.worker = Worker(tools, rights.permitted(chores.JOBS) | copies | own, on_queued=self.sender.wake)
        self.jobs = Jobs(database, office, self.rules, self.wall, on_queued=self.sender.wake, on_work=self.worker.wake)

    async def _prepare(self) -> None:
        """Bring units, first coordinators and the calendar's own days up to date."""
        now = self.office.clock.now()
        async with self.database.write() as session:
            await self.rules.open(session, now)
            await people.sync_units(session, self.office.policy)
            division = self.office.policy.legal_division(on=self.office.today(now))
            unit = await people.unit_by_code(session, division.code)
            if unit is None:
                raise Fatal("the pack names no legal division")
            await appointing.appoint(session, self._settings.admin_ids, unit, now=now)
            self.office.calendar = await calendar.load(session)
            work.add(session, access.MENUS, {}, now=now)

    async def _greet(self) -> None:
        """Ask Telegram who we are.

        Raises:
            Fatal: The token is refused.
        """
        try:
            self.office.bot_username = await greeted(self.app)
            self.wall.begin(told_time(self.bot))
        except InvalidToken:
            raise Fatal("Telegram refuses the token: check XINXUAN_TOKEN") from None

    async def _poll(self, intake: Intake) -> None:
        while True:
            try:
                await intake.run()
            except (TokenRefused, AnotherPoller) as refusal:
                self._refused(refusal, at_start=not intake.has_polled)
                await asyncio.sleep(RETRY_AFTER_REFUSAL)

    def _refused(self, refusal: Exception, *, at_start: bool) -> None:
        """At the start this ends the program; later everything is kept and tried again each minute."""
        sentence = (
            "Telegram refuses the token: check XINXUAN_TOKEN"
            if isinstance(refusal, TokenRefused)
            else "another process polls with this token: stop it first"
        )
        log.error(sentence)
        if at_start and self.failure is not None and not self.failure.done():
            self.failure.set_result(Fatal(sentence))

    def _on_polled(self, asked_at: dt.datetime | None = None) -> None:
        now = self.office.clock.now()
        self.office.pulse.polled(asked_at or now, now)

    async def hand_in(self, telegram_id: int, **file: Any) -> None:
        """Take in a file from the file page; see ``handlers.telegram.intake.hand_in``."""
        await hand_in(self.database, self.office.clock, telegram_id, **file)
        self.dispatcher.wake()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a part of the bot died", exc_info=task.exception())
            if self.failure is not None and not self.failure.done():
                self.failure.set_result(Fatal("a part of the bot died; see the log"))

    async def _close(self) -> None:
        """Stop taking in, finish the present batch and sends, leave the rest for the next start."""
        self.watchdog.stop()
        await self.jobs.stop()
        self.dispatcher.stop()
        await asyncio.gather(self.sender.close(within=CLOSE_WITHIN), self.screens.close(within=CLOSE_WITHIN))
        try:
            await self.dispatcher.write_marks()
        except Exception:
            log.exception("what was shown last was not written down: the next start may show it again")
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.app.shutdown()
        await self.bot.shutdown()


EXPECTED: Final = (
    Fatal,
    AlreadyRunning,
    backup.DamagedDatabase,
    keys.KeyFileError,
    migrate.UnknownVersion,
)
"""What may stop a command, each with one sentence for the maintainer."""
