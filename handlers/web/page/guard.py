"""What stands before the file page: the right host, the pace of guesses, safety headers."""

import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handlers.web.page import look

log = structlog.get_logger()

GUESSES: Final = 30  # refusals of nobody known, per client address and minute
_MINUTE: Final = 60.0  # seconds
_ADDRESSES: Final = 1000  # remembered at most, so that the memory of guesses is bounded
_PORTS: Final = {"https": 443, "http": 80}
_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}
_ONLY_TLS: Final = "max-age=31536000"  # RFC 6797, seconds


class Pace:
    """Counts the guesses of each client address, in whole minutes.

    Args:
        monotonic: Seconds that only grow.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._minute = 0
        self._guesses: dict[str, int] = {}

    def count(self, address: str) -> None:
        """Count a guess."""
        guesses = self._present()
        if address in guesses or len(guesses) < _ADDRESSES:
            guesses[address] = guesses.get(address, 0) + 1

    def is_spent(self, address: str) -> bool:
        """Say whether an address has guessed enough for this minute."""
        return self._present().get(address, 0) >= GUESSES

    def _present(self) -> dict[str, int]:
        minute = int(self._monotonic() // _MINUTE)
        if minute != self._minute:
            self._minute, self._guesses = minute, {}
        return self._guesses


class Guard:
    """Refuses what never reaches the page, and puts the safety headers on all that leaves it.

    Args:
        app: The page.
        base: Its public address; its host is the only one answered (a foreign name may be bent to this machine).
        pace: Who has guessed enough.
    """

    def __init__(self, app: ASGIApp, base: str, pace: Pace) -> None:
        self._app = app
        parts = urlsplit(base)
        host = (parts.hostname or "").lower()
        host = f"[{host}]" if ":" in host else host
        port = parts.port or _PORTS[parts.scheme]
        self._hosts = {f"{host}:{port}"} | ({host} if port == _PORTS[parts.scheme] else set())
        headers = _HEADERS | ({"strict-transport-security": _ONLY_TLS} if parts.scheme == "https" else {})
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._root = parts.path
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope)
        safe = self._with_headers(send)
        if request.headers.get("host", "").lower() not in self._hosts:
            await PlainTextResponse("unknown host", 400)(scope, receive, safe)
        elif self._pace.is_spent(client(request)):
            page = look.too_many(self._root)
            await HTMLResponse(page, 429, headers={"retry-after": str(int(_MINUTE))})(scope, receive, safe)
        else:
            try:
                await self._app(scope, receive, safe)
            except Exception:  # already answered by the page's own last handler
                log.exception("the file page failed")

    def _with_headers(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = {name for name, _value in self._headers}
                message["headers"] = [each for each in message["headers"] if each[0] not in ours] + self._headers
            await send(message)

        return sending


def client(request: Request) -> str:
    """Return the client's address."""
    return request.client.host if request.client else ""
