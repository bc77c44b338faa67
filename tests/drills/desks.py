"""G3, G4, G6, G33, G39, G42 in one life of a bureau: poison, hurry, stale keyboards, canaries, erasure, file modes.

Canaries (the token, the key, ID numbers) are put wherever people and the program could put them; afterwards every byte
of every file, the whole log at DEBUG and what went over the wire are looked through for them.
"""

import asyncio
import datetime as dt
import io
import json
import logging
import os
import random
import stat
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy import func, select

from bot.policy.loader import load, packaged
from handlers import finding, logs
from handlers.clock import Clock
from handlers.settings import Settings
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage import backup, keys, rotation, seals
from storage.tables import Audit, Inbox, InboxState, Request, Role
from tests.conftest import COORDINATOR, START
from tests.journeys.story import Story
from tests.journeys.test_erasure import mentions, register_person
from tests.officer import Officer
from tests.oracles.identifiers_oracle import random_id

GOALS = ("G3", "G4", "G6", "G33", "G39", "G42")
TOKEN: Final = "100000001:canary-token-of-the-drills-000000000"
FIRST: Final = 5_200_000
FIRM: Final = "虚构环保科技有限公司 91410100MA00000T42"
PASSED: Final = ("rconf", "rsubm", "gans", "gmat", "redit", "rdone", "rway", "rprod")
"""Buttons of a form that has been handed in: they belong to a draft that is no more."""
Place = tuple[str, bytes]
"""Where something was found, and what."""
POISON: Final = "毒"


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Let some officers do what officers do when they are in a hurry, and one coordinator erase."""
    dice, desks = random.Random(seed), 60 if full else 3
    heard = io.StringIO()
    mask = os.umask(0o077)
    try:
        async with _bureau(folder, heard) as (story, server), server:
            officers = await _enrolled(story, server.base, desks)
            numbers = [random_id(dice) for _each in officers]
            await _paste(story, officers, numbers)
            g4 = await _hurried(story, officers, dice)
            g6 = await _stale(story, officers)
            g3 = await _poisoned(story, officers)
            g39 = await _erased(story)
            path = story.database.path
            assert path is not None
            backup.copy(path, folder / "copies", label="drill", at=story.clock.now())
            key = story.settings.key_file.read_text("ascii").strip()
            kept = [place async for place in _kept(story)]
            await story.close()
        g33 = _canaries(folder, heard.getvalue(), story.api, [TOKEN.partition(":")[2], key, *numbers], kept)
        return [g3, g4, g6, g33, g39, _modes(folder)]
    finally:
        os.umask(mask)
        logs.configure("WARNING")


class _bureau:
    """The service on loopback, with its log at DEBUG in memory."""

    def __init__(self, folder: Path, heard: io.StringIO) -> None:
        self._folder, self._heard = folder, heard

    async def __aenter__(self) -> tuple[Story, BotApiServer]:
        clock = Clock(START - Clock().now())
        api = BotApi(TOKEN, clock)
        server = BotApiServer(api)
        logs.configure("DEBUG", stream=self._heard, secrets=[TOKEN])
        policy = load(packaged("zhengzhou"))
        settings = Settings(
            _env_file=None,
            token=SecretStr(TOKEN),
            api_base="http://127.0.0.1:1",
            database_url=f"sqlite:///{self._folder / 'xinxuan.db'}",
            key_file=self._folder / "key",
            admin_ids=(COORDINATOR,),
            maintainer_ids=(),
            per_minute=0,
        )
        return Story(settings, policy, api, clock), server

    async def __aexit__(self, *_exc: object) -> None:
        logging.getLogger().handlers.clear()


async def _enrolled(story: Story, base: str, number: int) -> list[Officer]:
    story.settings = story.settings.model_copy(update={"api_base": base})
    story.api.add_user(COORDINATOR, "吴协调（虚构）").started = True
    await story.open()
    for n in range(number):
        await story.enrol(FIRST + n, f"虚构{n}", Role.OFFICER, "air")
    return [story.person(FIRST + n) for n in range(number)]


async def _paste(story: Story, officers: list[Officer], numbers: list[str]) -> None:
    """Paste ID numbers wherever one can."""
    for me, number in zip(officers, numbers, strict=True):
        await me.type(f"身份证 {number}")
        await me.type(f"/find {number[:6]} {number[6:14]} {number[14:]}")
        await me.send_document(number.encode(), f"{number}.csv", caption=number)
        await me.type(f"/new {number}")
    await story.settle()


async def _hurried(story: Story, officers: list[Officer], dice: random.Random) -> dict[str, Any]:
    """Everybody presses 确认登记 several times at once."""

    async def one(me: Officer) -> int:
        await me.type("/new 排污许可证延续")
        await me.press("排污许可证延续")
        await me.type(FIRM)
        await me.press("今天提交")
        message, data = me._find("确认登记", None)
        taps = dice.randint(2, 5)
        queries = [me.api.press(me.id, message.id, data) for _tap in range(taps)]
        await me._until(lambda: all(each.answered for each in queries), "every tap is answered")
        return taps

    taps = [await one(me) for me in officers]
    await story.settle()
    made = await story.count(Request)
    return {"goal": "G4", "n": sum(taps), "entries": made, "ok": made == len(officers)}


async def _stale(story: Story, officers: list[Officer]) -> dict[str, Any]:
    """Press every button that was ever shown, now that everything has moved on."""
    before, pressed, unanswered = await _effects(story), 0, 0
    for me in officers:
        await me.type("/help")
        shown = [(call.params.get("reply_markup"), call) for call in story.api.calls if _is_to(call, me.id)]
        datas = {data for markup, _call in shown if markup for data in _datas(markup)}
        for data in sorted(each for each in datas if each.split(":")[1] in PASSED):
            query = me.api.press(me.id, me.messages[0].id, data)
            try:
                await me._until(lambda query=query: query.answered, "a stale press is answered")
            except AssertionError:
                unanswered += 1
            pressed += 1
    await story.settle()
    changed = await _effects(story) - before
    result = {"goal": "G6", "n": pressed, "effects": changed, "unanswered": unanswered}
    return result | {"ok": not changed and not unanswered and pressed > 0}


async def _poisoned(story: Story, officers: list[Officer]) -> dict[str, Any]:
    """Words that a flow cannot digest: kept aside under a number, and the next words are served."""
    original = finding.read_words

    def failing(text: str) -> Any:
        if POISON in text:
            raise ValueError("poisoned, on purpose")
        return original(text)

    finding.read_words = failing
    try:
        for me in officers:
            story.api.type(me.id, f"/find {POISON}")
            story.api.type(me.id, "/settings")
        async with asyncio.timeout(60):
            while await _inbox(story, InboxState.DEAD) < len(officers) or await _inbox(story, InboxState.RECEIVED):
                await asyncio.sleep(0.3)
                story.clock.move_to(story.clock.now() + dt.timedelta(seconds=5))
    finally:
        finding.read_words = original
    await story.settle()
    told = sum(any("编号" in each.text for each in me.messages) for me in officers)
    served = sum(str(me.id) in me.screen for me in officers)
    ok = told == served == len(officers)
    lost = len(officers) - told
    return {"goal": "G3", "n": 2 * len(officers), "told": told, "served": served, "lost": lost, "ok": ok}


async def _erased(story: Story) -> dict[str, Any]:
    me, coordinator = story.person(FIRST), story.person(COORDINATOR)
    await register_person(me)
    number = f"大气2026-{await story.count(Request)}"
    left_before = len(await mentions(story))
    await coordinator.type(f"/erase {number}")
    await coordinator.press("确认删除")
    await coordinator.wait_for("个人信息已删除")
    await story.settle()
    left = await mentions(story)
    async with story.database.write() as session:
        while await seals.seal(session, story.clock.now()) is not None:
            pass
    async with story.database.read() as session:
        broken = (await seals.verify(session)).broken
    return {"goal": "G39", "n": left_before, "left": len(left), "broken": len(broken), "ok": not left and not broken}


def _canaries(folder: Path, heard: str, api: BotApi, canaries: list[str], kept: list[Place]) -> dict[str, Any]:
    """Look through everything for what must be nowhere."""
    places = [*_bytes(folder), *kept, ("the log", heard.encode())]
    places += [("the wire", repr(call.params).encode()) for call in api.calls]
    hits = sorted({where for where, content in places for canary in canaries if canary.encode() in content})
    result = {"goal": "G33", "n": len(places), "log_lines": heard.count("\n"), "hits": hits}
    return result | {"ok": not hits and result["log_lines"] > 10}


async def _kept(story: Story) -> AsyncIterator[Place]:
    """Yield what is kept encrypted, as whoever has the key reads it."""
    async with story.database.read() as session:
        async for table, _key, column, value in rotation.rows(session):
            yield f"{table}.{column}", json.dumps(json.loads(keys.decrypt(value)), ensure_ascii=False).encode()


def _modes(folder: Path) -> dict[str, Any]:
    """Nobody else on the machine may read anything."""
    everything = [path for path in folder.rglob("*") if not path.is_symlink()]
    open_ones = [path.name for path in everything if stat.S_IMODE(path.stat().st_mode) & 0o077]
    return {"goal": "G42", "n": len(everything), "open": open_ones, "ok": not open_ones and len(everything) > 4}


def _bytes(folder: Path) -> Iterator[Place]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name == "key":
            continue
        content = path.read_bytes()
        yield path.name, content
        if content.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                yield from ((f"{path.name}/{name}", archive.read(name)) for name in archive.namelist())


async def _effects(story: Story) -> int:
    looks = ("request.look", "find.search", "guide.result")
    async with story.database.read() as session:
        query = select(func.count(Audit.id)).where(Audit.verb.not_in(looks), Audit.actor_id.is_not(None))
        return await session.scalar(query) or 0


async def _inbox(story: Story, state: InboxState) -> int:
    async with story.database.read() as session:
        return await session.scalar(select(func.count(Inbox.id)).where(Inbox.state == state)) or 0


def _is_to(call: Any, chat_id: int) -> bool:
    return str(call.params.get("chat_id")) == str(chat_id)


def _datas(markup: Any) -> Iterator[str]:
    said = json.loads(markup) if isinstance(markup, str) else markup
    for row in said.get("inline_keyboard", []):
        yield from (button["callback_data"] for button in row if "callback_data" in button)
