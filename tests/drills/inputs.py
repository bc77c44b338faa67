"""G34: hostile input for every command, every button and every step of every form: no exception, each answered.

A round walks through the bureau by its own buttons, so that the steps that really occur are met; at each step it sends
what nobody should send. Commands and buttons get hostile arguments whatever is shown. What each input took is measured
and told, never required: a machine that is busy proves nothing about the program. At full size, more than a million
inputs, each core takes its share of them, against a bureau of its own.
"""

import asyncio
import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import update

from bot.screens.screen import Press, Screen
from handlers import frame
from handlers.telegram.scrubbing import scrub
from handlers.turn import Turn
from storage import people
from storage.tables import Draft, Person, PersonState, Role
from tests.drills import door
from tests.drills.door import AIR_FIRM, Door, message, payloads, press, rows_of
from tests.drills.hostile import EVIL

GOALS = ("G34",)
PEOPLE: Final = {role: 6_600_000 + number for number, role in enumerate(Role)}
MATTERS: Final = ("排污许可证延续", "绿色", "专项资金", "行政处罚")
WORDS: Final = (
    "", " ", "\n\n", "/", "//start", "0", "-1", "１２３", "٣", "²", "9" * 400, "2026-02-30", "2026-13-01",
    "1e309", "NaN", "0000-00-00", "9999-12-31", "明天", "32号", "2月30日", "12月1日", "11.23", "20261123",
    "今天", "甲" * 4_096,
    "a\u0301" * 900, "🏭" * 300, "' OR 1=1 --", "'; DROP TABLE request; --", "<script>alert(1)</script>",
    "[a](tg://user?id=1)", "*_`~|>#", "../../etc/passwd", "\u202e\u202d\u2066", "\u0000\u0007\u001b",
    "虚构甲有限公司 91410100MA00000T42", "91410100MA00000T42" * 30, "虚构\t乙\r\n丙", "92410100MA00000T4X",
    "%(n)s %d {0} {name}", "１２３４５６７８９０", "张某（虚构）1234 案号1",
)  # fmt: skip
FILES: Final = (
    {"document": {"file_id": "a", "file_unique_id": "a"}},
    {"document": {"file_id": "a", "file_unique_id": "a", "file_name": "\u202excel.xlsx", "file_size": 1}},
    {"document": {"file_id": "a", "file_unique_id": "a", "file_name": "../x.csv", "file_size": 1 << 40}},
    {"document": {"file_id": "a", "file_unique_id": "a", "file_name": "甲" * 300 + ".pdf", "mime_type": "\u0000"}},
    {"photo": [{"file_id": "a", "file_unique_id": "a", "width": 1, "height": 1}]},
)
OTHERS: Final = (
    {"contact": {"phone_number": "1", "first_name": "<b>"}},
    {"location": {"latitude": 0.0, "longitude": 0.0}},
    {"dice": {"emoji": "x", "value": 1}},
    {"sticker": {"file_id": "a", "file_unique_id": "a", "type": "regular", "width": 1, "height": 1,
                 "is_animated": False, "is_video": False}},
    {"voice": {"file_id": "a", "file_unique_id": "a", "duration": 1}},
    {"venue": {"location": {"latitude": 0.0, "longitude": 0.0}, "title": "<", "address": "&"}},
    {"poll": {"id": "1", "question": "x", "options": [], "total_voter_count": 0, "is_closed": False,
              "is_anonymous": False, "type": "regular", "allows_multiple_answers": False, "allows_revoting": False,
              "members_only": False}},
)  # fmt: skip
QUERIES: Final = (
    "",
    "1",
    "1:",
    ":::",
    "2:req:1:0:",
    "1:req:zzzzzzzzzzz:0:",
    "1:req:1:0:" + "x" * 200,
    "1:REQ:1:0:",
    "甲",
    "\u0000",
)


