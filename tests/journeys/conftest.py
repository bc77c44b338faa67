"""Whole stories: the real service on both databases, the served Bot API, a clock that stands on a known Monday.

In the ordinary run the first story of each module is told on PostgreSQL too; ``--every-database``
tells all of them there.
"""

import io
import logging
import os
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest
import structlog

from bot.id_numbers import id_number_spans
from bot.policy.model import Policy
from handlers import logs
from handlers.clock import Clock
from handlers.telegram import pace
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage.tables import Role
from tests import kept
from tests.conftest import AUDITOR, COLLEAGUE, OFFICER, START, TOKEN, hand_over_key, settings_for
from tests.journeys.story import OUTSIDER, Story, naming

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave most PostgreSQL legs to those who ask; what hangs on the database is tested under tests/storage on both."""
    if config.getoption("--every-database"):
        return
    told: set[Path] = set()
    kept, left = [], []
    for item in items:
        again = HERE in item.path.parents and item.get_closest_marker("postgres") is not None
        (left if again and item.path in told else kept).append(item)
        if again:
            told.add(item.path)
    config.hook.pytest_deselected(items=left)
    items[:] = kept


@pytest.fixture(autouse=True)
def nothing_personal_in_the_log() -> Iterator[None]:
    """G33: the log of each story, at DEBUG and with its tracebacks, names nobody and holds no secret."""
    written, root = io.StringIO(), logging.getLogger()
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in ("", *logs.OURS)}
    logs.configure("DEBUG", stream=written)
    try:
        yield
    finally:
        structlog.reset_defaults()
        root.handlers[:] = handlers
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    found = [line for line in written.getvalue().splitlines() if leaks(line)]
    assert found == []


def leaks(line: str) -> bool:
    """Say whether a line of the log holds the token, a number of a person, or a name: all of these stories say 虚构."""
    return TOKEN in line or "虚构" in line or bool(id_number_spans(line))


@pytest.fixture(autouse=True)
def a_chat_need_not_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second between two notices to a chat is a second of the wall, and no story is about it."""
    monkeypatch.setattr(pace, "REST_OF_CHAT", 0.0)


@pytest.fixture
def clock() -> Clock:
    """A Monday morning, 09:00 in Zhengzhou, whatever the wall says."""
    return Clock(START - Clock().now())


@pytest.fixture
def desk_unit() -> str:
    """The unit in which the officers of these stories sit."""
    return "air"


@pytest.fixture
async def story(
    server: BotApiServer,
    api: BotApi,
    clock: Clock,
    policy: Policy,
    database_url: str,
    desk_unit: str,
    tmp_path: Path,
) -> AsyncIterator[Story]:
    """The whole application, on SQLite and on PostgreSQL in turn."""
    mask = os.umask(0o077)
    settings = settings_for(tmp_path, server.base, database_url=database_url)
    hand_over_key(settings)
    story = Story(settings, policy, api, clock)
    await story.open()
    try:
        await story.enrol(OFFICER, "张三（虚构）", Role.OFFICER, desk_unit)
        await story.enrol(COLLEAGUE, "李四（虚构）", Role.OFFICER, desk_unit)
        await story.enrol(AUDITOR, "王五（虚构）", Role.AUDITOR, desk_unit)
        other = next(code for code in reversed(policy.units) if code != desk_unit)
        await story.enrol(OUTSIDER, "赵六（虚构）", Role.OFFICER, other)
        await story.settle()
        yield story
        readable = readable_personal_data(settings.data)
        numbers = await kept.id_numbers(story.database)
    finally:
        await story.close()
        os.umask(mask)
    assert (readable, numbers) == ([], [])
    assert [each.text for each in naming(api.calls) if not each.protected] == []


PERSONAL: Final = tuple(
    name.encode() for name in ("张三（虚构）", "李四（虚构）", "王五（虚构）", "赵六（虚构）", '"last4"')
)
"""What is kept encrypted only: the names of officers, and the label of a natural person."""
_DIGITS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_LONG_NUMBER: Final = re.compile(rb"[0-9]{17}[0-9Xx]")


def readable_personal_data(folder: Path) -> list[str]:
    """G33: return the files, of database, log, copies and kept ones, in which something personal stands readable."""
    found = []
    for where, content in kept.files(folder):
        has_long = b"0" * 17 in content.translate(_DIGITS)  # ten times as fast as to look for one
        numbers = b" ".join(_LONG_NUMBER.findall(content)).decode() if has_long else ""
        if id_number_spans(numbers) or ("/" not in where and any(word in content for word in PERSONAL)):
            found.append(where)
    return found
