"""``push``: the quarter's summary survives SIGKILLs at any moment of its drafting and sending.

Each round is a bureau of its own on the day of the draft. The process is killed while the draft is made, after the
coordinator's last press, and while the copies leave; then it is left in peace. Each summary must have been drafted and
frozen once, and each receiver served once, or with 可能重复 on whatever came again.
"""

import asyncio
import datetime as dt
import itertools
import random
from collections import Counter
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from bot.policy.loader import load, packaged
from bot.workdays import Calendar
from handlers.clock import Clock
from handlers.office import Office
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage import people
from storage.tables import Audit, Outbox, OutboxState, Person, QuarterPush, QuarterSummary, Role
from tests.bot_api_schema import check_call
from tests.drills import entries
from tests.drills.lives import Lives, database_of
from tests.drills.scene import COORDINATOR, FIRST_OFFICER, TOKEN, at, is_labelled
from tests.officer import Officer

GOALS = ("push",)
ON_DEMAND = (
    True  # each round makes a real workbook, report and picture several times; a story shows the same in process
)
EVE, DAY = at("2027-01-07 10:00"), at("2027-01-08 09:05")  # the draft is made on the fifth working day
TITLE, DRAFTED = "【季度汇总】2026年第四季度\n", "汇总稿已自动生成"
OF_WORK, OF_SENDING = 660, 150  # seconds after which a dead process's claim has run out
MOST_COPIES: Final = 3


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Kill it eight times in each of 25 rounds, or of one."""
    found: Counter[str] = Counter()
    rounds = 25 if full else 1
    for number in range(rounds):
        own = folder / f"round-{number}"
        own.mkdir()
        found.update(await _Round(random.Random(f"{seed}:{number}"), own).run())
    wrong = {name: found[name] for name in ("lost", "drafted_again", "frozen_again", "unlabelled", "too_many")}
    sound = not any(wrong.values()) and not found["calls_wrong"] and found["receivers"] > 0
    figures = {"n": found["receivers"], "rounds": rounds, "kills": found["kills"], "repeated": found["repeated"]}
    return [{"goal": "push", "seed": seed, **figures, **wrong, "held": found["held"], "ok": sound}]


class _Round:
    def __init__(self, dice: random.Random, folder: Path) -> None:
        self.dice, self.folder = dice, folder
        self.api = BotApi(TOKEN, Clock())
        self.calls_wrong: list[str] = []
        self.api.observers.append(lambda method, params: self.calls_wrong.extend(check_call(method, params)))
        self.coordinator = Officer(self.api, COORDINATOR, name="吴协调（虚构）", patience=60.0)
        self.api.users[COORDINATOR].started = True
        self.ahead = self._until(EVE)

    async def run(self) -> dict[str, int]:
        async with BotApiServer(self.api) as server:
            wish = {"token": TOKEN, "base": server.base, "admins": [COORDINATOR], "per_second": 25.0}
            async with Lives(self.folder, wish) as self.lives:
                await self.lives.begin(ahead=self.ahead)
                await self.lives.until(lambda: self.lives.ask("SELECT 1 FROM person"), within=30, what="it serves")
                await self.lives.stop()
                await self._fill()
                self.ahead = self._until(DAY)
                await self._draft()
                await self._send()
                await self._settle()
        return await self._count()

    async def _draft(self) -> None:
        for _n in range(2):  # a third death would be its last try of the day
            await self._dies_after(4.0, OF_WORK)
        await self.lives.begin(ahead=self.ahead)
        await self.lives.until(lambda: self._state() == "drafted", within=90, what="it is drafted")
        await self.coordinator.wait_for(DRAFTED)

    async def _send(self) -> None:
        await self.coordinator.press("确认推送")
        message, data = next(
            (message, button["callback_data"])
            for message in reversed(self.coordinator.messages)  # another notice may have come since
            for button in itertools.chain(*message.buttons)
            if button["text"] == "推送"
        )
        self.api.press(COORDINATOR, message.id, data)
        await asyncio.sleep(self.dice.random() * 4.0)
        await self.lives.kill()
        self.ahead += OF_WORK
        await self._dies_after(4.0, OF_WORK)
        await self.lives.begin(ahead=self.ahead)
        await self.lives.until(lambda: self._state() == "pushed", within=90, what="it is sent on")
        await asyncio.sleep(self.dice.random() * 0.3)
        await self.lives.kill()
        for _n in range(3):
            self.ahead += OF_SENDING
            await self._dies_after(1.0, 0)

    async def _dies_after(self, most: float, then: int) -> None:
        await self.lives.begin(ahead=self.ahead)
        await asyncio.sleep(0.2 + self.dice.random() * most)
        await self.lives.kill()
        self.ahead += then

    async def _settle(self) -> None:
        """Let everything end: claims of dead processes, and the repetitions after them."""
        unfinished = "SELECT 1 FROM outbox WHERE state IN ('due', 'claimed', 'unknown') LIMIT 1"
        for _n in range(8):
            self.ahead += 300
            await self.lives.begin(ahead=self.ahead)
            await asyncio.sleep(2.0)
            ended = not self.lives.ask(unfinished)
            await self.lives.stop()
            if ended:
                return

    async def _fill(self) -> None:
        """Put an officer with an entry of the quarter on the list, and a head and a liaison into each of six units."""
        database = database_of(self.folder)
        office = Office(load(packaged("zhengzhou")), Calendar(), Clock(dt.timedelta(seconds=self.ahead)))
        joined = dt.datetime(2026, 10, 8, tzinfo=dt.UTC)  # the office has used the bot for this quarter alone
        roles = [Role.OFFICER, *([Role.HEAD, Role.LIAISON] * 6)]
        async with database.write() as session:
            units = list(await people.units(session))[:6]
            for number, role in enumerate(roles):
                unit = units[max(number - 1, 0) // 2]
                user = FIRST_OFFICER + number
                session.add(Person(telegram_id=user, unit_id=unit.id, role=role, name="虚构", joined_at=joined))
                self.api.add_user(user, "虚构").started = True
        async with database.write() as session:
            await entries.make(session, office, [FIRST_OFFICER], dt.date(2026, 12, 28))
        await database.close()
        self.receivers = [FIRST_OFFICER + number for number in range(1, len(roles))]

    def _state(self) -> str:
        return next((row[0] for row in self.lives.ask("SELECT state FROM quarter_push")), "")

    def _until(self, moment: dt.datetime) -> float:
        return (moment - Clock().now()).total_seconds()

    async def _count(self) -> dict[str, int]:
        """Compare what stands in the database with the chats."""
        database = database_of(self.folder)
        async with database.read() as session:
            drafted = await session.scalar(select(func.count()).select_from(Audit).where(Audit.verb == "quarter.draft"))
            frozen = await session.scalar(select(func.count()).select_from(QuarterSummary))
            pushes = await session.scalar(select(func.count()).select_from(QuarterPush))
            copies = (await session.scalars(select(Outbox).where(Outbox.kind == "quarter.push"))).all()
        await database.close()
        heard = [self._heard(chat, TITLE) for chat in self.receivers]
        told = self._heard(COORDINATOR, DRAFTED)
        held = sum(row.state is OutboxState.HELD for row in copies)
        return {
            "receivers": len(self.receivers),
            "kills": self.lives.kills,
            "held": held,
            "lost": max(0, sum(not each for each in heard) - held) + abs(len(copies) - len(self.receivers)),
            "drafted_again": abs((drafted or 0) - 1) + abs((pushes or 0) - 1),
            "frozen_again": abs((frozen or 0) - 1),
            "repeated": sum(len(each) - 1 for each in heard if each),
            "unlabelled": sum(not is_labelled(each) for found in (*heard, told) for each in found[1:]),
            "too_many": sum(len(each) > MOST_COPIES for each in (*heard, told)),
            "calls_wrong": len(self.calls_wrong),
        }

    def _heard(self, chat: int, words: str) -> list[Any]:
        return [each for each in self.api.messages(chat) if each.from_bot and words in each.text]