@dataclass
class Found:
    """What a share of the inputs led to.

    Args:
        steps: Step -> how many inputs it got.
        took: Seconds of each input.
        unanswered: Inputs that were met with silence.
        failures: Unhandled exceptions -> how often.
        drafts: Forms that were left open at the end; none would mean that no form was ever met.
    """

    steps: Counter[str] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    drafts: int = 0


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Send hostile input to each handler as often as asked."""
    began, cores = time.monotonic(), (os.cpu_count() or 1) if full else 1
    each, walks = (5_000, 20_000) if full else (1, 14)
    names = [f"/{command}" for command in sorted(frame.COMMANDS)] + sorted(frame.PRESSES)
    shares = []
    for number in range(cores):
        (folder / str(number)).mkdir()
        share = (folder / str(number), f"{seed}:{number}", names[number::cores], each, walks // cores)
        shares.append(share)
    if cores == 1:
        found = [await _share(*shares[0])]
    else:
        with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
            loop = asyncio.get_running_loop()
            found = await asyncio.gather(*(loop.run_in_executor(pool, _alone, *share) for share in shares))
    steps, failures = Counter[str](), Counter[str]()
    for one in found:
        steps.update(one.steps)
        failures.update(one.failures)
    took = sorted(seconds for one in found for seconds in one.took)
    unanswered = [each for one in found for each in one.unanswered]
    ok = not failures and not unanswered and all(one.drafts for one in found)
    return [{"goal": "G34", "n": steps.total(), "handlers": len(steps), "processes": cores,
             "failures": dict(failures.most_common(8)),
             "unanswered": unanswered[:5], "p99_ms": round(took[len(took) * 99 // 100] * 1000, 1),
             "slowest_ms": round(took[-1] * 1000), "seconds": round(time.monotonic() - began, 1),
             "ok": ok}]  # fmt: skip


def _alone(*share: Any) -> Found:
    """Send a share of the inputs in a process of its own."""
    return asyncio.run(_share(*share))


async def _share(folder: Path, seed: str, names: Sequence[str], each: int, walks: int) -> Found:
    """Send some handlers their inputs, and walk, against a bureau in a folder of its own."""
    chance = random.Random(seed)
    async with door.opened(folder) as bureau:
        for role, number in PEOPLE.items():
            await bureau.enrol(number, role, "air")
        await bureau.register(PEOPLE[Role.OFFICER], AIR_FIRM)
        tried = _Tried(bureau)
        for name in names:
            evil = _command if name.startswith("/") else _forged
            await tried.send(name, [(_somebody(chance), evil(chance, name)) for _n in range(each)])
        await tried.send("anything", [(_somebody(chance), _anything(chance)) for _n in range(each)])
        for _round in range(walks):
            await _reinstate(bureau)
            await _walk(tried, chance)
        tried.found.failures.update(f"{type(error).__name__}: {error}"[:120] for error in bureau.errors)
        tried.found.drafts = len(await rows_of(bureau, Draft))
    return tried.found


class _Tried:
    """Sends input and keeps what became of it."""

    def __init__(self, bureau: Door) -> None:
        self.bureau = bureau
        self.found = Found()
        self._run, bureau._run = bureau._run, self._timed

    async def _timed(self, session: Any, raw: dict[str, Any]) -> Turn:
        began = time.perf_counter()
        try:
            return await self._run(session, raw)
        finally:
            self.found.took.append(time.perf_counter() - began)

    async def send(self, step: str, inputs: list[tuple[int, dict[str, Any]]]) -> list[Turn]:
        """Send input and return the turns; each must have been answered by a screen or have failed by name."""
        failed = len(self.bureau.errors)
        turns = await self.bureau.knock([scrub(raw) for _who, raw in inputs])
        self.found.steps[step] += len(inputs)
        silent = [raw for turn, (_who, raw) in zip(turns, inputs, strict=True) if turn.screen is None]
        if len(silent) > len(self.bureau.errors) - failed:
            self.found.unanswered.append(f"{step}: {silent[0]}"[:200])
        return turns


async def _reinstate(bureau: Door) -> None:
    """Give everybody back their place: whoever walks as a coordinator may have suspended or moved somebody."""
    async with bureau.database.write() as session:
        seat = await people.unit_by_code(session, "air")
        assert seat is not None
        for role, number in PEOPLE.items():
            place = {"state": PersonState.ACTIVE, "role": role, "unit_id": seat.id}
            await session.execute(update(Person).where(Person.telegram_id == number).values(place))


async def _walk(tried: _Tried, chance: random.Random) -> None:
    """Go some steps by real buttons from a command; at each step send something hostile, then something real."""
    who = _somebody(chance)
    opening = chance.choice((*sorted(frame.COMMANDS), "new", "new", "my"))
    words = f"/{opening}" + (f" {chance.choice(MATTERS)}" if opening in ("new", "guide") else "")
    [turn] = await tried.send("walk", [(who, message(who, text=words))])
    for _step in range(chance.randint(2, 9)):
        screen: Screen | None = turn.screen
        if screen is None:
            return
        evil = (who, _anything(chance)) if chance.random() < 0.2 else (who, _typed(chance, who))
        [after] = await tried.send(f"at {screen.name}", [_as(evil, who)])
        buttons = [data for _label, data in payloads(screen)]
        if buttons and chance.random() < 0.75:
            [turn] = await tried.send("walk", [(who, press(who, chance.choice(buttons)))])
        else:
            real = chance.choice(
                ("虚构甲公司 91410100MA00000T42", "2026-11-20", "3", "依据某文（虚构）", "说明（虚构）")
            )
            [turn] = await tried.send("walk", [(who, message(who, text=real))])
        turn = turn if turn.screen is not None else after


def _as(given: tuple[int, dict[str, Any]], who: int) -> tuple[int, dict[str, Any]]:
    """Let an input come from somebody."""
    body = next(iter(given[1].values()))
    body["from"], chat = door.person(who), {"id": who, "type": "private", "first_name": "虚构"}
    body.get("message", body)["chat"] = chat
    return who, given[1]


def _somebody(chance: random.Random) -> int:
    return chance.choice([*PEOPLE.values()])


def _words(chance: random.Random) -> str:
    if chance.random() < 0.5:
        return chance.choice(WORDS)
    return "".join(chance.choice(EVIL) for _n in range(chance.randint(1, 12)))


def _typed(chance: random.Random, who: int) -> dict[str, Any]:
    words = _words(chance)
    return message(who, text=words if words.strip("/ \n") else "？")


def _command(chance: random.Random, command: str) -> dict[str, Any]:
    return message(_somebody(chance), text=f"{command} {_words(chance)}")


def _forged(chance: random.Random, verb: str) -> dict[str, Any]:
    arg = chance.choice(
        ("", "0", "ok", "all", "-1", "999999999", "2026-02-30", "line,", ",", "a,b,c", ".", "x" * 36, "day,9", "n0")
    )
    subject = chance.choice((0, 1, 2, 7, 36**11 - 1, 2**63 - 1, 2**63, 2**31))
    return press(_somebody(chance), Press(verb, subject, chance.choice((0, 1, 2, 36**6 - 1)), arg).encode())


def _anything(chance: random.Random) -> dict[str, Any]:
    who = _somebody(chance)
    kind = chance.randrange(6)
    if kind == 0:
        return message(who, **chance.choice(FILES), caption=_words(chance))
    if kind == 1:
        return message(who, **chance.choice(OTHERS))
    if kind == 2:
        return press(who, chance.choice(QUERIES))
    if kind == 3:
        return {"edited_message": door.body(who, text=_words(chance) or "x", edit_date=2)}
    if kind == 4:
        return message(
            who, text=_words(chance) or "x", forward_origin={"type": "hidden_user", "date": 1, "sender_user_name": "<"}
        )
    return _typed(chance, who)
