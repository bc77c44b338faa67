"""/erase: a natural person's details leave the ledger, at a coordinator's word or when their time is over."""

import asyncio
import contextlib
import datetime as dt
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Refusal
from bot.finding import read_words
from bot.language import _
from bot.screens import erasure as screens
from bot.screens.screen import Screen
from handlers import access
from handlers.clock import Clock
from handlers.office import Office
from handlers.turn import Flow, Stale, Turn
from storage import audit, entry_values, erasure, finding, mentions, orphans, outbox, work
from storage.ledger import Opened, entry_of
from storage.tables import Person, Priority, Request

if TYPE_CHECKING:
    from handlers.worker import Chore, Finish, Tools

ERASE: Final = "person.erase"  # the job, its notification, and the audit's word for it
SCRUB: Final = "erase.scrub"
LIST_CLOSED: Final = "erase.list"
_JUST_NOW: Final = dt.timedelta(minutes=1)  # a file so young may still get its row


async def on_command(turn: Turn) -> Screen:
    """/erase with the number of an entry: asked first.

    Raises:
        Refusal: There is no such entry, or it names no natural person.
    """
    number = read_words(turn.text).number
    if not turn.text:
        return screens.ask()
    ids = list(await turn.session.scalars(finding.of_number(number))) if number is not None else []
    if len(ids) != 1:
        raise Refusal(_("There is no single entry of this number. Please send the whole number, such as %(example)s.")
                      % {"example": screens.EXAMPLE})  # fmt: skip
    opened = await _opened(turn.session, ids[0])
    await _require_person(turn.session, ids[0])
    named = await entry_values.labels(turn.session, opened.items, whole=False)  # see roles.IDENTIFIES: not for them
    turn.looked("request", ids[0])
    return screens.confirm(opened.entry.number, opened.entry.matter, sorted(set(named.values())), ids[0])


async def on_confirmed(turn: Turn) -> Screen:
    """〔删除〕: the worker looks through everything, then erases it all at once.

    Raises:
        Refusal: It names no natural person any more.
        Stale: The officer may not.
    """
    if not access.may(turn.officer.role, "erase"):
        raise Stale
    opened = await _opened(turn.session, turn.pressed.id)
    await _require_person(turn.session, opened.request.id)
    work.add(turn.session, ERASE, {"person_id": turn.officer.id, "request_id": opened.request.id}, now=turn.now)
    return screens.under_way(opened.entry.number)


async def erase(tools: "Tools", params: Mapping[str, Any], now: dt.datetime) -> "Finish":
    """Look for the persons of an entry in everything that is kept, then erase them in one transaction.

    Without ``person_id`` it is the retention that asks, and nobody is told.
    """
    request_id, actor_id = params["request_id"], params.get("person_id")
    async with tools.database.read() as session:
        named = await mentions.persons(session, request_id)
        mentioned = await mentions.mentions(session, named) if named else {}

    async def finish(session: AsyncSession) -> None:
        if not named:
            return
        erased = await erasure.erase(session, request_id, mentioned, now=now)
        work.tidy(session, erased.files, now=now)
        work.add(session, SCRUB, {}, now=now)
        await _tell_senders(session, erased.lists, now)
        after = {"lines": erased.lines, "files": len(erased.files), "elsewhere": erased.elsewhere}
        subject = ("request", request_id)
        audit.note(session, at=now, actor_id=actor_id, verb=ERASE, subject=subject, after=after)
        if actor_id is not None:
            person = await session.get_one(Person, actor_id)
            said = {"request_id": request_id, "elsewhere": sum(erased.elsewhere.values())}
            dedupe = f"{ERASE}:{request_id}:{now.isoformat()}"
            await outbox.enqueue(
                session, person, kind=ERASE, params=said, dedupe=dedupe, priority=Priority.QUESTION, now=now
            )

    return finish


async def scrub(tools: "Tools", _params: Mapping[str, Any], _now: dt.datetime) -> "Finish":
    """After an erasure: files that nothing needs go, and so does what the database keeps of the rows as they were.

    That is SQLite's write-ahead log, which is folded in and cut off, and PostgreSQL's former versions of the rows.

    Raises:
        RuntimeError: A reader held the log; the job is tried again.
    """
    async with tools.database.read() as session:
        named = await orphans.named(session)
    before = Clock().now() - _JUST_NOW  # files bear the wall's time
    await asyncio.to_thread(orphans.remove_unnamed, tools.store, named, before)
    path = tools.database.path
    if path is not None and not await asyncio.to_thread(_cut_log, path):
        raise RuntimeError("the write-ahead log is in use")
    await tools.database.vacuum(erasure.TOUCHED)
    return _nothing


async def render(
    session: AsyncSession, _office: Office, _person: Person, params: Mapping[str, Any], _now: dt.datetime
) -> Screen | None:
    """Return the word that it is done."""
    opened = await _opened(session, params["request_id"])
    return screens.done(opened.entry.number, elsewhere=params["elsewhere"])


async def render_list(
    _session: AsyncSession, _office: Office, _person: Person, _params: Mapping[str, Any], _now: dt.datetime
) -> Screen:
    """Return the word that a list is gone which its receiver had sent."""
    return screens.list_closed()


async def _tell_senders(session: AsyncSession, lists: Mapping[int, int], now: dt.datetime) -> None:
    """Let whoever waits for a list, or has it before them, know that it is closed."""
    for sheet_id, person_id in lists.items():
        person = await session.get_one(Person, person_id)
        dedupe = f"{LIST_CLOSED}:{sheet_id}"
        await outbox.enqueue(
            session, person, kind=LIST_CLOSED, params={}, dedupe=dedupe, priority=Priority.QUESTION, now=now
        )


async def _opened(session: AsyncSession, request_id: int) -> Opened:
    """Return an entry whoever owns it; only those who administer the bureau come here.

    Raises:
        Stale: There is none.
    """
    if await session.get(Request, request_id) is None:
        raise Stale
    opened = await entry_of(session, request_id)
    if opened is None:
        raise Stale
    return opened


async def _require_person(session: AsyncSession, request_id: int) -> None:
    if not await mentions.persons(session, request_id):
        raise Refusal(_("This entry names no natural person, so there is nothing to be erased."))


def _cut_log(path: Path) -> bool:
    with contextlib.closing(sqlite3.connect(path, timeout=5)) as connection:
        busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy


async def _nothing(_session: AsyncSession) -> None:
    """There is no row to be written."""


COMMANDS: Final[Mapping[str, Flow]] = {"erase": on_command}
PRESSES: Final[Mapping[str, Flow]] = {"erok": on_confirmed}
JOBS: Final[Mapping[str, "Chore"]] = {ERASE: erase, SCRUB: scrub}
NOTICES: Final = {ERASE: render, LIST_CLOSED: render_list}
