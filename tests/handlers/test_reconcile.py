"""Reconciling: whatever was lost or went astray in the reminder table is put right, once, and nothing is said twice."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from bot.screens.screen import Press
from handlers import planning, reconcile, watching
from storage import reminders
from storage.ledger import entry_of
from storage.tables import (
    Audit,
    Commitment,
    CommitmentState,
    Item,
    ItemState,
    Outbox,
    OutboxReminder,
    OutboxState,
    Reminder,
    ReminderState,
    Request,
    RequestState,
)
from tests.handlers.conftest import NOW
from tests.handlers.desk import COMPANY, INSTITUTE, Desk
from tests.handlers.test_reminders import at, deliver, tick

FIRMS = (COMPANY, INSTITUTE, "虚构水务有限公司 91410100MA0000160N")


@pytest.fixture
def now(office, monkeypatch):
    """The office's clock as the test sets it; ``now["is"]`` moves it."""
    held = {"is": NOW}
    monkeypatch.setattr(type(office.clock), "now", lambda _self: held["is"])
    return held


@pytest.fixture
async def desk(database, office, officer, now):
    """Three entries of Monday 23 November 2026: submitted, received, and one with a promise and a decision ahead."""
    desk = Desk(database, office, officer, NOW)
    for firm in FIRMS:
        await desk.decide({"matter": ("m04b",)})
        await desk.type(firm)
        await desk.press("rsubm", "0")
        await desk.press("rconf")
    await desk.send(Press("req", 2))
    await desk.press("rdo", "received,0")
    async with database.write() as session:
        request = await session.get_one(Request, 3)
        request.submit_by_on = dt.date(2026, 12, 1)
        of_entry = select(Item.id).where(Item.request_id == 3)
        await session.execute(update(Item).where(Item.request_id == 3).values(submitted_on=None, due_on=None))
        await session.execute(
            update(Item).where(Item.request_id == 3, Item.state == ItemState.SUBMITTED).values(state=ItemState.DRAFT)
        )
        await session.execute(delete(Commitment).where(Commitment.item_id.in_(of_entry)))
        promise = {"letters": 1, "in_form": False, "fulfil_by_on": dt.date(2026, 12, 21)}
        first = (await session.scalars(of_entry)).first()
        session.add(Commitment(item_id=first, state=CommitmentState.FULFILLING, **promise))
    await plan_anew(desk)
    return desk


async def plan_anew(desk) -> None:
    """Plan as every change does: the reference that the reconciling is held against."""
    async with desk.database.write() as session:
        await session.execute(delete(Reminder))
        for request_id in range(1, len(FIRMS) + 1):
            opened = await entry_of(session, request_id)
            assert opened is not None
            await planning.replan(session, desk.office, opened.request, NOW)


Row = tuple[int, str, str, int, str, dt.datetime]


async def standing(desk) -> set[Row]:
    """Return what is still to be said, or was; what was cancelled is of no interest."""
    async with desk.database.read() as session:
        rows = (await session.scalars(select(Reminder).where(Reminder.state != ReminderState.CANCELLED))).all()
    return {(row.subject_id, row.kind, row.stage, row.basis_version, row.state, row.due_at) for row in rows}


async def rows(desk, table, *where):
    async with desk.database.read() as session:
        return list((await session.scalars(select(table).where(*where).order_by(table.id))).all())


async def test_nothing_is_done_where_nothing_is_wrong(desk):
    before, audit = await standing(desk), len(await rows(desk, Audit))
    assert len({row[1] for row in before}) == 4  # receipt, feedback, submit_by, fulfil
    assert await reconcile.run(desk.database, desk.office) == 0
    assert (await standing(desk), len(await rows(desk, Audit))) == (before, audit)


