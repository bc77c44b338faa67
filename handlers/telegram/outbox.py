"""Sending notifications: claim, commit, send, confirm.

A send has three outcomes: delivered, refused, unknown. Telegram has no key that would make a repetition harmless, so an
unknown one is repeated with a label under the same number, at most three copies in all, and then held and escalated.
The pace keeps below what Telegram permits; answers to officers never wait behind it.
"""

import asyncio
import datetime as dt
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.language import _, speaking
from bot.screens.screen import Screen, bold
from handlers.office import Office
from handlers.telegram.api import call
from handlers.telegram.messages import Outgoing, labelled, loaded, parts, plain
from handlers.telegram.outcomes import Outcome, Verdict, classify
from storage import audit, heartbeat, outbox
from storage.crashpoints import crash_point
from storage.database import Database, is_away
from storage.files import FileStore
from storage.tables import Outbox, OutboxState, Person, PersonState, ReminderState

log = structlog.get_logger()

Renderer = Callable[[AsyncSession, Office, Person, Mapping[str, Any], dt.datetime], Awaitable[Screen | None]]

IN_FLIGHT: Final = 8  # claims of one round: the most that a kill can repeat
REPEAT_AFTER: Final = dt.timedelta(seconds=60)
LONGEST_BACKOFF: Final = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Letter:
    row: Outbox
    screen: Screen
    repeated: bool
    language: str


@dataclass(frozen=True, slots=True)
class _Sent:
    row_id: int
    verdict: Verdict
    message_id: int | None = None


