"""When a reminder is late: on a later day than the first on which it could be said, and on no other.

The weeks of these tests, from 23 November to 4 December 2026, hold no holiday; the office is open from 08:30 to 18:00.
"""

import datetime as dt

import pytest
from sqlalchemy import select, update

from bot.cover import Leave
from handlers import due, hours, parts, reminders
from storage import cover
from storage.tables import Attempt, Outbox, OutboxState, Person, Reminder, ReminderState, Role
from tests.handlers.conftest import NOW
from tests.handlers.desk import INSTITUTE, Desk
from tests.handlers.test_reminder_kinds import LOAN, entered, handed_in, handed_over, opened, tap, with_opinion
from tests.handlers.test_reminders import at, deliver, rows, tick

LATE = "延迟提醒"


pytestmark = pytest.mark.usefixtures("chinese")


@pytest.fixture
async def desk(database, office, officer):
    return Desk(database, office, officer, NOW)


@pytest.fixture
async def coordinator(enrol):
    return await enrol(900009, unit="legal", role=Role.COORDINATOR)


@pytest.fixture
async def received(desk):
    return await handed_in(desk)


async def said(desk, day, hour="09:00"):
    """Let the office look at a moment; return each chat's texts."""
    await tick(desk, at(day, hour))
    return [(chat, screen.text) for chat, screen in await deliver(desk)]


async def said_by(desk, day, hour):
    """As ``said``, but of what may leave by then: a list for the next morning stays where it is."""
    await tick(desk, at(day, hour))
    async with desk.database.write() as session:
        later = (Outbox.state == OutboxState.DUE, Outbox.not_before > desk.now)
        await session.execute(update(Outbox).where(*later).values(state=OutboxState.HELD))
    return [(chat, screen.text) for chat, screen in await deliver(desk)]


@pytest.mark.parametrize("moment", [("2026-11-27", "18:30"), ("2026-11-28", "10:00"), ("2026-11-30", "07:00")])
@pytest.mark.usefixtures("coordinator")
async def test_what_fell_due_outside_the_office_hours_is_not_late_on_the_next_working_day(desk, moment):
    desk.now = at(*moment)
    await entered(desk, submit="no", decide="2026-12-04")  # the last day to submit was 26 November
    [(chat, text)] = await said(desk, "2026-11-30", "08:31")
    assert chat == desk.person.telegram_id  # and no word to the coordinators that nobody was told in time
    assert "最迟提交日已过" in text
    assert LATE not in text


@pytest.mark.usefixtures("coordinator")
async def test_a_deadline_that_passed_while_the_bot_was_down_for_a_day_is_late_and_the_coordinators_hear(received):
    await said(received, "2026-11-27")
    texts = dict(await said(received, "2026-12-01", "08:31"))  # down from Monday 08:55 on
    assert f"{LATE}，应于11月30日（周一）发出" in texts[received.person.telegram_id]
    assert "时限已过，未及时提醒" in texts[900009]


async def corrected(desk):
    """Correct a date on which no reminder hangs any more: everything is planned anew all the same."""
    await desk.at("corr", 1)
    await desk.press("fset", "line,submitted_on")
    for words in ("2026-11-20", "虚构更正"):
        await desk.type(words)
    await desk.press("fok")


async def test_an_act_worked_on_before_the_first_look_after_an_outage_costs_no_place_in_the_days_list(received):
    """The working day before the last: the bot was down at nine, and what was pressed meanwhile comes first."""
    received.now = at("2026-11-27", "10:00")
    await corrected(received)
    [(_chat, text)] = await said_by(received, "2026-11-27", "10:01")
    assert "还剩1个工作日" in text
    assert LATE not in text


@pytest.mark.usefixtures("coordinator")
async def test_an_act_worked_on_after_a_day_of_outage_hides_nothing_that_passed_unsaid(received):
    await said(received, "2026-11-27")
    received.now = at("2026-11-30", "18:30")
    await corrected(received)
    texts = dict(await said(received, "2026-12-01", "08:31"))
    assert f"{LATE}，应于11月30日（周一）发出" in texts[received.person.telegram_id]
    assert "时限已过，未及时提醒" in texts[900009]


@pytest.mark.parametrize("day", ["2026-12-01", "2026-12-02"])
@pytest.mark.usefixtures("coordinator")
async def test_an_act_worked_on_once_an_outage_is_over_hides_nothing_that_passed_unsaid_in_it(received, day):
    await said(received, "2026-11-27")
    received.now = at(day, "09:00")  # what is due this morning stands for the day itself
    await corrected(received)
    assert "时限已过，未及时提醒" in dict(await said(received, day, "09:05"))[900009]


