"""The dispatcher: one write transaction for a batch, each update in a savepoint of its own.

A batch takes the oldest waiting update of each officer's lane, runs each through the application, and commits effects,
audit lines, planned reminders and replies together; only then are screens handed to the senders. If the commit fails
nobody was shown anything and all of it runs again.
"""

import asyncio
import contextlib
import datetime as dt
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import structlog
from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Update
from telegram.ext import Application

from bot.errors import Refusal
from bot.language import negotiate, speaking
from bot.screens import frame as screens
from handlers import frame
from handlers.office import Office
from handlers.telegram.screens import Delivery, Screens
from handlers.turn import Defect, Sender, Stale, Turn, current_turn
from storage import inbox, outbox
from storage.crashpoints import crash_point
from storage.database import Database, is_away
from storage.tables import Draft, Inbox, InboxState, Person

log = structlog.get_logger()

BATCH: Final = 32
MOST_ATTEMPTS: Final = 3
BACKOFF: Final = (dt.timedelta(seconds=1), dt.timedelta(seconds=5))
LONGEST_REST: Final = 5.0  # seconds
IDLE_FLUSH: Final = 0.05  # seconds after which shown marks are written although nothing else is to be done
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
    """

    def __init__(
        self,
        application: Application[Any, Any, Any, Any, Any, Any],
        database: Database,
        office: Office,
        *,
        running: Path | None,
        on_queued: Callable[[], None],
    ) -> None:
        self._application = application
        self._database = database
        self._office = office
        self._on_queued = on_queued
        self._wake = asyncio.Event()
        self._stopping = False
        self._shown: list[tuple[int, int, int | None]] = []
        self._flush: asyncio.TimerHandle | None = None  # wakes for marks that no batch has taken along
        self._more = False  # whether the last batch has left something that can run at once
        self._retry_at: dt.datetime | None = None  # when the first back-off ends
        self._suspect = _Suspect(running)
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
        self._suspect.clear()
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
        answers: list[tuple[Inbox, _Answer]] = []
        try:
            async with self._database.write() as session:
                await _write_shown(session, shown)
                rows = await self._take(session, now)
                people, drafts = await _who(session, rows)
                # Read now: a person whose update fails is expired by the savepoint's rollback.
                keyboards = [(person.telegram_id, person.screen_message_id) for person in people.values()]
                for row in rows:
                    answers.append((row, await self._run_one(session, row, people, drafts, now)))
                    await asyncio.sleep(0)  # the writer seldom suspends: let the last batch's screens go out
                _write_answers(answers)
                await session.flush()
                await self._look_ahead(session, now)
                crash_point("before_commit")
        except BaseException:
            self._shown = shown + self._shown
            raise
        self._suspect.clear()
        crash_point("committed")
        if session.info.get(outbox.QUEUED):
            self._on_queued()
        for chat_id, message_id in keyboards:
            self.screens_in_use.know(chat_id, message_id)
        for row, answer in answers:
            if answer.delivery is not None:
                self.screens_in_use.put(row.id, answer.delivery)
        return len(rows)

    async def write_marks(self) -> None:
        """Write down what was shown and not yet noted, at a stop."""
        shown = self._marks()
        async with self._database.write() as session:
            await _write_shown(session, shown)

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
        self._more = await inbox.is_waiting(session, now=now)
        self._retry_at = None if self._more else await inbox.next_retry_at(session)

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
        people: dict[int, Person],
        drafts: dict[int, Draft],
        now: dt.datetime,
    ) -> "_Answer":
        """Run one update; its effects are in the session afterwards, or none of them."""
        turn, place = self._open_turn(session, row, people, drafts, now)
        language = turn.person.language if turn.person else negotiate(turn.sender.language_tag)
        self._suspect.write(row.update_id)
        with speaking(language):
            failure = await self._process(turn, row)
            crash_point("processed")
            if failure is not None:
                delivery = self._failed(row, failure, now)
                return _Answer(row.state, delivery)
        if place is None or (turn.screen is None and place.query is None):
            return _Answer(InboxState.SHOWN, None)
        delivery = Delivery(
            chat_id=place.chat_id,
            screen=turn.screen,
            edit=place.edit,
            query=place.query if now - row.received_at < LATE_PRESS else None,
            delete=place.message_id if turn.delete_message else None,
            language=language,
        )
        return _Answer(InboxState.DONE, delivery)

    async def _process(self, turn: Turn, row: Inbox) -> BaseException | None:
        """Run the application on the turn inside a savepoint; return what went wrong."""
        token = current_turn.set(turn)
        try:
            async with turn.session.begin_nested():
                event = Update.de_json(row.raw, self._application.bot)
                await self._application.process_update(event)
                _raise_what_went_wrong(turn)
                await turn.session.flush()
        except (Refusal, Stale) as refusal:
            return await self._present(turn, refusal)
        except Exception as error:  # everything else is a defect, kept aside with a number
            return error
        finally:
            current_turn.reset(token)
        return None

    async def _present(self, turn: Turn, refusal: Refusal | Stale) -> BaseException | None:
        """Answer an expected refusal: the sentence, above what the officer was doing."""
        try:
            await _reload(turn)
            async with turn.session.begin_nested():
                turn.screen = await frame.present(turn, refusal)
                turn.answered = True
                await turn.session.flush()
        except Exception as error:
            return error
        return None

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
        _sender, place = _read(row.raw)
        if place is not None:
            screen = screens.incident(row.incident)
            row.reply = Delivery(place.chat_id, screen, place.edit, place.query).to_json()
        log.error("an update was kept aside", update_id=row.update_id, incident=row.incident, why=why)

    def _open_turn(
        self,
        session: AsyncSession,
        row: Inbox,
        people: dict[int, Person],
        drafts: dict[int, Draft],
        now: dt.datetime,
    ) -> "tuple[Turn, _Place | None]":
        sender, place = _read(row.raw)
        person = people.get(sender.telegram_id)
        turn = Turn(
            office=self._office,
            session=session,
            now=now,
            update_id=row.update_id,
            sender=sender,
            person=person,
            draft=drafts.get(person.id) if person else None,
        )
        return turn, place

    async def _rest(self) -> None:
        """Wait for work, for the next back-off to end, or to write shown marks down."""
        seconds = LONGEST_REST
        if self._retry_at is not None:
            seconds = min(max((self._retry_at - self._office.clock.now()).total_seconds(), 0.05), LONGEST_REST)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)


class _Answer(NamedTuple):
    """What became of an update, and what its officer is to see."""

    state: InboxState
    delivery: Delivery | None


class _Place:
    """Where an answer goes."""

    __slots__ = ("chat_id", "edit", "message_id", "query")

    def __init__(self, chat_id: int, message_id: int | None, edit: int | None, query: str | None) -> None:
        self.chat_id = chat_id
        self.message_id = message_id
        self.edit = edit
        self.query = query


class _Suspect:
    """The note of which update is running, written without a flush: it must outlive a kill, not a power cut."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file = -1
        if path is not None:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def write(self, update_id: int) -> None:
        if self._file >= 0:
            os.pwrite(self._file, f"{update_id:<20}".encode(), 0)

    def clear(self) -> None:
        if self._file >= 0:
            os.pwrite(self._file, b" " * 20, 0)

    def read(self) -> int | None:
        if self._file < 0:
            return None
        noted = os.pread(self._file, 20, 0).strip()
        return int(noted) if noted else None


