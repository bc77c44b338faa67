"""Each invariant is broken by hand, and found; sound data breaks none."""

import datetime as dt

import pytest
from sqlalchemy import delete, select, text, update

from bot.screens.screen import Press
from handlers import watching
from storage import audit, seals
from storage.tables import (
    Attempt,
    Audit,
    AuditSeal,
    Base,
    Commitment,
    CommitmentState,
    Inbox,
    InboxState,
    Item,
    Outbox,
    OutboxReminder,
    OutboxState,
    Reminder,
    ReminderState,
    Request,
    RequestState,
    Setting,
)
from tests.handlers.conftest import NOW
from tests.handlers.desk import COMPANY, Desk
from tests.handlers.test_reminders import at, deliver, tick

SPECIMEN = "11010519491231002X"  # a published specimen; nobody's
LATER = at("2026-11-27", "10:00")


@pytest.fixture
async def desk(database, office, officer):
    """An officer whose application was received on Monday 23 November 2026: feedback due on the 30th."""
    desk = Desk(database, office, officer, NOW)
    await desk.decide({"matter": ("m04b",)})
    await desk.type(COMPANY)
    await desk.press("rsubm", "0")
    await desk.press("rconf")
    await desk.send(Press("req", 1))
    await desk.press("rdo", "received,0")
    return desk


async def found(desk, now=NOW) -> dict[str, tuple[str, ...]]:
    async with desk.database.read() as session:
        return {each.code: each.examples for each in await watching.broken(session, desk.office, now)}


async def change(desk, table: type[Base], *where, **values) -> None:
    async with desk.database.write() as session:
        await session.execute(update(table).where(*where).values(**values))


async def put(desk, *rows: Base) -> None:
    async with desk.database.write() as session:
        session.add_all(rows)


def letter(**more) -> Outbox:
    given = {"chat_id": 900001, "kind": "reminder", "params": {}, "not_before": NOW, "created_at": NOW}
    return Outbox(**(given | {"dedupe": f"test:{more}", "copies": 0, "failures": 0} | more))


async def test_sound_data_breaks_nothing(desk):
    assert await found(desk) == {}
    await tick(desk, at("2026-11-27"))
    await deliver(desk)
    assert await found(desk, LATER) == {}


async def test_an_entry_without_its_reminders_is_found(desk):
    async with desk.database.write() as session:
        await session.execute(delete(Reminder).where(Reminder.kind == "feedback"))
    assert await found(desk) == {"I1": ("request:1",)}


async def test_an_overdue_entry_with_nothing_more_to_come_is_found(desk):
    await change(desk, Reminder, Reminder.kind == "feedback", state=ReminderState.SENT)
    assert await found(desk) == {"I1": ("request:1",)}


async def test_a_reminder_of_an_entry_that_has_ended_is_found(desk):
    await change(desk, Request, state=RequestState.WITHDRAWN)
    broken = await found(desk)
    assert set(broken) == {"I1"}
    assert all(each.startswith("reminder:") for each in broken["I1"])


async def test_a_reminder_of_an_older_basis_is_found(desk):
    await change(desk, Request, basis_version=Request.basis_version + 1)
    assert "request:1" in (await found(desk))["I1"]


async def test_a_commitment_without_its_prompt_is_found(desk):
    [item] = (await rows(desk, Item))[:1]
    promise = {"letters": 1, "in_form": False, "fulfil_by_on": dt.date(2026, 12, 20)}
    async with desk.database.write() as session:
        await session.execute(delete(Commitment))
        session.add(Commitment(item_id=item.id, state=CommitmentState.FULFILLING, **promise))
    assert await found(desk) == {"I1": ("request:1",)}


async def rows(desk, table):
    async with desk.database.read() as session:
        return (await session.scalars(select(table))).all()


async def test_a_reminder_that_nobody_has_queued_is_found_in_office_hours_only(desk):
    assert await found(desk, at("2026-11-27", "09:04")) == {}
    assert set(await found(desk, at("2026-11-27", "09:06"))) == {"I2"}
    assert await found(desk, at("2026-11-28", "10:00")) == {}  # a Saturday
    assert await found(desk, at("2026-11-30", "09:04")) == {}  # what waited over the weekend has only begun to leave
    assert set(await found(desk, at("2026-11-30", "09:06"))) == {"I2"}


@pytest.mark.parametrize(
    "row",
    [
        {"state": OutboxState.DUE},
        {"state": OutboxState.UNKNOWN, "copies": 1},
        {"state": OutboxState.CLAIMED, "lease_until": NOW},
        {"state": OutboxState.CLAIMED, "lease_until": None},
    ],
    ids=lambda row: f"{row['state']}",
)
async def test_a_notification_that_nobody_takes_is_found(desk, row):
    await put(desk, letter(**row))
    if row.get("lease_until", NOW) is not None:
        assert await found(desk, NOW + dt.timedelta(minutes=4)) == {}
    assert await found(desk, NOW + dt.timedelta(minutes=6)) == {"I2": ("outbox:1",)}


async def test_a_queued_reminder_that_nothing_carries_is_found(desk):
    await tick(desk, at("2026-11-27"))
    await change(desk, Outbox, state=OutboxState.CANCELLED)
    assert set(await found(desk, at("2026-11-27", "09:01"))) == {"I2"}


