"""A Bot API that is never the limit: a bare HTTP/1.1 protocol that answers from strings it keeps.

It knows just enough of the Bot API for a bot to live on: long polls with confirmation by offset, messages that are sent
and edited, press after press. Rules of Telegram are not checked here; the trial's Bot API does that.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from yarl import URL

TOKEN: Final = "100000002:fictitious-token-for-the-benchmark-only"
BOT: Final = {"id": 100000002, "is_bot": True, "first_name": "Bench", "username": "fictitious_bench_bot"}
ME: Final = json.dumps(
    BOT | {"can_join_groups": False, "can_read_all_group_messages": False, "supports_inline_queries": False}
)
FIXED: Final = {
    "getme": ME,
    "getmycommands": "[]",
    "getmydescription": '{"description": ""}',
    "getmyshortdescription": '{"short_description": ""}',
    "getmyname": '{"name": "Bench"}',
}
SENT_AT: Final = 1_767_225_600  # a fixed second: what the wire says about dates decides nothing here
MOST_UPDATES: Final = 100  # Bot API, getUpdates

OnScreen = Callable[[int, int, str], None]
"""Called with chat, message and keyboard (JSON) when a message becomes visible."""


@dataclass(slots=True)
class _Poll:
    connection: "Connection"
    limit: int
    timer: asyncio.TimerHandle


@dataclass(slots=True)
class Wire:
    """The served Bot API, one bot at a time.

    Args:
        on_screen: Told of every message that is sent or edited.
        delay_seconds: How long a call takes from the bot's side; one half on the way here, one half on the way back.
    """

    on_screen: OnScreen
    delay_seconds: float = 0.0
    calls: int = 0
    first_poll_at: float | None = None  # monotonic seconds
    _queue: deque[tuple[int, str]] = field(default_factory=deque)
    _unconfirmed: deque[tuple[int, str]] = field(default_factory=deque)
    _poll: _Poll | None = None
    _flushing: bool = False
    _next_update: int = 1
    _next_message: int = 1
    _shown: dict[tuple[int, int], str] = field(default_factory=dict)  # (chat, message) -> the message as JSON

    def push(self, kind: str, body: str) -> None:
        """Queue an update; pushes of the same moment leave in one batch."""
        self._queue.append((self._next_update, f'{{"update_id":{self._next_update},"{kind}":{body}}}'))
        self._next_update += 1
        if self._poll is not None and not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def type(self, user_id: int, text: str) -> None:
        """Let a user type a text or a command."""
        self._next_message += 1
        message: dict[str, Any] = {
            "message_id": self._next_message,
            "from": _user(user_id),
            "chat": _chat(user_id),
            "date": SENT_AT,
            "text": text,
        }
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        self.push("message", json.dumps(message))

    def press(self, user_id: int, message_id: int, data: str) -> None:
        """Let a user press a button of a message."""
        message = self._shown.get((user_id, message_id)) or self._message(user_id, message_id, {"text": "-"})
        self.push(
            "callback_query",
            f'{{"id":"{self._next_update}","from":{json.dumps(_user(user_id))},"chat_instance":"1",'
            f'"data":{json.dumps(data)},"message":{message}}}',
        )

    def call(self, connection: "Connection", method: str, body: bytes) -> None:
        """Take a call that has just arrived."""
        self.calls += 1
        if self.delay_seconds:
            asyncio.get_running_loop().call_later(self.delay_seconds / 2, self._act, connection, method, body)
        else:
            self._act(connection, method, body)

    def _act(self, connection: "Connection", method: str, body: bytes) -> None:
        if method == "getupdates":
            self._on_poll(connection, _fields(body))
        elif method in ("editmessagetext", "sendmessage"):
            self._on_message(connection, _fields(body), is_new=method == "sendmessage")
        else:
            self._answer(connection, FIXED.get(method, "true"))

    def _on_message(self, connection: "Connection", fields: Mapping[str, str], *, is_new: bool) -> None:
        chat_id = int(fields["chat_id"])
        if is_new:
            self._next_message += 1
        message_id = self._next_message if is_new else int(fields["message_id"])
        message = self._message(chat_id, message_id, fields, edited=not is_new)
        self._shown[chat_id, message_id] = message
        self._answer(connection, message)
        self.on_screen(chat_id, message_id, fields.get("reply_markup", ""))

    def _message(self, chat_id: int, message_id: int, fields: Mapping[str, str], *, edited: bool = False) -> str:
        markup = fields.get("reply_markup")
        return (
            f'{{"message_id":{message_id},"from":{json.dumps(BOT)},"chat":{json.dumps(_chat(chat_id))},"date":{SENT_AT}'
            + (f',"edit_date":{SENT_AT}' if edited else "")
            + f',"text":{json.dumps(fields["text"])}'
            + (f',"reply_markup":{markup}}}' if markup else "}")
        )

    def _on_poll(self, connection: "Connection", fields: Mapping[str, str]) -> None:
        self.first_poll_at = self.first_poll_at or time.monotonic()
        offset = int(fields.get("offset", "0"))
        while self._unconfirmed and self._unconfirmed[0][0] < offset:
            self._unconfirmed.popleft()
        self._release("[]")  # a bot that polls twice has given the first poll up
        self._queue.extendleft(reversed(self._unconfirmed))
        self._unconfirmed.clear()
        seconds = float(fields.get("timeout", "0"))
        timer = asyncio.get_running_loop().call_later(seconds, self._release, "[]")
        self._poll = _Poll(connection, min(int(fields.get("limit", MOST_UPDATES)), MOST_UPDATES), timer)
        if self._queue:
            self._flush()

    def _flush(self) -> None:
        self._flushing = False
        if self._poll is None or not self._queue:
            return
        batch = [self._queue.popleft() for _ in range(min(self._poll.limit, len(self._queue)))]
        self._unconfirmed.extend(batch)
        self._release("[" + ",".join(body for _, body in batch) + "]")

    def _release(self, result: str) -> None:
        """End the open poll."""
        if self._poll is not None:
            poll, self._poll = self._poll, None
            poll.timer.cancel()
            self._answer(poll.connection, result)

    def _answer(self, connection: "Connection", result: str) -> None:
        if self.delay_seconds:
            asyncio.get_running_loop().call_later(self.delay_seconds / 2, connection.answer, result)
        else:
            connection.answer(result)


class Connection(asyncio.Protocol):
    """One kept-alive connection; a client has one call at a time on it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._buffer = b""
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes, though they do what those promise.
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer = self._buffer + data if self._buffer else data
        head_end = buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = buffer[:head_end].lower()
        end = head_end + 4 + _length(head)
        if len(buffer) < end:
            return
        self._buffer = buffer[end:]
        path = head.split(b" ", 2)[1]
        self._wire.call(self, path.rsplit(b"/", 1)[1].decode(), buffer[head_end + 4 : end])

    def answer(self, result: str) -> None:
        """Send the answer of a call."""
        if self._transport.is_closing():
            return
        body = f'{{"ok":true,"result":{result}}}'.encode()
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )


def _length(head: bytes) -> int:
    start = head.find(b"\ncontent-length:")
    if start < 0:
        return 0
    return int(head[start + 16 :].split(b"\r", 1)[0])


def _fields(body: bytes) -> Mapping[str, str]:
    # yarl's compiled unquoting is several times faster than urllib's on Chinese text.
    return URL("/?" + body.decode(), encoded=True).query


def _user(user_id: int) -> dict[str, Any]:
    return {"id": user_id, "is_bot": False, "first_name": "虚构", "language_code": "zh-hans"}


def _chat(user_id: int) -> dict[str, Any]:
    return {"id": user_id, "first_name": "虚构", "type": "private"}