def _read(raw: dict[str, Any]) -> tuple[Sender, _Place | None]:
    """Return who wrote and where the answer goes, from the raw update."""
    kind, body = next(((key, value) for key, value in raw.items() if isinstance(value, dict)), ("", {}))
    source = body.get("from") or {}
    sender = Sender(source.get("id", 0), source.get("first_name", ""), source.get("language_code", ""))
    if kind == "callback_query":
        message = body.get("message")
        if message is None:
            return sender, None
        return sender, _Place(message["chat"]["id"], message["message_id"], message["message_id"], body["id"])
    if "chat" not in body:
        return sender, None
    return sender, _Place(body["chat"]["id"], body.get("message_id"), None, None)


def _raise_what_went_wrong(turn: Turn) -> None:
    if turn.error is not None:
        raise turn.error
    if not turn.answered:
        raise Defect("an update was left without an answer")


async def _reload(turn: Turn) -> None:
    """After a rollback, give the turn the officer and the draft as they stand in the database."""
    if turn.person is None:
        return
    await turn.session.refresh(turn.person)
    turn.draft = await turn.session.scalar(
        select(Draft).where(Draft.person_id == turn.person.id, Draft.active).execution_options(populate_existing=True)
    )


async def _who(session: AsyncSession, rows: Sequence[Inbox]) -> tuple[dict[int, Person], dict[int, Draft]]:
    """Load the officers of a batch and their active drafts in two queries."""
    ids = {int(row.lane) for row in rows if row.lane.lstrip("-").isdigit()}
    if not ids:
        return {}, {}
    people = {person.telegram_id: person for person in await session.scalars(_OFFICERS, {"ids": list(ids)})}
    drafts = await session.scalars(_DRAFTS, {"ids": [person.id for person in people.values()]})
    return people, {draft.person_id: draft for draft in drafts}


def _write_answers(answers: Sequence[tuple[Inbox, _Answer]]) -> None:
    """Put what became of a batch on its rows, after all have run.

    Set one by one, each would be flushed on its own when the next update opens its savepoint.
    """
    for row, (state, delivery) in answers:
        row.state = state
        row.reply = None if delivery is None else delivery.to_json()


async def _write_shown(session: AsyncSession, shown: Sequence[tuple[int, int, int | None]]) -> None:
    await inbox.mark_shown(session, [inbox_id for inbox_id, _chat, _message in shown])
    latest = {chat: message for _row, chat, message in shown if message is not None}
    if latest:
        rows = [{"chat": chat, "message": message} for chat, message in latest.items()]
        await session.execute(_NOTE_SCREEN, rows)


# Statements of every batch are built once: building one costs several times its execution.
_OFFICERS: Final = select(Person).where(Person.telegram_id.in_(bindparam("ids", expanding=True)))
_DRAFTS: Final = select(Draft).where(Draft.person_id.in_(bindparam("ids", expanding=True)), Draft.active)
_PEOPLE: Final = cast("Table", Person.__table__)
_NOTE_SCREEN: Final = (
    update(_PEOPLE)
    .where(
        _PEOPLE.c.telegram_id == bindparam("chat"), _PEOPLE.c.screen_message_id.is_distinct_from(bindparam("message"))
    )
    .values(screen_message_id=bindparam("message"))
)
