import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.errors import Refusal
from bot.language import speaking
from bot.screens.screen import Press
from handlers import due, hours
from handlers.turn import Stale
from storage import carrying, outbox, reminders
from storage.tables import (
    Audit,
    Item,
    ItemState,
    Outbox,
    OutboxState,
    Person,
    PersonState,
    Reminder,
    ReminderState,
    Request,
    RequestState,
    Role,
)
from tests.handlers.conftest import NOW
from tests.handlers.desk import COMPANY, HEARD, INSTITUTE, Desk

PERMIT = {"matter": ("m04b",)}
ZONE = ZoneInfo("Asia/Shanghai")


def at(day: str, hour: str = "09:00") -> dt.datetime:
    return dt.datetime.fromisoformat(f"{day}T{hour}:00").replace(tzinfo=ZONE).astimezone(dt.UTC)


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


@pytest.fixture
async def desk(database, office, officer):
    """An officer who submitted an application on Monday 23 November 2026."""
    desk = Desk(database, office, officer, NOW)
    await desk.decide(PERMIT)
    await desk.type(COMPANY)
    await desk.press("rsubm", "0")
    await desk.press("rconf")
    return desk


@pytest.fixture
async def received(desk):
    """... which the centre received on the same day: its feedback is due on Monday 30 November."""
    await desk.send(Press("req", 1))
    await desk.press("rdo", "received,0")
    return desk


async def tick(desk, now):
    desk.now = now
    async with desk.database.write() as session:
        return await due.tick(session, desk.office, now)


async def deliver(desk, now=None, *, only=None):
    """Render what is queued, of one receiver or of all, as the sender does, and mark it as sent."""
    shown = []
    async with desk.database.write() as session:
        for row in (await session.scalars(select(Outbox).where(Outbox.state == OutboxState.DUE))).all():
            person = await session.get_one(Person, row.person_id)
            if only is not None and only.id != person.id:
                continue
            screen = await HEARD[row.kind](session, desk.office, person, row.params, now or desk.now)
            row.state = OutboxState.SENT if screen else OutboxState.CANCELLED
            if screen:
                await carrying.settle(session, row.id, ReminderState.SENT)
                shown.append((person.telegram_id, screen))
    return shown


async def rows(desk, table):
    async with desk.database.read() as session:
        return list((await session.scalars(select(table).order_by(*table.__table__.primary_key.columns))).all())


async def sent_at(desk, now):
    await tick(desk, now)
    [(_chat, screen)] = await deliver(desk)
    return screen


async def test_the_receipt_is_asked_for_once_on_the_next_working_morning(desk):
    assert await tick(desk, at("2026-11-24", "08:59")) == 0
    assert await tick(desk, at("2026-11-24")) == 1
    [(chat, screen)] = await deliver(desk)
    assert chat == 900001
    assert screen.aside and "大气2026-1" in screen.text and "Mon 23 Nov" in screen.text
    for day in ("2026-11-25", "2026-11-30", "2026-12-07"):
        assert await tick(desk, at(day)) == 0


async def test_nothing_leaves_outside_office_hours_and_everything_waits_for_the_next_working_morning(desk):
    assert await tick(desk, at("2026-11-24", "18:00")) == 0
    assert await tick(desk, at("2026-11-24", "23:30")) == 0
    assert await tick(desk, at("2026-11-28", "10:00")) == 0  # Saturday
    assert await tick(desk, at("2026-11-30")) == 1


async def test_a_make_up_saturday_is_a_working_morning(desk):
    assert hours.in_office_hours(desk.office, at("2026-10-10", "09:30"))  # a Saturday on which offices work
    assert not hours.in_office_hours(desk.office, at("2026-10-01", "09:30"))


async def test_two_ticks_queue_a_reminder_once(desk):
    assert await tick(desk, at("2026-11-24")) == 1
    assert await tick(desk, at("2026-11-24", "09:01")) == 0
    assert len(await rows(desk, Outbox)) == 1


async def test_who_noted_a_reminder_before_their_own_message_left_is_not_told_when_another_cannot_be(desk, enrol):
    other = await enrol(900031)
    await tick(desk, at("2026-11-24"))
    async with desk.database.write() as session:
        [reminder] = (await session.scalars(select(Reminder).where(Reminder.state == ReminderState.QUEUED))).all()
        row = await outbox.enqueue(
            session, other, kind="reminder", params={}, dedupe="other", now=desk.now, reminder_ids=[reminder.id]
        )
        reminder.state, reminder.reason = ReminderState.ACKNOWLEDGED, reminders.answered_by(desk.person)
    assert await deliver(desk, only=desk.person) == []
    async with desk.database.write() as session:
        await carrying.settle(session, row.id, ReminderState.PLANNED, reason="cannot be reached")
    await tick(desk, at("2026-11-24", "09:30"))
    assert await deliver(desk, only=desk.person) == []


