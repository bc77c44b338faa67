"""The pinned summaries, edited as they change: at most once a minute in a chat, made anew where the edit fails.

Source: features.md N19.
"""

import asyncio
import contextlib
import hashlib
from typing import Any, Final

import structlog
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.language import speaking
from bot.screens import pinned as screens
from bot.screens.screen import Screen
from handlers import hours
from handlers.office import Office
from handlers.telegram.api import call
from handlers.telegram.messages import message
from handlers.telegram.outcomes import Outcome, classify
from handlers.telegram.pace import Pace
from storage import people, pins
from storage.database import Database
from storage.pins import Figures
from storage.tables import Person, PersonState, Summary

log = structlog.get_logger()

EVERY: Final = 60.0  # seconds between two looks: no chat sees more than one edit in them


class Summaries:
    """Keeps what is pinned in each officer's chat up to date.

    Args:
        bot: The bot.
        database: Where the ledger is.
        office: The office; its clock decides which week it is.
        pace: The notifications' own: together they keep below what Telegram permits.
    """

    def __init__(self, bot: ExtBot[None], database: Database, office: Office, pace: Pace) -> None:
        self._bot = bot
        self._database = database
        self._office = office
        self._pace = pace

    async def run(self) -> None:
        """Look once a minute until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.look()
            except Exception:
                log.exception("the summaries could not be brought up to date")

    async def look(self) -> int:
        """Bring every summary up to date whose figures have changed, in office hours; return how many."""
        now = self._office.clock.now()
        if not hours.in_office_hours(self._office, now):
            return 0
        async with self._database.read() as session:
            wanted = await pins.figures(session, today=self._office.today(now))
            present = await pins.shown(session)
        count = 0
        for row in present.values():
            if not row.wanted and row.message_id is not None:
                await self._take_down(row)
        for each in wanted:
            count += await self._bring(each, present.get(each.person_id))
        return count

    async def _bring(self, figures: Figures, row: Summary | None) -> bool:
        with speaking(figures.language):
            screen = screens.summary(figures.open, figures.this_week, figures.overdue)
        digest = hashlib.sha256(screen.text.encode()).hexdigest()
        if row is not None and row.shows == digest:
            return False
        if row is None and not figures.open:
            return False  # an empty desk needs no summary
        if figures.telegram_id in self._pace.resting() or await self._pace.place(figures.telegram_id) is not None:
            return False  # the chat rests, or Telegram asks to wait: the next look finds it again
        if not await self._is_there(figures.person_id):
            return False
        old = row.message_id if row is not None and row.shows is not None else None
        message_id = await self._show(figures, row.message_id if row else None, screen)
        pinned = message_id is not None and (message_id == old or await self._pinned(figures.telegram_id, message_id))
        async with self._database.write() as session:
            kept = await pins.of(session, figures.person_id)
            kept.tried_at = self._office.clock.now()
            if message_id is not None:
                kept.message_id, kept.shows = message_id, digest if pinned else None  # None: it is still to be pinned
        return pinned

    async def _is_there(self, person_id: int) -> bool:
        """Say whether somebody can still be written to: a look at a large bureau lasts, and meanwhile they may go."""
        async with self._database.read() as session:
            person = await session.get_one(Person, person_id)
            return person.reachable and person.state is PersonState.ACTIVE

    async def _take_down(self, row: Summary) -> None:
        """Take the summary out of a chat whose officer wants none."""
        async with self._database.write() as session:
            person = await session.get_one(Person, row.person_id)
            kept = await pins.of(session, row.person_id)
            kept.message_id = kept.shows = None
        gone = {"chat_id": person.telegram_id, "message_id": row.message_id}
        for method in ("unpinChatMessage", "deleteMessage"):  # after 48 hours the second is refused, the first is not
            with contextlib.suppress(TelegramError):
                await call(self._bot, method, **gone)

    async def _show(self, figures: Figures, message_id: int | None, screen: Screen) -> int | None:
        """Edit the summary, or send a new one where there is none to edit; None where neither was possible."""
        params = {"chat_id": figures.telegram_id} | message(screen)
        try:
            if message_id is not None and await self._edited(message_id, params):
                return message_id
            sent: dict[str, Any] = await call(self._bot, "sendMessage", disable_notification=True, **params)
        except TelegramError as error:
            if self._put_off(error) is Outcome.UNREACHABLE:  # whoever stands in hears of it as of any refusal
                async with self._database.write() as session:
                    people.lose(await session.get_one(Person, figures.person_id), self._office.clock.now())
            return None
        new: int = sent["message_id"]
        return new

    async def _pinned(self, chat_id: int, message_id: int) -> bool:
        """Pin a summary that was sent; where that fails the next look does it, and sends no second one."""
        try:
            await call(self._bot, "pinChatMessage", chat_id=chat_id, message_id=message_id, disable_notification=True)
        except TelegramError as error:
            self._put_off(error)
            return False
        return True

    def _put_off(self, error: TelegramError) -> Outcome:
        verdict = classify(error)
        if verdict.retry_after is not None:
            self._pace.pause(verdict.retry_after)
        log.info("a summary could not be shown", outcome=verdict.outcome)
        return verdict.outcome

    async def _edited(self, message_id: int, params: dict[str, Any]) -> bool:
        """Edit; that nothing has changed is a success, a message that is gone is not."""
        try:
            await call(self._bot, "editMessageText", message_id=message_id, **params)
        except TelegramError as error:
            outcome = classify(error).outcome
            if outcome is Outcome.NOT_MODIFIED:
                return True
            if outcome in (Outcome.SCREEN_GONE, Outcome.REFUSED):
                return False
            raise
        return True
