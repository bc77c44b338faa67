"""Showing screens: per chat in order, beside each other over chats, never inside a transaction.

After a press the pressed message is edited and the press answered, both at once. After a typed message a new screen
comes below it and the keyboard of the last one goes; a screen with a file is always a new message. Edits repeat freely;
a new message whose first sending may have arrived says so when it is repeated, and is repeated only once Telegram
answers again: a short outage must not use up its three copies.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.language import _, speaking
from bot.plaintext import visible
from bot.screens.inline import Card
from bot.screens.screen import Screen
from handlers.telegram.api import call
from handlers.telegram.delivery import Delivery
from handlers.telegram.messages import Part, inline_answer, labelled, loaded, message, parts, plain
from handlers.telegram.outcomes import Outcome, Verdict, classify
from handlers.telegram.progress import Progress
from storage.crashpoints import crash_point
from storage.files import FileStore
from storage.outbox import MOST_COPIES

log = structlog.get_logger()

LONGEST_PAUSE: Final = 15.0  # seconds between tries


@dataclass(slots=True)
class _Waiting:
    inbox_id: int
    delivery: Delivery
    may_repeat: bool


class Screens:
    """The senders of answers, one for each chat that has something to be shown.

    Args:
        bot: The bot.
        on_shown: Called with the inbox row, the chat, and the message that is now its current screen.
        store: Where the files of screens are kept.
    """

    def __init__(
        self,
        bot: ExtBot[None],
        on_shown: Callable[[int, int, int | None], None],
        *,
        store: FileStore,
    ) -> None:
        self._bot = bot
        self._store = store
        self._on_shown = on_shown
        self._chats: dict[int, deque[_Waiting]] = {}
        self._current: dict[int, int] = {}  # chat -> message that carries the live keyboard
        self._protected: dict[int, int] = {}  # chat -> the newest message that cannot be forwarded
        self._progress = Progress(bot, lambda chat_id: chat_id in self._chats)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def in_flight(self) -> int:
        """How many answers are not shown yet."""
        return sum(len(queue) for queue in self._chats.values())

    def know(self, chat_id: int, message_id: int | None) -> None:
        """Learn from the database which message carries a chat's keyboard, unless this process knows better."""
        if message_id is not None:
            self._current.setdefault(chat_id, message_id)

    def put(self, inbox_id: int, delivery: Delivery, *, may_repeat: bool = False) -> None:
        """Queue an answer behind those of the same chat.

        Args:
            inbox_id: The row whose answer it is.
            delivery: The answer.
            may_repeat: Whether it may have been shown before a restart.
        """
        waiting = _Waiting(inbox_id, delivery, may_repeat)
        queue = self._chats.get(delivery.chat_id)
        if queue is not None:
            queue.append(waiting)
            return
        self._chats[delivery.chat_id] = deque([waiting])
        self._begin(self._drain(delivery.chat_id))

    def progress(self, chat_id: int, screen: Screen) -> None:
        """Show how far long work has come, in the message that says it is being done; best effort, never waited for.

        Nothing happens once the officer has gone on to another screen, or while an answer is on its way.

        Args:
            chat_id: The private chat.
            screen: The work's screen, of the same name as the one that began it.
        """
        self._progress.show(chat_id, screen)

    def answer_inline(self, query_id: str, cards: Sequence[Card]) -> None:
        """Answer an inline query; best effort, because the next letter that is typed asks anew."""
        params = inline_answer(query_id, cards)
        self._begin(self._quietly("answerInlineQuery", **params))

    async def close(self, *, within: float) -> None:
        """Give what is on its way some seconds to arrive, then stop; the rest is shown after the next start."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._progress.close()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _drain(self, chat_id: int) -> None:
        queue = self._chats[chat_id]
        await self._progress.over(chat_id)
        while queue:
            waiting = queue[0]
            try:
                message_id = await self._show(waiting)
            except Exception:
                log.exception("a screen could not be shown", inbox_id=waiting.inbox_id)
                message_id = None
            crash_point("shown")
            self._on_shown(waiting.inbox_id, chat_id, message_id)
            queue.popleft()
        del self._chats[chat_id]

    async def _show(self, waiting: _Waiting) -> int | None:
        delivery = waiting.delivery
        if delivery.delete is not None:
            await self._quietly("deleteMessage", chat_id=delivery.chat_id, message_id=delivery.delete)
        if delivery.query is None:
            return await self._render(waiting)
        toast = visible(delivery.screen.toast) if delivery.screen and delivery.screen.toast else None
        answer = self._quietly("answerCallbackQuery", callback_query_id=delivery.query, text=toast)
        shown, _answered = await asyncio.gather(self._render(waiting), answer)
        return shown

    async def _render(self, waiting: _Waiting) -> int | None:
        delivery, screen = waiting.delivery, waiting.delivery.screen
        if screen is None:
            return None
        chat_id, edit = delivery.chat_id, delivery.edit
        if edit is None or screen.stays or screen.file is not None or screen.code is not None:
            return await self._send_below(waiting, screen, instead_of=None)
        if screen.protect and not screen.aside and self._protected.get(chat_id) != edit:
            # An edit cannot protect a message that was sent without it, and names do not go into one.
            return await self._send_below(waiting, screen, instead_of=edit)
        if not await self._edit(delivery, edit, screen):
            return await self._send_below(waiting, screen, instead_of=edit)
        self._progress.note(chat_id, edit, screen)
        if screen.aside or self._current.get(chat_id) == edit:
            return None  # nothing new to be noted
        self._current[chat_id] = edit
        return edit

    async def _send_below(self, waiting: _Waiting, screen: Screen, *, instead_of: int | None) -> int | None:
        delivery = waiting.delivery
        before = self._current.get(delivery.chat_id)
        sent = await self._send(delivery, screen, may_repeat=waiting.may_repeat)
        if sent is None or (screen.aside and screen.stays):
            return None  # a reminder opened from the digest stands for itself
        self._current[delivery.chat_id] = sent
        if screen.protect:
            self._protected[delivery.chat_id] = sent
        self._progress.note(delivery.chat_id, sent, screen)
        # A pressed message that cannot be edited (a document) has done its work as well.
        for done in {before, instead_of} - {None, sent}:
            await self._quietly("editMessageReplyMarkup", chat_id=delivery.chat_id, message_id=done)
        return sent

    async def _edit(self, delivery: Delivery, message_id: int, screen: Screen) -> bool:
        """Edit until it is there; False where the message cannot be edited any more."""
        with speaking(delivery.language):
            params = {"chat_id": delivery.chat_id, "message_id": message_id} | message(screen)
        pause = 0.5
        while True:
            try:
                await call(self._bot, "editMessageText", **params)
            except TelegramError as error:
                verdict = classify(error)
                match verdict.outcome:
                    case Outcome.NOT_MODIFIED:
                        return True
                    case Outcome.SCREEN_GONE | Outcome.REFUSED:
                        return False
                    case Outcome.BAD_MARKUP:
                        params = plain(params)
                    case _:
                        if not self._again(verdict):
                            return True
                        pause = await _wait(verdict, pause)
            else:
                return True

    async def _send(self, delivery: Delivery, screen: Screen, *, may_repeat: bool) -> int | None:
        """Send a new message, or two, until they are there; return the last one's number, None where that failed."""
        screen, content = await loaded(self._store, screen, delivery.language)
        with speaking(delivery.language):
            calls = parts(screen, content, label=_label(delivery.language))
        sent = None
        for part in calls:
            sent = await self._send_part(delivery, part, may_repeat=may_repeat)
            if sent is None:
                return None
        return sent

    async def _send_part(self, delivery: Delivery, part: Part, *, may_repeat: bool) -> int | None:
        """Send until it is there; None where the chat cannot be reached, or where three copies may be there already."""
        params = {"chat_id": delivery.chat_id} | part.params
        copies, pause = int(may_repeat), 0.5
        while copies < MOST_COPIES:
            said = labelled(params, _label(delivery.language)) if copies else params
            try:
                sent: dict[str, Any] = await call(self._bot, part.method, **said)
            except TelegramError as error:
                verdict = classify(error)
                if verdict.outcome is Outcome.BAD_MARKUP:
                    params = plain(params)
                    continue
                if not self._again(verdict):
                    return None
                if verdict.outcome is Outcome.UNKNOWN:
                    copies += 1
                    await self._reached()
                pause = await _wait(verdict, pause)
            else:
                message_id: int = sent["message_id"]
                return message_id
        log.error("three copies of an answer may have arrived, none is confirmed")
        return None

    async def _reached(self) -> None:
        """Wait until Telegram answers a call that may be repeated at will."""
        pause = 0.5
        while True:
            try:
                await call(self._bot, "getMe")
            except TelegramError as error:
                verdict = classify(error)
                if not self._again(verdict):
                    return
                pause = await _wait(verdict, pause)
            else:
                return

    def _again(self, verdict: Verdict) -> bool:
        """Say whether a failed try is worth another."""
        if verdict.outcome in (Outcome.RETRY_AFTER, Outcome.NOT_SENT, Outcome.UNKNOWN, Outcome.TOKEN_DEAD):
            return True  # with a dead token everything is kept until there is another
        log.warning("an answer was refused", outcome=verdict.outcome, detail=verdict.detail)
        return False

    async def _quietly(self, method: str, **params: Any) -> None:
        """Make a call that nothing depends on: an expired press, a keyboard already gone."""
        try:
            await call(self._bot, method, **params)
        except TelegramError as error:
            log.debug("a best-effort call failed", method=method, outcome=classify(error).outcome)


def _label(language: str) -> str:
    with speaking(language):
        return _("This message may be a repetition")


async def _wait(verdict: Verdict, pause: float) -> float:
    if verdict.retry_after is not None:
        await asyncio.sleep(verdict.retry_after.total_seconds())
        return pause
    await asyncio.sleep(random.uniform(0, pause))  # noqa: S311 - spreads load, protects nothing
    return min(pause * 2, LONGEST_PAUSE)
