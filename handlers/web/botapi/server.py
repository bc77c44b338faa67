"""The served Bot API on a loopback port, inside the running event loop."""

import asyncio
import contextlib
import socket
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from handlers.web.botapi.api import BotApi
from handlers.web.serving import QuietServer


class BotApiServer:
    """Serves a Bot API, or an application around it, on 127.0.0.1 for as long as the block lasts.

    Args:
        api: The Bot API.
        app: What to serve; by default the Bot API alone.
        port: 0 takes a free one.
    """

    def __init__(self, api: BotApi, app: ASGIApp | None = None, *, port: int = 0) -> None:
        self._api = api
        self._app = app or api
        self._port = port
        self._connections: dict[tuple[str, int], asyncio.Transport] = {}
        self._stack = contextlib.AsyncExitStack()
        self.base = ""

    async def __aenter__(self) -> Self:
        """Start serving; ``base`` is the address, ``http://127.0.0.1:<port>``.

        Raises:
            OSError: The port is taken.
        """
        listener = socket.create_server(("127.0.0.1", self._port), backlog=512)
        self.base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            self._with_cut,
            interface="asgi3",
            http=self._protocol(),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=5,
        )
        server = QuietServer(config)
        serving = asyncio.create_task(server.serve([listener]))
        self._stack.push_async_callback(self._stop, server, serving, listener)
        await server.up.wait()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Answer everybody who waits, then stop."""
        await self._stack.aclose()

    async def _stop(self, server: QuietServer, serving: asyncio.Task[None], listener: socket.socket) -> None:
        self._api.close()
        server.enough.set()
        await serving
        listener.close()

    async def _with_cut(self, scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["cut"] = self._cut
        await self._app(scope, receive, send)

    def _cut(self, client: tuple[str, int]) -> None:
        """Close a client's connection at once, as a failing network does."""
        if transport := self._connections.get(client):
            transport.abort()

    def _protocol(self) -> type[asyncio.Protocol]:
        connections = self._connections

        class Remembered(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client:
                    connections[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client:
                    connections.pop(self.client, None)
                super().connection_lost(exc)

        return Remembered
