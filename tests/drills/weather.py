"""What Telegram and the network do on a bad day, drawn from a seed: refusals, silences, and what may have arrived."""

import asyncio
import random
from typing import Any

import aiohttp
from aiohttp.client_reqrep import ConnectionKey

from handlers.web.botapi.faults import Fault, Faults, Kind
from handlers.web.botapi.model import Wire

SENDING = ("sendmessage", "sendmediagroup", "senddocument")
NOWHERE = ConnectionKey("127.0.0.1", 1, False, True, None, None, None)


class Weather(Faults):
    """A fifth 429, a tenth 5xx, a tenth time-outs (half of them delivered), a fiftieth broken answers.

    One call in twenty does not even find a connection; see ``unplug``.
    """

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self.dice = dice
        self.on = self.dead = False
        self.count = 0
        self.heard: list[float] = []  # uptimes at which the bot got a 429

    def strike(self, method: str, params: Wire) -> Fault | None:
        """Draw for what is sent; the orders in force come after that."""
        if method.lower() in SENDING and (fault := self._drawn()) is not None:
            self.count += 1
            return fault
        return super().strike(method, params)

    def _drawn(self) -> Fault | None:
        if self.dead:
            return Fault("*", Kind.DROP_BEFORE)
        if not self.on:
            return None
        ticket = self.dice.random()
        if ticket < 0.20:
            return Fault("*", Kind.TOO_MANY, retry_after=self.dice.randint(1, 5))
        if ticket < 0.30:
            return Fault("*", self.dice.choice((Kind.INTERNAL, Kind.GATEWAY)))
        if ticket < 0.40:
            return Fault("*", Kind.HANG, done=self.dice.random() < 0.5, seconds=25.0)
        return Fault("*", Kind.GARBAGE, done=True) if ticket < 0.42 else None

    def unplug(self, request: Any) -> None:
        """Let the bot's own connections fail too, where nobody listens."""
        session, dice, loop = request._session, self.dice, asyncio.get_running_loop()
        original = session.request

        async def perhaps(method: str, url: str, **more: Any) -> Any:
            if self.on and url.lower().rsplit("/", 1)[1] in SENDING and dice.random() < 0.05:
                self.count += 1
                raise aiohttp.ClientConnectorError(NOWHERE, OSError(111, "Connection refused"))
            response = await original(method, url, **more)
            if response.status == 429:
                self.heard.append(loop.time())
            return response

        session.request = perhaps
