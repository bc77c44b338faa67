"""A changed calendar moves what hangs on it, nothing else, and tells each officer once."""

import asyncio
import datetime as dt
import random

import pytest
from sqlalchemy import func, select, update

from bot import workdays
from bot.calendar_notice import parse
from bot.errors import Refusal
from bot.language import speaking
from bot.screens.screen import Press
from bot.workdays import Calendar, Published
from handlers import calendar as flows
from handlers import calendar_watch, planning, rights
from handlers.calendar_change import CHANGED, RECOMPUTE, render
from handlers.calendar_import import Act, add_rest_day, bring_in, preview, remove_rest_day
from handlers.calendar_watch import CalendarWatch, ask_for_missing
from handlers.office import Office
from handlers.turn import Sender, Stale, Turn
from storage import calendar, expected, people, replanning
from storage.database import Database
from storage.tables import (
    Applicant,
    Audit,
    CalendarDay,
    Commitment,
    CommitmentState,
    Decision,
    Draft,
    Item,
    ItemState,
    Outbox,
    Person,
    PolicySnapshot,
    Reminder,
    ReminderState,
    Request,
    RequestState,
    Role,
)  # fmt: skip
from tests.handlers.conftest import NOW

NOTICE = """国务院办公厅关于2027年部分节假日安排的通知
国办发明电〔2026〕99号
一、元旦：1月1日（周五）至4日（周一）放假调休，共4天。1月9日（周六）上班。
二、春节：2月5日（周五）至13日（周六）放假调休，共9天。1月31日（周日）、2月14日（周日）上班。
三、清明节：4月3日（周六）至5日（周一）放假，共3天。
四、劳动节：5月1日（周六）至5日（周三）放假调休，共5天。5月8日（周六）上班。
五、端午节：6月9日（周三）放假，共1天。
六、中秋节：9月15日（周三）放假，共1天。
七、国庆节：10月1日（周五）至7日（周四）放假调休，共7天。9月26日（周日）、10月9日（周六）上班。"""
OTHER = NOTICE.replace("1月9日（周六）上班", "1月16日（周六）上班")
LATE = dt.datetime(2026, 12, 29, 2, 0, tzinfo=dt.UTC)  # Tuesday, 10:00 in the office


@pytest.fixture
async def coordinator(enrol) -> Person:
    return await enrol(900009, unit="legal", role=Role.COORDINATOR)


async def entered(database: Database, office: Office, owner: Person, now: dt.datetime, **dates) -> int:
    """Put an entry with its dates and reminders into the ledger, as the flows do; return its number."""
    async with database.write() as session:
        if await session.get(PolicySnapshot, "0") is None:
            session.add(PolicySnapshot(hash="0", schema_version=1, content="{}", first_used_at=now))
            await session.flush()
        decision = Decision(policy_hash="0", answers={}, rule_ids=[], result={}, on=office.today(now))
        session.add(decision)
        seq = (await session.scalar(select(func.count()).select_from(Request)) or 0) + 1
        await session.flush()
        request = Request(
            unit_id=owner.unit_id, year=2026, seq=seq, owner_id=owner.id, decision_id=decision.id,
            matter_name="虚构事项", state=dates.pop("state", RequestState.OPEN),
            decide_on=dates.pop("decide_on", None), created_at=now,
        )  # fmt: skip
        applicant = dates.pop("applicant", Applicant.BUREAU)
        item = Item(product_kind="verification", product_code="verification", applicant=applicant, **dates)
        item.state = (
            ItemState.RECEIVED if item.received_on else ItemState.SUBMITTED if item.submitted_on else ItemState.DRAFT
        )
        session.add(request)
        await session.flush()
        item.request_id = request.id
        session.add(item)
        if (since := item.received_on or item.submitted_on) is not None:
            planning.reckon(office, item, since)
        if request.decide_on is not None:
            settings = office.policy.settings
            back = office.calendar.workday_on_or_before(request.decide_on)
            if settings.submit_margin_working_days:
                back = office.calendar.add(request.decide_on, -settings.submit_margin_working_days)
            latest = office.calendar.add(back.on, -settings.feedback_working_days)
            request.submit_by_on = latest.on
            request.submit_by_provisional = latest.provisional or back.provisional
        await session.flush()
        await planning.replan(session, office, request, now)
        return seq


