"""G31: guesses at an invitation, races on one, expired ones. G32: the matrix, walked, and foreign ids of every kind."""

import asyncio
import random
import secrets
import time
from pathlib import Path
from typing import Any

from bot.roles import READS, Reach
from bot.screens.screen import Press
from handlers import access, enrolment, frame, rights
from handlers.turn import Sender, Turn
from storage import invites, people
from storage.tables import Person, Request, Role
from tests.drills import door
from tests.drills.door import AIR_FIRM, CANARIES, START, WATER_FIRM, Door, message, press, rows_of, shown
from tests.paper import PAPER

GOALS = ("G31", "G32")
LEGAL = 6_200_000
AIR_OWNER, WATER_OWNER = 6_200_001, 6_200_002
READERS = {role: 6_200_010 + number for number, role in enumerate(Role)}
FOREIGN = ("req", "atts", "attg", "cpt", "rdo", "opn", "use", "corr", "hand", "paper", "let", "rep", "undo", "rwdok",
           "fol", "man", "mset", "pyes", "scase", "fbone", "qopn", "cvend", "nopen", "nrcv")  # fmt: skip


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Guess, race, and walk the matrix."""
    chance = random.Random(seed)
    (folder / "g31").mkdir()
    (folder / "g32").mkdir()
    first = await _guesses(chance, (1_000_000, 20_000, 1_000) if full else (50_000, 300, 100), folder / "g31")
    second = await _walk(chance, 10_000 if full else 500, folder / "g32")
    return [first, second]


async def _guesses(chance: random.Random, counts: tuple[int, int, int], folder: Path) -> dict[str, Any]:
    began = time.monotonic()
    async with door.opened(folder) as bureau:
        await bureau.enrol(LEGAL, Role.COORDINATOR, "legal")
        token, late = await _invited(bureau), await _invited(bureau)
        kept = {invites._hash(token), invites._hash(late)}
        guessed = sum(invites._hash(secrets.token_urlsafe(16)) in kept for _ in range(counts[0]))
        before = await bureau.digest("stranger")
        tries = [chance.choice((secrets.token_urlsafe(16), token[:-1], token.swapcase(), "", token + "A"))
                 for _ in range(counts[1])]  # fmt: skip
        turns = await bureau.knock(
            [message(7_000_000 + number, text=f"/start i_{guess}") for number, guess in enumerate(tries)]
        )
        guessed += int(await bureau.digest("stranger") != before)
        guessed += sum(turn.screen is None or turn.screen.name != "invitation_invalid" for turn in turns)
        answered = await _hammering(bureau, token)
        winners = sum(await asyncio.gather(*(_race(bureau, token, 8_000_000 + n) for n in range(counts[2]))))
        expired = int(await _race(bureau, late, 8_900_000, at=START + enrolment.INVITE_LIFE))
        failures = len(bureau.errors)
    ok = guessed == expired == failures == 0 and winners == 1 and answered == invites.MOST_TRIES
    return {"goal": "G31", "n": sum(counts), "guessed": guessed, "answered": answered, "winners": winners,
            "expired": expired, "failures": failures, "seconds": _since(began), "ok": ok}  # fmt: skip


def _since(began: float) -> float:
    return round(time.monotonic() - began, 1)


async def _invited(bureau: Door) -> str:
    async with bureau.database.write() as session:
        unit = await people.unit_by_code(session, "air")
        assert unit is not None
        expires_at = START + enrolment.INVITE_LIFE
        return await invites.make(session, unit, Role.OFFICER, by=None, expires_at=expires_at)


async def _hammering(bureau: Door, token: str) -> int:
    """One stranger tries ten wrong ones and then the right one; return how often they were answered."""
    tries = [f"/start i_wrong{number}" for number in range(10)] + [f"/start i_{token}"]
    turns = await bureau.knock([message(7_900_000, text=words) for words in tries])
    return sum(turn.screen is not None for turn in turns)


async def _race(bureau: Door, token: str, number: int, *, at: Any = START) -> bool:
    async with bureau.database.write() as session:
        turn = Turn(bureau.office, session, at, number, Sender(number, "虚构"))
        screen = await enrolment.enrol(turn, enrolment.PAYLOAD + token)
        return screen is not None and screen.name == "applied"


async def _walk(chance: random.Random, count: int, folder: Path) -> dict[str, Any]:
    began = time.monotonic()
    async with door.opened(folder) as bureau:
        await _staffed(bureau)
        cells, wrong = await _cells(bureau)
        before = await bureau.digest("audit", "draft", "outbox", "work", "recent_matter", "sheet")
        leaks = await _foreign(bureau, chance, count)
        after = await bureau.digest("audit", "draft", "outbox", "work", "recent_matter", "sheet")
        failures = len(bureau.errors)
    rowless = len((set(frame.PRESSES) ^ set(rights.PRESSES)) | (set(frame.COMMANDS) ^ set(access.COMMANDS)))
    changed = int(before != after)
    ok = wrong == leaks == rowless == changed == failures == 0
    return {"goal": "G32", "n": count + cells, "cells": cells, "wrong": wrong, "leaks": leaks, "rowless": rowless,
            "changed": changed, "failures": failures, "seconds": _since(began), "ok": ok}  # fmt: skip


async def _staffed(bureau: Door) -> None:
    await bureau.enrol(AIR_OWNER, Role.OFFICER, "air")
    await bureau.enrol(WATER_OWNER, Role.OFFICER, "water")
    for role, number in READERS.items():
        await bureau.enrol(number, role, "air")
    await bureau.register(AIR_OWNER, AIR_FIRM)
    await bureau.register(WATER_OWNER, WATER_FIRM)


async def _cells(bureau: Door) -> tuple[int, int]:
    """Walk command × role and reading × role × own or other unit; return how many cells, and how many are wrong."""
    cells = wrong = 0
    for column, (role, number) in enumerate(READERS.items()):
        for command, allowed in PAPER.items():
            screen = await bureau.say(number, f"/{command}")
            cells, wrong = cells + 1, wrong + ((screen.name != "unknown_command") != (allowed[column] == "是"))
        await bureau.say(number, "/cancel")
        for request in await rows_of(bureau, Request):
            own = await _is_of_air(bureau, request)
            sees = READS[role] is Reach.BUREAU or (READS[role] is Reach.UNIT and own)
            [turn] = await bureau.knock([press(number, Press("req", request.id).encode())])
            cells, wrong = cells + 1, wrong + (any(each in shown(turn) for each in CANARIES) != sees)
    return cells, wrong


async def _is_of_air(bureau: Door, request: Request) -> bool:
    return next(each for each in await rows_of(bureau, Person) if each.id == request.owner_id).telegram_id == AIR_OWNER


async def _foreign(bureau: Door, chance: random.Random, count: int) -> int:
    """Let those who see only their own or their unit's try the ids of everything else; count what they saw."""
    officer, water = READERS[Role.OFFICER], CANARIES[2]
    presses = [
        press(officer, Press(chance.choice(FOREIGN), chance.randrange(1, 40), chance.randrange(4)).encode())
        for _ in range(count)
    ]
    words = [message(officer, text=f"/find {each}") for each in CANARIES]
    leaks = sum(
        any(each in shown(turn).replace("金丝雀”", "") for each in ("虚构甲", "虚构乙", *CANARIES[1:]))
        for turn in await bureau.knock(presses)
    )
    for turn in await bureau.knock(words):
        leaks += "虚构甲" in shown(turn) or "虚构乙" in shown(turn)
    for role in (Role.LIAISON, Role.HEAD):
        tried = [press(READERS[role], Press(chance.choice(FOREIGN), number).encode()) for number in range(1, 40)]
        leaks += sum("虚构乙" in shown(turn) or water in shown(turn) for turn in await bureau.knock(tried))
    return leaks
