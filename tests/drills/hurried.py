"""G4, G6: officers in a hurry. Every button is tapped again and again, and every keyboard of long ago is pressed once
more, also in the words of another release and after a copy was restored.
"""

import asyncio
import io
import itertools
import json
import random
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from bot.screens.screen import Press
from handlers.web.botapi.model import Message
from storage import backup
from storage.tables import Audit, Draft, Person, Request
from tests.drills.bureau import Bureau, effects, enrolled
from tests.journeys.story import Story
from tests.officer import Officer
from tests.oracles.identifiers_oracle import random_code

GOALS = ("G4", "G6")
PINNED: Final = "我的台账概览"
RECEIVED: Final = "request.received"
UNDONE: Final = "request.undo"
DONE: Final = ("request.register", RECEIVED, UNDONE, "request.returned", "request.opinion", "request.used")
"""What the buttons of an entry's life bring about."""
OTHER: Final = ("menu", "rdo_5", "1:rconf", "1:gone:1:1:", "1:rconf:1:1", '{"a":1}', "确认")
"""What buttons of other releases may say: another form, another verb, parts that lack."""


@dataclass(frozen=True)
class Size:
    """How much is tried."""

    desks: int
    lives: int  # entries of each desk
    turns: int  # how often the receipt of each is noted and taken back before it stays
    stale: int  # keyboards of each kind, at most


FULL: Final = Size(desks=20, lives=20, turns=10, stale=1_000)
PATIENCE: Final = 120.0  # seconds; of many at once each has to wait
SMALL: Final = Size(desks=3, lives=1, turns=1, stale=20)


async def run(*, full: bool, seed: int, folder: Path, size: Size | None = None) -> list[dict[str, Any]]:
    """Let the officers work through their entries, then press what is over."""
    size, dice = size or (FULL if full else SMALL), random.Random(seed)
    async with Bureau(folder, io.StringIO(), level="CRITICAL") as (story, server), server:
        officers = await enrolled(story, server.base, size.desks)
        for me in officers:
            me.patience = PATIENCE
        desks = [Desk(story, me, dice) for me in officers]
        g4 = await _hurried(story, desks, size)
        g6 = await _stale(story, desks, folder, size.stale)
        await story.close()
    return [g4, g6]


@dataclass
class Desk:
    """An officer who presses as fast as the screens come, whatever the others do."""

    story: Story
    me: Officer
    dice: random.Random
    taps: int = 0
    seen: int = field(default=0, init=False)

    def type(self, text: str) -> None:
        """Send a text and go on."""
        self.seen = self.me._spoken()
        self.me.api.type(self.me.id, text)

    async def press(self, label: str, *, times: int = 1) -> None:
        """Press a button once it is shown."""
        await self.me._until(lambda: self.me._spoken() > self.seen and self._data(label) is not None, label)
        await self._press(self._newest().id, self._data(label) or "", times)

    async def tap(self, label: str) -> None:
        """Press a button two to five times at once, then look at the entry again, whatever the later taps showed."""
        times = self.dice.randint(2, 5)
        self.taps += times
        await self.press(label, times=times)
        async with self.story.database.read() as session:
            mine = select(func.max(Request.id)).join(Person, Person.id == Request.owner_id)
            entry = await session.scalar(mine.where(Person.telegram_id == self.me.id))
        await self._press(self._newest().id, Press("req", entry or 0).encode(), 1)

    async def _press(self, message_id: int, data: str, times: int) -> None:
        self.seen = self.me._spoken()
        queries = [self.me.api.press(self.me.id, message_id, data) for _tap in range(times)]
        await self.me._until(lambda: all(each.answered for each in queries), "every tap is answered")

    def _newest(self) -> Message:
        """The newest message; the pinned one comes between at any time."""
        return next(each for each in reversed(self.me.messages) if not each.text.startswith(PINNED))

    def _data(self, label: str) -> str | None:
        """What the button of a label says; the one that has no other words comes first."""
        buttons = [each for row in self._newest().buttons for each in row if label in each["text"]]
        buttons.sort(key=lambda each: each["text"] != label)
        return buttons[0].get("callback_data") if buttons else None

    async def live(self, turns: int) -> None:
        """Lead an entry from its registration to its use; its receipt is noted and taken back so often first."""
        self.type("/new 排污许可证延续")
        await self.press("排污许可证延续")
        self.type(f"虚构环保科技有限公司 {random_code(self.dice, ('91',))}")
        await self.press("今天提交")
        await self.tap("确认登记")
        for _turn in range(turns):
            await self.tap("今天中心已收件")
            await self.tap("撤销上一步")
        await self.tap("今天中心已收件")
        await self.press("已收到意见")
        await self.tap("今天")
        for label in ("登记意见内容", "未查询到不良信息", "今天", "暂不填"):
            await self.press(label)
        await self.tap("确认登记")
        for label in ("登记使用情况", "通过"):
            await self.press(label)
        await self.tap("确认登记")