async def put_in_force(database: Database, office: Office, text: str, now: dt.datetime, actor: int | None = None):
    async with database.write() as session:
        await calendar.lock(session)
        return await bring_in(session, office, parse(text), Act(now, actor))


async def rows(database: Database, table, *where) -> list:
    async with database.read() as session:
        return list(await session.scalars(select(table).where(*where).order_by(table.id)))


def worked(on: dt.date) -> bool:
    """The naive second opinion: 2026 and 2027 by the notices, typed out."""
    off = {("2026-12-31", 0), ("2027-01-01", 4), ("2027-02-05", 9), ("2027-04-03", 3)}
    days = {dt.date.fromisoformat(first) + dt.timedelta(days=n) for first, count in off for n in range(count)}
    made_up = {dt.date(2027, 1, 9), dt.date(2027, 1, 31), dt.date(2027, 2, 14)}
    return on in made_up or (on.weekday() < 5 and on not in days)


def fifth_after(on: dt.date) -> dt.date:
    left = 5
    while left:
        on += dt.timedelta(days=1)
        left -= worked(on)
    return on


async def test_exactly_the_entries_that_the_notice_concerns_are_changed(database, office, officer, enrol, coordinator):
    """Sixty entries around the turn of the year; which of them move is reckoned a second time, day by day."""
    other = await enrol(900002)
    draw, dates = random.Random(7), {}
    for n in range(60):
        since = dt.date(2026, 12, 14) + dt.timedelta(days=draw.randrange(50))
        owner = officer if n % 3 else other
        state = RequestState.CLOSED if n % 10 == 9 else RequestState.OPEN
        seq = await entered(database, office, owner, LATE, submitted_on=since, received_on=since, state=state)
        dates[seq] = (since, owner.id, state)
    before = {row.request_id: row for row in await rows(database, Item)}
    versions = {row.seq: row.basis_version for row in await rows(database, Request)}
    reach = await put_in_force(database, office, NOTICE, LATE, coordinator.id)
    after = {row.request_id: row for row in await rows(database, Item)}
    moved = {}
    for request in await rows(database, Request):
        since, owner_id, state = dates[request.seq]
        was, now_is = before[request.id], after[request.id]
        if state is RequestState.CLOSED:
            assert (now_is.due_on, now_is.due_provisional, request.basis_version) == (
                was.due_on, was.due_provisional, versions[request.seq]
            )  # fmt: skip
            continue
        assert (now_is.due_on, now_is.due_provisional) == (fifth_after(since), False)
        if was.due_on != now_is.due_on:
            moved.setdefault(owner_id, []).append(request.id)
            assert request.basis_version > versions[request.seq]
    assert len(moved) == 2
    changed = {row.request_id for row in before.values() if (row.due_on, row.due_provisional) != (
        after[row.request_id].due_on, after[row.request_id].due_provisional)}  # fmt: skip
    lines = await rows(database, Audit, Audit.verb == RECOMPUTE)
    assert sorted(line.subject_id for line in lines) == sorted(changed)
    assert reach.entries == len(changed)
    assert {(line.actor_id, line.reason) for line in lines} == {(coordinator.id, "国办发明电〔2026〕99号")}
    notices = await rows(database, Outbox, Outbox.kind == CHANGED)
    assert sorted(row.person_id for row in notices) == sorted(moved)
    for row in notices:
        told = [each[0] for each in row.params["moved"]]
        assert set(told) <= set(moved[row.person_id])
        assert len(told) + row.params["more"] == len(moved[row.person_id])
        assert len(told) <= 10


