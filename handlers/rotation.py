"""A change of keys as the running bot and the command line carry it out: rewritten, checked, the former key retired.

Copies of the database hold values under the key of their day. The former key therefore stays in the key file until
the last copy that needs it is gone, or until the maintainer says that it must go at once.
"""

import asyncio
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.clock import Clock
from storage import audit, keys, rotation
from storage.database import Database
from storage.rotation import Place
from storage.tables import Setting

log = structlog.get_logger()

DONE: Final = "key.rotated"  # which key everything is under, and since when
PAUSE: Final = 0.02  # seconds between transactions: officers come first
VERB: Final = "key.rotate"


async def look(database: Database, clock: Clock) -> None:
    """Take up a new key from the file, write everything anew under it, and retire the former when nothing needs it."""
    path = keys.file()
    keys.refresh()
    if path is None or len(keys.in_use()) == 1:
        return
    if await finished_at(database) is None:
        written = await rewrite(database, pause=PAUSE)
        log.info("values were written anew under the newest key", n=written)
        await note_finished(database, clock)
    await retire(database, path)


async def rewrite(database: Database, *, pause: float = 0.0, told: Callable[[int], None] = lambda _n: None) -> int:
    """Write every value anew under the newest key and return how many were not under it.

    Args:
        database: The database.
        pause: Seconds between transactions.
        told: Called after each transaction with the number so far.
    """
    async with database.read() as session:
        place: Place | None = await rotation.resumed(session)
    total = 0
    while place is not None:
        async with database.write() as session:
            place, written = await rotation.step(session, place)
        total += written
        told(total)
        await asyncio.sleep(pause)
    return total


async def note_finished(database: Database, clock: Clock) -> bool:
    """Note that nothing is left under a former key; False where another instance has written there meanwhile."""
    async with database.read() as session:
        if await rotation.left(session):
            return False  # the next pass goes through everything again
    # Copies bear the wall's time, also where the office's clock was moved.
    said = {"key": rotation.fingerprint(), "at": Clock().now().isoformat()}
    async with database.write() as session:
        await _keep(session, said)
        audit.note(session, at=clock.now(), actor_id=None, verb=VERB, subject=("key", None))
    return True


async def finished_at(database: Database) -> dt.datetime | None:
    """Return since when everything is under the newest key; None where it is not known to be."""
    async with database.read() as session:
        kept = await session.get(Setting, DONE)
    if kept is None or kept.value["key"] != rotation.fingerprint():
        return None
    return dt.datetime.fromisoformat(kept.value["at"])


async def retire(database: Database, path: Path, *, at_once: bool = False) -> bool:
    """Take the former keys out of the file once nothing needs them; say whether they are out.

    Args:
        database: The database.
        path: The key file.
        at_once: Whether copies that need a former key do not count: they cannot be read afterwards.
    """
    finished = await finished_at(database)
    if finished is None or (not at_once and needing(path, finished)):
        return False
    async with database.read() as session:
        if await rotation.left(session):
            return False
    keys.retire(path)
    keys.refresh()
    log.info("the former key was taken out of the key file")
    return True


def needing(path: Path, finished: dt.datetime) -> list[Path]:
    """Return the copies beside a key file that were made before everything was under the newest key."""
    copies = (path.parent / "copies").glob("*.db")
    return sorted(each for each in copies if each.stat().st_mtime < finished.timestamp())


async def _keep(session: AsyncSession, said: dict[str, Any]) -> None:
    await session.merge(Setting(key=DONE, value=said))