async def test_one_press_confirms_the_receipt_on_the_day_of_submission(desk):
    screen = await sent_at(desk, at("2026-11-24"))
    after = await desk.press("nrcv", on=screen)
    assert after.aside and "Mon 30 Nov" in after.text
    item = next(each for each in await rows(desk, Item) if each.product_kind == "verification")
    assert (item.state, item.received_on) == (ItemState.RECEIVED, dt.date(2026, 11, 23))
    states = {(row.kind, row.stage): row.state for row in await rows(desk, Reminder)}
    assert states[("receipt", "ask")] is ReminderState.ACKNOWLEDGED
    assert states[("feedback", "t-1")] is ReminderState.PLANNED


async def test_not_received_yet_is_noted_and_changes_no_date(desk):
    screen = await sent_at(desk, at("2026-11-24"))
    await desk.press("nnot", on=screen)
    item = next(each for each in await rows(desk, Item) if each.product_kind == "verification")
    assert (item.state, item.received_on) == (ItemState.SUBMITTED, None)
    assert [line.verb for line in await rows(desk, Audit)][-1] == "request.not_received"
    again = next(row for row in await rows(desk, Reminder) if row.kind == "receipt")
    assert (again.state, again.due_at) == (ReminderState.PLANNED, at("2026-11-26"))


async def test_another_day_is_chosen_beside_the_officers_screen(desk):
    screen = await sent_at(desk, at("2026-11-25"))
    days = await desk.press("nfix", on=screen)
    assert days.aside
    after = await desk.type("11月24日")
    assert "Feedback due: Tue 1 Dec" in after.text


async def test_the_stages_come_on_working_days_before_the_due_date(received):
    assert await tick(received, at("2026-11-26")) == 0
    screen = await sent_at(received, at("2026-11-27"))
    assert "1 working day left" in screen.text
    screen = await sent_at(received, at("2026-11-30"))
    assert "Today is the last day" in screen.text


async def test_days_left_are_those_of_the_moment_of_sending(received):
    await tick(received, at("2026-11-27"))
    [(_chat, screen)] = await deliver(received, at("2026-11-30", "09:10"))
    assert "Today is the last day" in screen.text
    assert "Delayed reminder, meant for Fri 27 Nov" in screen.text


async def test_overdue_follows_every_second_working_day_one_at_a_time(received):
    texts = {}
    for day in range(1, 12):
        now = at(f"2026-12-{day:02}")
        if await tick(received, now):
            [(_chat, screen)] = await deliver(received)
            texts[day] = screen.text
    assert list(texts) == [1, 3, 7, 9, 11]
    assert "1 working day has passed" in texts[1]
    assert "3 working days have passed" in texts[3]
    planned = [row.stage for row in await rows(received, Reminder) if row.state is ReminderState.PLANNED]
    assert planned == ["overdue+6/digest"]


async def test_after_an_outage_only_the_newest_stage_is_said_and_no_flood_follows(received):
    assert await tick(received, at("2026-12-10", "09:20")) == 1
    [(_chat, screen)] = await deliver(received)
    assert "8 working days have passed" in screen.text
    states = {row.stage: row.state for row in await rows(received, Reminder) if row.kind == "feedback"}
    assert (states["t-1"], states["t-0"], states["overdue+1"]) == (
        ReminderState.SUPERSEDED,
        ReminderState.SUPERSEDED,
        ReminderState.SENT,
    )
    assert await tick(received, at("2026-12-10", "09:21")) == 0
    assert await tick(received, at("2026-12-11")) == 1


async def test_a_newer_stage_takes_back_an_older_one_that_never_left(received):
    await tick(received, at("2026-11-27"))
    await tick(received, at("2026-11-30"))
    assert [row.state for row in await rows(received, Outbox)] == [OutboxState.CANCELLED, OutboxState.DUE]


async def test_a_received_opinion_is_one_press_and_ends_the_matter(received):
    screen = await sent_at(received, at("2026-11-27"))
    await received.press("nret", on=screen)
    [request] = await rows(received, Request)
    item = next(each for each in await rows(received, Item) if each.product_kind == "verification")
    assert (request.state, item.returned_on) == (RequestState.CLOSED, dt.date(2026, 11, 27))
    assert await tick(received, at("2026-12-03")) == 0
    assert {row.kind for row in await rows(received, Reminder) if row.state is ReminderState.PLANNED} == {"use"}