@pytest.mark.parametrize("watched", [True, False], ids=["whoever looks after it", "its owner once they are back"])
async def test_of_a_date_whose_owner_cannot_be_told_somebody_hears(database, office, officer, enrol, watched):
    heard = await enrol(900009, role=Role.COORDINATOR) if watched else officer
    since = dt.date(2026, 12, 31)
    await entered(database, office, officer, LATE, submitted_on=since, received_on=since)
    async with database.write() as session:
        people.lose(await session.get_one(Person, officer.id), LATE)
    await put_in_force(database, office, NOTICE, LATE)
    assert [row.person_id for row in await rows(database, Outbox, Outbox.kind == CHANGED)] == [heard.id]


@pytest.mark.parametrize("gone", [1, 2])
async def test_a_moved_date_is_told_only_of_entries_that_its_receiver_may_still_look_at(
    database, office, officer, enrol, gone
):
    since, taker = dt.date(2026, 12, 31), await enrol(900009, unit="water")
    for _each in range(2):
        await entered(database, office, officer, LATE, submitted_on=since, received_on=since)
    await put_in_force(database, office, NOTICE, LATE)
    [told] = await rows(database, Outbox, Outbox.kind == CHANGED)
    async with database.write() as session:  # handed over before the notice left
        await session.execute(
            update(Request).where(Request.id <= gone).values(owner_id=taker.id, unit_id=taker.unit_id)
        )
    async with database.read() as session:
        screen = await render(session, office, officer, told.params, LATE)
    assert screen is None if gone == 2 else ("大气2026-2" in screen.text and "2026-1" not in screen.text)


async def test_reminders_follow_the_dates_and_what_was_said_is_not_said_again(database, office, officer):
    since = dt.date(2026, 12, 31)
    await entered(database, office, officer, LATE, submitted_on=since, received_on=since)
    quiet = dt.date(2026, 12, 21)
    await entered(database, office, officer, LATE, submitted_on=quiet, received_on=quiet)  # overdue since yesterday
    async with database.write() as session:
        for each in await session.scalars(select(Reminder).where(Reminder.due_at <= LATE)):
            each.state = ReminderState.SENT
    before = await rows(database, Reminder)
    await put_in_force(database, office, NOTICE, LATE)
    fresh = [row for row in await rows(database, Reminder) if row.id not in {each.id for each in before}]
    assert {row.subject_id for row in fresh} == {1}
    due_on = fifth_after(since)
    local = {(row.kind, row.stage): row.due_at.astimezone(office.zone).date() for row in fresh}
    assert local["feedback", "t-0"] == due_on
    assert all(worked(on) for on in local.values())
    cancelled = [row for row in await rows(database, Reminder) if row.subject_id == 1 and row.id not in
                 {each.id for each in fresh} and row.state is not ReminderState.CANCELLED]  # fmt: skip
    assert cancelled == []


async def test_the_prompt_of_a_commitment_moves_also_where_the_entry_is_complete(database, office, officer):
    seq = await entered(database, office, officer, LATE, submitted_on=dt.date(2026, 11, 2), state=RequestState.CLOSED)
    async with database.write() as session:
        request = (await session.scalars(select(Request).where(Request.seq == seq))).one()
        item = (await session.scalars(select(Item))).one()
        item.state = ItemState.RETURNED
        session.add(
            Commitment(item_id=item.id, state=CommitmentState.FULFILLING, letters=1, in_form=False,
                       fulfil_by_on=dt.date(2027, 1, 12))
        )  # fmt: skip
        await session.flush()
        request.basis_version += 1
        await planning.replan(session, office, request, LATE)
    before = {row.stage: row.due_at for row in await rows(database, Reminder, Reminder.state == ReminderState.PLANNED)}
    reach = await put_in_force(database, office, NOTICE, LATE)
    after = {row.stage: row.due_at for row in await rows(database, Reminder, Reminder.state == ReminderState.PLANNED)}
    assert before.keys() == after.keys()
    assert (before != after) == bool(reach.reminded)
    assert reach.reminded == 1
    assert reach.entries == 0
    assert await rows(database, Outbox) == []


