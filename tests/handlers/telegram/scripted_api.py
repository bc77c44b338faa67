"""A loopback Bot API that does to each call what the test tells it, down to the socket."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qs

from telegram import Bot

from handlers.telegram.request import AiohttpRequest

FICTITIOUS_TOKEN = "1234567890:AAFictitious-Canary_Token-0123456789"
ME = {"id": 1234567890, "is_bot": True, "first_name": "fictitious", "username": "fictitious_bot"}
SENT = {"message_id": 5, "date": 1_700_000_000, "chat": {"id": 42, "type": "private"}, "text": "x"}

Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Call:
    """One request as it came: target, headers (lower case) and body."""

    target: str
    headers: dict[str, str]
    body: bytes

    def fields(self) -> dict[str, str]:
        """The form's fields; a file appears as its name."""
        kind = self.headers.get("content-type", "")
        if kind.startswith("multipart/"):
            return {name: value for name, (value, _) in self.parts().items()}
        return {k: v[0] for k, v in parse_qs(self.body.decode(), keep_blank_values=True).items()}

    def parts(self) -> dict[str, tuple[str, bytes | None]]:
        """Field name -> (text, None) or (file name, content)."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        message = BytesParser(_class=EmailMessage, policy=HTTP.clone(utf8=True)).parsebytes(head + self.body)
        found: dict[str, tuple[str, bytes | None]] = {}
        for part in message.iter_parts():
            name = str(part.get_param("name", header="content-disposition"))
            content = part.get_payload(decode=True)
            filename = part.get_filename()
            found[name] = (filename, content) if filename else (content.decode(), None)
        return found


def answer(status: int, body: object, **headers: str) -> Act:
    """Answer with a status and a body: bytes as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(raw)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]

    async def act(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + raw)

    return act


def refuse(status: int, description: str, **parameters: int) -> Act:
    """Answer with an error as the Bot API words it."""
    body: dict[str, object] = {"ok": False, "error_code": status, "description": description}
    return answer(status, body | ({"parameters": parameters} if parameters else {}))


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Keep the request and say nothing until the caller gives up."""
    with contextlib.suppress(OSError):
        await reader.read()


async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close the connection politely, without an answer."""
    writer.close()


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tear the connection down with a TCP reset."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def half_an_answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Announce more than is sent."""
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"ok":true,')
    await writer.drain()
    writer.close()


def ok(result: object = True) -> Act:
    """Answer with success."""
    return answer(200, {"ok": True, "result": result})


@dataclass
class ScriptedApi:
    """The server's script and what it saw.

    ``script`` is used up from the front, one act per call; what is not scripted succeeds. getMe always succeeds.
    """

    port: int = 0
    script: list[Act] = field(default_factory=list)
    before_reading: Act | None = None
    calls: list[Call] = field(default_factory=list)
    connections: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/bot"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while not writer.is_closing():
                if self.before_reading is not None:
                    await self.before_reading(reader, writer)
                    return
                await self.one_call(reader, writer)
        writer.close()

    async def one_call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        call = Call(first.split(" ")[1], headers, body)
        if call.target.endswith("/getMe"):
            act = ok(ME)
        else:
            self.calls.append(call)
            act = self.script.pop(0) if self.script else ok(SENT)
        await act(reader, writer)


@contextlib.asynccontextmanager
async def scripted_api() -> AsyncIterator[ScriptedApi]:
    """Serve on a free port of the loopback interface."""
    api = ScriptedApi()
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0)
    api.port = server.sockets[0].getsockname()[1]
    try:
        yield api
    finally:
        server.close()
        for writer in api.writers:
            writer.transport.abort()
        await server.wait_closed()


@contextlib.asynccontextmanager
async def bot_at(url: str, **settings: object) -> AsyncIterator[Bot]:
    """A real PTB bot over our wire, not yet introduced to the server."""
    request, updates = AiohttpRequest(**settings), AiohttpRequest()  # type: ignore[arg-type]
    bot = Bot(FICTITIOUS_TOKEN, base_url=url, request=request, get_updates_request=updates)
    async with request, updates:
        yield bot
