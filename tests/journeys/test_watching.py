"""Watching the watcher at work: heartbeats, the maintainer's morning line, /doctor, and the printed list."""

import asyncio
import contextlib
import datetime as dt
import re
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from handlers import doctor, wall
from handlers.clock import Clock
from storage import audit, heartbeat, outbox, seal_mark, seals
from storage.tables import (
    AuditSeal,
    Inbox,
    InboxState,
    Outbox,
    OutboxState,
    PeriodicRun,
    Person,
    Reminder,
    ReminderState,
    Setting,
)
from tests.commands import Told, told
from tests.conftest import COORDINATOR, OFFICER, START
from tests.journeys.story import Story, only, register
from tests.officer import Officer


async def _never(*_given: object) -> bool:
    return False


async def _nothing(*_given: object, **_more: object) -> list[Outbox]:
    return []


async def _beats(story: Story) -> dict[str, dt.datetime]:
    async with story.database.read() as session:
        return dict(await heartbeat.beats(session))


async def test_every_part_of_a_live_service_beats_and_goes_on_beating(story: Story):
    await story.person().type("/help")
    await story.settle()
    first = await _beats(story)
    assert set(first) == set(heartbeat.PARTS)
    story.pass_time("2026-11-23 09:30")
    async with asyncio.timeout(20):  # a sender with nothing to send rests for five seconds
        while not all(at >= first[part] + dt.timedelta(minutes=29) for part, at in (await _beats(story)).items()):
            await story.person().type("/help")
            await story.service.jobs.tick()


@contextlib.asynccontextmanager
async def _full() -> AsyncIterator[AsyncSession]:
    raise OperationalError("INSERT", None, Exception("database or disk is full"))
    yield


async def _hangs(*_given: object) -> int:
    return await asyncio.get_running_loop().create_future()


async def test_a_bot_that_takes_updates_in_and_handles_none_is_stuck(story: Story, monkeypatch: pytest.MonkeyPatch):
    story.service.office.maintainer_ids = frozenset({COORDINATOR})
    await story.person().type("/help")
    with monkeypatch.context() as patch:
        patch.setattr(story.service.dispatcher, "run_batch", _hangs)
        story.service.dispatcher.wake()
        await asyncio.sleep(0.2)
        story.pass_time("2026-11-23 09:30")
        async with asyncio.timeout(20):  # a sender with nothing to send rests for five seconds
            while story.service.watchdog.stuck() != [heartbeat.DISPATCH]:
                await story.service.jobs.tick()
                await asyncio.sleep(0.1)
        await story.service.watchdog.look()
    assert _lines(story.person(COORDINATOR))[-1].startswith("运行告警\n消息处理已停止工作（09:3")
    await story.restart()
    assert story.service.watchdog.stuck() == []


async def test_what_cannot_be_committed_is_no_beat_and_the_maintainer_hears_without_the_database(
    story: Story, monkeypatch: pytest.MonkeyPatch
):
    """The disk is full: Telegram still works, and so does the alarm; afterwards what was sent meanwhile is handled."""
    maintainer, me = story.person(COORDINATOR), story.person()
    story.service.office.maintainer_ids = frozenset({COORDINATOR})
    await me.type("/help")
    await story.settle()
    with monkeypatch.context() as patch:
        patch.setattr(story.database, "write", _full)
        story.pass_time("2026-11-23 09:30")
        story.service.dispatcher.wake()
        story.service.sender.wake()
        story.api.type(me.id, "/my")
        await asyncio.sleep(0.5)
        await story.service.watchdog.look()
        alarm = _lines(maintainer)[-1]
        assert "消息处理、提醒编排、通知发送已停止工作" in alarm
        assert "请立即在服务器上运行 xinxuan doctor" in alarm
        heard = len(me.messages)
    async with asyncio.timeout(30):  # the poll tries again after fifteen seconds at the latest
        while len(me.messages) == heard:
            await asyncio.sleep(0.05)
    async with asyncio.timeout(20):
        while story.service.watchdog.stuck():
            await asyncio.sleep(0.1)
    await story.service.watchdog.look()
    assert "告警解除" in _lines(maintainer)[-1]