async def test_an_overdue_chain_goes_on_where_it_stood(database, office, officer):
    """Two overdue stages were said; the third moves with the calendar, and neither of the first two comes again."""
    since = dt.date(2026, 12, 16)
    await entered(database, office, officer, LATE, submitted_on=since, received_on=since)
    async with database.write() as session:
        request = await session.get_one(Request, 1)
        entry = await expected.of_request(session, request)
        for each in await session.scalars(select(Reminder)):
            each.state = ReminderState.SENT
        for said in (1, 2):
            stage = planning.next_overdue(office, entry, said=said, now=LATE - dt.timedelta(days=5))
            await replanning.add(session, request, stage, hour=planning.hour(office), zone=office.zone)
        await session.flush()
        newest = (await session.scalars(select(Reminder).order_by(Reminder.id.desc()))).first()
        newest.state = ReminderState.SENT
        said = int(newest.stage.removeprefix("overdue+"))
        following = planning.next_overdue(office, entry, said=said, now=LATE)
        await replanning.add(session, request, following, hour=planning.hour(office), zone=office.zone)
    own = dt.date.fromisoformat(following.on.isoformat())
    async with database.write() as session:
        await calendar.lock(session)
        await add_rest_day(session, office, own, "虚构通知", Act(LATE))
    planned = [row for row in await rows(database, Reminder) if row.state is ReminderState.PLANNED]
    assert [(row.stage, row.due_at.astimezone(office.zone).date() > own) for row in planned] == [
        (following.stage, True)
    ]


async def test_the_message_says_old_date_new_date_and_why(database, office, officer):
    since = dt.date(2026, 12, 31)
    await entered(database, office, officer, LATE, submitted_on=since, received_on=since)
    await entered(database, office, officer, LATE, submitted_on=since)
    await entered(database, office, officer, LATE, decide_on=dt.date(2027, 1, 15))
    await put_in_force(database, office, NOTICE, LATE)
    [row] = await rows(database, Outbox)
    async with database.read() as session:
        person = await session.get_one(Person, officer.id)
        with speaking("en"):
            screen = await render(session, office, person, row.params, LATE)
    text = screen.text
    assert "国办发明电〔2026〕99号" in text
    assert "2026-1: feedback due on Sat 9 Jan 2027 instead of Fri 8 Jan 2027, provisional" in text
    assert "2026-2: feedback expected on Sat 9 Jan 2027 instead of Fri 8 Jan 2027, provisional" in text
    assert "2026-3: last day to submit is" in text
    assert screen.rows[0][0].press == Press("my")


async def test_importing_the_same_twice_changes_nothing(database, office, officer):
    since = dt.date(2026, 12, 31)
    await entered(database, office, officer, LATE, submitted_on=since, received_on=since)
    await put_in_force(database, office, NOTICE, LATE)
    async with database.write() as session:
        found = await preview(session, office, parse(NOTICE), LATE)
        assert (found.changes_nothing, found.reach.entries, found.reach.reminded) == (True, 0, 0)
    first = (await rows(database, Audit), await rows(database, Outbox), await rows(database, Reminder))
    await put_in_force(database, office, NOTICE, LATE)  # even without asking first
    second = (await rows(database, Audit), await rows(database, Outbox), await rows(database, Reminder))
    assert [len(each) for each in second] == [len(first[0]) + 1, len(first[1]), len(first[2])]


