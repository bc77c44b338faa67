"""Kept files that no row names any more: what a crash between a file and its row may leave, and what is let go."""

import datetime as dt
import json
import re
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.files import GONE, FileStore
from storage.tables import (
    Attachment,
    Draft,
    Inbox,
    InboxState,
    Outbox,
    OutboxState,
    QuarterPush,
    Sheet,
    Work,
    WorkState,
)

_KEY: Final = re.compile(r"\b[0-9a-f]{32}\b")
_ON_ITS_WAY: Final = (OutboxState.DUE, OutboxState.CLAIMED, OutboxState.UNKNOWN, OutboxState.HELD)
_NAMING: Final[Sequence[Select[Any]]] = (
    select(Attachment.path).where(Attachment.removed_at.is_(None)),
    select(Sheet.path, Sheet.rows).where(Sheet.closed_at.is_(None)),
    select(Outbox.params).where(Outbox.state.in_(_ON_ITS_WAY)),
    select(Work.params).where(Work.state.in_((WorkState.WAITING, WorkState.RUNNING))),
    select(Inbox.raw, Inbox.reply).where(Inbox.state.in_((InboxState.RECEIVED, InboxState.DONE))),
    select(Draft.answers).where(Draft.active),
    select(QuarterPush.files),
)
"""Everywhere that a file's generated name may still be needed."""


async def named(session: AsyncSession) -> set[str]:
    """Return the generated names of files that something still needs."""
    found: set[str] = set()
    for query in _NAMING:
        for row in await session.execute(query):
            found.update(_KEY.findall(json.dumps(list(row), ensure_ascii=False)))
    return found


async def let_go(session: AsyncSession) -> list[str]:
    """Let go of every file that waits to be sent; return their generated names, to be removed.

    Each was made for one notification, out of the ledger as it was then, and cannot be cut down when it leaves. The
    notification leaves all the same: its receiver reads that the file is no longer kept, and asks for it again.
    """
    gone: set[str] = set()
    waiting = select(Outbox).where(Outbox.state.in_(_ON_ITS_WAY)).order_by(Outbox.id)
    for row in await session.scalars(waiting.execution_options(populate_existing=True)):
        said = json.dumps(row.params, ensure_ascii=False)
        if keys := set(_KEY.findall(said)):
            row.params = json.loads(_KEY.sub(GONE, said))
            gone |= keys
    # A list whose verdicts wait can still be registered; its notice is shown only where both name the same file.
    lists = select(Sheet).where(Sheet.path.is_not(None), Sheet.closed_at.is_(None)).order_by(Sheet.id)
    for sheet in await session.scalars(lists):
        gone.add(sheet.path or GONE)
        sheet.path = GONE
    await session.flush()
    return sorted(gone - {GONE})


def remove_unnamed(store: FileStore, needed: Collection[str], before: dt.datetime) -> int:
    """Remove the files that nothing needs, unfinished ones included; return how many. It blocks.

    Args:
        store: Where files are kept.
        needed: The generated names that ``named`` returned.
        before: Aware time of the wall, which files bear: younger ones may still get their row.
    """
    folder = store.path(GONE).parent
    gone = 0
    for path in folder.glob("*"):
        if path.stem not in needed and path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)
            gone += 1
    return gone