async def test_within_a_minute_a_part_writes_once(story: Story):
    await story.person().type("/help")
    await story.settle()
    first = await _beats(story)
    for _time in range(3):
        await story.person().type("/help")
    await story.settle()
    assert await _beats(story) == first


def _figures(screen: str) -> list[int]:
    """Return due, delivered and unconfirmed, which end the line in every language."""
    line = next(line for line in screen.splitlines()[1:] if len(re.findall(r"\d+", line)) >= 3)
    return [int(figure) for figure in re.findall(r"\d+", line)[-3:]]


def _lines(maintainer: Officer) -> list[str]:
    """Return all that came but the audit's check values, which every coordinator gets each morning."""
    return [message.text for message in maintainer.messages if "操作记录校验值" not in message.text]


async def test_the_maintainer_hears_each_working_morning_how_many_reminders_left(story: Story):
    maintainer = story.person(COORDINATOR)
    story.service.office.maintainer_ids = frozenset({COORDINATOR, 5_999_999})
    await register(story.person())
    await register(story.person(), subject="虚构监测站 12410100MB0000T3XJ")
    await story.at("2026-11-24 09:05")
    assert _lines(maintainer) == []
    await story.at("2026-11-24 09:10")
    assert _figures(_lines(maintainer)[-1]) == [2, 2, 0]
    await story.at("2026-11-24 11:00")
    assert len(_lines(maintainer)) == 1
    await story.at("2026-11-25 09:05")
    await story.at("2026-11-25 09:15")  # both are still unanswered: the officer hears that this is owed by now
    assert (len(_lines(maintainer)), _figures(_lines(maintainer)[-1])) == (2, [2, 2, 0])
    await story.at("2026-11-26 09:15")  # nothing is due: the line comes all the same, its absence would be the alarm
    assert (len(_lines(maintainer)), _figures(_lines(maintainer)[-1])) == (3, [0, 0, 0])
    await story.at("2026-11-28 09:30")  # a Saturday
    assert len(_lines(maintainer)) == 3


async def test_nobody_is_told_each_morning_where_nobody_is_named(story: Story):
    await story.at("2026-11-24 09:30")
    assert _lines(story.person(COORDINATOR)) == []


async def test_the_doctor_is_for_coordinators(story: Story):
    coordinator = story.person(COORDINATOR)
    screen = await coordinator.type("/doctor")
    assert "11月23日（周一） 09:0" in screen
    [again] = coordinator.buttons
    assert "11月23日" in await coordinator.press(again)
    me = story.person()
    assert "11月23日" not in await me.type("/doctor")
    forged = await me.press_data(me.messages[-1].id, "1:doc:0:0:")
    assert "09:0" not in forged


async def test_what_lost_its_seal_is_not_sealed_anew_and_the_doctor_says_so_while_the_bot_works_on(story: Story):
    coordinator = story.person(COORDINATOR)
    await coordinator.type("/doctor")
    await story.at("2026-11-23 09:05")
    before = await story.count(AuditSeal)
    async with story.database.write() as session:
        mark = await session.get_one(Setting, seal_mark.MARK)
        kept, mark.value = mark.value, "0" * 64
    await register(story.person())
    await story.at("2026-11-23 09:10")
    assert await story.count(AuditSeal) == before > 0
    assert "操作记录的封存值被改动或删除，请在服务器上运行 xinxuan audit verify" in await coordinator.type("/doctor")
    async with story.database.write() as session:
        (await session.get_one(Setting, seal_mark.MARK)).value = kept
    await story.at("2026-11-23 09:15")
    assert await story.count(AuditSeal) > before
    assert "封存值" not in await coordinator.type("/doctor")


