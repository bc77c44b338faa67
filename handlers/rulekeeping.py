"""Keeping up with the rules: the pack that was approved, with the overlay on it, in every process and over a restart.

A pack that appears in its folder is looked at each minute. It decides nothing before a coordinator has put it in
force; one with faults is refused with all of them, and the last good one goes on deciding, over a restart too.
"""

import asyncio
import datetime as dt
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import structlog
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.policy.loader import PolicyFaults, letters_of, load, restore
from bot.policy.model import Policy
from bot.policy.overlay import lay_what_fits
from handlers.office import Office
from handlers.worker import Finish, Tools
from storage import audit, outbox, overlay, people
from storage.database import Database
from storage.policies import ensure_snapshot

log = structlog.get_logger()

WAITING, FAULTY = "pack.waiting", "pack.faulty"
MOST_FAULTS: Final = 10
Signature = tuple[tuple[str, int, int], ...]


class Rulekeeper:
    """Holds the office to the rules in force.

    Args:
        office: The office; its rules are replaced.
        folder: Where the pack is installed; None where nobody installs another while the process runs.
    """

    def __init__(self, office: Office, folder: Path | None) -> None:
        self._office = office
        self._folder = folder
        self._loaded = office.policy  # as it was read from its folder, or the last good one
        self._version = -1
        self._seen: Signature | None = None

    async def open(self, session: AsyncSession, now: dt.datetime) -> None:
        """At a start: the approved pack decides, also where another one lies in the folder by now.

        Where no folder is looked at (the trial, a test) whoever starts it has chosen the pack.
        """
        approved = await overlay.mark(session, overlay.PACK)
        if approved is None or (self._folder is None and approved != self._loaded.hash):
            await self._take(session, now, "the pack of the first start")
        await self._adopt(session, now)

    async def follow(self, session: AsyncSession, now: dt.datetime) -> None:
        """Take over rules that were put in force elsewhere."""
        if int(await overlay.mark(session, overlay.VERSION) or 0) != self._version:
            await self._adopt(session, now)

    async def chore(self, tools: Tools, _params: Mapping[str, Any], now: dt.datetime) -> Finish:
        """Take over rules that have just been put in force here."""
        async with tools.database.write() as session:
            await self._adopt(session, now)
        return _nothing

    async def look(self, database: Database, now: dt.datetime) -> None:
        """Look whether the pack in its folder is another one than before; see to it that a coordinator hears of it."""
        if self._folder is None:
            return
        signature = await asyncio.to_thread(_signature, self._folder)
        if signature == self._seen:
            return
        try:
            found = await asyncio.to_thread(load, self._folder)
        except PolicyFaults as refused:
            await self._refuse(database, refused, now)
        else:
            await self._offer(database, found, now)
        self._seen = signature

    async def _offer(self, database: Database, found: Policy, now: dt.datetime) -> None:
        self._loaded = found
        async with database.write() as session:
            approved = await overlay.mark(session, overlay.PACK)
            if approved == found.hash:
                await overlay.set_mark(session, overlay.CANDIDATE, None)
                await self._adopt(session, now)  # its letters may be new, which no rule rests on
                return
            await ensure_snapshot(session, found, now)
            await overlay.set_mark(session, overlay.CANDIDATE, {"hash": found.hash})
            await _tell(session, WAITING, {"hash": found.hash}, found.hash, now)
        log.warning("another pack is installed and waits for a coordinator", version=found.hash[:12])

    async def _refuse(self, database: Database, refused: PolicyFaults, now: dt.datetime) -> None:
        log.error("the installed pack has faults; the last good one goes on deciding", faults=str(refused))
        said = [str(fault) for fault in refused.faults]
        mark = hashlib.sha256("\n".join(said).encode()).hexdigest()
        params = {"faults": said[:MOST_FAULTS], "more": len(said) - MOST_FAULTS, "mark": mark}
        async with database.write() as session:
            await overlay.set_mark(session, overlay.CANDIDATE, params)
            await _tell(session, FAULTY, params, mark, now)

    async def _take(self, session: AsyncSession, now: dt.datetime, reason: str) -> None:
        await ensure_snapshot(session, self._loaded, now)
        await overlay.set_mark(session, overlay.PACK, self._loaded.hash)
        audit.note(session, at=now, actor_id=None, verb="rules.pack", subject=("policy", None),
                   after={"hash": self._loaded.hash}, reason=reason)  # fmt: skip

    async def _adopt(self, session: AsyncSession, now: dt.datetime) -> None:
        pack = await self._approved(session)
        if pack is None:
            log.error("the approved pack cannot be read by this version; the installed one decides")
            await self._take(session, now, "the approved pack cannot be read by this version")
            pack = self._loaded
        policy, left_out = lay_what_fits(pack, await overlay.layers(session))
        for layer in left_out:
            log.error("an entry of the bureau's own does not fit the pack", kind=layer.kind, key=layer.key)
        self._office.adopt(pack, policy)
        self._version = int(await overlay.mark(session, overlay.VERSION) or 0)

    async def _approved(self, session: AsyncSession) -> Policy | None:
        approved = await overlay.mark(session, overlay.PACK)
        if approved == self._loaded.hash:
            return self._loaded
        kept = await overlay.snapshot(session, approved)
        try:
            return None if kept is None else restore(kept, self._loaded.templates)
        except ValidationError:
            return None


async def last_good(session: AsyncSession, folder: Path) -> Policy | None:
    """Return the pack that was approved last, for a start while the one in the folder has faults."""
    kept = await overlay.snapshot(session, str(await overlay.mark(session, overlay.PACK)))
    try:
        return None if kept is None else restore(kept, letters_of(folder))
    except ValidationError:
        return None


def _signature(folder: Path) -> Signature:
    """Return what tells a pack from a changed one: names, times and sizes of its files."""
    files = sorted((*folder.glob("*.toml"), *folder.glob("templates/*.docx")))
    stats = [(path, path.stat()) for path in files if path.exists()]
    return tuple((str(path.relative_to(folder)), each.st_mtime_ns, each.st_size) for path, each in stats)


async def _tell(session: AsyncSession, kind: str, params: dict[str, Any], mark: str, now: dt.datetime) -> None:
    for person in await people.coordinators(session):
        dedupe = f"{kind}:{mark}:{person.id}"
        await outbox.enqueue(session, person, kind=kind, params=params, dedupe=dedupe, now=now)


async def _nothing(_session: AsyncSession) -> None:
    """Nothing is left to be written."""
