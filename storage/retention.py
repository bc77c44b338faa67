"""What is kept for so long and no longer: old rows, class by class, in small portions."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.issues import IssueState
from bot.policy.model import CounterpartKind
from bot.returns import PushState
from storage import erasure
from storage.entry_values import WAITING
from storage.tables import (
    Attachment,
    Attempt,
    Audit,
    Counterpart,
    Draft,
    Invite,
    Issue,
    Item,
    Opinion,
    Outbox,
    OutboxReminder,
    OutboxState,
    Person,
    PersonState,
    QuarterPush,
    QuarterReturn,
    Referral,
    ReferralState,
    Request,
    RequestState,
    Sheet,
    Stranger,
    Work,
    WorkState,
)

LEDGER_BOOK: Final = "ledger"  # what the book with the ledger is called among a quarter's files
PORTION: Final = 2_000  # rows of a class in one day's run; what is left goes the next day
_OVER: Final = (OutboxState.SENT, OutboxState.REFUSED, OutboxState.CANCELLED, OutboxState.HELD)


async def persons_to_go(session: AsyncSession, before: dt.date) -> Sequence[int]:
    """Return the entries whose natural persons have been kept for long enough.

    An entry counts from its last date: of its life, of its planned decision, and of the end of its opinion.

    Args:
        session: A session that reads.
        before: The first local date that is still kept.
    """
    later = (Item.submitted_on, Item.received_on, Item.returned_on, Item.used_on, Opinion.valid_to, Request.decide_on)
    waiting = aliased(Item)
    waits = select(waiting.id).where(waiting.request_id == Request.id, waiting.state.in_(WAITING))
    awaited = and_(Request.state == RequestState.OPEN, waits.exists())
    rows = await session.execute(
        select(Request.id, Request.created_at, *(func.max(each) for each in later))
        .join(Item, Item.request_id == Request.id)
        .join(Counterpart, Counterpart.id == Item.counterpart_id)
        .outerjoin(Opinion, Opinion.item_id == Item.id)
        .where(Counterpart.kind == CounterpartKind.NATURAL_PERSON, Counterpart.person_label.is_not(None), ~awaited)
        .group_by(Request.id, Request.created_at)
        .order_by(Request.id)
    )
    return [
        key
        for key, created_at, *dates in rows
        if max(created_at.date(), *(each for each in dates if each is not None), dt.date.min) < before
    ][:PORTION]


async def forget_notices(session: AsyncSession, before: dt.datetime) -> int:
    """Delete what was sent, with its tries, and the strangers who were refused."""
    old = select(Outbox.id).where(Outbox.state.in_(_OVER), Outbox.created_at < before).order_by(Outbox.id)
    ids = list(await session.scalars(old.limit(PORTION)))
    for table, column in (
        (OutboxReminder, OutboxReminder.outbox_id),
        (Attempt, Attempt.outbox_id),
        (Outbox, Outbox.id),
    ):
        await _delete(session, table, column.in_(ids))
    await _delete(session, Stranger, Stranger.refused_at < before)
    return len(ids)


async def forget_drafts(session: AsyncSession, before: dt.datetime) -> None:
    """Delete what was begun and not touched since, finished or not."""
    await _delete(session, Draft, Draft.updated_at < before)


async def forget_lists(session: AsyncSession, before: dt.datetime) -> None:
    """Delete long work that is done, and empty lists; one that nobody closed counts from its start."""
    over = Work.state.in_((WorkState.DONE, WorkState.FAILED))
    await _delete(session, Work, over, Work.created_at < before)
    await session.execute(
        update(Sheet)
        .where(
            func.coalesce(Sheet.closed_at, Sheet.created_at) < before,
            or_(Sheet.rows.is_not(None), Sheet.path.is_not(None), Sheet.closed_at.is_(None)),
        )
        .values(rows=None, path=None, closed_at=func.coalesce(Sheet.closed_at, before))
        .execution_options(synchronize_session=False)
    )


async def take_attachments(session: AsyncSession, before: dt.datetime, now: dt.datetime) -> Sequence[str]:
    """Mark files as taken away whose entries are over; return their generated names, to be removed."""
    rows = await session.scalars(
        select(Attachment)
        .join(Item, Item.id == Attachment.item_id)
        .join(Request, Request.id == Item.request_id)
        .where(Attachment.removed_at.is_(None), Attachment.added_at < before, Request.state != RequestState.OPEN)
        .order_by(Attachment.id)
        .limit(PORTION)
    )
    taken = rows.all()
    for row in taken:
        row.removed_at = now
    return [row.path for row in taken]


async def forget_staff(session: AsyncSession, before: dt.datetime, *, today: dt.date, keeps: Collection[int]) -> int:
    """Blank names and accounts of those who left or were refused, and delete invitations that are over.

    They count from the last line of the audit about them, or from when they came. Whoever still has something open, an
    opinion that holds or a case that waits stays by name. The row stays, for the lines that refer to it; its account
    becomes the negative of its key, which is nobody's.

    Args:
        session: The unit of work.
        before: The first moment that is still kept.
        today: Local date.
        keeps: Accounts of the settings: without its row such a one would be appointed anew at the next start.
    """
    last = select(func.max(Audit.at)).where(Audit.subject_kind == "person", Audit.subject_id == Person.id)
    opened = select(Request.id).where(Request.owner_id == Person.id, Request.state == RequestState.OPEN)
    valid = (Opinion.valid_to >= today, Opinion.undone_at.is_(None), Opinion.superseded_at.is_(None))
    holds = select(Opinion.id).where(Opinion.holder_id == Person.id, *valid)
    asks = select(Referral.id).where(Referral.person_id == Person.id, Referral.state == ReferralState.OPEN)
    rows = await session.scalars(
        select(Person)
        .where(Person.state == PersonState.LEFT, Person.telegram_id > 0, Person.telegram_id.not_in(keeps))
        .where(func.coalesce(last.correlate(Person).scalar_subquery(), Person.joined_at) < before)
        .where(~opened.exists(), ~holds.exists(), ~asks.exists())
        .order_by(Person.id)
        .limit(PORTION)
    )
    gone = rows.all()
    for person in gone:
        person.name, person.telegram_id, person.menu, person.screen_message_id = None, -person.id, None, None
    over = or_(Invite.used_by.is_(None), Invite.answered_at.is_not(None))  # nobody waits for its answer
    await _delete(session, Invite, Invite.expires_at < before, over)
    return len(gone)


async def forget_texts(session: AsyncSession, before: dt.datetime) -> Sequence[str]:
    """Blank what was fed back, asked and reported, once it is dealt with; that it was, by whom and when stays.

    The quarter's book with the ledger goes too, since it says who handled what; the one without it stays.

    Returns:
        The generated names of the books, to be removed.
    """
    closed = select(Issue).where(Issue.state == IssueState.CLOSED, Issue.closed_at < before)
    for issue in (await session.scalars(closed)).all():
        issue.text, issue.answers = "", None
    settled = select(Referral).where(Referral.state != ReferralState.OPEN, Referral.created_at < before)
    for case in (await session.scalars(settled)).all():
        case.answers, case.note, case.answer = {}, None, None
    pushed = QuarterPush.state == PushState.PUSHED, QuarterPush.pushed_at < before
    for table, which in ((QuarterReturn, (QuarterReturn.reported_at < before,)), (QuarterPush, pushed)):
        old = update(table).where(table.problems.is_not(None), *which).values(problems=None)
        await session.execute(old.execution_options(synchronize_session=False))
    return await _take_books(session, *pushed)


async def _take_books(session: AsyncSession, *which: Any) -> list[str]:
    taken = []
    for key, files in (await session.execute(select(QuarterPush.id, QuarterPush.files).where(*which))).all():
        if LEDGER_BOOK in files:
            taken.append(files[LEDGER_BOOK])
            left = {part: name for part, name in files.items() if part != LEDGER_BOOK}
            await session.execute(update(QuarterPush).where(QuarterPush.id == key).values(files=left))
    return taken


async def blank_audit(session: AsyncSession, before: dt.datetime) -> int:
    """Take the content out of old audit lines; who did what and when stays, and so does the chain."""
    said = or_(Audit.before.is_not(None), Audit.after.is_not(None), Audit.reason.is_not(None))
    old = select(Audit.id).where(Audit.at < before, Audit.content_hash.is_(None), said).order_by(Audit.id)
    return await erasure.blank(session, list(await session.scalars(old.limit(PORTION))))


async def _delete(session: AsyncSession, table: Any, *where: Any) -> None:
    await session.execute(delete(table).where(*where).execution_options(synchronize_session=False))