async def test_the_doctor_names_what_is_to_be_done(story: Story, monkeypatch: pytest.MonkeyPatch):
    coordinator = story.person(COORDINATOR)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=199_999_999))
        patch.setattr(seals, "is_due", _never)
        async with story.database.write() as session:
            audit.note(
                session, at=story.clock.now() - dt.timedelta(minutes=7), actor_id=None, verb="x", subject=("x", 1)
            )
        assert "操作记录已7分钟未封存，请查看日志。" in await coordinator.type("/doctor")
        assert "服务器磁盘仅余199 MB" in await coordinator.type("/doctor") or not story.database.is_sqlite
    before = await coordinator.type("/doctor")
    assert "在途通知：无\n近7天：已送达1条" in before
    async with story.database.write() as session:
        fates = {OutboxState.UNKNOWN: 2, OutboxState.HELD: 1, OutboxState.SENT: 3, OutboxState.REFUSED: 1}
        for number, state in enumerate(Counter(fates).elements()):
            fate = {"state": state, "not_before": story.clock.now() + dt.timedelta(hours=1)}
            session.add(Outbox(dedupe=f"fictitious:{number}", kind="outage", chat_id=number, person_id=None, params={},
                               priority=5, created_at=START, copies=0, failures=0, **fate))  # fmt: skip
    fated = await coordinator.type("/doctor")
    assert "在途通知：结果不明待重发2条" in fated
    assert "近7天：已送达4条，三次发送未获确认1条，被拒收1条" in fated
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "claim", _nothing)
        async with story.database.write() as session:
            doubtful = update(Outbox).where(Outbox.state == OutboxState.UNKNOWN)
            await session.execute(doubtful.values(not_before=story.clock.now() - dt.timedelta(minutes=8)))
        held = await coordinator.type("/doctor")
        assert "在途通知：结果不明待重发2条（最早一条已等待8分钟）" in held
        assert "最早一条通知已等待8分钟" in held
    async with story.database.write() as session:
        await session.execute(delete(Outbox).where(Outbox.dedupe.startswith("fictitious:")))
    async with story.database.write() as session:
        await session.execute(update(Person).where(Person.telegram_id == OFFICER).values(reachable=False))
    after = await coordinator.type("/doctor")
    assert len(after.splitlines()) == len(before.splitlines()) + 1
    async with story.database.write() as session:
        await session.execute(update(Person).where(Person.telegram_id == OFFICER).values(reachable=True))


