"""Sending notifications: claim, commit, send, confirm.

A send has three outcomes: delivered, refused, unknown. Telegram has no key that would make a repetition harmless, so an
unknown one is repeated with a label under the same number, at most three copies in all, and then held and escalated.
At most eight are on their way at any moment, each for a chat of its own; one that hangs holds up no other. The pace
keeps below what Telegram permits; answers to officers never wait behind it.
"""

import asyncio
import contextlib
import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.language import _, speaking
from bot.screens.screen import bold
from handlers.office import Office
from handlers.telegram.api import call
from handlers.telegram.letters import GroupRenderer, Letter, Letters, Renderer, put_off
from handlers.telegram.messages import Outgoing, labelled, loaded, parts, plain
from handlers.telegram.outcomes import Outcome, Verdict, classify
from handlers.telegram.pace import PATIENCE, Pace
from handlers.telegram.settling import Sent, expire, later, settle
from storage import heartbeat, outbox
from storage.crashpoints import crash_point
from storage.database import Database
from storage.files import FileStore
from storage.tables import OutboxState

log = structlog.get_logger()

IN_FLIGHT: Final = 8  # claims at any moment: the most that a kill can repeat
GATHER: Final = 0.1  # seconds in which outcomes are gathered for one transaction
LONGEST_REST: Final = 5.0