@pytest.mark.usefixtures("coordinator")
async def test_the_coordinators_hear_of_it_also_where_the_day_after_is_said_in_time(received):
    await said(received, "2026-11-27")
    texts = dict(await said(received, "2026-12-01", "09:05"))  # what is due this morning stands for the day itself
    assert LATE not in texts[received.person.telegram_id]
    assert "时限已过，未及时提醒" in texts[900009]


@pytest.mark.usefixtures("coordinator")
async def test_where_the_day_itself_was_said_the_coordinators_hear_nothing_the_day_after(received):
    await said(received, "2026-11-27")
    await said(received, "2026-11-30")
    assert 900009 not in dict(await said(received, "2026-12-01", "09:05"))


@pytest.mark.parametrize("hour", ["10:00", "19:30"])
@pytest.mark.usefixtures("coordinator")
async def test_where_the_last_day_was_said_a_hand_over_on_it_raises_no_alarm(received, enrol, hour):
    """After closing nothing can leave any more: the new owner hears it on the next morning, in time."""
    other = await enrol(900002)
    await said(received, "2026-11-30")
    received.now = at("2026-11-30", hour)
    await handed_over(received, other)
    shown = [*await said(received, "2026-11-30", hour), *await said(received, "2026-12-01")]
    assert [chat for chat, _text in shown] == ([900002] if hour == "19:30" else [900002, 900002])
    assert "已超期1个工作日" in shown[-1][1]
    assert not any(LATE in text for _chat, text in shown)


async def question_about_the_receipt(desk):
    """The centre's receipt is not confirmed: the day of its feedback is only expected."""
    await entered(desk)
    return "receipt"


async def question_about_the_use(desk):
    await with_opinion(desk, decide="2026-12-04")
    return "use"


async def question_about_the_report(desk):
    await entered(desk, LOAN, submit="cp", decide="2026-11-30")
    return "report"


async def word_that_the_opinion_is_not_there_for_the_decision(desk):
    await entered(desk, decide="2026-11-30")
    return "decide"


async def question_about_the_opinion_of_a_counterpart(desk):
    await entered(desk, submit="cp", decide="2026-11-24")
    return "hand_in"


@pytest.mark.parametrize(
    "question",
    [
        question_about_the_receipt,
        question_about_the_use,
        question_about_the_report,
        word_that_the_opinion_is_not_there_for_the_decision,
        question_about_the_opinion_of_a_counterpart,
    ],
)
@pytest.mark.usefixtures("coordinator")
async def test_a_question_has_no_deadline_that_could_pass_while_the_bot_is_down(desk, question):
    """Weeks later, after the day that was expected and the decision: it is late, and nothing has passed."""
    kind = await question(desk)
    shown = await said(desk, "2026-12-31", "08:31")
    assert {chat for chat, _text in shown} == {desk.person.telegram_id}
    assert any(LATE in text for _chat, text in shown)
    [reminder] = [row for row in await rows(desk, Reminder) if (row.kind, row.state) == (kind, ReminderState.SENT)]
    async with desk.database.read() as session:
        notice = await reminders.describe(session, desk.office, reminder, desk.now)
    assert not notice.has_passed


async def test_a_question_comes_after_the_deadline_of_the_next_working_day(desk):
    """The decision that the opinion was for is past; tomorrow another entry has to be submitted."""
    await with_opinion(desk, decide="2026-12-04")
    await entered(desk, subject=INSTITUTE, submit="no", decide="2026-12-22")  # to be submitted by 14 December
    [(_chat, text)] = await said(desk, "2026-12-11")
    assert [part.split()[1] for part in text.splitlines() if part[:2] in ("1.", "2.")] == ["大气2026-2", "大气2026-1"]


async def _fails(*_given) -> None:
    raise OSError("No space left on device")


async def _look(desk, moment):
    """Let the office look in short transactions, as the service does."""
    desk.now = moment
    await due.remind(desk.database, desk.office, moment, on_queued=lambda: None, goes_on=lambda: True)


