"""Updates by webhook: Telegram calls, and gets its 200 only when what it said is in the database.

PTB's own webhook answers before an update is handled, and a kill then loses it. Here the same durable intake stands
behind the call as behind the poll. Source: ``design.md`` §3.5, §4; ``telegram.md`` §3, §5.
"""

import asyncio
import contextlib
import hmac
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp
from telegram.ext import ExtBot

from handlers.settings import Settings
from handlers.telegram.api import call
from handlers.telegram.intake import ALLOWED_UPDATES
from handlers.web.serving import listening

log = structlog.get_logger()

LARGEST: Final = 1024 * 1024  # bytes; an update has a few thousand
AT_ONCE: Final = 40  # calls that Telegram may make at once; its own default
_SECRET: Final = "x-telegram-bot-api-secret-token"  # noqa: S105 - a header's name
_LATER: Final = {"retry-after": "5"}  # seconds
_BEAT: Final = 60.0  # seconds

Take = Callable[[list[dict[str, Any]]], Awaitable[None]]
"""Commits updates; raises where the database is away."""


class Hook:
    """The one page that Telegram calls.

    Args:
        url: Its public address.
        secret: What Telegram says each time.
        take: Commits an update.
    """

    def __init__(self, url: str, secret: str, take: Take) -> None:
        self._path = urlsplit(url).path or "/"
        self._secret = secret.encode()
        self._take = take

    def app(self) -> ASGIApp:
        """Return the page as an application."""
        return Starlette(routes=[Route(self._path, self._receive, methods=["POST"])])

    async def _receive(self, request: Request) -> Response:
        # Compared as bytes and in constant time: a guess learns nothing from how long the answer takes.
        if not hmac.compare_digest(request.headers.get(_SECRET, "").encode("utf-8", "replace"), self._secret):
            return Response(status_code=404)  # to somebody else there is nothing here
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return Response(status_code=415)
        body = await _body(request)
        if body is None:
            return Response(status_code=413, headers={"connection": "close"})
        update = _update(body)
        if update is None:
            return Response(status_code=400)
        try:
            await self._take([update])
        except Exception:  # Telegram keeps the update and calls again
            log.exception("an update could not be stored; Telegram keeps it")
            return Response(status_code=503, headers=_LATER)
        return Response(status_code=200)


async def listen(
    exits: contextlib.AsyncExitStack,
    bot: ExtBot[None],
    settings: Settings,
    take: Take,
    on_received: Callable[[], None],
    on_served: Callable[[], None],
) -> Coroutine[Any, Any, None]:
    """Listen where the settings say, and tell Telegram where to call; what it holds for the bot is kept.

    Args:
        exits: Ends the listening.
        bot: The bot.
        settings: Addresses and secret.
        take: Commits updates.
        on_received: Called after each commit.
        on_served: Called each minute that the page is served.

    Returns:
        What is to run beside.

    Raises:
        OSError: The port is taken, or the address is not this machine's.
    """
    secret = settings.webhook_secret.get_secret_value()

    async def taken(updates: list[dict[str, Any]]) -> None:
        await take(updates)
        on_received()

    await exits.enter_async_context(
        listening(Hook(settings.webhook_url, secret, taken).app(), *settings.webhook_address)
    )
    await call(
        bot,
        "setWebhook",
        url=settings.webhook_url,
        secret_token=secret,
        allowed_updates=ALLOWED_UPDATES,
        max_connections=AT_ONCE,
    )
    return _beating(on_served)


async def _body(request: Request) -> bytes | None:
    """Return a call's body; None where it is longer than any update."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            return None
    return bytes(body)


def _update(body: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    number = said.get("update_id") if isinstance(said, dict) else None
    return said if isinstance(number, int) and not isinstance(number, bool) else None


async def _beating(beat: Callable[[], None]) -> None:
    """Prove each minute that the page is served: in a quiet night nobody calls."""
    while True:
        beat()
        await asyncio.sleep(_BEAT)