class Sender:
    """The sender of notifications.

    Args:
        bot: The bot.
        database: Where the outbox is.
        office: What renderers may look up.
        renderers: Outbox kind -> what makes its screen, in the receiver's language, when it is sent.
        group_renderers: The same for notifications to bound groups.
        quiet: Kinds that keep to the office hours.
        store: Where the files of screens are kept.
        travel: How a screen's files travel.
        per_second: The pace over all chats; Telegram tolerates about 30.
        may_send: Asked before anything is taken up; False leaves it waiting.
    """

    def __init__(
        self,
        bot: ExtBot[None],
        database: Database,
        office: Office,
        renderers: Mapping[str, Renderer],
        *,
        group_renderers: Mapping[str, GroupRenderer] | None = None,
        quiet: frozenset[str] = frozenset(),
        store: FileStore,
        travel: Outgoing,
        per_second: float = 25.0,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self._bot = bot
        self._database = database
        self._office = office
        self.letters = Letters(office, renderers, group_renderers or {}, quiet=quiet, travel=travel)
        self._store = store
        self.pace = Pace(per_second)
        self._may_send = may_send
        self._wake = asyncio.Event()
        self._stopping = False
        self._sending: dict[int, asyncio.Task[None]] = {}  # chat -> what is on its way there
        self._ended: list[Sent] = []  # outcomes that are not written down yet
        self._arrived: dict[int, int] = {}  # row -> its first parts that are there, while a later one is not
        self._knows_wait = False

    def wake(self) -> None:
        """Look for due notifications now."""
        self._wake.set()

    def stop(self) -> None:
        """Take up nothing more; what is on its way may still arrive."""
        self._stopping = True
        self._wake.set()

    async def close(self, *, within: float) -> None:
        """Give what is on its way some seconds to arrive, and write its outcome down; the rest stays claimed."""
        self.stop()
        if self._sending:
            await asyncio.wait(self._sending.values(), timeout=within)
        for task in self._sending.values():
            task.cancel()
        try:
            await self._turn_over(places=0)
        except Exception:
            log.exception("the last outcomes were not written down: the next start repeats them, marked")

    async def run(self) -> None:
        """Send until stopped."""
        while not self._stopping:
            self._wake.clear()
            try:
                if not await self._turn_over(places=IN_FLIGHT - len(self._sending)):
                    await self._rest()
            except Exception:
                log.exception("a round of notifications failed and will be taken up again")
                await asyncio.sleep(1)

    async def run_round(self) -> int:
        """Send up to eight notifications and wait for their outcomes; return how many were tried or settled."""
        count = await self._turn_over(places=IN_FLIGHT)
        if self._sending:
            await asyncio.gather(*self._sending.values())
            await self._turn_over(places=0)
        return count

    async def _turn_over(self, *, places: int) -> int:
        """Write down what has ended and claim what is due, in one transaction; then let the claimed ones go."""
        now, ended = self._office.clock.now(), self._ended
        self._ended = []
        try:
            async with self._database.write() as session:
                await self._keep_wait(session, now)
                await self._settle(session, ended, now)
                count = await expire(session, self._office, now)
                letters, settled = await self._claim(session, now, places)
                await self._office.pulse.record(session, heartbeat.SEND, now)
        except BaseException:
            self._ended = ended + self._ended  # what Telegram has said is not forgotten because the disk is full
            raise
        if ended:
            crash_point("confirmed")
        if letters:
            crash_point("claimed")
        for letter in letters:
            self._sending[letter.row.chat_id] = asyncio.create_task(self._deliver(letter))
        return count + settled + len(letters)

    async def _keep_wait(self, session: AsyncSession, now: dt.datetime) -> None:
        """After a start, keep the wait that Telegram asked the last process for."""
        if self._knows_wait:
            return
        until = await outbox.waits_until(session)
        if until is not None and until > now:
            self.pace.pause(until - now)
        self._knows_wait = True

    async def _settle(self, session: AsyncSession, ended: list[Sent], now: dt.datetime) -> None:
        # In one order, so that no two instances block each other.
        for sent in sorted(ended, key=lambda each: each.row_id):
            row = await settle(session, self._office, sent, now)
            if row is None or row.state not in (OutboxState.DUE, OutboxState.UNKNOWN):
                self._arrived.pop(sent.row_id, None)

    async def _claim(self, session: AsyncSession, now: dt.datetime, places: int) -> tuple[list[Letter], int]:
        if places <= 0 or self._stopping or self.pace.wait > PATIENCE or not self._may_send():
            return [], 0
        letters, settled = [], 0
        for row in await outbox.claim(session, now=now, limit=places, exclude_chats=self._busy()):
            try:
                letter = await self.letters.write(session, row, now)
            except Exception as error:
                await put_off(session, row, error)
                await later(session, row, Verdict(Outcome.NOT_SENT), now)
                letter = None
            if letter is None:
                settled += 1
            else:
                letters.append(letter)
        return letters, settled

    def _busy(self) -> list[int]:
        return [*self.pace.resting(), *self._sending]

    async def _deliver(self, letter: Letter) -> None:
        """Send a notification and keep how it ended for the next transaction."""
        sent = Sent(letter.row.id, Verdict(Outcome.UNKNOWN, detail="the send broke off"))
        try:
            sent = await self._send(letter)
        except Exception:
            log.exception("a send broke off", outbox_id=letter.row.id)
        crash_point("sent")
        del self._sending[letter.row.chat_id]
        self._ended.append(sent)
        if len(self._ended) >= IN_FLIGHT // 2 or not self._sending:
            self._wake.set()
        else:
            asyncio.get_running_loop().call_later(GATHER, self._wake.set)

    async def _send(self, letter: Letter) -> Sent:
        """Send a notice; of one in two parts, what has arrived before is not sent again."""
        row = letter.row
        with speaking(letter.language):
            label = bold(_("This message may be a repetition (number %(number)s)") % {"number": row.id})
        screen, content = await loaded(self._store, letter.screen, letter.language)
        with speaking(letter.language):
            calls = parts(screen, content, label=label)
        sent = Sent(row.id, Verdict(Outcome.REFUSED))
        for number, (method, part) in enumerate(calls):
            if number < self._arrived.get(row.id, 0):
                continue
            wait = await self.pace.place(row.chat_id)
            if wait is not None:
                return Sent(row.id, Verdict(Outcome.RETRY_AFTER, retry_after=wait, detail="not begun"))
            params = labelled(part, label) if letter.repeated else part
            sent = await self._send_part(row.id, row.chat_id, method, params)
            if sent.message_id is None:
                return sent
            self._arrived[row.id] = number + 1
        return sent

    async def _send_part(self, row_id: int, chat_id: int, method: str, params: dict[str, Any]) -> Sent:
        try:
            sent = await call(self._bot, method, chat_id=chat_id, **params)
        except TelegramError as error:
            verdict = classify(error)
            if verdict.retry_after is not None:
                self.pace.pause(verdict.retry_after)
            if verdict.outcome is Outcome.BAD_MARKUP and "parse_mode" in params:
                return await self._send_part(row_id, chat_id, method, plain(params))
            return Sent(row_id, verdict)
        return Sent(row_id, Verdict(Outcome.DELIVERED), sent["message_id"])

    async def _rest(self) -> None:
        """Wait for outcomes, for what comes due, or for a chat that rests."""
        seconds = LONGEST_REST
        if len(self._sending) < IN_FLIGHT and self.pace.wait <= PATIENCE:
            async with self._database.read() as session:
                moment = await outbox.next_due_at(session, exclude_chats=self._busy())
            if moment is not None:
                seconds = min(max((moment - self._office.clock.now()).total_seconds(), 0.05), seconds)
            seconds = min(seconds, self.pace.next_rested() or seconds)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)
