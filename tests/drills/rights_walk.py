"""G31: guesses at an invitation, races on one, expired ones. G32: the matrix, walked, and foreign ids of every kind."""

import asyncio
import random
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.roles import READS, Reach
from bot.screens.screen import Press
from handlers import access, enrolment, frame, rights
from handlers.turn import Sender, Turn
from storage import invites, people
from storage.tables import Base, Person, Request, Role
from tests.drills import door
from tests.drills.door import AIR_FIRM, CANARIES, START, WATER_FIRM, Door, message, press, rows_of, shown
from tests.drills.furnished import CASE, COORDINATOR, HELD_FIRM, LAST_FOUR, NOTE, SECRETS, furnish
from tests.paper import PAPER

GOALS = ("G31", "G32")
LEGAL = 6_200_000
AIR_OWNER, WATER_OWNER = 6_200_001, 6_200_002
READERS = {role: 6_200_010 + number for number, role in enumerate(Role)}
MOST_ID = 24  # ids that presses are forged with; the furnished bureau has no more of anything that hangs on a unit
LEFT_BEHIND = ("audit", "draft", "outbox", "work", "recent_matter", "sheet", "policy_snapshot")
"""Tables in which a look or a question leaves its row."""


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Guess, race, and walk the matrix."""
    chance = random.Random(seed)
    (folder / "g31").mkdir()
    (folder / "g32").mkdir()
    first = await _guesses(chance, (1_000_000, 20_000, 1_000) if full else (50_000, 300, 100), folder / "g31")
    second = await _walk(chance, 24 if full else 1, folder / "g32")
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
        tried, leaks, changed = await _foreign(bureau, chance, count)
        failures = len(bureau.errors)
    rowless = len((set(frame.PRESSES) ^ set(rights.PRESSES)) | (set(frame.COMMANDS) ^ set(access.COMMANDS)))
    ok = wrong == leaks == rowless == changed == failures == 0
    return {"goal": "G32", "n": tried + cells, "cells": cells, "wrong": wrong, "leaks": leaks, "rowless": rowless,
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


async def _foreign(bureau: Door, chance: random.Random, count: int) -> tuple[int, int, int]:
    """Let those who see only their own or their unit's, and those who only read, press every verb with ids of others.

    Returns:
        How many presses there were, how many showed what they must not, and how many rows of others they changed.
    """
    furnished = await furnish(bureau)
    readers = {number: (LAST_FOUR,) if role is Role.AUDITOR else SECRETS for role, number in READERS.items()
               if role is not Role.COORDINATOR}  # fmt: skip
    before, tried, leaks = await _others(bureau, readers), 0, 0
    theirs = [data for data, who in furnished.shown.items() if who != COORDINATOR]
    for reader, hidden in readers.items():
        presses = list(_presses(chance, theirs, furnished.shown, count))
        turns = await bureau.knock([press(reader, data) for data in presses])
        tried, leaks = tried + len(presses), leaks + sum(any(each in shown(turn) for each in hidden) for turn in turns)
        for words in (WATER_FIRM, HELD_FIRM, CASE, NOTE):
            said = await bureau.say(reader, f"/find {words.split()[-1]}")
            leaks += "水2026-" in said.text and hidden is SECRETS
        await bureau.say(reader, "/cancel")
    after = await _others(bureau, readers)
    return tried, leaks, sum(after.get(key) != row for key, row in before.items())


def _presses(chance: random.Random, theirs: Iterable[str], real: Iterable[str], count: int) -> Iterator[str]:
    """Yield presses of every verb: what others were really shown, and ids and versions that may be somebody's.

    Args:
        chance: The dice.
        theirs: What the other unit's people were shown.
        real: What anybody was shown.
        count: How many of each kind.
    """
    found, all_ = _by_verb(theirs), _by_verb(real)
    versions = sorted({each.version for presses in all_.values() for each in presses})
    for verb, presses in all_.items():
        for some in (found[verb], presses):
            yield from (each.encode() for each in chance.sample(some, min(count, len(some))))
        for _n in range(count):
            arg = chance.choice(presses).arg if presses else ""
            yield Press(verb, chance.randrange(1, MOST_ID), chance.choice(versions), arg).encode()


def _by_verb(real: Iterable[str]) -> dict[str, list[Press]]:
    found: dict[str, list[Press]] = {verb: [] for verb in rights.PRESSES}
    for data in real:
        decoded = Press.decode(data)
        assert decoded is not None, data
        found[decoded.verb].append(decoded)
    return found


async def _others(bureau: Door, readers: Mapping[int, object]) -> dict[tuple[str, object], str]:
    """Return all rows but the readers' own, and what every look leaves behind."""
    people = {each.id: each for each in await rows_of(bureau, Person)}
    own = {key for key, each in people.items() if each.telegram_id in readers}
    units = {people[key].unit_id for key in own}
    found = {}
    async with bureau.database.read() as session:
        for table in Base.metadata.sorted_tables:
            if table.name in LEFT_BEHIND:
                continue
            keys = [column.name for column in table.primary_key]
            for row in (await session.execute(select(table))).mappings():
                is_own = row.get("person_id") in own or row.get("telegram_id") in readers
                is_own |= table.name == "quarter_return" and row["unit_id"] in units
                if not is_own:
                    found[table.name, tuple(row[key] for key in keys)] = repr(dict(row))
    return found