@settings(max_examples=20, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_lost_reminders_come_back_and_stray_ones_go_and_a_second_look_finds_nothing(desk, data):
    await plan_anew(desk)
    planned = await standing(desk)
    ids = [row.id for row in await rows(desk, Reminder)]
    lost = data.draw(st.sets(st.sampled_from(ids)), label="lost")
    moved = data.draw(st.dictionaries(st.sampled_from(ids), st.integers(1, 40), max_size=3), label="moved by days")
    stray = data.draw(
        st.sets(
            st.tuples(
                st.integers(1, len(FIRMS)),
                st.sampled_from(["receipt", "feedback", "submit_by", "fulfil"]),
                st.sampled_from(["ask", "t-0", "t-1", "t-5", "t-9"]),
                st.integers(0, 4),
            ),
            max_size=6,
        ),
        label="stray",
    )
    known = {row[:4] for row in planned}
    async with desk.database.write() as session:
        for reminder_id, days in moved.items():
            (await session.get_one(Reminder, reminder_id)).due_at += dt.timedelta(days=days)
        await session.flush()
        await session.execute(delete(Reminder).where(Reminder.id.in_(lost)))
        for request_id, kind, stage, basis in stray - known:
            session.add(
                Reminder(subject_kind="request", subject_id=request_id, kind=kind, stage=stage, audience="owner",
                         basis_version=basis, due_at=NOW + dt.timedelta(days=9), state=ReminderState.PLANNED)
            )  # fmt: skip
    await reconcile.run(desk.database, desk.office)
    assert await standing(desk) == planned
    assert await reconcile.run(desk.database, desk.office) == 0
    async with desk.database.read() as session:
        assert await watching.broken(session, desk.office, NOW) == []


async def test_a_moment_that_an_old_calendar_planned_is_put_right(desk, now):
    """What the officer put off keeps its own moment."""
    [told] = await rows(desk, Reminder, Reminder.subject_id == 2, Reminder.stage == "t-0")
    [put_off] = await rows(desk, Reminder, Reminder.subject_id == 1, Reminder.stage == "ask")
    async with desk.database.write() as session:
        (await session.get_one(Reminder, told.id)).due_at += dt.timedelta(days=30)
        row = await session.get_one(Reminder, put_off.id)
        await reminders.snooze(session, row, NOW + dt.timedelta(days=3), now=NOW)
    assert await reconcile.run(desk.database, desk.office) == 1
    [line] = await rows(desk, Audit, Audit.verb == reconcile.RECONCILE)
    assert (line.subject_id, line.after) == (2, {"added": [], "moved": ["feedback t-0"], "cancelled": []})
    [row] = await rows(desk, Reminder, Reminder.id == told.id)
    assert row.due_at == told.due_at
    assert await reconcile.run(desk.database, desk.office) == 0


async def test_what_was_done_stands_in_the_audit_of_the_entry(desk):
    async with desk.database.write() as session:
        await session.execute(delete(Reminder).where(Reminder.subject_id == 2, Reminder.stage == "t-0"))
        session.add(
            Reminder(subject_kind="request", subject_id=2, kind="receipt", stage="ask", audience="owner",
                     basis_version=2, due_at=NOW, state=ReminderState.PLANNED)
        )  # fmt: skip
    assert await reconcile.run(desk.database, desk.office) == 1
    [line] = await rows(desk, Audit, Audit.verb == reconcile.RECONCILE)
    assert (line.subject_kind, line.subject_id, line.actor_id) == ("request", 2, None)
    assert line.after == {"added": ["feedback t-0"], "moved": [], "cancelled": ["receipt ask"]}
    [gone] = await rows(
        desk, Reminder, Reminder.subject_id == 2, Reminder.kind == "receipt", Reminder.basis_version == 2
    )
    assert (gone.state, gone.reason) == (ReminderState.CANCELLED, "not of the entry's plan")


async def test_an_overdue_entry_gets_its_next_reminder_back_and_not_one_that_was_said(desk, now):
    for day in ("2026-11-27", "2026-11-30", "2026-12-01"):
        now["is"] = at(day)
        await tick(desk, now["is"])
        await deliver(desk)
    async with desk.database.write() as session:
        await session.execute(delete(Reminder).where(Reminder.stage == "overdue+2"))
    said = len(await rows(desk, Outbox))
    now["is"] = at("2026-12-01", "10:00")
    assert await reconcile.run(desk.database, desk.office) == 1
    [back] = await rows(desk, Reminder, Reminder.subject_id == 2, Reminder.state == ReminderState.PLANNED)
    assert (back.stage, back.due_at) == ("overdue+2", at("2026-12-03"))
    await tick(desk, now["is"])
    assert len(await rows(desk, Outbox)) == said


async def test_a_lost_stage_that_a_later_one_has_overtaken_is_not_said_again(desk, now):
    for day in ("2026-11-27", "2026-11-30"):
        now["is"] = at(day)
        await tick(desk, now["is"])
        await deliver(desk)
    async with desk.database.write() as session:
        lost = select(Reminder.id).where(Reminder.subject_id == 2, Reminder.stage == "t-1")
        await session.execute(delete(OutboxReminder).where(OutboxReminder.reminder_id.in_(lost)))
        await session.execute(delete(Reminder).where(Reminder.subject_id == 2, Reminder.stage == "t-1"))
    assert await reconcile.run(desk.database, desk.office) == 1
    [back] = await rows(desk, Reminder, Reminder.subject_id == 2, Reminder.stage == "t-1")
    assert back.state is ReminderState.SUPERSEDED


async def test_prompts_of_a_commitment_outlive_the_entry_and_end_with_its_withdrawal(desk):
    async with desk.database.write() as session:
        await session.execute(update(Request).where(Request.id == 3).values(state=RequestState.CLOSED))
    await reconcile.run(desk.database, desk.office)
    left = {row.kind for row in await rows(desk, Reminder, Reminder.subject_id == 3) if row.state == "planned"}
    assert left == {"fulfil"}
    async with desk.database.write() as session:
        await session.execute(update(Request).where(Request.id == 3).values(state=RequestState.WITHDRAWN))
    await reconcile.run(desk.database, desk.office)
    assert [row for row in await rows(desk, Reminder, Reminder.subject_id == 3) if row.state == "planned"] == []


@pytest.mark.parametrize(
    ("ended", "becomes"), [(OutboxState.CANCELLED, ReminderState.PLANNED), (OutboxState.SENT, ReminderState.SENT)]
)
async def test_a_queued_reminder_whose_notification_has_ended_moves_on(desk, now, ended, becomes):
    now["is"] = at("2026-11-27")
    await tick(desk, now["is"])
    async with desk.database.write() as session:
        await session.execute(update(Outbox).values(state=ended))
    queued = len(await rows(desk, Reminder, Reminder.state == ReminderState.QUEUED))
    assert queued
    assert await reconcile.run(desk.database, desk.office) == queued
    found = await rows(desk, Reminder, Reminder.reason == "its notifications had ended")
    assert [row.state for row in found] == [becomes] * queued
    if becomes is ReminderState.PLANNED:
        assert await tick(desk, at("2026-11-27", "09:01")) == queued  # and it is said after all


async def test_many_entries_are_looked_at_in_batches_and_none_is_left_out(desk, monkeypatch):
    monkeypatch.setattr(reconcile, "BATCH", 2)
    async with desk.database.write() as session:
        await session.execute(delete(Reminder))
    assert await reconcile.run(desk.database, desk.office) == len(FIRMS)
    async with desk.database.read() as session:
        counted = select(func.count(func.distinct(Reminder.subject_id)))
        assert await session.scalar(counted) == len(FIRMS)
