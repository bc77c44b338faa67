"""G5: officers who change the same entry, return or setting at the same moment: nobody's edit is lost unseen.

Each of them fills in a form and confirms; the first is recorded, the others are shown what stands there now, keep what
they filled in and confirm again, until all are through. What the audit says of them must be a chain: each edit replaces
exactly what the one before it left, and the last one is what stands.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from bot.quarters import Quarter
from bot.screens.screen import Press, Screen
from storage import people, quarter_returns
from storage.tables import Audit, Item, QuarterReturn, Request, Role
from tests.drills import door
from tests.drills.door import AIR_FIRM, Door, payloads, press, rows_of

GOALS = ("G5",)
FIRST: Final = 6_500_000
MOST: Final = 8  # officers in one race
FRESH: Final = 8  # races on one entry; its timeline is read at each step
SELDOM: Final = 20  # one race in so many is about a setting: its effect on all open entries is reckoned at each step
KEPT, SEEN = "您填写的内容已保留", "您填写期间"


@dataclass
class Ground:
    """What a race is about: how a form with a value begins, and how the audit tells what came of it."""

    verb: str
    begin: Callable[[int, str], Awaitable[Screen]]
    values: tuple[str, ...]
    read: Callable[[Audit], tuple[str, str]]


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Race in turn on an entry, a return and a setting."""
    chance, races, began = random.Random(seed), 2_000 if full else 5, time.monotonic()
    found = dict.fromkeys(("edits", "lost", "unordered", "untold", "unkept"), 0)
    async with door.opened(folder) as bureau:
        for number in range(MOST):
            await bureau.enrol(FIRST + number, Role.COORDINATOR, "legal")
        async with bureau.database.write() as session:
            unit = await people.unit_by_code(session, "air")
            assert unit is not None
            await quarter_returns.ensure(session, unit.id, Quarter(2026, 4))
        for number in range(races):
            if number % (2 * FRESH) == 0:
                await bureau.register(FIRST, AIR_FIRM)
            ground = _setting if number % SELDOM == 4 else (_entry, _return)[number % 2]
            for name, count in (await _race(bureau, chance, ground(bureau), most=MOST if full else 4)).items():
                found[name] += count
        failures = len(bureau.errors)
        stands = await _stands(bureau)
    ok = failures == 0 and stands and not any(found[each] for each in ("lost", "unordered", "untold", "unkept"))
    return [{"goal": "G5", "n": races, **found, "failures": failures, "stands": stands,
             "seconds": round(time.monotonic() - began, 1), "ok": ok}]  # fmt: skip


async def _race(bureau: Door, chance: random.Random, ground: Ground, *, most: int) -> dict[str, int]:
    """Let some officers begin, then confirm at once, and the losers again until none is left."""
    officers = chance.sample(range(FIRST, FIRST + MOST), chance.randint(2, most))
    before = await _lines(bureau, ground.verb)
    others = [
        each for each in ground.values if not before or each != ground.read(before[-1])[1]
    ]  # else nothing changes
    wanted = dict(zip(officers, chance.sample(others, len(officers)), strict=True))
    waiting = {who: await ground.begin(who, value) for who, value in wanted.items()}
    untold = unkept = 0
    while waiting:
        turns = await asyncio.gather(*(_confirm(bureau, who, waiting[who]) for who in _shuffled(chance, [*waiting])))
        losers = {who: screen for who, screen in turns if screen.name.startswith("form_")}
        if len(losers) != len(waiting) - 1:
            break  # two were recorded unseen, or nobody was
        untold += sum(KEPT not in screen.text or SEEN not in screen.text for screen in losers.values())
        unkept += sum(_shown(wanted[who]) not in screen.text for who, screen in losers.items())
        waiting = losers
    lines = (await _lines(bureau, ground.verb))[len(before) :]
    told = [ground.read(line) for line in lines]
    return {
        "edits": len(lines),
        "lost": len(wanted) - len({after for _was, after in told} & set(wanted.values())) + len(waiting),
        "unordered": sum(one[1] != two[0] for one, two in itertools.pairwise(told)),
        "untold": untold,
        "unkept": unkept,
    }


def _shown(value: str) -> str:
    """Return what a screen says of a value: of a date its day, of anything else the value."""
    return f"{int(value[5:7])}月{int(value[8:])}日" if value.startswith("2026-") else value


def _shuffled(chance: random.Random, officers: list[int]) -> list[int]:
    return chance.sample(officers, len(officers))


async def _confirm(bureau: Door, who: int, screen: Screen) -> tuple[int, Screen]:
    return who, await _tap(bureau, who, screen, "fok")


def _entry(bureau: Door) -> Ground:
    async def begin(who: int, value: str) -> Screen:
        request = (await rows_of(bureau, Request))[-1]
        screen = await _press(bureau, who, Press("corr", request.id, request.version).encode())
        screen = await _tap(bureau, who, screen, "fset", "submitted_on")
        screen = await bureau.say(who, value)
        return await bureau.say(who, "登记有误（虚构）")

    days = tuple(f"2026-11-{day:02}" for day in range(2, 21))
    return Ground("request.correct", begin, days, lambda line: (str(line.after["was"]), str(line.after["on"])))


def _return(bureau: Door) -> Ground:
    async def begin(who: int, value: str) -> Screen:
        [row] = await rows_of(bureau, QuarterReturn)
        screen = await _press(bureau, who, Press("qprb", row.id, row.version).encode())
        if screen.name == "form_confirm":
            await _tap(bureau, who, screen, "fedit")
        return await bureau.say(who, value)

    words = tuple(f"反馈偏慢{number}（虚构）" for number in range(20))
    return Ground("quarter.problems", begin, words, lambda line: (str(line.before), str(line.after)))


def _setting(bureau: Door) -> Ground:
    async def begin(who: int, value: str) -> Screen:
        await _press(bureau, who, Press("sset", 1).encode())
        await bureau.say(who, value)
        return await bureau.say(who, "局务会纪要（虚构）")

    months = tuple(str(number) for number in range(3, 25) if number != 12)  # the pack's own is 12
    return Ground("rules.setting", begin, months,
                  lambda line: (str((line.before or {}).get("value")), str(line.after["value"])))  # fmt: skip


async def _press(bureau: Door, who: int, data: str) -> Screen:
    [turn] = await bureau.knock([press(who, data)])
    assert turn.screen is not None
    return turn.screen


async def _tap(bureau: Door, who: int, screen: Screen, verb: str, arg: str = "") -> Screen:
    found = [data for _label, data in payloads(screen) if data.split(":")[1] == verb and arg in data]
    assert found, (verb, arg, screen.name, screen.text)
    return await _press(bureau, who, found[0])


async def _lines(bureau: Door, verb: str) -> list[Audit]:
    async with bureau.database.read() as session:
        return list(await session.scalars(select(Audit).where(Audit.verb == verb).order_by(Audit.id)))


async def _stands(bureau: Door) -> bool:
    """Say whether what stands in the tables is what the last edits left."""
    correct, said = await _lines(bureau, "request.correct"), await _lines(bureau, "quarter.problems")
    last = correct[-1]
    items = [item for item in await rows_of(bureau, Item) if item.request_id == last.subject_id]
    [row] = await rows_of(bureau, QuarterReturn)
    return {str(item.submitted_on) for item in items if item.submitted_on} == {last.after["on"]} and (
        row.problems == said[-1].after
    )
