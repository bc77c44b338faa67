"""Files on their way into an entry: what may be kept where, the chores that keep and sweep, and what is said then."""

import asyncio
import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.attachments import MOST_FILES, PURPOSES, AttachmentLine, Purpose, media_type, purpose_name
from bot.errors import Refusal
from bot.language import _
from bot.policy.model import CounterpartKind
from bot.screens import attachments as screens
from bot.screens.doctor import LEAST_FREE_MB
from bot.screens.screen import Screen
from handlers.clock import Clock
from handlers.office import Office
from handlers.rights import Renderer
from handlers.turn import Stale
from storage import attachments, audit, commitments, entry_values, orphans, outbox, work
from storage.files import handed_in
from storage.ledger import Opened, open_entry
from storage.tables import Attachment, Item, ItemState, Person, PersonState, Priority

if TYPE_CHECKING:
    from handlers.worker import Chore, Finish, Tools

log = structlog.get_logger()

KEEP: Final = "attachment.keep"
KEPT: Final = "attachment.kept"
SWEEP: Final = "files.sweep"
OLDER_THAN: Final = dt.timedelta(days=1)  # a file that no row names by then was left by a crash
_HAS_OPINION: Final = (ItemState.RETURNED, ItemState.USED)


async def taking(session: AsyncSession, opened: Opened) -> dict[Purpose, list[Item]]:
    """Return which lines of an entry take a file now.

    An opinion that was used again is kept where it came from; a pledge inside the matter's form has no letter.
    """
    found: dict[Purpose, list[Item]] = {purpose: [] for purpose in Purpose}
    if opened.entry.withdrawn:
        return found
    in_form = {
        row.item_id for row in await commitments.rows(session, [item.id for item in opened.items]) if row.in_form
    }
    for item in opened.items:
        purpose = PURPOSES[item.product_kind]
        is_back = purpose is not Purpose.OPINION or item.state in _HAS_OPINION
        if is_back and item.reused_opinion_id is None and item.id not in in_form:
            found[purpose].append(item)
    return found


async def taking_line(session: AsyncSession, opened: Opened, item_id: int) -> Item:
    """Return a line of an entry that takes a file now.

    Raises:
        Stale: It takes none.
    """
    for items in (await taking(session, opened)).values():
        for item in items:
            if item.id == item_id:
                return item
    raise Stale


async def require_no_person(session: AsyncSession, office: Office, opened: Opened, item: Item) -> None:
    """Refuse to keep a file that could name a natural person. Source: design.md §3.9.

    Raises:
        Refusal: It could.
    """
    matter = office.policy.matters.get(opened.request.matter_code or "")
    kinds = matter.kinds if matter is not None else tuple(CounterpartKind)
    if await attachments.may_name_person(session, opened.request, item, kinds):
        raise Refusal(_("Papers of natural persons are not kept here. Please file them on paper in your office."))


async def require_room(session: AsyncSession, request_id: int) -> None:
    """Refuse a file of an entry that has as many as it may.

    Raises:
        Refusal: It has.
    """
    if await attachments.count(session, request_id) >= MOST_FILES:
        raise Refusal(
            _("At most %(n)d files are kept with an entry. Please remove one that is not needed first.")
            % {"n": MOST_FILES}
        )


async def lines_of(session: AsyncSession, office: Office, opened: Opened) -> list[AttachmentLine]:
    """Return the files kept with an entry, oldest first, with local times."""
    found = await attachments.of_items(
        session, await entry_values.labels(session, opened.items, whole=opened.identifies)
    )
    return [replace(each, added_at=each.added_at.astimezone(office.zone)) for each in found]


