"""The stage on which screens and files are shown."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.telegram.connection import make_bot
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage.files import FileStore
from tests.conftest import settings_for
from tests.handlers.telegram.stage import Stage


@pytest.fixture
async def stage(server: BotApiServer, api: BotApi, tmp_path: Path) -> AsyncIterator[Stage]:
    async with make_bot(settings_for(tmp_path, server.base)) as bot:
        stage = Stage(api, bot, FileStore(tmp_path / "files"))
        yield stage
        await stage.screens.close(within=0)
