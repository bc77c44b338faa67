"""How far long work has come: edits of the screen that said it is being done, where nothing depends on them."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.screens.screen import Screen
from handlers.telegram.api import call
from handlers.telegram.messages import message
from handlers.telegram.outcomes import classify

log = structlog.get_logger()

GAP: Final = 2.0  # seconds between two edits in one chat


class Progress:
    """Edits progress screens.

    Args:
        bot: The bot.
        is_busy: Says whether an answer is on its way to a chat.
    """

    def __init__(self, bot: ExtBot[None], is_busy: Callable[[int], bool]) -> None:
        self._bot = bot
        self._is_busy = is_busy
        self._latest: dict[int, tuple[int, str]] = {}  # chat -> message and name of the answer shown last
        self._next: dict[int, Screen] = {}  # chat -> what is to be shown; a newer one takes its place
        self._edits: dict[int, asyncio.Task[None]] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}  # chats that rest

    def note(self, chat_id: int, message_id: int, screen: Screen) -> None:
        """Learn which answer a chat was shown last; one beside the work is none."""
        if not screen.aside:
            self._latest[chat_id] = (message_id, screen.name)

    def show(self, chat_id: int, screen: Screen) -> None:
        """Begin an edit, or let it follow the last one after a rest; none where the officer has gone on."""
        self._next[chat_id] = screen
        if chat_id not in self._timers:
            self._begin(chat_id)

    async def over(self, chat_id: int) -> None:
        """Wait for an edit that is under way, so that it does not overtake the answer behind it."""
        edit = self._edits.get(chat_id)
        if edit is not None:
            await asyncio.wait([edit])

    async def close(self) -> None:
        """Give up what is under way."""
        for timer in self._timers.values():
            timer.cancel()
        for edit in self._edits.values():
            edit.cancel()
        await asyncio.gather(*self._edits.values(), return_exceptions=True)

    def _begin(self, chat_id: int) -> None:
        self._timers.pop(chat_id, None)
        screen, shown = self._next.pop(chat_id, None), self._latest.get(chat_id)
        if screen is None or shown is None or shown[1] != screen.name or self._is_busy(chat_id):
            return
        if (edit := self._edits.get(chat_id)) is None or edit.done():
            self._edits[chat_id] = asyncio.create_task(self._edit(chat_id, shown[0], screen))
        else:
            self._next[chat_id] = screen
        self._timers[chat_id] = asyncio.get_running_loop().call_later(GAP, self._begin, chat_id)

    async def _edit(self, chat_id: int, message_id: int, screen: Screen) -> None:
        try:
            await call(self._bot, "editMessageText", chat_id=chat_id, message_id=message_id, **message(screen))
        except TelegramError as error:
            log.debug("progress could not be shown", outcome=classify(error).outcome)