async def _hurried(story: Story, desks: list[Desk], size: Size) -> dict[str, Any]:
    """Tap each button that brings something about two to five times at once: it is done once."""

    async def work(desk: Desk) -> None:
        for _life in range(size.lives):
            await desk.live(size.turns)

    await asyncio.gather(*(work(desk) for desk in desks))
    await story.settle()
    made = size.desks * size.lives
    wanted = {verb: made for verb in DONE} | {RECEIVED: made * (size.turns + 1), UNDONE: made * size.turns}
    counted = {verb: len(await story.rows(Audit, Audit.verb == verb)) for verb in DONE}
    wrong = {verb: counted[verb] - count for verb, count in wanted.items() if count != counted[verb]}
    ok = not wrong and await story.count(Request) == made
    return {
        "goal": "G4",
        "n": sum(wanted.values()),
        "taps": sum(desk.taps for desk in desks),
        "wrong": wrong,
        "ok": ok,
    }


Keyboard = tuple[int, int, str]
"""A chat, a message in it, and what one of its buttons says."""


async def _stale(story: Story, desks: list[Desk], folder: Path, limit: int) -> dict[str, Any]:
    """Press what was shown long ago: as it was, as another release would say it, and after a copy was restored."""
    path, dice = story.database.path, desks[0].dice
    assert path is not None
    found = await _over(story)
    tries = [await _tried(story, dice.sample(found, min(limit, len(found))))]
    found = await _of_other_releases(story)
    tries.append(await _tried(story, dice.sample(found, min(limit, len(found)))))
    kept = backup.copy(path, folder / "copies", label="drill", at=story.clock.now())
    await asyncio.gather(*(desk.live(0) for desk in desks))
    await story.settle()
    await story.close()
    shutil.copyfile(kept, path)
    await story.open()
    found = await _over(story)
    tries.append(await _tried(story, dice.sample(found, min(limit, len(found)))))
    pressed, changed, unanswered = (list(each) for each in zip(*tries, strict=True))
    result = {"goal": "G6", "n": sum(pressed), "pressed": pressed, "changed": changed, "unanswered": unanswered}
    return result | {"ok": all(pressed) and not any(changed) and not any(unanswered)}


async def _tried(story: Story, keyboards: list[Keyboard]) -> tuple[int, bool, int]:
    """Press some keyboards; return how many, whether anything has changed, and how many were never answered."""
    before = await _state(story)
    missed = await _press_all(story, keyboards)
    return len(keyboards), await _state(story) != before, missed


async def _over(story: Story) -> list[Keyboard]:
    """Return the buttons, of all that were ever shown, whose form or entry has moved on."""
    async with story.database.read() as session:
        present = {(request.id, request.version) for request in await session.scalars(select(Request))}
        present |= {(draft.id, draft.version) for draft in await session.scalars(select(Draft))}
    found = {
        (chat, message, data)
        for chat, message, data in _shown(story)
        if (press := Press.decode(data)) and press.version and (press.id, press.version) not in present
    }
    return sorted(found)


async def _of_other_releases(story: Story) -> list[Keyboard]:
    """Return buttons as no release of today writes them, under the messages that are there."""
    shown = sorted(set(_shown(story)))
    newest = {chat: message for chat, message, _data in shown}
    foreign = [(chat, message, data) for chat, message in newest.items() for data in OTHER]
    return foreign + [(chat, message, f"{release}{data[1:]}") for chat, message, data in shown for release in (0, 2)]


def _shown(story: Story) -> Iterator[Keyboard]:
    for call in story.api.calls:
        markup = call.params.get("reply_markup")
        said = (call.result or {}).get("result")
        if not markup or not isinstance(said, dict) or "message_id" not in said:
            continue
        for row in (json.loads(markup) if isinstance(markup, str) else markup).get("inline_keyboard", []):
            for button in row:
                if "callback_data" in button:
                    yield int(call.params["chat_id"]), said["message_id"], button["callback_data"]


async def _press_all(story: Story, keyboards: Collection[Keyboard]) -> int:
    """Press each once, everybody their own in turn; return how many were never answered."""
    missed = 0

    async def press(mine: list[Keyboard]) -> None:
        nonlocal missed
        for chat, message, data in mine:
            query = story.api.press(chat, message, data)
            try:
                await story.person(chat)._until(lambda query=query: query.answered, "a stale press is answered")
            except AssertionError:
                missed += 1

    by_chat = itertools.groupby(sorted(keyboards), key=lambda each: each[0])
    await asyncio.gather(*[press(list(mine)) for _chat, mine in by_chat])
    await story.settle()
    return missed


async def _state(story: Story) -> tuple[Any, ...]:
    """Return what a press could have changed: what was brought about, the entries, and the forms under way."""
    async with story.database.read() as session:
        requests = await session.scalar(select(func.sum(Request.version)))
        drafts = sorted((draft.id, draft.version) for draft in await session.scalars(select(Draft)))
    return await effects(story), requests, drafts