async def test_at_night_the_message_waits_for_the_morning(database, office, officer):
    since = dt.date(2026, 12, 31)
    await entered(database, office, officer, LATE, submitted_on=since, received_on=since)
    night = dt.datetime(2026, 12, 29, 15, 0, tzinfo=dt.UTC)
    await put_in_force(database, office, NOTICE, night)
    [row] = await rows(database, Outbox)
    assert row.not_before.astimezone(office.zone).strftime("%m-%d %H:%M") == "12-30 09:00"


async def test_the_message_about_a_new_rest_day_is_not_put_on_that_day(database, office, officer):
    """On Tuesday evening Wednesday 25 November is made a rest day: the message comes on Thursday."""
    evening = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
    monday = dt.date(2026, 11, 23)
    await entered(database, office, officer, evening, submitted_on=monday, received_on=monday)
    async with database.write() as session:
        await calendar.lock(session)
        await add_rest_day(session, office, dt.date(2026, 11, 25), "虚构：防汛停工", Act(evening))
    [row] = await rows(database, Outbox)
    assert row.not_before.astimezone(office.zone).strftime("%m-%d %H:%M") == "11-26 09:00"


async def test_of_two_imports_at_once_the_second_sees_the_first(database, office, officer):
    async def one(text: str) -> tuple[bool, int]:
        async with database.write() as session:
            await calendar.lock(session)
            found = await preview(session, office, parse(text), LATE)
            await asyncio.sleep(0.01)
            if not found.in_force:
                await bring_in(session, office, parse(text), Act(LATE))
            return found.in_force, len(found.different)

    first, second = sorted(await asyncio.gather(one(NOTICE), one(OTHER)))
    assert first[0] is False
    assert second == (True, 2)


async def test_an_entry_made_with_the_old_calendar_meanwhile_is_reckoned_again(database, office, officer):
    """Another process imports; this one still registers with its own calendar, until its next look."""
    watch = CalendarWatch(office)
    await put_in_force(database, office, NOTICE, LATE)
    since = dt.date(2026, 12, 31)
    await entered(database, office, officer, LATE, submitted_on=since, received_on=since)
    [item] = await rows(database, Item)
    assert item.due_provisional
    for _ in range(2):
        async with database.write() as session:
            await watch.look(session, LATE)
        watch.settled()
    [item] = await rows(database, Item)
    assert (item.due_on, item.due_provisional) == (fifth_after(since), False)
    assert office.calendar.is_published(2027)
    assert len(await rows(database, Outbox)) == 1


async def started(database: Database, office: Office, now: dt.datetime) -> CalendarWatch:
    """Let a release start: it reads the calendar and takes its first look."""
    async with database.read() as session:
        office.calendar = await calendar.load(session)
    watch = CalendarWatch(office)
    await looked(database, watch, now)
    return watch


async def looked(database: Database, watch: CalendarWatch, now: dt.datetime) -> None:
    async with database.write() as session:
        await watch.look(session, now)
    watch.settled()


async def test_a_year_that_a_release_brings_is_carried_out_like_a_notice(database, office, officer, next_library):
    """Nobody pasted the notice; the dates that reach into the year move once, and whoever owns them is told once."""
    since = dt.date(2026, 12, 31)
    await started(database, office, LATE)
    await entered(database, office, officer, LATE, submitted_on=since, received_on=since)
    await entered(database, office, officer, LATE, submitted_on=dt.date(2026, 12, 21))
    next_library(NOTICE)
    watch = await started(database, office, LATE)
    [item, other] = await rows(database, Item)
    assert (item.due_on, item.due_provisional) == (fifth_after(since), False)
    assert (other.due_on, other.due_provisional) == (fifth_after(dt.date(2026, 12, 21)), False)
    planned = await rows(database, Reminder, Reminder.state == ReminderState.PLANNED, Reminder.stage == "t-0")
    assert [row.due_at.astimezone(office.zone).date() for row in planned] == [fifth_after(since)]
    [told] = await rows(database, Outbox)
    with speaking("zh_CN"):
        async with database.read() as session:
            text = (await render(session, office, officer, told.params, LATE)).text
    assert "随程序更新的放假安排" in text
    assert "反馈日期由2027年1月8日（周五，暂定）改为2027年1月9日（周六）" in text
    [line] = await rows(database, Audit, Audit.verb == RECOMPUTE)
    assert (line.actor_id, line.reason) == (None, "随程序更新的放假安排")
    await looked(database, watch, LATE)
    await started(database, office, LATE)
    assert len(await rows(database, Outbox)) == 1