class Sender:
    """The sender of notifications.

    Args:
        bot: The bot.
        database: Where the outbox is.
        office: What renderers may look up.
        renderers: Outbox kind -> what makes its screen, in the receiver's language, when it is sent.
        store: Where the files of screens are kept.
        travel: How a screen's files travel.
        per_second: The pace over all chats; Telegram tolerates about 30.
        on_token_dead: Called when Telegram refuses the token.
    """

    def __init__(
        self,
        bot: ExtBot[None],
        database: Database,
        office: Office,
        renderers: Mapping[str, Renderer],
        *,
        store: FileStore,
        travel: Outgoing,
        per_second: float = 25.0,
        on_token_dead: Callable[[], None],
    ) -> None:
        self._bot = bot
        self._database = database
        self._office = office
        self._renderers = renderers
        self._store = store
        self._travel = travel
        self._gap = 1.0 / per_second
        self._on_token_dead = on_token_dead
        self._wake = asyncio.Event()
        self._stopping = False
        self._free_at = 0.0  # monotonic time of the next permitted send over all chats
        self._chat_free_at: dict[int, float] = {}
        self._arrived: dict[int, int] = {}  # row -> its first parts that are there, while a later one is not

    def wake(self) -> None:
        """Look for due notifications now."""
        self._wake.set()

    def stop(self) -> None:
        """End after the present round, whose outcomes are still written down."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Send until stopped."""
        while not self._stopping:
            try:
                if not await self.run_round():
                    await self._rest()
            except Exception:
                log.exception("a round of notifications failed and will be taken up again")
                await asyncio.sleep(1)

    async def run_round(self) -> int:
        """Send up to eight notifications; return how many were tried or settled."""
        now = self._office.clock.now()
        async with self._database.write() as session:
            lapsed = await self._expire(session, now)
            letters, settled = await self._claim(session, now)
            await self._office.pulse.record(session, heartbeat.SEND, now)
        crash_point("claimed")
        results = await asyncio.gather(*(self._send(letter) for letter in letters))
        crash_point("sent")
        if results:
            async with self._database.write() as session:
                for result in results:
                    await self._confirm(session, result, self._office.clock.now())
            crash_point("confirmed")
        return lapsed + settled + len(results)

    async def _expire(self, session: AsyncSession, now: dt.datetime) -> int:
        """Claims of a process that died: each may have arrived."""
        rows = await outbox.expire_leases(session, now=now)
        for row in rows:
            await outbox.close_attempt(session, row.id, outcome=Outcome.UNKNOWN, error="the process died")
            await self._unknown(session, row, now)
        return len(rows)

    async def _claim(self, session: AsyncSession, now: dt.datetime) -> tuple[list[_Letter], int]:
        clock = asyncio.get_running_loop().time()
        resting = [chat for chat, free_at in self._chat_free_at.items() if free_at > clock]
        self._chat_free_at = {chat: self._chat_free_at[chat] for chat in resting}
        letters, settled = [], 0
        for row in await outbox.claim(session, now=now, limit=IN_FLIGHT, exclude_chats=resting):
            letter = await self._render(session, row, now)
            if letter is None:
                settled += 1
            else:
                letters.append(letter)
        return letters, settled

    async def _render(self, session: AsyncSession, row: Outbox, now: dt.datetime) -> _Letter | None:
        person = await session.get(Person, row.person_id)
        if person is None or person.state is not PersonState.ACTIVE:
            # Whoever has left is told nothing any more; the next tick finds somebody else for the reminder.
            await _cancel(session, row, "the receiver is not active", ReminderState.PLANNED)
            return None
        try:
            with speaking(person.language):
                async with session.begin_nested():
                    screen = await self._renderers[row.kind](session, self._office, person, row.params, now)
                if screen is not None:
                    screen = self._travel(screen, person.telegram_id, now)
        except Exception as error:
            await self._unreadable(session, row, error, now)
            return None
        if screen is None:
            await _cancel(session, row, "no longer needed", ReminderState.CANCELLED)
            return None
        return _Letter(row, screen, row.copies > 0, person.language)

    async def _unreadable(self, session: AsyncSession, row: Outbox, error: Exception, now: dt.datetime) -> None:
        """One notice cannot be made: it is tried again later, and holds up no other."""
        if is_away(error):
            raise error
        log.error("a notification could not be made", outbox_id=row.id, kind=row.kind, exc_info=error)
        await outbox.close_attempt(session, row.id, outcome="not made", error=type(error).__name__)
        row.lease_until = None
        self._later(row, Verdict(Outcome.NOT_SENT), now)

    async def _send(self, letter: _Letter) -> _Sent:
        """Send a notice; of one in two parts, what has arrived before is not sent again."""
        row = letter.row
        with speaking(letter.language):
            label = bold(_("This message may be a repetition (number %(number)s)") % {"number": row.id})
        screen, content = await loaded(self._store, letter.screen, letter.language)
        sent = _Sent(row.id, Verdict(Outcome.REFUSED))
        for number, (method, part) in enumerate(parts(screen, content, label=label)):
            if number < self._arrived.get(row.id, 0):
                continue
            await self._pace(row.chat_id)
            params = labelled(part, label) if letter.repeated else part
            sent = await self._send_part(row, method, params)
            if sent.message_id is None:
                return sent
            self._arrived[row.id] = number + 1
        return sent

    async def _send_part(self, row: Outbox, method: str, params: dict[str, Any]) -> _Sent:
        try:
            sent = await call(self._bot, method, chat_id=row.chat_id, **params)
        except TelegramError as error:
            verdict = classify(error)
            if verdict.outcome is Outcome.BAD_MARKUP and "parse_mode" in params:
                return await self._send_part(row, method, plain(params))
            return _Sent(row.id, verdict)
        return _Sent(row.id, Verdict(Outcome.DELIVERED), sent["message_id"])

    async def _pace(self, chat_id: int) -> None:
        """Wait for a place: evenly spaced over all chats, at most one a second in each."""
        loop = asyncio.get_running_loop()
        start = max(loop.time(), self._free_at)
        self._free_at = start + self._gap
        self._chat_free_at[chat_id] = start + 1.0
        await asyncio.sleep(start - loop.time())

    async def _confirm(self, session: AsyncSession, result: _Sent, now: dt.datetime) -> None:
        row = await session.get(Outbox, result.row_id, populate_existing=True)
        if row is None or row.state is not OutboxState.CLAIMED:
            return
        verdict = result.verdict
        await outbox.close_attempt(
            session, row.id, outcome=verdict.outcome, message_id=result.message_id, error=verdict.detail or None
        )
        row.lease_until = None
        match verdict.outcome:
            case Outcome.DELIVERED:
                row.copies += 1
                row.state, row.message_id = OutboxState.SENT, result.message_id
                await outbox.settle_reminders(session, row.id, ReminderState.SENT)
            case Outcome.UNKNOWN:
                await self._unknown(session, row, now)
            case Outcome.RETRY_AFTER | Outcome.NOT_SENT | Outcome.CONFLICT | Outcome.TOKEN_DEAD:
                self._later(row, verdict, now)
            case _:
                await self._refused(session, row, verdict, now)
        if row.state not in (OutboxState.DUE, OutboxState.UNKNOWN):
            self._arrived.pop(row.id, None)

    async def _unknown(self, session: AsyncSession, row: Outbox, now: dt.datetime) -> None:
        """It may have arrived: repeat it with a label, or hold it when there may be three copies already."""
        row.copies += 1
        row.lease_until = None
        if row.copies >= outbox.MOST_COPIES:
            row.state, row.reason = OutboxState.HELD, "three copies, none confirmed"
            await outbox.settle_reminders(session, row.id, ReminderState.SENT, reason=row.reason)
            log.error("a notification is held", outbox_id=row.id)
            return
        row.state = OutboxState.UNKNOWN
        row.not_before = now + REPEAT_AFTER * random.uniform(1, 2)  # noqa: S311 - spreads load

    def _later(self, row: Outbox, verdict: Verdict, now: dt.datetime) -> None:
        """It certainly did not arrive: try again, without a limit and without a label."""
        row.state = OutboxState.UNKNOWN if row.copies else OutboxState.DUE
        if verdict.outcome is Outcome.TOKEN_DEAD:
            self._on_token_dead()
        if verdict.retry_after is not None:
            row.not_before = now + verdict.retry_after
            loop = asyncio.get_running_loop()
            self._free_at = max(self._free_at, loop.time() + verdict.retry_after.total_seconds())
            return
        row.failures += 1
        longest = min(dt.timedelta(seconds=2 ** min(row.failures, 12)), LONGEST_BACKOFF)
        row.not_before = now + longest * random.uniform(0.1, 1)  # noqa: S311 - spreads load

    async def _refused(self, session: AsyncSession, row: Outbox, verdict: Verdict, now: dt.datetime) -> None:
        """It will never arrive. Where the person cannot be reached, the next tick finds somebody else to tell."""
        row.state, row.reason = OutboxState.REFUSED, verdict.detail
        gone = verdict.outcome is Outcome.UNREACHABLE
        state = ReminderState.PLANNED if gone else ReminderState.CANCELLED
        await outbox.settle_reminders(session, row.id, state, reason=verdict.outcome)
        person = await session.get(Person, row.person_id)
        if gone and person is not None:
            person.reachable = False
        log.error("a notification was refused", outbox_id=row.id, outcome=verdict.outcome, detail=verdict.detail)
        audit.note(
            session, at=now, actor_id=None, verb="notice.refused", subject=("outbox", row.id), reason=verdict.outcome
        )

    async def _rest(self) -> None:
        async with self._database.read() as session:
            moment = await outbox.next_due_at(session)
        seconds = 5.0
        if moment is not None:
            seconds = min(max((moment - self._office.clock.now()).total_seconds(), 0.05), 5.0)
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return
        finally:
            self._wake.clear()


async def _cancel(session: AsyncSession, row: Outbox, reason: str, reminders: ReminderState) -> None:
    """Take a claimed notification back before it is sent, and move its reminders on."""
    row.state, row.reason, row.lease_until = OutboxState.CANCELLED, reason, None
    await outbox.close_attempt(session, row.id, outcome="cancelled")
    await outbox.settle_reminders(session, row.id, reminders, reason=reason)