async def _restarted_with(story: Story, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Restart on a machine with this clock."""
    monkeypatch.setattr(wall, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(wall, "Clock", lambda: clock)
    await story.restart()
    story.service.office.maintainer_ids = frozenset({COORDINATOR})


async def test_by_a_clock_that_jumped_and_is_not_telegrams_nothing_leaves_until_it_is_right(
    story: Story, monkeypatch: pytest.MonkeyPatch
):
    hung = Clock()
    await register(story.person())
    await _restarted_with(story, hung, monkeypatch)
    maintainer = story.person(COORDINATOR)
    hung.offset += dt.timedelta(hours=2)
    assert "服务器时钟与Telegram相差+120分钟，提醒暂缓发送" in await maintainer.wait_for("运行告警")
    before = len(story.person().messages)
    story.pass_time("2026-11-24 09:00")  # the receipt is asked for
    async with story.database.write() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == OFFICER))).one()
        gap = {"from": START.isoformat(), "to": story.clock.now().isoformat()}
        queued = await outbox.enqueue(session, person, kind="outage", params=gap, dedupe="x", now=story.clock.now())
    for _time in range(3):
        await story.service.jobs.tick()
        await story.service.sender.run_round()
    assert len(story.person().messages) == before
    assert only(await story.rows(Outbox, Outbox.id == queued.id)).state is OutboxState.DUE
    assert [row.state for row in await story.rows(Reminder, Reminder.due_at <= story.clock.now())] == ["planned"]
    await maintainer.type("/doctor")
    assert story.service.watchdog.stuck() == []
    hung.offset -= dt.timedelta(hours=2)
    await story.person().wait_for("收件")
    async with asyncio.timeout(20):
        while not await story.rows(PeriodicRun, PeriodicRun.kind == doctor.STEP):
            await asyncio.sleep(0.05)
    await story.settle()
    assert "服务器时钟曾跳变-120分钟，或服务器曾休眠，请核对时间。" in await maintainer.type("/doctor")
    await story.at("2026-11-25 09:30")
    assert "服务器时钟" not in await maintainer.type("/doctor")


async def test_a_server_that_slept_is_believed_as_soon_as_telegram_has_its_time(
    story: Story, monkeypatch: pytest.MonkeyPatch
):
    """Eight hours: Telegram's clock went on too."""
    slept = Clock()
    await _restarted_with(story, slept, monkeypatch)
    story.api.wall.offset = slept.offset = dt.timedelta(hours=8)
    async with asyncio.timeout(20):
        while not await story.rows(PeriodicRun, PeriodicRun.kind == doctor.STEP):
            await asyncio.sleep(0.05)
    assert story.service.wall.is_believed()
    assert "运行告警" not in story.person(COORDINATOR).transcript()


async def test_the_doctor_names_what_officers_sent_and_the_bot_has_not_taken_up(story: Story):
    coordinator = story.person(COORDINATOR)
    sound = await coordinator.type("/doctor")
    fates = ((InboxState.RECEIVED, 6, "900"), (InboxState.DEAD, 9, "901"), (InboxState.DEAD, 9, "902"))
    now = story.clock.now()
    async with story.database.write() as session:
        for number, (state, minutes, lane) in enumerate(fates):
            came = now - dt.timedelta(minutes=minutes)
            session.add(Inbox(update_id=-number - 1, lane=lane, raw={}, state=state, received_at=came,
                              not_before=now + dt.timedelta(hours=1)))  # fmt: skip
    found = await coordinator.type("/doctor")
    assert "最早一条消息已等待处理6分钟，请查看日志。" in found
    assert "近3天有2条消息未能处理，均已留存" in found
    assert len(found.splitlines()) >= len(sound.splitlines()) + 2
    async with story.database.write() as session:
        await session.execute(delete(Inbox).where(Inbox.update_id < 0))


async def test_the_hourly_look_puts_reminders_right_and_tells_the_doctor_what_it_cannot(story: Story):
    await register(story.person())
    async with story.database.write() as session:
        await session.execute(delete(Reminder))
        person = (await session.scalars(select(Person).where(Person.telegram_id == OFFICER))).one()
        wrong = await outbox.enqueue(session, person, kind="wrong", params={}, dedupe="wrong", now=story.clock.now())
        wrong.state, wrong.copies = OutboxState.SENT, 4
    await story.service.jobs.look()
    assert only(await story.rows(Reminder)).state is ReminderState.PLANNED
    assert only(await story.rows(PeriodicRun, PeriodicRun.kind == doctor.LOOK)).note == '{"I4": 1}'
    assert "I4" in await story.person(COORDINATOR).type("/doctor")
    async with story.database.write() as session:
        await session.execute(update(Outbox).values(copies=1))
    await story.service.jobs.look()  # not again within the hour
    assert "I4" in await story.person(COORDINATOR).type("/doctor")
    await story.at("2026-11-23 10:01")
    await story.service.jobs.look()
    assert "I4" not in await story.person(COORDINATOR).type("/doctor")
    assert only(await story.rows(Outbox, Outbox.kind == "reminder") or [None]) is None


async def _xinxuan(story: Story, *arguments: str) -> Told:
    address, key_file = str(story.settings.database_url), str(story.settings.key_file)
    return await told(story.settings.data, *arguments, XINXUAN_DATABASE_URL=address, XINXUAN_KEY_FILE=key_file)


@pytest.mark.parametrize(("day", "listed"), [("2026-11-30", True), ("2026-12-04", True), ("2026-11-22", False)])
async def test_the_list_of_a_day_is_printed_while_the_bot_runs(story: Story, day: str, listed: bool):
    """The feedback of Monday 23 November is expected on Monday the 30th."""
    await register(story.person())
    code, out, err = await _xinxuan(story, "due", "--date", day)
    assert (code, err) == (0, "")
    assert ("大气2026-1 " in out) is listed
    assert ("张三（虚构）" in out) is listed
    assert "虚构环保科技有限公司" not in out


async def test_a_list_of_no_day_is_refused_with_a_sentence(story: Story):
    code, _out, err = await _xinxuan(story, "due", "--date", "tomorrow")
    assert code == 1
    assert "tomorrow is no date" in err