async def test_the_first_start_and_an_older_release_say_nothing(database, office, officer, next_library, monkeypatch):
    """What was reckoned by an older release that was put back meanwhile is reckoned again by the newer one."""
    since, library = dt.date(2026, 12, 31), workdays.in_library()
    await entered(database, office, officer, LATE, submitted_on=since, received_on=since)
    with monkeypatch.context() as newer:
        newer.setattr(workdays, "in_library", lambda: Published(library.named, 2027))
        await started(database, office, LATE)
    await started(database, office, LATE)
    assert await rows(database, Outbox) == []
    next_library(NOTICE)
    await started(database, office, LATE)
    assert [item.due_provisional for item in await rows(database, Item)] == [False]
    assert len(await rows(database, Outbox)) == 1


async def test_a_year_that_a_release_corrects_is_carried_out_too(database, office, officer, next_library):
    """As in January 2020, when the days off of a year that had begun were made longer."""
    since = dt.date(2026, 12, 31)
    next_library(NOTICE)
    await started(database, office, LATE)
    await entered(database, office, officer, LATE, submitted_on=since, received_on=since)
    await started(database, office, LATE)
    assert await rows(database, Outbox) == []
    next_library(OTHER)
    await started(database, office, LATE)
    [item] = await rows(database, Item)
    assert (item.due_on, item.due_provisional) == (dt.date(2027, 1, 11), False)
    [told] = await rows(database, Outbox)
    assert told.params["moved"][0][2:] == [["2027-01-09", False], ["2027-01-11", False]]
    await started(database, office, LATE)
    assert len(await rows(database, Outbox)) == 1


async def test_a_year_pasted_before_a_release_brings_it_is_no_news_twice(database, office, officer, next_library):
    since = dt.date(2026, 12, 31)
    await started(database, office, LATE)
    await entered(database, office, officer, LATE, submitted_on=since, received_on=since)
    await put_in_force(database, office, NOTICE, LATE)
    next_library(NOTICE)
    await started(database, office, LATE)
    assert len(await rows(database, Outbox)) == 1


async def test_a_change_before_the_first_look_of_a_release_carries_its_year_out_too(
    database, office, officer, next_library
):
    """On the command line the newer release makes a day of the bureau off, before the bot has started with it."""
    since = dt.date(2026, 12, 31)
    await started(database, office, LATE)
    await entered(database, office, officer, LATE, submitted_on=since, received_on=since)
    next_library(NOTICE)
    async with database.write() as session:
        await calendar.lock(session)
        await add_rest_day(session, office, dt.date(2027, 1, 20), "虚构通知", Act(LATE))
    [item] = await rows(database, Item)
    assert (item.due_on, item.due_provisional) == (fifth_after(since), False)
    await started(database, office, LATE)
    assert len(await rows(database, Outbox)) == 1