@pytest.mark.usefixtures("coordinator")
async def test_the_coordinators_hear_of_it_also_where_the_look_is_cut_short(received, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(due, "_end", _fails)
        with pytest.raises(OSError, match="No space"):
            await _look(received, at("2026-12-01", "08:31"))
    await _look(received, at("2026-12-01", "08:32"))
    [row] = [row for row in await rows(received, Outbox) if row.kind == "passed"]
    assert row.not_before <= at("2026-12-01", "08:33")
    assert "时限已过，未及时提醒" in dict([(chat, screen.text) for chat, screen in await deliver(received)])[900009]


@pytest.mark.usefixtures("coordinator")
async def test_what_passed_unsaid_is_one_message_however_many_transactions_it_takes(received, monkeypatch):
    await entered(received, subject="虚构监测站 12410100MB0000T3XJ")
    await opened(received, 2)
    await tap(received, "今天中心已收件")
    monkeypatch.setattr(parts, "SIZE", 1)
    await _look(received, at("2026-12-01", "08:31"))
    [row] = [row for row in await rows(received, Outbox) if row.kind == "passed"]
    assert (len(row.params["reminders"]), row.not_before) == (2, at("2026-12-01", "08:31"))


@pytest.mark.usefixtures("coordinator")
async def test_later_on_the_same_day_is_not_late(received):
    [(_chat, text)] = await said(received, "2026-11-27", "17:59")
    assert LATE not in text


@pytest.mark.usefixtures("coordinator")
async def test_what_was_said_in_time_did_not_pass_unsaid_because_another_receiver_is_looked_for(received):
    await said(received, "2026-11-30")
    async with received.database.write() as session:
        await session.execute(update(Reminder).where(Reminder.stage == "t-0").values(state=ReminderState.PLANNED))
    assert await tick(received, at("2026-12-01", "08:31")) == 1
    assert [row.kind for row in await rows(received, Outbox)].count("passed") == 0


async def test_what_was_made_due_in_the_course_of_a_day_is_not_late_in_the_next_mornings_list(desk):
    desk.now = at("2026-11-23", "14:00")
    await entered(desk, submit="no", decide="2026-12-04")  # last day 26 November; three days before is this morning
    await tick(desk, at("2026-11-23", "14:01"))
    desk.now = at("2026-11-24")
    [(_chat, screen)] = await deliver(desk)
    text = screen.text
    assert "最迟提交日提醒" in text
    assert LATE not in text


async def test_a_stand_in_with_an_earlier_hour_hears_the_same_morning(received, enrol):
    other = await enrol(900002)
    async with received.database.write() as session:
        await session.execute(update(Person).where(Person.id == other.id).values(reminder_hour="08:30"))
        await cover.add(session, Leave(0, received.person.id, other.id, dt.date(2026, 11, 23), None))
    await tick(received, at("2026-11-27"))
    [row] = await rows(received, Outbox)
    assert (row.person_id, row.kind, row.not_before) == (other.id, due.DIGEST, at("2026-11-27"))


async def test_a_list_says_what_was_late_when_it_left_whenever_it_is_read(received):
    await entered(received, subject="虚构监测站 12410100MB0000T3XJ")
    await tick(received, at("2026-11-27"))
    async with received.database.write() as session:
        [row] = (await session.scalars(select(Outbox).where(Outbox.kind == due.DIGEST))).all()
        session.add(Attempt(outbox_id=row.id, n=1, started_at=at("2026-11-27")))
    [(_chat, screen)] = await deliver(received)
    assert screen.text.count(LATE) == 1  # the receipt that was to be asked for on Tuesday
    received.now = at("2026-11-30", "10:00")
    again = await received.send(next(each.press for each in received.buttons(screen) if each.text == "刷新"))
    assert again.text.count(LATE) == 1


def test_the_first_day_by_hand(office):
    """Friday 27 November, its weekend, and the make-up Saturday of 10 October."""
    days = {
        ("2026-11-27", "09:00"): "2026-11-27",
        ("2026-11-27", "17:59"): "2026-11-27",
        ("2026-11-27", "18:00"): "2026-11-30",
        ("2026-11-28", "09:00"): "2026-11-30",
        ("2026-11-30", "03:00"): "2026-11-30",
        ("2026-10-10", "10:00"): "2026-10-10",
        ("2026-10-01", "10:00"): "2026-10-08",
    }
    assert {key: hours.first_day(office, at(*key)).isoformat() for key in days} == days
    assert hours.first_day(office, at("2026-11-27", "09:00"), until=dt.time(9)) == dt.date(2026, 11, 27)
    assert hours.first_day(office, at("2026-11-27", "09:01"), until=dt.time(9)) == dt.date(2026, 11, 30)
