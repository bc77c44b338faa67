"""The dispatcher: one write transaction for a batch, each update in a savepoint of its own.

A batch takes the oldest waiting update of each officer's lane, runs each through the application, and commits effects,
audit lines, planned reminders and replies together; only then are screens handed to the senders. If the commit fails
nobody was shown anything and all of it runs again.
"""

import asyncio
import contextlib
import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.language import negotiate, speaking
from bot.screens import frame as screens
from handlers.office import Office
from handlers.telegram import turns
from handlers.telegram.answers import Answer, settled, show, write, write_shown
from handlers.telegram.delivery import Delivery
from handlers.telegram.messages import Outgoing
from handlers.telegram.routing import App
from handlers.telegram.screens import Screens
from handlers.telegram.suspect import Suspect
from handlers.turn import Defect
from storage import heartbeat, inbox, outbox, people, work
from storage.crashpoints import crash_point
from storage.database import Database, is_away
from storage.tables import Draft, Inbox, InboxState, Person

log = structlog.get_logger()

BATCH: Final = 32
MOST_ATTEMPTS: Final = 3
BACKOFF: Final = (dt.timedelta(seconds=1), dt.timedelta(seconds=5))
LONGEST_REST: Final = 5.0  # seconds
IDLE_FLUSH: Final = 0.05  # seconds after which shown marks are written although nothing else is to be done
LATE_INLINE: Final = dt.timedelta(seconds=10)  # whoever types has typed on by then
LATE_PRESS: Final = dt.timedelta(seconds=60)  # an older press is handled, but its spinner has stopped long ago


