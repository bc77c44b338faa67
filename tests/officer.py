"""An officer at the phone: types, presses visible buttons, reads. Waits for the bot on conditions, not by the clock."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from handlers.web.botapi.api import BotApi
from handlers.web.botapi.model import Callback, Message

SETTLED_SECONDS = 0.02
"""Silence on the wire after which an answer is complete (an edit and its toast come as two calls)."""


class Officer:
    """A person in a private chat with the bot.

    Args:
        api: The served Bot API; the person must be known to it, or is made known.
        user_id: A fictitious Telegram id.
        patience: Seconds after which a missing answer fails the test.
        busy: Says whether the bot still has something to show; where that is known, silence is not guessed.
    """

    def __init__(
        self,
        api: BotApi,
        user_id: int,
        *,
        name: str = "张三（虚构）",
        patience: float = 30.0,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self.api = api
        self.id = user_id
        self.patience = patience
        self.busy = busy
        self.toast = ""
        if user_id not in api.users:
            api.add_user(user_id, name)

    @property
    def messages(self) -> list[Message]:
        """What the bot said, oldest first."""
        return [message for message in self.api.messages(self.id) if message.from_bot]

    @property
    def screen(self) -> str:
        """The text of the bot's newest message."""
        return self.messages[-1].text if self.messages else ""

    @property
    def buttons(self) -> list[str]:
        """The labels under the bot's newest message, row by row."""
        return labels(self.messages[-1]) if self.messages else []

    async def type(self, text: str, *, answered: bool = True) -> str:
        """Send a text, wait for the answer, and return the screen; ``answered=False`` expects silence."""
        return await self._act(lambda: self.api.type(self.id, text), answered=answered)

    async def send_document(self, content: bytes, name: str, caption: str = "") -> str:
        """Send a file, wait for the answer, and return the screen."""
        return await self._act(lambda: self.api.send_document(self.id, content, name, caption))

    async def send_photo(self, content: bytes, caption: str = "") -> str:
        """Send a picture, wait for the answer, and return the screen."""
        return await self._act(lambda: self.api.send_photo(self.id, content, caption=caption))

    async def edit(self, message_id: int, text: str) -> str:
        """Edit one's own message, wait for the answer, and return the screen."""
        return await self._act(lambda: self.api.edit(self.id, message_id, text))

    async def press(self, label: str, *, on: int | None = None) -> str:
        """Press the button whose label contains ``label``, on the newest message that has it, or on one message.

        Returns:
            The screen after the bot's answer; ``toast`` holds the words of the answered press.
        """
        message, data = self._find(label, on)
        return await self.press_data(message.id, data)

    async def press_data(self, message_id: int, data: str) -> str:
        """Press with a payload of one's own making (a stale or forged button)."""
        before = self._spoken()
        query = self.api.press(self.id, message_id, data)
        await self._until(lambda: query.answered, f"press {data!r} is answered")
        self.toast = query.toast
        await self._settle(before, query)
        return self.screen

    async def wait_for(self, part: str) -> str:
        """Wait until a message of the bot contains ``part``; return that message's text."""

        def found() -> str:
            return next((each.text for each in reversed(self.messages) if part in each.text), "")

        await self._until(lambda: bool(found()), f"a message with {part!r}")
        return found()

    def _find(self, label: str, on: int | None) -> tuple[Message, str]:
        for message in reversed(self.messages):
            if on in (None, message.id):
                pressable = [each for row in message.buttons for each in row if "callback_data" in each]
                matching = [button for button in pressable if label in button["text"]]
                exact = [button for button in matching if button["text"] == label]
                if matching:
                    return message, (exact or matching)[0]["callback_data"]
        raise AssertionError(f"no button {label!r}; {self.transcript()}")

    async def _act(self, act: Callable[[], Any], *, answered: bool = True) -> str:
        before = self._spoken()
        act()
        if answered:
            await self._until(lambda: self._spoken() > before, "an answer")
        else:
            await self._until(lambda: not self.api.updates.pending(), "the update is taken")
        await self._silence()
        return self.screen

    async def _settle(self, before: int, query: Callback) -> None:
        # The toast and the screen may come in either order; a press that only toasts shows no screen.
        if not query.toast:
            await self._until(lambda: self._spoken() > before, "a screen or a toast after the press")
        await self._silence()

    def _spoken(self) -> int:
        """Count what the bot showed this person (an unchanged edit counts: it was an answer)."""
        return self.api.shown[str(self.id)]

    async def _silence(self) -> None:
        calls = -1
        while calls != self.api.served or self.api.in_flight or self.busy():
            calls = self.api.served
            await asyncio.sleep(SETTLED_SECONDS)

    async def _until(self, met: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + self.patience
        while not met():
            if time.monotonic() > end:
                raise AssertionError(f"waited {self.patience} s for {what}; {self.transcript()}")
            await self.api.changed.wait(self.api.changed.count, 0.02)

    def transcript(self) -> str:
        """Return the chat as text, for a failing test."""
        lines = [f"{each.sender['first_name']}: {each.text} {labels(each)}" for each in self.api.messages(self.id)]
        return "the chat so far:\n" + "\n".join(lines)


def labels(message: Message) -> list[str]:
    """Return the labels under a message, row by row."""
    return [button["text"] for row in message.buttons for button in row]
