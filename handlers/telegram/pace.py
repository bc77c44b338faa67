"""The pace of notifications: below what Telegram permits, and not a call inside a wait that Telegram asked for.

Answers to officers do not pass here. All of it is monotonic time, which no step of the clock moves.
"""

import asyncio
import datetime as dt
from collections import deque
from typing import Final

REST_OF_CHAT: Final = 1.0  # seconds between two notifications to one chat
MOST_TO_GROUP: Final = 20  # notifications to one group in any minute
MINUTE: Final = 60.0
PATIENCE: Final = 10.0  # seconds that a claimed notification may wait for its place; its lease is a matter of minutes


class Pace:
    """Gives each send its place: evenly spaced over all chats, one a second in a chat, twenty a minute in a group.

    One that comes late may be made up for, so that no second has more than the pace and one more.

    Args:
        per_second: The pace over all chats; Telegram tolerates about 30.
    """

    def __init__(self, per_second: float) -> None:
        self._gap = 1.0 / per_second
        self.free_at = 0.0  # of all chats
        self.chats: dict[int, float] = {}  # when the next may leave for each
        self._groups: dict[int, deque[float]] = {}

    def resting(self) -> list[int]:
        """Return the chats that nothing may be sent to now."""
        now = asyncio.get_running_loop().time()
        self.chats = {chat: free_at for chat, free_at in self.chats.items() if free_at > now}
        return list(self.chats)

    def next_rested(self) -> float | None:
        """Return the seconds until the first of the resting chats may be written to again; None where none rests."""
        now = asyncio.get_running_loop().time()
        return min((max(free_at - now, 0.01) for free_at in self.chats.values()), default=None)

    def pause(self, wait: dt.timedelta) -> None:
        """Telegram asked to wait: nothing leaves before, to whomever."""
        self.free_at = max(self.free_at, asyncio.get_running_loop().time() + wait.total_seconds())

    @property
    def wait(self) -> float:
        """Seconds until the next may leave to whomever."""
        return max(0.0, self.free_at - asyncio.get_running_loop().time())

    async def place(self, chat_id: int) -> dt.timedelta | None:
        """Wait for a place, of all chats and of this one; a pause that is asked for meanwhile is kept too.

        Returns:
            None once the place is there; else how long it will still take, where that is too long to hold a claim.
        """
        while (wait := max(self.wait, self._wait_of(chat_id))) > 0:
            if wait > PATIENCE:
                return dt.timedelta(seconds=wait)
            await asyncio.sleep(wait)
        start = asyncio.get_running_loop().time()
        self.free_at = max(self.free_at, start - self._gap) + self._gap  # a timer that rings late costs no place
        self.chats[chat_id] = start + self._rest(chat_id, start)
        return None

    def _wait_of(self, chat_id: int) -> float:
        """Return the seconds until a chat has rested; the pinned summary may have got there before a claimed notice."""
        return self.chats.get(chat_id, 0.0) - asyncio.get_running_loop().time()

    def _rest(self, chat_id: int, start: float) -> float:
        """Return the seconds until the chat's next one; a group's number is negative."""
        if chat_id > 0:
            return REST_OF_CHAT
        sent = self._groups.setdefault(chat_id, deque(maxlen=MOST_TO_GROUP))
        sent.append(start)
        return max(REST_OF_CHAT, sent[0] + MINUTE - start) if len(sent) == MOST_TO_GROUP else REST_OF_CHAT
