"""The queue of updates, confirmed as Telegram confirms: by asking with a higher offset, and not before."""

import asyncio
import datetime as dt
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from handlers.web.botapi.model import ApiError, Clock, Signal, Wire
from handlers.web.botapi.rules import integer, structure

_LIFETIME: Final = {"callback_query": dt.timedelta(seconds=150), "inline_query": dt.timedelta(seconds=30)}
_MESSAGE_LIFETIME: Final = dt.timedelta(hours=24)
_LONGEST_POLL: Final = 50  # seconds
_CONFLICT: Final = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
_WEBHOOK: Final = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)


@dataclass(slots=True)
class Updates:
    """What Telegram holds for the bot until it is confirmed or too old."""

    clock: Clock
    next_id: int = 700_000_001
    webhook: str = ""
    allowed: frozenset[str] = frozenset()  # empty: every kind that this server makes
    confirmed: Signal = field(default_factory=Signal)
    _arrived: Signal = field(default_factory=Signal)
    _waiting: deque[tuple[Wire, dt.datetime]] = field(default_factory=deque)
    _poller: int = 0
    _closed: bool = False

    def put(self, kind: str, payload: Wire) -> int | None:
        """Queue an update and return its id; None where the bot did not ask for this kind."""
        if self.allowed and kind not in self.allowed:
            return None
        update_id, self.next_id = self.next_id, self.next_id + 1
        expires_at = self.clock.now() + _LIFETIME.get(kind, _MESSAGE_LIFETIME)
        self._waiting.append(({"update_id": update_id, kind: payload}, expires_at))
        self._arrived.bump()
        return update_id

    def pending(self) -> list[Wire]:
        """Return the unconfirmed updates that are not too old, oldest first."""
        now = self.clock.now()
        self._waiting = deque(each for each in self._waiting if each[1] > now)
        return [update for update, _ in self._waiting]

    def forget(self) -> None:
        """Drop every pending update."""
        self._waiting.clear()
        self.confirmed.bump()

    def close(self) -> None:
        """Send waiting pollers home, and let nobody wait any more."""
        self._closed = True
        self._arrived.bump()

    async def take(self, params: Wire) -> list[Wire]:
        """Answer getUpdates.

        Raises:
            ApiError: 409, where a webhook is set or a newer poller has come.
        """
        if self.webhook:
            raise ApiError(409, _WEBHOOK)
        allowed = structure(params, "allowed_updates", list)
        if allowed is not None:
            self.allowed = frozenset(allowed)
        self._confirm(integer(params, "offset", 0))
        limit = min(max(integer(params, "limit", 100), 1), 100)
        await self._wait(min(integer(params, "timeout", 0), _LONGEST_POLL))
        return self.pending()[:limit]

    async def _wait(self, seconds: float) -> None:
        self._poller += 1
        mine = self._poller
        self._arrived.bump()  # an older poller wakes and finds that it is no longer the one
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not self._closed and not self.pending() and loop.time() < end:
            await self._arrived.wait(self._arrived.count, end - loop.time())
            if self._poller != mine:
                raise ApiError(409, _CONFLICT)

    def _confirm(self, offset: int) -> None:
        if offset < 0:  # "the last n": all older ones are forgotten
            kept = list(self._waiting)[offset:]
        else:
            kept = [each for each in self._waiting if each[0]["update_id"] >= offset]
        if len(kept) < len(self._waiting):
            self._waiting = deque(kept)
            self.confirmed.bump()
