"""A process that has imported everything and forks lives of the application: each begins in milliseconds.

It reads one JSON line for each life and writes two: the life's process id, then its exit status.
"""

import asyncio
import contextlib
import datetime as dt
import importlib
import json
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.policy.loader import load, packaged
from bot.policy.model import Policy
from handlers import logs
from handlers.app import Service
from handlers.cli_frame import loop_factory
from handlers.clock import Clock
from handlers.settings import Settings
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage import crashpoints


def main() -> None:
    """Fork one life after another until nobody asks for more."""
    first = json.loads(sys.stdin.readline())
    policy = load(packaged("zhengzhou"))
    asyncio.run(_rehearse(policy, first))
    assert threading.active_count() == 1, "a fork would leave the other threads behind"
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        wish = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(policy, first | wish)
        print(json.dumps({"pid": pid}), flush=True)
        _pid, status = os.waitpid(pid, 0)
        print(json.dumps({"exit": os.waitstatus_to_exitcode(status)}), flush=True)


async def _rehearse(policy: Policy, first: dict[str, Any]) -> None:
    """Live once to no purpose, so that what is made lazily is there before the first fork."""
    api = BotApi(first["token"], Clock())
    with tempfile.TemporaryDirectory(prefix="xinxuan-rehearsal-") as folder:
        async with BotApiServer(api) as server:
            settings = _settings(first | {"folder": folder, "base": server.base})
            officer = settings.admin_ids[0]
            api.add_user(officer, "虚构").started = True
            async with Service(settings, policy, clock=Clock()):
                for words in ("/start", "/guide", "排污"):
                    before = api.shown[str(officer)]
                    api.type(officer, words)
                    while api.shown[str(officer)] == before:
                        await api.changed.wait(api.changed.count, 1)


def _live(policy: Policy, wish: dict[str, Any]) -> None:
    """Be the application until killed, or stopped by SIGTERM."""
    code = 1
    try:
        os.environ["XINXUAN_CRASH"] = wish.get("crash", "")
        importlib.reload(crashpoints)  # it reads its order when it is imported
        with (
            contextlib.suppress(asyncio.CancelledError),
            asyncio.Runner(loop_factory=loop_factory()) as runner,
        ):
            runner.run(_serve(policy, wish))
        code = 0
    finally:
        os._exit(code)


def _settings(wish: dict[str, Any]) -> Settings:
    folder = Path(wish["folder"])
    return Settings(
        _env_file=None,
        token=SecretStr(wish["token"]),
        api_base=wish["base"],
        database_url=f"sqlite:///{folder / 'xinxuan.db'}",
        key_file=folder / "key",
        admin_ids=tuple(wish["admins"]),
        maintainer_ids=(),
        per_minute=0,
    )


async def _serve(policy: Policy, wish: dict[str, Any]) -> None:
    logs.configure("WARNING", secrets=[wish["token"]])
    settings = _settings(wish)
    clock = Clock(dt.timedelta(seconds=wish.get("ahead", 0)))
    async with Service(settings, policy, clock=clock, per_second=wish.get("per_second", 1000.0)) as service:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        failed = asyncio.ensure_future(service.wait())
        stopped = asyncio.ensure_future(stop.wait())
        await asyncio.wait((failed, stopped), return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            failed.result()


if __name__ == "__main__":
    main()
