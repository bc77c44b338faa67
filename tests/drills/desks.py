"""G33, G39, G42 in one life of a bureau: canaries, erasure, file modes.

Canaries (the token, the key, ID numbers; names and codes where they must not be readable) are put wherever people and
the program could put them: typed, sent, exported, in the words of an error. Afterwards every byte of every file, the
whole log at DEBUG and what went over the wire are looked through for them.
"""

import datetime as dt
import io
import os
import random
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

from handlers import finding, logs
from handlers.web.botapi.api import BotApi
from storage import backup, seals
from storage.tables import InboxState, Request
from tests import kept
from tests.conftest import COORDINATOR
from tests.drills.bureau import FIRST, NAMES, TOKEN, Bureau, enrolled, inbox
from tests.journeys.story import FIRM, Story, register
from tests.journeys.test_erasure import CASE, mention_elsewhere, mentions, register_person
from tests.kept import Place
from tests.officer import Officer
from tests.oracles.identifiers_oracle import random_id

GOALS = ("G33", "G39", "G42")
SHOP: Final = "虚构便民店 92410100MA00000T4Y"
BROKEN: Final = "坏"
PAUSE: Final = dt.timedelta(seconds=10)  # longer than between two tries of an update


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Let some officers paste, export and meet an error, and one coordinator erase."""
    dice, desks = random.Random(seed), 60 if full else 3
    heard = io.StringIO()
    mask = os.umask(0o022)  # as most machines have it: the program sees to its own files
    try:
        async with Bureau(folder, heard) as (story, server), server:
            officers = await enrolled(story, server.base, desks)
            numbers = [random_id(dice) for _each in officers]
            await _paste(story, officers, numbers)
            await _break(story, officers, numbers)
            g39 = await _erased(story)
            path = story.database.path
            assert path is not None
            backup.copy(path, folder / "copies", label="drill", at=story.clock.now())
            key = story.settings.key_file.read_text("ascii").strip()
            sealed = [place async for place in kept.sealed(story.database)]
            sheets = list(_taken_away(story.api, [COORDINATOR, *(me.id for me in officers)]))
            await story.close()
        secret = [TOKEN.partition(":")[2], key, *numbers]
        g33 = _canaries(folder, heard.getvalue(), story.api, secret, sealed, sheets)
        return [g33, g39, _modes(folder)]
    finally:
        os.umask(mask)
        logs.configure("WARNING")


async def _paste(story: Story, officers: list[Officer], numbers: list[str]) -> None:
    """Paste ID numbers wherever one can, and make an entry about a person in business."""
    for me, number in zip(officers, numbers, strict=True):
        await me.type(f"身份证 {number}")
        await me.type(f"/find {number[:6]} {number[6:14]} {number[14:]}")
        await me.send_document(number.encode(), f"{number}.csv", caption=number)
        await me.type(f"/new {number}")
    await register(officers[0], subject=SHOP)
    await story.settle()


async def _break(story: Story, officers: list[Officer], numbers: list[str]) -> None:
    """Let an error say everything that it should not; its traceback goes to the log."""
    original = finding.read_words

    def failing(text: str) -> Any:
        if BROKEN in text:
            raise ValueError(f"{text}: {numbers[0]}, {TOKEN}, {SHOP}, {NAMES}, {CASE}")
        return original(text)

    finding.read_words = failing
    try:
        await officers[0].type(f"/find {BROKEN}", answered=False)
        while not await inbox(story, InboxState.DEAD):
            await story.settle()
            story.clock.move_to(story.clock.now() + PAUSE)
    finally:
        finding.read_words = original


async def _export(story: Story, someone: Officer) -> None:
    """Take the ledger, a search and the figures away as sheets; a minute later they are nobody's any more."""
    for command, press in (("/sheet", "导出台账"), ("/find", "浏览台账"), ("/stats", "导出表格")):
        await someone.type(command)
        await someone.press(press)
        if command == "/find":
            await someone.press("导出表格")
        await story.settle()
    for path in (story.settings.data / "files").iterdir():
        os.utime(path, (path.stat().st_mtime - 120, path.stat().st_mtime - 120))


async def _erased(story: Story) -> dict[str, Any]:
    """Erase a person whom another entry mentions too, after sheets about them were taken away."""
    me, colleague, coordinator = (story.person(each) for each in (FIRST, FIRST + 1, COORDINATOR))
    await register_person(me)
    number = f"大气2026-{await story.count(Request)}"
    await mention_elsewhere(colleague, f"{NAMES}0")
    await story.settle()  # the word about the hand-over is no answer to what comes next
    await _export(story, me)
    await _export(story, coordinator)
    left_before = len(await mentions(story)) + _exported(story.settings.data, CASE)
    await coordinator.type(f"/erase {number}")
    await coordinator.press("确认删除")
    await coordinator.wait_for("个人信息已删除")
    await story.settle()
    left, sheets = await mentions(story), _exported(story.settings.data, CASE)
    async with story.database.write() as session:
        while await seals.seal(session, story.clock.now()) is not None:
            pass
    async with story.database.read() as session:
        broken = (await seals.verify(session)).broken
    result = {"goal": "G39", "n": left_before, "left": len(left), "sheets": sheets, "broken": len(broken)}
    return result | {"ok": not left and not sheets and not broken}


def _exported(folder: Path, word: str) -> int:
    """Count the parts of kept sheets in which a word stands."""
    return sum("/" in where and word.encode() in content for where, content in kept.files(folder))


def _taken_away(api: BotApi, people: Collection[int]) -> Iterator[Place]:
    """Yield the sheets that the bot sent."""
    for message in (each for person in people for each in api.messages(person)):
        if message.from_bot and (document := message.body.get("document")):
            yield from kept.parts(document["file_name"], api.files[document["file_id"]].content)


def _canaries(
    folder: Path, heard: str, api: BotApi, secret: list[str], sealed: list[Place], sent: list[Place]
) -> dict[str, Any]:
    """Look through everything for what must be nowhere, and for names and codes where they must not be readable."""
    files, log = list(kept.files(folder)), ("the log", heard.encode())
    wire = [("the wire", repr(call.params).encode()) for call in api.calls]
    books = [place for place in sent if place[0].startswith("统计")]
    name, code = SHOP.split()
    hits = {
        *_found([*files, *sealed, *sent, *wire, log], secret),
        *_found([log], [*FIRM.split()[:1], name, code, NAMES, CASE]),
        *_found([place for place in files if "/" not in place[0]], [NAMES, CASE, '"last4"']),
        *_found(books, [code]),
    }
    result = {"goal": "G33", "n": len(files) + len(sealed) + len(sent) + len(wire), "log_lines": heard.count("\n")}
    result |= {"sheets": len(sent), "tracebacks": heard.count("Traceback"), "hits": sorted(hits)}
    return result | {"ok": not hits and bool(books) and result["tracebacks"] > 0}


def _found(places: Collection[Place], canaries: Collection[str]) -> set[str]:
    return {where for where, content in places for canary in canaries if canary.encode() in content}


def _modes(folder: Path) -> dict[str, Any]:
    """Nobody else on the machine may read anything."""
    everything = [path for path in folder.rglob("*") if not path.is_symlink()]
    open_ones = [path.name for path in everything if stat.S_IMODE(path.stat().st_mode) & 0o077]
    return {"goal": "G42", "n": len(everything), "open": open_ones, "ok": not open_ones and len(everything) > 4}
