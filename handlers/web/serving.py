"""An application on a port of this machine, inside the running event loop, for as long as a block lasts."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Generator
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

_STOP_WITHIN: Final = 5  # seconds for answers on their way at a stop
_MOST_AT_ONCE: Final = 100  # connections; more are turned away, so that idle ones cannot use the process up


class QuietServer(uvicorn.Server):
    """uvicorn without its hands on the process's signals, and with word when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self.enough = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the process's signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.up.set()

    async def main_loop(self) -> None:
        """Serve until it is enough."""
        await self.enough.wait()


class _Silent(H11Protocol):
    """A connection that writes no access log, whatever handlers the process's loggers have by now."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.access_log = False


@contextlib.asynccontextmanager
async def listening(app: ASGIApp, host: str, port: int) -> AsyncIterator[None]:
    """Serve an application; no access log is written, because addresses are nobody's business.

    A proxy on this machine may say whom it speaks for (``X-Forwarded-For``); one elsewhere is taken for the client.

    Args:
        app: What to serve.
        host: The address to listen on.
        port: The port to listen on.

    Raises:
        OSError: The port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=128)
    config = uvicorn.Config(
        app,
        interface="asgi3",
        http=_Silent,
        ws="none",
        lifespan="off",
        log_config=None,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1,::1",
        server_header=False,
        date_header=False,
        limit_concurrency=_MOST_AT_ONCE,
        timeout_graceful_shutdown=_STOP_WITHIN,
    )
    server = QuietServer(config)
    task = asyncio.create_task(server.serve([listener]))
    await server.up.wait()
    try:
        yield
    finally:
        server.enough.set()
        await task
        listener.close()
