"""G38: somebody edits the audit behind the program's back, in every way that needs no key; each is found.

Found by the database itself, without a value that was posted: those tell of an older state of all of it.
"""

import contextlib
import random
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from storage import audit, keyproof, keys, migrate, seal_mark, seals
from storage.database import Database
from tests.conftest import START

GOALS = ("G38",)
LINES: Final = 24
SEALS: Final = 6
_PLAIN: Final = ("verb", "subject_kind", "at")
_TEXTS: Final = (*_PLAIN, "reason")  # which is encrypted: whoever edits it leaves what cannot be read


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Tamper, look, take it back; thousands of times."""
    dice, tries = random.Random(seed), 10_000 if full else 120
    database = await _sealed(folder)
    missed: dict[str, int] = {}
    for _try in range(tries):
        way = dice.choice(WAYS)
        if not await _is_found(database, way, dice):
            missed[way.__name__] = missed.get(way.__name__, 0) + 1
    async with database.read() as session:
        sound = not (await seals.verify(session)).broken
    await database.close()
    return [{"goal": "G38", "n": tries, "ways": len(WAYS), "missed": missed, "ok": not missed and sound}]


async def _sealed(folder: Path) -> Database:
    keys.unlock(folder / "key", may_create=True)
    database = Database(f"sqlite:///{folder / 'xinxuan.db'}")
    await migrate.upgrade(database)
    await keyproof.prove(database)
    for part in range(SEALS):
        async with database.write() as session:
            for n in range(LINES // SEALS):
                said = {"n": part * 10 + n}
                subject = ("request", n + 1)
                audit.note(session, at=START, actor_id=None, verb="request.correct", subject=subject,
                           after=said, before={"was": n}, reason=f"虚构{n}")  # fmt: skip
        async with database.write() as session:
            await seals.seal(session, START)
    path = database.path
    assert path is not None
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")  # whoever edits the file is not held up by them
    return database


class _TakenBack(Exception):
    """Ends the transaction of one tampering."""


async def _is_found(database: Database, way: "Way", dice: random.Random) -> bool:
    found = False
    try:
        async with database.write() as session:
            await way(session, dice)
            try:
                found = bool((await seals.verify(session)).broken)
            except (seals.NoSealKey, ValueError, TypeError):
                found = True  # what cannot even be read is no sound chain
            raise _TakenBack  # noqa: TRY301 - a rollback is the point
    except _TakenBack:
        return found


Way = Callable[[AsyncSession, random.Random], Any]


async def _edit_a_text(session: AsyncSession, dice: random.Random, columns: Sequence[str] = _TEXTS) -> None:
    column = dice.choice(columns)
    value = "2026-11-24 01:00:00.000000" if column == "at" else f"other{dice.random()}"
    await session.execute(text(f"UPDATE audit SET {column} = :v WHERE id = :i"), {"v": value, "i": _line(dice)})  # noqa: S608 - names of ours


async def _edit_a_number(session: AsyncSession, dice: random.Random) -> None:
    column = dice.choice(("update_id", "subject_id"))
    values = {"v": dice.randint(100, 10_000), "i": _line(dice)}
    await session.execute(text(f"UPDATE audit SET {column} = :v WHERE id = :i"), values)  # noqa: S608 - names of ours


async def _exchange_contents(session: AsyncSession, dice: random.Random) -> None:
    one, other = dice.sample(range(1, LINES + 1), 2)
    column = dice.choice(("before", "after"))
    copied = text(f"UPDATE audit SET {column} = (SELECT {column} FROM audit WHERE id = :o) WHERE id = :i")  # noqa: S608 - names of ours
    if (
        await session.execute(text("SELECT (:i - 1) % 4 = (:o - 1) % 4"), {"i": one, "o": other})
    ).scalar() and column == "before":
        other = one % LINES + 1  # the same plain value would be no change
    await session.execute(copied, {"i": one, "o": other})


async def _delete_a_line(session: AsyncSession, dice: random.Random) -> None:
    await session.execute(text("DELETE FROM audit WHERE id = :i"), {"i": _line(dice)})


async def _put_a_line_in(session: AsyncSession, dice: random.Random) -> None:
    line = _line(dice)
    await session.execute(text("UPDATE audit SET id = id + 1000 WHERE id >= :i"), {"i": line})
    await session.execute(text("UPDATE audit SET id = id - 999 WHERE id > 1000"))
    made = "INSERT INTO audit (id, at, verb, subject_kind) VALUES (:i, '2026-11-23 01:00:00.000000', 'x', 'y')"
    await session.execute(text(made), {"i": line})


async def _swap_lines(session: AsyncSession, dice: random.Random) -> None:
    one, other = dice.sample(range(1, LINES + 1), 2)
    for before, after in ((one, -1), (other, one), (-1, other)):
        await session.execute(text("UPDATE audit SET id = :a WHERE id = :b"), {"a": after, "b": before})


async def _cut_the_end(session: AsyncSession, dice: random.Random) -> None:
    kept = dice.randint(0, SEALS - 1)
    await session.execute(text("DELETE FROM audit WHERE id > :i"), {"i": kept * LINES // SEALS})
    await session.execute(text("DELETE FROM audit_seal WHERE id > :i"), {"i": kept})


async def _let_it_be_sealed_anew(session: AsyncSession, dice: random.Random) -> None:
    """Take seals off the end, and what else says that they were there, edit a line, and wait for the bot."""
    kept = dice.randint(0, SEALS - 1)
    await session.execute(text("DELETE FROM audit_seal WHERE id > :i"), {"i": kept})
    for key in dice.sample((seal_mark.MARK, seals.KEY, keyproof.NAME), dice.randint(0, 3)):
        await session.execute(text("DELETE FROM setting WHERE key = :k"), {"k": key})
    await _edit_a_text(session, dice, _PLAIN)
    with contextlib.suppress(seals.NoSealKey, seals.CutOff):
        await seals.seal(session, START)


async def _edit_a_seal(session: AsyncSession, dice: random.Random) -> None:
    change = dice.choice(("head = 'f' || substr(head, 2, 62) || 'g'", "from_id = from_id + 1", "to_id = to_id - 1",
                          "sealed_at = '2026-11-25 01:00:00.000000'"))  # fmt: skip
    await session.execute(text(f"UPDATE audit_seal SET {change} WHERE id = :i"), {"i": dice.randint(1, SEALS)})  # noqa: S608 - names of ours


async def _delete_a_seal(session: AsyncSession, dice: random.Random) -> None:
    await session.execute(text("DELETE FROM audit_seal WHERE id = :i"), {"i": dice.randint(1, SEALS)})


async def _rebuild_without_the_key(session: AsyncSession, dice: random.Random) -> None:
    """Edit a line and make all seals anew, with a key of one's own."""
    await _edit_a_text(session, dice, _PLAIN)
    own = dice.randbytes(32)
    lines = (await session.execute(text("SELECT count(*) FROM audit"))).scalar_one()
    await session.execute(text("DELETE FROM audit_seal"))
    made = seals.AuditSeal(id=1, from_id=1, to_id=lines, sealed_at=START, head="")
    rows = await audit.page(session, limit=lines)
    made.head = seals._head(own, "", made, [seals.line_hash(own, row) for row in reversed(rows)])
    session.add(made)
    await session.flush()


async def _exchange_the_key(session: AsyncSession, dice: random.Random) -> None:
    values = {"v": f'"{"A" * dice.randint(10, 200)}"', "k": seals.KEY}
    await session.execute(text("UPDATE setting SET value = :v WHERE key = :k"), values)


async def _erase_without_the_key(session: AsyncSession, dice: random.Random) -> None:
    blank = "UPDATE audit SET before = NULL, after = NULL, reason = NULL, content_hash = :h WHERE id = :i"
    await session.execute(text(blank), {"h": dice.randbytes(32).hex(), "i": _line(dice)})


def _line(dice: random.Random) -> int:
    return dice.randint(1, LINES)


WAYS: Final[tuple[Way, ...]] = (
    _edit_a_text,
    _edit_a_number,
    _exchange_contents,
    _delete_a_line,
    _put_a_line_in,
    _swap_lines,
    _cut_the_end,
    _let_it_be_sealed_anew,
    _edit_a_seal,
    _delete_a_seal,
    _rebuild_without_the_key,
    _exchange_the_key,
    _erase_without_the_key,
)
