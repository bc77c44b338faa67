"""The senders alone, with the chats before them."""

import asyncio
from collections.abc import Callable
from typing import Any

from telegram.ext import ExtBot

from bot.language import _, speaking
from bot.screens.screen import Button, Press, Screen
from handlers.telegram.delivery import Delivery
from handlers.telegram.screens import Screens
from handlers.web.botapi.api import BotApi
from storage.files import FileStore
from tests.conftest import OFFICER

with speaking("zh_CN"):
    LABEL = _("This message may be a repetition")
KEYS = ((Button("甲", Press("my")),),)


class Stage:
    """The senders alone, with the chats before them."""

    def __init__(self, api: BotApi, bot: ExtBot[None], store: FileStore) -> None:
        self.api = api
        self.store = store
        self.shown: list[tuple[int, int, int | None]] = []
        self.screens = Screens(bot, lambda *noted: self.shown.append(noted), store=store)
        self._next = 0

    def put(self, text: str, *, to: int = OFFICER, rows: Any = KEYS, repeat: bool = False, **where: Any) -> None:
        self._next += 1
        screen = Screen(
            "probe",
            text,
            rows,
            **{key: where.pop(key) for key in ("aside", "stays", "protect", "toast") if key in where},
        )
        self.screens.put(self._next, Delivery(to, screen, **where), may_repeat=repeat)

    async def done(self, within: float = 15.0) -> None:
        await self.until(lambda: not self.screens.in_flight, within)

    async def until(self, met: Callable[[], bool], within: float = 15.0) -> None:
        async with asyncio.timeout(within):
            while not met():
                await self.api.changed.wait(self.api.changed.count, 0.01)

    async def show(self, text: str, **more: Any) -> int:
        self.put(text, **more)
        await self.done()
        message_id = self.shown[-1][2] or more.get("edit")  # nothing is noted where the keyboard stays where it was
        assert isinstance(message_id, int)
        return message_id

    def texts(self, chat: int = OFFICER) -> list[str]:
        return [message.text for message in self.api.messages(chat)]

    def calls(self, method: str) -> int:
        return sum(call.method == method for call in self.api.calls)
