"""Showing screens: per chat in order, beside each other over chats, never inside a transaction.

After a press the pressed message is edited and the press answered, both at once. After a typed message a new screen
comes below it and the keyboard of the last one goes. Edits repeat freely; a new message whose first sending may have
arrived says so when it is repeated.
"""

import asyncio
import html
import random
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.language import _, speaking
from bot.screens.screen import Button, Screen
from handlers.telegram.api import call
from handlers.telegram.outcomes import Outcome, Verdict, classify
from storage.crashpoints import crash_point
from storage.outbox import MOST_COPIES

log = structlog.get_logger()

LONGEST_PAUSE: Final = 15.0  # seconds between tries


@dataclass(frozen=True, slots=True)
class Delivery:
    """One answer on its way: kept with the update until it has been shown.

    Args:
        chat_id: The private chat.
        screen: What to show; None where only the press is to be answered.
        edit: The message that was pressed, to be edited; None for a new message.
        query: The press to be answered.
        delete: The officer's own message to take away, because an ID number stood in it.
        language: The officer's language, for the label of a repetition.
    """

    chat_id: int
    screen: Screen | None
    edit: int | None = None
    query: str | None = None
    delete: int | None = None
    language: str = "zh_CN"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON for the inbox row."""
        return {
            "chat_id": self.chat_id,
            "screen": self.screen.to_json() if self.screen else None,
            "edit": self.edit,
            "query": self.query,
            "delete": self.delete,
            "language": self.language,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Delivery":
        """Read a kept answer back."""
        screen = Screen.from_json(data["screen"]) if data["screen"] else None
        return cls(**(data | {"screen": screen}))


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
        on_token_dead: Called when Telegram refuses the token; everything kept stays kept.
    """

    def __init__(
        self,
        bot: ExtBot[None],
        on_shown: Callable[[int, int, int | None], None],
        on_token_dead: Callable[[], None],
    ) -> None:
        self._bot = bot
        self._on_shown = on_shown
        self._on_token_dead = on_token_dead
        self._chats: dict[int, deque[_Waiting]] = {}
        self._current: dict[int, int] = {}  # chat -> message that carries the live keyboard
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
        task = asyncio.create_task(self._drain(delivery.chat_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self, *, within: float) -> None:
        """Give what is on its way some seconds to arrive, then stop; the rest is shown after the next start."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _drain(self, chat_id: int) -> None:
        queue = self._chats[chat_id]
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
        toast = delivery.screen.toast if delivery.screen else None
        answer = self._quietly("answerCallbackQuery", callback_query_id=delivery.query, text=toast)
        shown, _answered = await asyncio.gather(self._render(waiting), answer)
        return shown

    async def _render(self, waiting: _Waiting) -> int | None:
        delivery, screen = waiting.delivery, waiting.delivery.screen
        if screen is None:
            return None
        edited = delivery.edit is not None and not screen.stays
        if delivery.edit is None or not edited or not await self._edit(delivery.chat_id, delivery.edit, screen):
            return await self._send_below(waiting, screen)
        if screen.aside or self._current.get(delivery.chat_id) == delivery.edit:
            return None  # nothing new to be noted
        self._current[delivery.chat_id] = delivery.edit
        return delivery.edit

    async def _send_below(self, waiting: _Waiting, screen: Screen) -> int | None:
        delivery = waiting.delivery
        before = self._current.get(delivery.chat_id)
        sent = await self._send(delivery, screen, may_repeat=waiting.may_repeat)
        if sent is None:
            return None
        self._current[delivery.chat_id] = sent
        if before is not None and before != sent:
            await self._quietly("editMessageReplyMarkup", chat_id=delivery.chat_id, message_id=before)
        return sent

    async def _edit(self, chat_id: int, message_id: int, screen: Screen) -> bool:
        """Edit until it is there; False where the message cannot be edited any more."""
        params = {"chat_id": chat_id, "message_id": message_id} | message(screen)
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
        """Send until it is there; None where the chat cannot be reached, or where three copies may be there already."""
        params: dict[str, Any] = {"chat_id": delivery.chat_id, "protect_content": screen.protect or None}
        params |= message(screen)
        copies, pause = int(may_repeat), 0.5
        while copies < MOST_COPIES:
            labelled = params | {"text": _labelled(params["text"], delivery.language)} if copies else params
            try:
                sent: dict[str, Any] = await call(self._bot, "sendMessage", **labelled)
            except TelegramError as error:
                verdict = classify(error)
                if verdict.outcome is Outcome.BAD_MARKUP:
                    params = plain(params)
                    continue
                if not self._again(verdict):
                    return None
                copies += verdict.outcome is Outcome.UNKNOWN
                pause = await _wait(verdict, pause)
            else:
                message_id: int = sent["message_id"]
                return message_id
        log.error("three copies of an answer may have arrived, none is confirmed")
        return None

    def _again(self, verdict: Verdict) -> bool:
        """Say whether a failed try is worth another."""
        if verdict.outcome is Outcome.TOKEN_DEAD:
            self._on_token_dead()
            return True
        if verdict.outcome in (Outcome.RETRY_AFTER, Outcome.NOT_SENT, Outcome.UNKNOWN):
            return True
        log.warning("an answer was refused", outcome=verdict.outcome, detail=verdict.detail)
        return False

    async def _quietly(self, method: str, **params: Any) -> None:
        """Make a call that nothing depends on: an expired press, a keyboard already gone."""
        try:
            await call(self._bot, method, **params)
        except TelegramError as error:
            log.debug("a best-effort call failed", method=method, outcome=classify(error).outcome)


def message(screen: Screen) -> dict[str, Any]:
    """Return a screen as the parameters of ``sendMessage`` and ``editMessageText``."""
    params: dict[str, Any] = {
        "text": screen.text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if screen.rows:
        params["reply_markup"] = {"inline_keyboard": [[_button(button) for button in row] for row in screen.rows]}
    return params


def _button(button: Button) -> dict[str, Any]:
    shown: dict[str, Any] = {"text": button.text}
    if button.copy is not None:
        shown["copy_text"] = {"text": button.copy}
    elif button.press is not None:
        shown["callback_data"] = button.press.encode()
    if button.style is not None:
        shown["style"] = button.style.value
    return shown


def _labelled(text: str, language: str) -> str:
    with speaking(language):
        label = _("This message may be a repetition")
    return f"{label}\n{text}"


def plain(params: dict[str, Any]) -> dict[str, Any]:
    """Return the same message without markup: our escaping failed, the officer must still read it."""
    log.error("markup was refused; sent as plain text")
    text = html.unescape(re.sub(r"</?\w[^>]*>", "", params["text"]))
    return {key: value for key, value in params.items() if key != "parse_mode"} | {"text": text}


async def _wait(verdict: Verdict, pause: float) -> float:
    if verdict.retry_after is not None:
        await asyncio.sleep(verdict.retry_after.total_seconds())
        return pause
    await asyncio.sleep(random.uniform(0, pause))  # noqa: S311 - spreads load, protects nothing
    return min(pause * 2, LONGEST_PAUSE)