async def keep(tools: "Tools", params: Mapping[str, Any], now: dt.datetime) -> "Finish":
    """Check a file that was sent in and keep it with its entry.

    The bytes are put away before the row is committed: after a crash in between a file is left that no row names,
    never a row without its file.

    Raises:
        Refusal: It is not one of the files that are kept, is kept already, the entry has changed meanwhile, or there
            is no room for it.
    """
    if await asyncio.to_thread(tools.store.free_mb) < LEAST_FREE_MB:
        raise Refusal(_("The file is not kept, because the server's disk is nearly full. Please send it again later."))
    content = await tools.fetch(params["ref"])
    found = await asyncio.to_thread(media_type, content)
    digest = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
    async with tools.database.read() as session:
        _opened, item = await _still_wanted(session, tools.office, params, now)
        if await attachments.holds(session, item.id, digest):
            raise Refusal(_("This file is kept with the entry already."))
    stored = await asyncio.to_thread(tools.store.put, content)

    async def finish(session: AsyncSession) -> None:
        opened, item = await _still_wanted(session, tools.office, params, now)  # it may have gone over meanwhile
        row = Attachment(
            item_id=item.id,
            purpose=PURPOSES[item.product_kind].value,
            path=stored.key,
            sha256=stored.sha256,
            media_type=found,
            size=stored.size,
            added_by=params["person_id"],
            added_at=now,
        )
        session.add(row)
        await session.flush()
        work.tidy(session, handed_in(params["ref"]), now=now)
        await _tell(session, opened.request.id, row, now)

    return finish


async def sweep(tools: "Tools", _params: Mapping[str, Any], _now: dt.datetime) -> "Finish":
    """Remove files that no row names: what a crash between a file and its row has left."""
    before = Clock().now() - OLDER_THAN  # files bear the wall's time, also where the office's clock was moved
    async with tools.database.read() as session:
        named = await orphans.named(session)
    gone = await asyncio.to_thread(orphans.remove_unnamed, tools.store, named, before)

    async def finish(_session: AsyncSession) -> None:
        if gone:
            log.warning("files that nothing named were removed", n=gone)

    return finish


async def show_kept(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Return the notice that a file is kept; None where it was taken away, or is not theirs to see any more."""
    found = await attachments.kept(session, params["attachment_id"])
    opened = await open_entry(session, person, found.request_id, on=office.today(now)) if found else None
    if found is None or opened is None:
        return None
    return screens.kept(opened.entry, Purpose(found.row.purpose))


async def _tell(session: AsyncSession, request_id: int, row: Attachment, now: dt.datetime) -> None:
    person = await session.get_one(Person, row.added_by)
    said = purpose_name(Purpose(row.purpose))
    audit.note(session, at=now, actor_id=person.id, verb="attachment.add", subject=("request", request_id), reason=said)
    params = {"attachment_id": row.id}
    dedupe = f"{KEPT}:{row.id}"
    await outbox.enqueue(session, person, kind=KEPT, params=params, dedupe=dedupe, priority=Priority.QUESTION, now=now)


async def _still_wanted(
    session: AsyncSession, office: Office, params: Mapping[str, Any], now: dt.datetime
) -> tuple[Opened, Item]:
    """Return the entry and line of a file, for the officer who sent it and may still change them.

    Raises:
        Refusal: They may not, or the line takes no file any more.
    """
    person = await session.get_one(Person, params["person_id"])
    request_id = await attachments.request_of(session, params["item_id"])
    opened = await open_entry(session, person, request_id or 0, on=office.today(now))
    if person.state is not PersonState.ACTIVE or opened is None or not opened.may_act:
        raise Refusal(_("Only the handling officer and the coordinators change this entry."))
    try:
        item = await taking_line(session, opened, params["item_id"])
    except Stale:
        raise Refusal(_("The entry has changed and takes no file any more. Please open it again.")) from None
    await require_no_person(session, office, opened, item)
    await require_room(session, opened.request.id)
    return opened, item


JOBS: Final[Mapping[str, "Chore"]] = {KEEP: keep, SWEEP: sweep}
NOTICES: Final[Mapping[str, Renderer]] = {KEPT: show_kept}