class Dispatcher:
    """Runs waiting updates.

    Args:
        application: PTB's application, whose handlers do the routing.
        database: Where updates wait and effects go.
        office: What flows may look up.
        screens: The senders.
        running: A small file that names the update in progress; it outlives a killed process and tells which
            update killed it. None does without (the drills' in-process tests).
        on_queued: Called when a batch has queued notifications, so that they leave at once.
        on_work: Called when a batch has recorded long work.
        travel: How a screen's files travel.
    """

    def __init__(
        self,
        application: App,
        database: Database,
        office: Office,
        *,
        running: Path | None,
        on_queued: Callable[[], None],
        on_work: Callable[[], None],
        travel: Outgoing,
    ) -> None:
        self._application = application
        self._database = database
        self._office = office
        self._on_queued = on_queued
        self._on_work = on_work
        self._travel = travel
        self._wake = asyncio.Event()
        self._stopping = False
        self._shown: list[tuple[int, int, int | None]] = []
        self._flush: asyncio.TimerHandle | None = None  # wakes for marks that no batch has taken along
        self._doubtful: list[int] = []  # rows of batches whose commit failed, perhaps after it had taken effect
        self._more = False  # whether the last batch has left something that can run at once
        self._retry_at: dt.datetime | None = None  # when the first back-off ends
        self._suspect = Suspect(running)
        self._suspects_turn = False
        self.screens: Screens | None = None

    def wake(self) -> None:
        """Look for waiting updates now."""
        self._wake.set()

    def on_shown(self, inbox_id: int, chat_id: int, message_id: int | None) -> None:
        """Remember that an answer was shown; it is written down with the next batch, or soon without one."""
        if self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(IDLE_FLUSH, self._wake.set)
        self._shown.append((inbox_id, chat_id, message_id))

    @property
    def screens_in_use(self) -> Screens:
        """The senders, once they are connected."""
        if self.screens is None:
            raise Defect("the dispatcher runs without senders")
        return self.screens

    async def recover(self) -> None:
        """After a start: blame the update that killed the last process, and show what was done but not shown."""
        suspect = self._suspect.read()
        async with self._database.write() as session:
            row = await inbox.blame(session, suspect) if suspect is not None else None
            if row is not None and row.attempts >= MOST_ATTEMPTS:
                self._give_up(row, "the process died each time it ran")
            await session.flush()
            rows = await inbox.unshown(session)
            officers, _drafts = await people.at_work(session, _officers_of(rows))
        self._suspect.clear()
        for officer in officers.values():
            self.screens_in_use.know(officer.telegram_id, officer.screen_message_id)
        for unshown in rows:
            self.screens_in_use.put(unshown.id, Delivery.from_json(unshown.reply or {}), may_repeat=True)

    def stop(self) -> None:
        """End after the present batch; what is waiting is handled after the next start."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Dispatch until stopped."""
        pause = 0.5
        while not self._stopping:
            try:
                await self.run_batch()
                if not self._more:
                    await self._rest()
                pause = 0.5
            except Exception:
                # The database is away or full: not an attempt of any update, everything stays received.
                log.exception("a batch could not be committed and will run again")
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10.0)

    async def run_batch(self) -> int:
        """Run one batch and hand its screens over; return how many updates it had."""
        now = self._office.clock.now()
        shown = self._marks()
        answers: list[tuple[Inbox, Answer]] = []
        taken: list[int] = []
        try:
            async with self._database.write() as session:
                await write_shown(session, shown)
                unanswered = await settled(session, self._doubtful)
                rows = await self._take(session, now)
                taken = [row.id for row in rows]  # read now: a commit that fails leaves nothing of a row to be read
                officers, drafts = await people.at_work(session, _officers_of(rows))
                # Read now: a person whose update fails is expired by the savepoint's rollback.
                keyboards = [(person.telegram_id, person.screen_message_id) for person in officers.values()]
                for row in rows:
                    answers.append((row, await self._run_one(session, row, officers, drafts, now)))
                    await asyncio.sleep(0)  # the writer seldom suspends: let the last batch's screens go out
                write(answers)
                await session.flush()
                await self._look_ahead(session, now)
                await self._office.pulse.record(session, heartbeat.DISPATCH, now)
                crash_point("before_commit")
        except BaseException:
            self._shown = shown + self._shown
            self._doubtful += taken
            raise
        self._doubtful.clear()
        self._suspect.clear()
        crash_point("committed")
        self._wake_others(session)
        for chat_id, message_id in keyboards:
            self.screens_in_use.know(chat_id, message_id)
        show(unanswered + answers, self.screens_in_use)
        return len(rows)

    def _wake_others(self, session: AsyncSession) -> None:
        if session.info.get(outbox.QUEUED):
            self._on_queued()
        if session.info.get(work.RECORDED):
            self._on_work()

    async def write_marks(self) -> None:
        """Write down what was shown and not yet noted, at a stop."""
        shown = self._marks()
        async with self._database.write() as session:
            await write_shown(session, shown)

    def _marks(self) -> list[tuple[int, int, int | None]]:
        """Take what was shown and not yet noted; what wakes from here on is news."""
        self._wake.clear()
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        shown, self._shown = self._shown, []
        return shown

    async def _look_ahead(self, session: AsyncSession, now: dt.datetime) -> None:
        """Note what the next batch will find: in this transaction that costs a tenth of one more."""
        next_run_at = await inbox.next_run_at(session)
        self._more = next_run_at is not None and next_run_at <= now
        self._retry_at = next_run_at

    async def _take(self, session: AsyncSession, now: dt.datetime) -> Sequence[Inbox]:
        """Take a batch; an update that failed or killed before runs alone, so that it takes nobody with it.

        The two kinds take turns: under a steady load there is always something fresh, and a lane must not wait for
        a quiet moment.
        """
        rows = await inbox.next_batch(session, now=now, limit=BATCH)
        fresh = [row for row in rows if row.attempts == 0]
        suspects = [row for row in rows if row.attempts > 0]
        self._suspects_turn = not self._suspects_turn
        if suspects and (self._suspects_turn or not fresh):
            return suspects[:1]
        return fresh

    async def _run_one(
        self,
        session: AsyncSession,
        row: Inbox,
        officers: dict[int, Person],
        drafts: dict[int, Draft],
        now: dt.datetime,
    ) -> Answer:
        """Run one update; its effects are in the session afterwards, or none of them."""
        turn, place = turns.opened(self._office, session, row, people=officers, drafts=drafts, now=now)
        language = turn.person.language if turn.person else negotiate(turn.sender.language_tag)
        self._suspect.write(row.update_id)
        with speaking(language):
            failure = await turns.run(self._application, turn, row, self._travel)
            crash_point("processed")
            if failure is not None:
                delivery = self._failed(row, failure, now)
                return Answer(row.state, delivery)
        if place is None or (turn.screen is None and place.query is None):
            return Answer(InboxState.SHOWN, None, turn.found if now - row.received_at < LATE_INLINE else None)
        delivery = Delivery(
            chat_id=place.chat_id,
            screen=turn.screen,
            edit=turns.edited(turn, place),
            query=place.query if now - row.received_at < LATE_PRESS else None,
            delete=place.message_id if turn.delete_message else None,
            language=language,
        )
        return Answer(InboxState.DONE, delivery)

    def _failed(self, row: Inbox, error: BaseException, now: dt.datetime) -> Delivery | None:
        """Count a failure; once the update is given up, return what its officer is told.

        Raises:
            BaseException: The database itself is away: that is no attempt of this update.
        """
        if is_away(error):
            raise error
        log.error("an update failed", update_id=row.update_id, attempt=row.attempts + 1, exc_info=error)
        row.attempts += 1
        if row.attempts < MOST_ATTEMPTS:
            row.not_before = now + BACKOFF[row.attempts - 1]
            return None
        self._give_up(row, type(error).__name__)
        return None if row.reply is None else Delivery.from_json(row.reply)

    def _give_up(self, row: Inbox, why: str) -> None:
        """Keep an update aside; the officer gets its number, so that the maintainer can find it."""
        row.state = InboxState.DEAD
        row.incident = secrets.token_hex(3).upper()
        _sender, place = turns.read(row.raw)
        if place is not None:
            screen = screens.incident(row.incident)
            row.reply = Delivery(place.chat_id, screen, place.edit, place.query).to_json()
        log.error("an update was kept aside", update_id=row.update_id, incident=row.incident, why=why)

    async def _rest(self) -> None:
        """Wait for work, for the next back-off to end, or to write shown marks down."""
        seconds = LONGEST_REST
        if self._retry_at is not None:
            seconds = min(max((self._retry_at - self._office.clock.now()).total_seconds(), 0.05), LONGEST_REST)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)


def _officers_of(rows: Sequence[Inbox]) -> list[int]:
    """Return whose updates these are; a lane is the sender's number where there is one."""
    return [int(row.lane) for row in rows if row.lane.lstrip("-").isdigit()]
