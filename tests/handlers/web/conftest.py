import datetime as dt
from collections.abc import AsyncIterator

import pytest
import telegram

from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer

TOKEN = "100000001:fictitious-token-of-the-tests-0000000"
OFFICER = 5_000_001  # a fictitious person


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += dt.timedelta(**by)


@pytest.fixture(autouse=True)
def _timedeltas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def api(clock: HandClock) -> BotApi:
    api = BotApi(TOKEN, clock)
    api.add_user(OFFICER, "张三（虚构）").started = True
    return api


@pytest.fixture
async def server(api: BotApi) -> AsyncIterator[BotApiServer]:
    async with BotApiServer(api) as server:
        yield server


@pytest.fixture
async def bot(server: BotApiServer) -> AsyncIterator[telegram.Bot]:
    async with telegram.Bot(TOKEN, base_url=f"{server.base}/bot", base_file_url=f"{server.base}/file/bot") as bot:
        yield bot
