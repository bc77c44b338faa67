"""A natural person's details leave the ledger: at a coordinator's word, and when their time is over."""

import json
from pathlib import Path

from sqlalchemy import text

from storage import erasure, keys, rotation, seals
from storage.tables import Audit, Counterpart, Draft, Item, Opinion, Outbox, Reminder, ReminderState, Request
from tests.conftest import COLLEAGUE, COORDINATOR
from tests.journeys.story import Story, only, register
from tests.journeys.test_verification import receive, write_down
from tests.officer import Officer

CASE = "人事2026-7"
SAID = (CASE, "张某 1234", '"surname": "张"')
TOGETHER = f"与{CASE}张1234同案"


async def begin_person(me: Officer) -> None:
    await me.type("/new 环保先进个人表彰")
    for label in ("环保先进个人表彰", "是", "社会人士", "自然人"):
        await me.press(label)
    await me.type(f"张 1234 {CASE}")
    await me.press("今天提交")


async def register_person(me: Officer) -> None:
    await begin_person(me)
    await me.press("确认登记")


async def mention_elsewhere(colleague: Officer, to: str) -> None:
    """Let another entry mention the person wherever its officer types: in number, basis and reason of a hand-over."""
    await register(colleague)
    await receive(colleague)
    await colleague.press("已收到意见")
    await colleague.press("今天")
    await write_down(colleague, "有不良信息", number=f"附{CASE}")
    await colleague.press("登记使用情况")
    await colleague.press("限制")
    await colleague.type(TOGETHER)
    await colleague.press("确认登记")
    await colleague.press("更多")
    await colleague.press("转办")
    await colleague.press(to)
    await colleague.type(TOGETHER)
    await colleague.press("确认转办")


async def mentions(story: Story) -> list[str]:
    """Everything that still says who it was: decrypted values, and the raw bytes of every file."""
    found = []
    async with story.database.read() as session:
        async for table, key, column, value in rotation.rows(session):
            said = json.dumps(json.loads(keys.decrypt(value)), ensure_ascii=False)
            if any(word in said for word in SAID):
                found.append(f"{table}.{column} {key}: {said[:80]}")
    folder = story.settings.data
    files = [path for path in Path(folder).rglob("*") if path.is_file() and path.name != "key"]
    assert any(path.suffix == ".db" for path in files) or not story.database.is_sqlite
    raw = [path.name for path in files if CASE.encode() in path.read_bytes() or "张某".encode() in path.read_bytes()]
    return found + raw


async def vacuumed(story: Story) -> set[str]:
    """The tables out of which PostgreSQL was told to take former versions of rows."""
    said = text("SELECT relname FROM pg_stat_user_tables WHERE last_vacuum IS NOT NULL")
    async with story.database.read() as session:
        return set(await session.scalars(said))


async def test_a_coordinator_erases_a_person_and_the_entry_stays(story: Story):
    me, coordinator = story.person(), story.person(COORDINATOR)
    await register_person(me)
    await me.type(f"/find {CASE}")
    await begin_person(me)  # a draft that still says it
    await story.settle()
    assert any(each.startswith("draft.") for each in await mentions(story))
    reminders = len(await story.rows(Reminder, Reminder.state == ReminderState.PLANNED))
    assert reminders > 0
    assert len(await mentions(story)) >= 3
    assert "管理员" not in await me.type("/erase 大气2026-1")  # nobody else may, and nobody is told of it
    asked = await coordinator.type("/erase 大气2026-1")
    assert f"张某 {CASE}" in asked
    assert "1234" not in asked  # a coordinator may not read it. Source: roles.IDENTIFIES
    assert "不可恢复" in asked
    await coordinator.press("确认删除")
    await coordinator.wait_for("个人信息已删除")
    await story.settle()

    assert await mentions(story) == []
    if not story.database.is_sqlite:
        assert await vacuumed(story) == set(erasure.TOUCHED)
    assert only(await story.rows(Counterpart)).person_label is None
    assert len(await story.rows(Reminder, Reminder.state == ReminderState.PLANNED)) == reminders
    assert only(await story.rows(Request)).seq == 1
    shown = await me.type("/find 大气2026-1")
    assert "大气2026-1" in shown
    assert "个人信息已删除" in await me.press("大气2026-1")
    async with story.database.read() as session:
        verdict = await seals.verify(session)
    assert verdict.broken == ()
    erased = await story.rows(Audit, Audit.content_hash.is_not(None))
    assert any(line.verb == "request.register" for line in erased)
    assert only(await story.rows(Audit, Audit.verb == "person.erase")).actor_id is not None
    assert "无须删除" in await coordinator.type("/erase 大气2026-1")


async def test_what_other_entries_say_of_the_person_goes_too(story: Story):
    me, colleague, coordinator = story.person(), story.person(COLLEAGUE), story.person(COORDINATOR)
    await register_person(me)
    await mention_elsewhere(colleague, "张三")
    await me.wait_for("同案")  # the notification carries the reason
    other = only(await story.rows(Opinion))
    assert other.number == f"附{CASE}"
    assert only(await story.rows(Item, Item.id == other.item_id)).basis == TOGETHER
    await coordinator.type("/erase 大气2026-1")
    await coordinator.press("确认删除")
    told = await coordinator.wait_for("个人信息已删除")
    await story.settle()

    assert await mentions(story) == []
    assert "人工核对" not in told
    after = only(await story.rows(Opinion))
    assert (after.number, after.result, after.valid_to) == (None, other.result, other.valid_to)
    item = only(await story.rows(Item, Item.id == other.item_id))
    assert (item.basis, item.used_as) == (None, "limited")
    line = only(await story.rows(Audit, Audit.verb == "request.handover"))
    assert (line.reason, line.content_hash is None) == (None, False)
    assert only(await story.rows(Outbox, Outbox.kind == "handover.one")).params == {}
    async with story.database.read() as session:
        assert (await seals.verify(session)).broken == ()


async def test_a_second_entry_of_the_person_is_left_to_people(story: Story):
    me, coordinator = story.person(), story.person(COORDINATOR)
    await register_person(me)
    await register_person(me)
    await coordinator.type("/erase 大气2026-1")
    await coordinator.press("确认删除")
    assert "1处" in await coordinator.wait_for("人工核对")
    kept = [row.person_label for row in await story.rows(Counterpart)]
    assert kept[0] is None and kept[1]["case_number"] == CASE


async def test_persons_are_erased_when_their_time_is_over_and_not_before(story: Story):
    me = story.person()
    await register_person(me)
    await me.press("查看台账")
    await me.press("更多")
    await me.press("撤回")
    await me.press("确认撤回")
    story.pass_time("2027-05-01 09:00")
    await story.service.jobs.housekeeping()
    await story.settle()
    assert only(await story.rows(Counterpart)).person_label is not None
    assert await story.rows(Draft) == []
    story.pass_time("2027-06-02 09:00")
    await story.service.jobs.housekeeping()
    await story.settle()
    assert only(await story.rows(Counterpart)).person_label is None
    assert len(await story.rows(Item)) >= 1
    assert only(await story.rows(Audit, Audit.verb == "person.erase")).actor_id is None
    assert await mentions(story) == []