async def test_a_rest_day_of_the_bureau_comes_stays_through_an_import_and_goes(database, office, officer):
    since = dt.date(2026, 12, 30)
    await entered(database, office, officer, LATE, submitted_on=since, received_on=since)
    own = dt.date(2027, 1, 5)
    async with database.write() as session:
        await calendar.lock(session)
        await add_rest_day(session, office, own, "虚构通知", Act(LATE))
    await put_in_force(database, office, NOTICE, LATE)
    async with database.read() as session:
        stands = await calendar.load(session)
    assert not stands.is_workday(own)
    assert stands.is_published(2027)
    [item] = await rows(database, Item)
    assert item.due_on == fifth_after(since) + dt.timedelta(days=1)
    async with database.write() as session:
        await calendar.lock(session)
        await remove_rest_day(session, office, await session.get_one(CalendarDay, own), Act(LATE))
        assert (await calendar.load(session)).is_workday(own)
        assert (await calendar.load(session)).is_published(2027)
    [item] = await rows(database, Item)
    assert item.due_on == fifth_after(since)


class Seat:
    """A coordinator with a screen, turn by turn."""

    def __init__(self, database: Database, office: Office, person: Person, now: dt.datetime = LATE) -> None:
        self.database, self.office, self.person, self.now = database, office, person, now
        self.screen = None

    async def turn(self, flow, *, press: Press | None = None, text: str = ""):
        async with self.database.write() as session:
            person = await session.get_one(Person, self.person.id)
            draft = await session.scalar(select(Draft).where(Draft.person_id == person.id, Draft.active))
            turn = Turn(self.office, session, self.now, 1, Sender(person.telegram_id), person=person, draft=draft,
                        press=press)  # fmt: skip
            turn.hear(text)
            with speaking("en"):
                self.screen = await flow(turn)
        assert all(len(each.press.encode()) <= 64 for row in self.screen.rows for each in row)
        return self.screen

    async def open(self):
        return await self.turn(flows.COMMANDS["calendar"])

    async def press(self, verb: str):
        found = next(each.press for row in self.screen.rows for each in row if each.press.verb == verb)
        return await self.turn(flows.PRESSES[verb], press=found)

    async def type(self, text: str):
        return await self.turn(flows.TYPED["calendar"], text=text)


async def test_a_pasted_notice_is_shown_back_and_put_in_force(database, office, officer, coordinator):
    since = dt.date(2026, 12, 31)
    await entered(database, office, officer, LATE, submitted_on=since, received_on=since)
    seat = Seat(database, office, coordinator)
    assert "2026" in (await seat.open()).text
    await seat.press("calin")
    with pytest.raises(Refusal):
        await seat.type(NOTICE.replace("（周五）至4日", "（周六）至4日"))
    screen = await seat.type(NOTICE)
    days = [f"{on:%a} {on.day} {on:%b}" for on in parse(NOTICE).named]
    assert [each for each in days if each not in screen.text] == []  # day by day
    assert "off Fri 1 Jan, Sat 2 Jan, Sun 3 Jan, Mon 4 Jan (4 days)" in screen.text
    assert "worked Sat 9 Jan" in screen.text
    assert "1 open entry would be reckoned again" in screen.text
    assert await rows(database, Outbox) == []
    assert "1 open entry was reckoned again" in (await seat.press("calok")).text
    assert len(await rows(database, Outbox)) == 1
    assert "国办发明电〔2026〕99号" in (await seat.press("cal")).text


async def test_a_year_in_force_shows_the_difference_and_asks_again(database, office, coordinator):
    await put_in_force(database, office, NOTICE, LATE)
    seat = Seat(database, office, coordinator)
    await seat.open()
    await seat.press("calin")
    assert "Nothing was changed" in (await seat.type(NOTICE)).text
    await seat.open()
    await seat.press("calin")
    screen = await seat.type(OTHER)
    assert "Sat 9 Jan: worked so far, off by the notice" in screen.text
    again = await seat.press("calok")
    assert again.name == "calendar_confirm"
    assert "in force already" in again.text
    async with database.read() as session:
        assert (await calendar.load(session)).is_workday(dt.date(2027, 1, 9))
    assert (await seat.press("calok")).name == "calendar_done"
    async with database.read() as session:
        assert not (await calendar.load(session)).is_workday(dt.date(2027, 1, 9))


