"""Durable intake: an update is in the database before Telegram may forget it.

PTB's own Updater confirms a batch with the next poll, long before its handlers have run: a kill then loses up to a
hundred updates. Here the next poll's offset moves only after the batch has been committed.
"""

import asyncio
import datetime as dt
import random
import secrets
from collections.abc import Callable
from typing import Any, Final

import structlog
from telegram.error import TelegramError
from telegram.ext import ExtBot

from handlers.clock import Clock
from handlers.telegram.api import call, poll
from handlers.telegram.inflow import Inflow, Verdict, without_words
from handlers.telegram.outcomes import Outcome, classify
from handlers.telegram.scrubbing import scrub
from storage import inbox
from storage.crashpoints import crash_point
from storage.database import Database
from storage.files import PAGE
from storage.inbox import Incoming

log = structlog.get_logger()

ALLOWED_UPDATES: Final = ["message", "edited_message", "callback_query", "inline_query", "my_chat_member"]
POLL_SECONDS: Final = 50  # Bot API caps the long poll here
BATCH: Final = 100
PRESSED_KEYS: Final = ("message_id", "date", "chat")  # what Telegram's message of a press must have


class TokenRefused(Exception):
    """Telegram refuses the token."""


class AnotherPoller(Exception):
    """Somebody else polls with this bot's token."""


class Intake:
    """The poller.

    Args:
        bot: The bot.
        database: Where updates are kept.
        clock: The one clock.
        on_received: Called after each commit, so that the dispatcher looks at once.
        on_polled: Called after each answered poll, also an empty one, with the aware UTC time at which it was asked.
        inflow: How fast one sender may write.
        on_failed: Called after each poll that was not answered.
    """

    def __init__(
        self,
        bot: ExtBot[None],
        database: Database,
        clock: Clock,
        on_received: Callable[[], None],
        *,
        on_polled: Callable[[dt.datetime], None],
        inflow: Inflow,
        on_failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._inflow = inflow
        self._bot = bot
        self._database = database
        self._clock = clock
        self._on_received = on_received
        self._on_polled, self._on_failed = on_polled, on_failed
        # None lets Telegram begin at the oldest unconfirmed update. A stored highest id would be wrong, because ids
        # may restart at a random value after a quiet week; the unique update_id drops what is already here.
        self._offset: int | None = None
        self.has_polled = False

    async def run(self) -> None:
        """Poll until cancelled, and no more by a webhook that was set when the bot ran that way; nothing is dropped.

        Raises:
            TokenRefused: The token is dead.
            AnotherPoller: Another process polls with the same token.
        """
        pause, is_hooked = 0.0, True
        while True:
            try:
                if is_hooked:
                    await call(self._bot, "deleteWebhook")
                    is_hooked = False
                await self.poll_once()
                pause = 0.0
            except TelegramError as error:
                self._on_failed()
                pause = await self._wait_after(error, pause)
            except Exception:
                log.exception("updates could not be stored; Telegram keeps them")
                pause = await _sleep(pause)

    async def poll_once(self) -> int:
        """Fetch one batch, commit it, and only then let the next poll confirm it; return its size."""
        asked_at = self._clock.now()
        updates = await poll(
            self._bot,
            read_timeout=POLL_SECONDS + 15,
            offset=self._offset,
            timeout=POLL_SECONDS,
            limit=BATCH,
            allowed_updates=ALLOWED_UPDATES,
        )
        self.has_polled = True
        if not updates:
            self._on_polled(asked_at)
            return 0
        crash_point("fetched")
        await take_in(self._database, self._clock, self._inflow, updates)
        crash_point("stored")
        self._offset = updates[-1]["update_id"] + 1
        self._on_polled(asked_at)
        self._on_received()
        return len(updates)

    async def _wait_after(self, error: TelegramError, pause: float) -> float:
        verdict = classify(error)
        if verdict.outcome is Outcome.TOKEN_DEAD:
            raise TokenRefused from None
        if verdict.outcome is Outcome.CONFLICT:
            raise AnotherPoller from None
        if verdict.retry_after is not None:
            await asyncio.sleep(verdict.retry_after.total_seconds())
            return 0.0
        log.warning("polling failed", outcome=verdict.outcome, detail=verdict.detail)
        return await _sleep(pause)


async def take_in(database: Database, clock: Clock, inflow: Inflow, updates: list[dict[str, Any]]) -> None:
    """Commit what Telegram sent; of a flood all but one update is left out, and that one without its words."""
    judged = inflow.judged(updates)
    kept = [without_words(scrub(each)) if verdict is Verdict.TOLD else each
            for each, verdict in judged if verdict is not Verdict.DROPPED]  # fmt: skip
    await store(database, clock, kept)
    inflow.settled()
    if dropped := len(judged) - len(kept):
        log.warning("updates of a flood were left out", n=dropped)


async def store(database: Database, clock: Clock, updates: list[dict[str, Any]]) -> None:
    """Commit a batch of raw updates, ID numbers already replaced."""
    incoming = [Incoming(update["update_id"], lane_of(update), scrub(slim(update))) for update in updates]
    async with database.write() as session:
        await inbox.receive(session, incoming, now=clock.now())


async def hand_in(
    database: Database, clock: Clock, telegram_id: int, *, key: str, name: str, media_type: str, size: int
) -> None:
    """Take in a file that came through the bureau's own page, as if it had been sent in the chat.

    The dispatcher is to be woken afterwards. The update's number is negative and random: Telegram's are positive, and
    no offset is ever taken from it.

    Args:
        database: Where updates are kept.
        clock: The one clock.
        telegram_id: The officer whose session it was.
        key: The name under which the file store keeps it.
        name: As the officer's machine called it; an ID number in it is replaced like one in the chat.
        media_type: As the browser says.
        size: Bytes.
    """
    document = {"file_id": PAGE + key, "file_unique_id": key, "file_name": name, "mime_type": media_type}
    message = {
        "message_id": 0,  # there is none in the chat
        "date": int(clock.now().timestamp()),
        "from": {"id": telegram_id, "is_bot": False, "first_name": ""},
        "chat": {"id": telegram_id, "type": "private"},
        "document": document | {"file_size": size},
    }
    await store(database, clock, [{"update_id": -1 - secrets.randbits(60), "message": message}])


def reference(update: dict[str, Any]) -> str:
    """Return the reference of the document that a message brought; empty where it brought none."""
    ref: str = update.get("message", {}).get("document", {}).get("file_id", "")
    return ref


def slim(update: dict[str, Any]) -> dict[str, Any]:
    """Return an update without the bot's own words under a pressed button: nobody reads them, and they are long."""
    press: dict[str, Any] = update.get("callback_query", {})
    if "message" not in press:
        return update
    message = {key: press["message"][key] for key in PRESSED_KEYS if key in press["message"]}
    return update | {"callback_query": press | {"message": message}}


def lane_of(update: dict[str, Any]) -> str:
    """Return whose queue an update belongs to: the sender's, else the chat's, else one of its own."""
    for value in update.values():
        if isinstance(value, dict):
            source = value.get("from") or value.get("chat")
            if source is not None:
                return str(source["id"])
    return f"u{update['update_id']}"


async def _sleep(pause: float) -> float:
    """Wait a little longer each time, up to 15 s, with full jitter; return the next base."""
    pause = min(max(1.0, pause * 2), 15.0)
    await asyncio.sleep(random.uniform(0.1, pause))  # noqa: S311 - spreads load, protects nothing
    return pause
