"""Kept files that no row names any more: what a crash between a file and its row may leave."""

import datetime as dt
import json
import re
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.files import FileStore
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


def remove_unnamed(store: FileStore, needed: Collection[str], before: dt.datetime) -> int:
    """Remove the files that nothing needs, unfinished ones included; return how many. It blocks.

    Args:
        store: Where files are kept.
        needed: The generated names that ``named`` returned.
        before: Aware time of the wall, which files bear: younger ones may still get their row.
    """
    folder = store.path("0" * 32).parent
    gone = 0
    for path in folder.glob("*"):
        if path.stem not in needed and path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)
            gone += 1
    return gone