async def delivered(desk, outbox_id: int, *numbers: int, outcome: str = "delivered") -> None:
    await put(desk, *(Attempt(outbox_id=outbox_id, n=n, started_at=NOW, outcome=outcome) for n in numbers))


async def test_a_second_delivery_is_found(desk):
    await put(desk, letter(state=OutboxState.SENT, copies=2))
    await delivered(desk, 1, 1)
    assert await found(desk) == {}
    await delivered(desk, 1, 2)
    assert await found(desk) == {"I3": ("outbox:1",)}


async def test_a_labelled_repetition_is_no_second_delivery(desk):
    await put(desk, letter(state=OutboxState.SENT, copies=2))
    await delivered(desk, 1, 1, outcome="unknown")
    await delivered(desk, 1, 2)
    assert await found(desk) == {}


async def test_a_reminder_delivered_by_two_notifications_to_one_chat_is_found(desk):
    await put(desk, *(letter(state=OutboxState.SENT, copies=1, dedupe=f"test:{n}") for n in range(2)))
    await put(desk, *(OutboxReminder(outbox_id=n, reminder_id=1) for n in (1, 2)))
    for outbox_id in (1, 2):
        await delivered(desk, outbox_id, 1)
    assert await found(desk) == {"I3": ("reminder:1",)}
    await change(desk, Outbox, Outbox.id == 2, chat_id=900002)
    assert await found(desk) == {}


@pytest.mark.parametrize(("copies", "attempts"), [(4, 0), (3, 4)])
async def test_a_fourth_copy_is_found(desk, copies, attempts):
    await put(desk, letter(state=OutboxState.HELD, copies=copies))
    await delivered(desk, 1, *range(1, attempts + 1), outcome="unknown")
    assert await found(desk) == {"I4": ("outbox:1",)}


@pytest.mark.parametrize(
    "row",
    [
        {"state": InboxState.DEAD, "incident": None},
        {"state": InboxState.RECEIVED, "attempts": 3},
        {"state": InboxState.RECEIVED, "received_at": NOW - dt.timedelta(minutes=6)},
    ],
    ids=["kept aside without a number", "run too often", "forgotten"],
)
async def test_an_update_that_nobody_answers_for_is_found(desk, row):
    given = {"update_id": 1, "lane": "1", "raw": {}, "attempts": 0, "received_at": NOW}
    await put(desk, Inbox(**(given | row)))
    assert await found(desk) == {"I5": ("inbox:1",)}


async def test_updates_done_kept_aside_with_a_number_or_backing_off_are_well(desk):
    old = NOW - dt.timedelta(days=1)
    states = (
        {"state": InboxState.DONE},
        {"state": InboxState.DEAD, "attempts": 3, "incident": "ABC123"},
        {"state": InboxState.RECEIVED, "attempts": 2, "not_before": NOW + dt.timedelta(seconds=5)},
    )
    given = {"lane": "1", "raw": {}, "attempts": 0, "received_at": old}
    await put(desk, *(Inbox(**(given | each | {"update_id": n})) for n, each in enumerate(states)))
    assert await found(desk) == {}


@pytest.mark.parametrize(("days", "is_double"), [(0.5, True), (4, False)])
async def test_an_effect_that_an_update_had_twice_is_found(desk, days, is_double):
    """Telegram's numbers may come again, but not within three days."""
    line = {"update_id": 77, "verb": "request.register", "subject_kind": "request"}
    await put(desk, Audit(at=NOW, **line), Audit(at=NOW + dt.timedelta(days=days), **line))
    assert (set(await found(desk)) == {"I6"}) is is_double


@pytest.mark.parametrize(
    "ranges", [[(1, 999)], [(1, 2), (2, 3)], [(2, 1)]], ids=["cut off", "overlapping", "turned round"]
)
async def test_seals_that_do_not_fit_the_audit_are_found(desk, ranges):
    await put(desk, *(AuditSeal(from_id=a, to_id=b, head="", sealed_at=NOW) for a, b in ranges))
    assert {each for each in (await found(desk))["I7"] if each != "audit_seal:end"}


async def test_seals_that_follow_each_other_are_well_and_one_that_was_taken_away_is_missed(desk):
    for n in range(2):
        async with desk.database.write() as session:
            audit.note(session, at=NOW, actor_id=None, verb="x", subject=("x", n))
        async with desk.database.write() as session:
            await seals.seal(session, NOW)
    assert await found(desk) == {}
    async with desk.database.write() as session:
        await session.execute(text("DROP TRIGGER audit_seal_stays"))
        await session.execute(delete(AuditSeal).where(AuditSeal.id == 2))
    assert await found(desk) == {"I7": ("audit_seal:end",)}


async def test_a_readable_id_number_is_found_and_not_shown(desk):
    await put(desk, Setting(key="note", value=f"see {SPECIMEN}"))
    broken = await found(desk)
    assert broken == {"I8": ("setting:?",)}
    await change(desk, Setting, Setting.key == "note", value="nothing")
    await change(desk, Request, matter_name=f"排污许可证 {SPECIMEN}")
    assert await found(desk) == {"I8": ("request:1",)}


async def test_the_queries_run_on_both_databases(either, office):
    async with either.read() as session:
        assert await watching.broken(session, office, NOW) == []
    async with either.write() as session:
        session.add(Setting(key="note", value={"said": SPECIMEN}))
    async with either.read() as session:
        assert [each.code for each in await watching.broken(session, office, NOW)] == ["I8"]