async def test_the_day_of_the_opinion_can_be_corrected_beside_the_reminder(received):
    screen = await sent_at(received, at("2026-11-27"))
    done = await received.press("nret", on=screen)
    days = await received.press("nday", on=done)
    assert days.aside
    await received.press("rdo", "returned,1", on=days)
    item = next(each for each in await rows(received, Item) if each.product_kind == "verification")
    assert item.returned_on == dt.date(2026, 11, 26)


async def test_an_old_reminder_stays_pressable_and_says_the_present_state(received):
    screen = await sent_at(received, at("2026-11-27"))
    await received.press("nret", on=screen)
    received.now = at("2029-03-01")
    for verb in ("nret", "nfix", "nask", "nack"):
        shown = await received.press(verb, on=screen)
        assert shown.aside and shown.toast
        assert "opinion received" in shown.text
    assert (await received.press("nopen", on=screen)).aside


async def test_taking_note_is_recorded_once_and_leaves_the_other_acts(received):
    screen = await sent_at(received, at("2026-11-27"))
    after = await received.press("nack", on=screen)
    await received.press("nack", on=screen)
    assert "nack" not in [button.press.verb for button in received.buttons(after) if button.press]
    assert received.find("nret", screen=after)
    assert [line.verb for line in await rows(received, Audit)].count("reminder.acknowledge") == 1


async def test_the_polite_wording_can_be_copied_and_leads_back(received):
    screen = await sent_at(received, at("2026-12-01"))
    letter = await received.press("nask", on=screen)
    with speaking("zh_CN"):
        chinese = await received.press("nask", on=screen)
    assert any(button.copy and "排污许可证延续" in button.copy for button in received.buttons(chinese))
    assert "Mon 30 Nov" in letter.text
    assert (await received.press("nback", on=letter)).text == screen.text


async def test_a_queued_reminder_that_no_longer_fits_is_not_shown(received):
    await tick(received, at("2026-11-27"))
    await received.send(Press("req", 1))
    await received.press("rask", "returned")
    await received.press("rdo", "returned,0")
    assert await deliver(received) == []


async def test_the_reminder_of_an_officer_who_left_goes_to_the_coordinators(desk, enrol):
    await enrol(900050, unit="legal", role=Role.COORDINATOR)
    await enrol(900051, unit="water", role=Role.COORDINATOR)
    async with desk.database.write() as session:
        await session.execute(update(Person).where(Person.telegram_id == 900001).values(state=PersonState.LEFT))
    assert await tick(desk, at("2026-11-24")) == 1
    assert [chat for chat, _screen in await deliver(desk)] == [900050]


async def test_a_reminder_that_nobody_can_receive_stays_due(desk):
    async with desk.database.write() as session:
        await session.execute(update(Person).values(reachable=False))
    assert await tick(desk, at("2026-11-24")) == 0
    async with desk.database.write() as session:
        await session.execute(update(Person).values(reachable=True))
    assert await tick(desk, at("2026-11-25")) == 1


async def test_somebody_elses_reminder_cannot_be_pressed(received, enrol):
    screen = await sent_at(received, at("2026-11-27"))
    other = Desk(received.database, received.office, await enrol(900002), received.now)
    with pytest.raises(Stale):
        await other.press("nret", on=screen)
    head = Desk(received.database, received.office, await enrol(900003, role=Role.HEAD), received.now)
    with pytest.raises(Refusal):
        await head.press("nret", on=screen)


async def test_the_last_day_to_submit_is_warned_of_and_answered(database, office, officer):
    desk = Desk(database, office, officer, NOW)
    await desk.decide(PERMIT)
    await desk.type(f"{COMPANY}\n{INSTITUTE}")
    await desk.press("rsubm", "no")
    await desk.press("redit", "decide")
    await desk.type("2027-01-15")
    await desk.press("rconf")
    screen = await sent_at(desk, at("2027-01-04"))
    assert "Thu 7 Jan, provisional" in screen.text and "3 working days left" in screen.text
    assert "2 organisations" in screen.text and "虚构" not in screen.text
    after = await desk.press("nsub", on=screen)
    assert after.aside and "expected on" in after.text
    item = next(each for each in await rows(desk, Item) if each.product_kind == "verification")
    assert (item.state, item.submitted_on) == (ItemState.SUBMITTED, dt.date(2027, 1, 4))
    assert await tick(desk, at("2027-01-05")) == 1  # the question about the receipt


async def test_a_natural_person_is_never_named_in_a_reminder(database, office, officer):
    desk = Desk(database, office, officer, NOW)
    await desk.decide({"matter": ("m24",), "reserved": ("yes",), "staff": ("public",)})
    await desk.press("rway", "person")
    await desk.type("张 1234 虚构办2026-15")
    await desk.press("rsubm", "0")
    await desk.press("rconf")
    screen = await sent_at(desk, at("2026-11-24"))
    assert "1234" not in screen.text and "张" not in screen.text
