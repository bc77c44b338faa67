"""What came of a batch's updates: put on their rows, and handed to the senders once all of it is committed."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.telegram.delivery import Delivery
from handlers.telegram.screens import Screens
from handlers.turn import Found
from storage import inbox, people
from storage.tables import Inbox, InboxState


class Answer(NamedTuple):
    """What became of an update, and what its officer is to see; what was found is shown once or never."""

    state: InboxState
    delivery: Delivery | None
    found: Found | None = None


def write(answers: Sequence[tuple[Inbox, Answer]]) -> None:
    """Put what became of a batch on its rows, after all have run.

    Set one by one, each would be flushed on its own when the next update opens its savepoint.
    """
    for row, answer in answers:
        row.state = answer.state
        row.reply = None if answer.delivery is None else answer.delivery.to_json()


async def settled(session: AsyncSession, doubtful: Sequence[int]) -> list[tuple[Inbox, Answer]]:
    """Return what of a batch was committed after all, although its commit was reported as failed.

    A connection may be lost after the database has done what it was told: nobody was shown anything then, and nothing
    of the batch runs again.

    Args:
        session: The next unit of work.
        doubtful: The rows of batches whose commit failed.
    """
    if not doubtful:
        return []
    rows = [row for row in await inbox.unshown(session) if row.id in doubtful]
    return [(row, Answer(row.state, Delivery.from_json(row.reply or {}))) for row in rows]


def show(answers: Sequence[tuple[Inbox, Answer]], screens: Screens) -> None:
    """Hand a committed batch to the senders."""
    for row, answer in answers:
        if answer.delivery is not None:
            screens.put(row.id, answer.delivery)
        elif answer.found is not None:
            screens.answer_inline(answer.found.query_id, answer.found.cards)


async def write_shown(session: AsyncSession, shown: Sequence[tuple[int, int, int | None]]) -> None:
    """Note what was shown: of each the inbox row, the chat, and the message that is its current screen."""
    await inbox.mark_shown(session, [inbox_id for inbox_id, _chat, _message in shown])
    await people.note_screens(session, {chat: message for _row, chat, message in shown if message is not None})