async def test_a_notice_of_a_year_that_cannot_be_out_is_refused(database, office, coordinator):
    seat = Seat(database, office, coordinator, NOW.replace(year=2025))
    await seat.open()
    await seat.press("calin")
    with pytest.raises(Refusal, match="cannot be out yet"):
        await seat.type(NOTICE)


async def test_rest_days_are_added_and_removed_by_the_coordinator(database, office, coordinator):
    seat = Seat(database, office, coordinator)
    await seat.open()
    await seat.press("calad")
    for wrong, said in (("2027年1月2日", "is off already"), ("2026-12-28", "is past"), ("2028-05-04", "too far ahead")):
        with pytest.raises(Refusal, match=said):
            await seat.type(wrong)
    await seat.type("2027年1月6日")
    with pytest.raises(Refusal, match="one line"):
        await seat.type("虚" * 61)
    assert "虚构通知" in (await seat.type("虚构通知")).text
    await seat.press("calok")
    async with database.read() as session:
        assert not (await calendar.load(session)).is_workday(dt.date(2027, 1, 6))
    assert "虚构通知" in (await seat.press("cal")).text
    await seat.press("calrm")
    await seat.press("calrm")
    await seat.press("calok")
    async with database.read() as session:
        assert (await calendar.load(session)).is_workday(dt.date(2027, 1, 6))
    assert [row.verb for row in await rows(database, Audit)] == ["calendar.add_day", "calendar.remove_day"]


async def test_nobody_but_a_coordinator_changes_the_calendar(database, office, officer, coordinator):
    mine, theirs = Seat(database, office, coordinator), Seat(database, office, officer)
    assert [each.press.verb for row in (await theirs.open()).rows for each in row] == ["cal"]
    for verb in ("calin", "calad", "calrm", "calok", "calno"):
        with pytest.raises(Stale):
            await theirs.turn(flows.PRESSES[verb], press=Press(verb))
    await mine.open()
    await mine.press("calin")
    await mine.type(NOTICE)
    ok = next(each.press for row in mine.screen.rows for each in row if each.press.verb == "calok")
    with pytest.raises(Stale):
        await theirs.turn(flows.PRESSES["calok"], press=ok)
    with pytest.raises(Stale):
        await mine.turn(flows.PRESSES["calok"], press=Press("calok", ok.id, ok.version - 1))
    async with database.write() as session:
        (await session.get_one(Person, coordinator.id)).role = Role.OFFICER
    with pytest.raises(Stale):
        await mine.turn(flows.PRESSES["calok"], press=ok)
    async with database.read() as session:
        assert await calendar.version(session) == 0


async def test_the_missing_year_is_asked_for_once_a_week_from_november(database, office, coordinator):
    async def at(moment: str) -> int:
        now = dt.datetime.fromisoformat(moment).replace(tzinfo=office.zone).astimezone(dt.UTC)
        async with database.write() as session:
            return await ask_for_missing(session, office, now)

    assert await at("2026-10-30 10:00") == 0
    assert await at("2026-11-01 10:00") == 0  # a Sunday
    assert await at("2026-11-02 08:00") == 0
    assert await at("2026-11-02 10:00") == 1
    assert await at("2026-11-06 10:00") == 0
    assert await at("2026-11-09 10:00") == 1
    await put_in_force(database, office, NOTICE, LATE)
    async with database.read() as session:
        [first, _second] = (await session.scalars(select(Outbox).order_by(Outbox.id))).all()
        assert await calendar_watch.render_missing(session, office, coordinator, first.params, LATE) is None
        office.calendar = await calendar.load(session)
    assert await at("2026-11-16 10:00") == 0
    office.calendar = Calendar()
    assert await at("2027-02-01 10:00") == 1  # the year has begun without it


def test_an_auditor_may_look():
    assert (rights.PRESSES["cal"], rights.PRESSES["calok"]) == ("calendar", "calendar.change")
