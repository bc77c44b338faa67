"""Hand-over through the front door: one entry, everything of a leaver, and those who may not."""

import pytest
from sqlalchemy import select, update

from bot.screens.screen import Press
from handlers import reconcile
from handlers.office import ZONE
from storage.tables import (
    Audit,
    Counterpart,
    Cover,
    Inbox,
    Opinion,
    Outbox,
    Person,
    PersonState,
    Referral,
    ReminderState,
    Request,
    RequestState,
    Role,
    Unit,
)
from storage.tables import Reminder as Planned
from tests.conftest import AUDITOR, COLLEAGUE, COORDINATOR, OFFICER
from tests.journeys.story import OUTSIDER, Story, only, register
from tests.journeys.test_commitments import act, file_in
from tests.journeys.test_cover import HEAD, LI, SUN, THIRD, WARNING, ZHANG, ZHOU, cover, forge, key_of, open_it
from tests.journeys.test_cover import received as received_entry
from tests.journeys.test_reminder_acts import write_down
from tests.journeys.test_verification import receive
from tests.officer import Officer

OTHER_HEAD = 5_000_011
SECOND_FIRM = "虚构第二科技有限公司 12410100MB0000T3XJ"


async def begin(someone: Officer, request: Request) -> str:
    return await forge(someone, Press("hand", request.id, request.version))


async def hand_over(someone: Officer, request: Request) -> None:
    """Give an entry to 李四, as whoever may."""
    await begin(someone, request)
    await someone.press("李四")
    await someone.press("确认转办")


def button_of(someone: Officer, label: str) -> Press:
    """Return what a button of the newest message says, to forge another one of the same screen."""
    _message, data = someone._find(label, someone.messages[-1].id)
    press = Press.decode(data)
    assert press is not None
    return press


async def owners(story: Story) -> list[int]:
    return [row.owner_id for row in await story.rows(Request)]


async def test_one_entry_goes_to_a_colleague_with_its_reminders_and_a_word(story: Story):
    me, li = story.person(OFFICER), story.person(COLLEAGUE)
    request = await received_entry(story)
    planned = [
        (row.stage, row.due_at) for row in await story.rows(Planned, Planned.basis_version == request.basis_version)
    ]
    await open_it(me, request.id)
    await me.press("更多")
    screen = await me.press("转办")
    assert "转办给谁？" in screen
    assert not any("张三" in label or "赵六" in label or "王五" in label for label in me.buttons)
    assert f"接办人：{LI}" in await me.press("李四")
    assert "原因：岗位调整" in await me.type("岗位调整")
    assert f"台账大气2026-1已转办给{LI}。" in await me.press("确认转办")
    said = await li.wait_for("【转办】台账 大气2026-1")
    assert f"{ZHANG}已将本件转办给您" in said
    assert "岗位调整" in said
    assert "状态：中心已收件" in said
    assert "本件仅供查看" not in await li.press("打开")
    after = only(await story.rows(Request))
    assert after.owner_id == await key_of(story, COLLEAGUE)
    assert (after.version, after.basis_version) == (request.version + 1, request.basis_version + 1)
    line = only(await story.rows(Audit, Audit.verb == "request.handover"))
    assert (line.actor_id, line.reason) == (await key_of(story, OFFICER), "岗位调整")
    assert line.after == {"owner": after.owner_id}
    assert line.before["rows"]["request"][str(request.id)] == {"owner_id": request.owner_id}
    now = await story.rows(Planned, Planned.state == ReminderState.PLANNED)
    assert [(row.stage, row.due_at) for row in now] == planned  # the new owner's hour and stages are the bureau's too
    assert "没有此件" in await open_it(me, request.id)
    mine = len(me.messages)
    await story.at("2026-11-27 09:00")
    assert WARNING in li.screen
    assert "代" + ZHANG not in li.screen
    assert len(me.messages) == mine


async def test_what_waits_in_the_outbox_for_the_old_owner_goes_to_the_new_one(story: Story):
    """Telegram is away when the reminder falls due; the entry is handed over before it comes back."""
    me, li, coordinator = story.person(OFFICER), story.person(COLLEAGUE), story.person(COORDINATOR)
    request = await received_entry(story)
    await story.settle()
    story.pass_time("2026-11-27 09:00")
    story.hold_back(OFFICER)
    await story.service.jobs.tick()
    waiting = only(await story.rows(Outbox, Outbox.kind.in_(("reminder", "digest"))))
    assert (waiting.state.value, waiting.chat_id) == ("due", OFFICER)
    await begin(coordinator, request)
    await coordinator.press("李四")
    await coordinator.press("确认转办")
    story.let_go()
    await story.settle()
    await story.at("2026-11-27 09:05")
    assert WARNING in await li.wait_for(WARNING)
    assert WARNING not in me.transcript()
    states = [row.state for row in await story.rows(Planned, Planned.stage == "t-1")]
    assert states == [ReminderState.CANCELLED, ReminderState.SENT]


async def test_two_who_hand_over_the_same_entry_at_once_the_second_sees_what_the_first_did(story: Story):
    await story.enrol(THIRD, ZHOU, Role.OFFICER, "air")
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await register(me)
    request = only(await story.rows(Request))
    await begin(me, request)
    await begin(coordinator, request)
    await me.press("李四")
    await coordinator.press("周八")
    await me.press("确认转办")
    await coordinator.press("确认转办")
    assert "本件已有变动" in coordinator.toast
    assert await owners(story) == [await key_of(story, COLLEAGUE)]
    assert len(await story.rows(Audit, Audit.verb == "request.handover")) == 1
    assert len(await story.rows(Outbox, Outbox.kind == "handover.one")) == 1


async def test_the_loser_who_has_no_part_in_the_entry_any_more_is_told_and_goes_on(story: Story):
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await register(me)
    request = only(await story.rows(Request))
    await begin(me, request)
    await me.press("李四")
    await begin(coordinator, request)
    await coordinator.press("李四")
    await coordinator.press("确认转办")
    assert "您的台账中没有此件" in await me.press("确认转办")
    assert "大气2026-1" not in await me.type("/my")
    assert [row.incident for row in await story.rows(Inbox) if row.incident] == []


async def test_an_entry_handed_over_under_an_open_form_leaves_no_incident(story: Story):
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    request = await received_entry(story)
    await open_it(me, request.id)
    await me.press("已收到意见")
    await begin(coordinator, request)
    await coordinator.press("李四")
    await coordinator.press("确认转办")
    assert "您的台账中没有此件" in await me.type("昨天")
    assert [row.incident for row in await story.rows(Inbox) if row.incident] == []
    assert "排污许可证" in await me.type("排污许可证")


@pytest.mark.parametrize(("who", "may"), [(COLLEAGUE, False), (OUTSIDER, False), (AUDITOR, False), (OTHER_HEAD, False),
                                          (HEAD, True), (THIRD, True), (COORDINATOR, True)])  # fmt: skip
async def test_who_hands_an_entry_over(story: Story, who: int, may: bool):
    """The head and the liaison (THIRD) of its unit may, and the coordinator; nobody else but its officer."""
    await story.enrol(HEAD, SUN, Role.HEAD, "air")
    await story.enrol(THIRD, ZHOU, Role.LIAISON, "air")
    other = only(await story.rows(Person, Person.telegram_id == OUTSIDER)).unit_id
    unit = only(await story.rows(Unit, Unit.id == other)).code
    await story.enrol(OTHER_HEAD, "郑一（虚构）", Role.HEAD, unit)
    await register(story.person(OFFICER))
    request = only(await story.rows(Request))
    someone = story.person(who)
    await begin(someone, request)
    if may:
        await someone.press("李四")
        await someone.press("确认转办")
        assert await owners(story) == [await key_of(story, COLLEAGUE)]
        return
    assert "转办给谁" not in someone.screen
    for press in (
        Press("hdset", 1, 1, f"to,{await key_of(story, COLLEAGUE)}"),
        Press("hdok", 1, 1),
        Press("hdask", 1, 1),
    ):
        await someone.press_data(someone.messages[-1].id, press.encode())
    assert await owners(story) == [request.owner_id]
    assert only(await story.rows(Request)).version == request.version


async def test_an_officer_hands_over_within_the_unit_only_and_to_nobody_who_reads_or_left(story: Story):
    me = story.person(OFFICER)
    await register(me)
    request = only(await story.rows(Request))
    await begin(me, request)
    button = Press.decode(
        next(b["callback_data"] for row in me.messages[-1].buttons for b in row if "李四" in b["text"])
    )
    for other in (OUTSIDER, AUDITOR, OFFICER):
        forged = Press("hdset", button.id, button.version, f"to,{await key_of(story, other)}")
        await me.press_data(me.messages[-1].id, forged.encode())
        assert "确认转办" not in me.buttons
    await me.press("李四")
    async with story.database.write() as session:
        (await session.scalars(select(Person).where(Person.telegram_id == COLLEAGUE))).one().state = PersonState.LEFT
    assert "该同事已不能接办" in await me.press("确认转办")
    assert await owners(story) == [request.owner_id]


async def test_the_coordinator_hands_to_another_unit_and_the_number_stays(story: Story):
    coordinator = story.person(COORDINATOR)
    await register(story.person(OFFICER))
    request = only(await story.rows(Request))
    await begin(coordinator, request)
    await coordinator.press("赵六")
    await coordinator.press("确认转办")
    after = only(await story.rows(Request))
    assert (after.owner_id, after.unit_id) == (await key_of(story, OUTSIDER), request.unit_id)
    new_owner = story.person(OUTSIDER)
    await new_owner.wait_for("大气2026-1")
    assert "大气2026-1" in await new_owner.press("打开")


async def desk_of_a_leaver(story: Story) -> None:
    """Two open entries, one of them overdue, a referred case, and covers on both sides."""
    me = story.person(OFFICER)
    await received_entry(story)
    await register(me, matter="辐射安全许可证核发", subject=SECOND_FIRM)
    await me.type("/guide 绿色企业评选")
    await me.press("环境友好企业、绿色企业评选")
    await me.press("否")
    await me.press("转政法处研究")
    await me.type("市里新增的评选")
    await cover(story, story.person(COLLEAGUE), "张三", "12月10日", "另行通知")
    await cover(story, me, "李四", "11月25日", "11月26日")
    await story.at("2026-12-02 10:00")


async def test_everything_of_a_leaver_goes_over_at_once_and_the_account_is_closed(story: Story):
    await story.enrol(THIRD, ZHOU, Role.OFFICER, "air")
    await desk_of_a_leaver(story)
    me, zhou, coordinator = story.person(OFFICER), story.person(THIRD), story.person(COORDINATOR)
    before = await story.rows(Request)
    await coordinator.type("/handover")
    screen = await coordinator.press("张三")
    for words in (
        f"移交人：{ZHANG}",
        "在办2件，其中超期1件",
        "转研究待答复1件",
        "随之结束的请假代办1项",
        "未完成的草稿不移交",
    ):
        assert words in screen, words
    await coordinator.press("周八")
    done = await coordinator.press("转办并注销其账号")
    assert f"{ZHANG}的在办台账2件已转办给{ZHOU}。" in done
    assert f"{ZHANG}的账号已注销。" in done
    target = await key_of(story, THIRD)
    after = await story.rows(Request)
    assert [row.owner_id for row in after] == [target, target]
    assert [row.version for row in after] == [row.version + 1 for row in before]
    assert [(row.unit_id, row.seq, row.basis_version) for row in after] == [
        (row.unit_id, row.seq, row.basis_version + 1) for row in before
    ]
    assert only(await story.rows(Referral)).person_id == target
    assert len(await story.rows(Audit, Audit.verb == "request.handover")) == 2
    assert len(await story.rows(Audit, Audit.verb == "person.leave")) == 1
    said = await zhou.wait_for(f"【转办】{ZHANG}的台账")
    assert "在办2件" in said
    assert len(await story.rows(Outbox, Outbox.kind == "handover.all")) == 1
    assert "大气2026-2" in await zhou.press("我的台账")
    await story.person(COLLEAGUE).wait_for("不再为您代办")
    assert [row.ended_at is not None for row in await story.rows(Cover)] == [True, False]  # the other one is past
    assert "仅供本局工作人员使用" in await me.type("/my")
    await story.at("2026-12-03 09:00")
    overdue, listed = zhou.messages[-2:]
    assert "核查反馈超期提示】台账 大气2026-1" in overdue.text
    assert "大气2026-2 应于12月2日（周三）确认中心收件" in listed.text  # asked of them on the day of the hand-over


async def test_what_a_leavers_closed_entries_still_ask_for_goes_over_too(story: Story):
    await story.enrol(THIRD, ZHOU, Role.OFFICER, "air")
    me, zhou, coordinator = story.person(OFFICER), story.person(THIRD), story.person(COORDINATOR)
    for _n in range(2):
        await register(me)
        await receive(me)
        await me.press("已收到意见")
        await me.press("今天")
    await write_down(me, "2025-12-26", "2026-12-25")  # of the second; the first still lacks its contents
    assert {row.state for row in await story.rows(Request)} == {RequestState.CLOSED}
    await coordinator.type("/handover")
    assert "在办0件\n已办结、仍有提醒或有效意见2件" in await coordinator.press("张三")
    await coordinator.press("周八")
    await coordinator.press("转办并注销其账号")
    assert "已办结、仍有提醒或有效意见2件" in await zhou.wait_for(f"【转办】{ZHANG}的台账")
    target = await key_of(story, THIRD)
    assert {row.owner_id for row in await story.rows(Request)} == {target}
    assert {row.holder_id for row in await story.rows(Opinion)} == {target}
    await story.at("2026-11-25 09:00")  # thirty days before the opinion runs out
    assert "2. 大气2026-2 查询意见有效至12月25日（周五）" in zhou.screen
    assert "查询意见有效至" not in coordinator.transcript() + me.transcript()


async def test_a_dated_letter_a_watched_opinion_and_what_was_put_off_come_to_the_one_who_takes_over(story: Story):
    """Fridays and Wednesdays without a holiday between them: the days are counted by hand."""
    await story.enrol(THIRD, ZHOU, Role.OFFICER, "air")
    me, zhou, coordinator = story.person(OFFICER), story.person(THIRD), story.person(COORDINATOR)
    await file_in(me)
    await me.press("查看台账")
    await act(me, "登记承诺书")
    await me.press("今天")
    await me.type("2026年12月16日")
    await me.press("确认登记")
    await register(me)
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    await write_down(me, "2025-12-26", "2026-12-25")
    await register(me, subject=SECOND_FIRM)
    await receive(me)
    await story.at("2026-11-25 09:00")  # thirty days before the opinion runs out
    await me.press("单独提醒")
    await story.at("2026-11-30 09:00")  # the last day of the centre for the third
    feedback = next(each.id for each in me.messages if "【核查反馈提醒】台账 大气2026-3" in each.text)
    await me.press("稍后提醒", on=feedback)
    await me.press("2个工作日后")
    await me.press("仍按此日提醒")
    await coordinator.type("/handover")
    await coordinator.press("张三")
    await coordinator.press("周八")
    await coordinator.press("转办并注销其账号")
    last = len(me.messages)
    await story.settle()
    assert "今天为反馈期限最后一天" in await zhou.wait_for("【核查反馈提醒】台账 大气2026-3")
    assert "没有推迟的提醒" in await zhou.type("/later")
    told = []
    for day, words in (
        ("2026-12-01", "【核查反馈超期提示】台账 大气2026-3"),  # as if nobody had put it off
        ("2026-12-09", "【承诺履行提示】台账 大气2026-1"),  # five working days before
        ("2026-12-18", "【查询意见到期提示】"),  # seven days before, singly because it is watched
    ):
        before = len(zhou.messages)
        await story.at(f"{day} 09:00")
        told.append(sum(words in each.text for each in zhou.messages[before:]))
    assert told == [1, 1, 1]
    assert [each.text for each in me.messages[last:] if "台账" in each.text] == []


async def test_a_head_hands_over_in_the_own_unit_and_closes_no_account(story: Story):
    await story.enrol(HEAD, SUN, Role.HEAD, "air")
    await register(story.person(OFFICER))
    head = story.person(HEAD)
    await head.type("/handover")
    assert not any("赵六" in label for label in head.buttons)
    button = Press.decode(
        next(b["callback_data"] for row in head.messages[-1].buttons for b in row if "张三" in b["text"])
    )
    forged = Press("hdset", button.id, button.version, f"from,{await key_of(story, OUTSIDER)}")
    await head.press_data(head.messages[-1].id, forged.encode())
    assert "谁的在办台账" in head.screen
    await head.press("张三")
    await head.press("孙九")
    assert "转办并注销其账号" not in head.buttons
    confirm = Press.decode(
        next(b["callback_data"] for row in head.messages[-1].buttons for b in row if "确认" in b["text"])
    )
    await head.press_data(head.messages[-1].id, Press("hdok", confirm.id, confirm.version, "left").encode())
    assert await owners(story) == [await key_of(story, OFFICER)]
    await head.press("确认转办")
    assert await owners(story) == [await key_of(story, HEAD)]
    assert only(await story.rows(Person, Person.telegram_id == OFFICER)).state is PersonState.ACTIVE
    assert await story.rows(Outbox, Outbox.kind == "handover.all") == []  # who did it sees it on the screen


async def test_an_officer_and_an_auditor_have_no_such_command(story: Story):
    await register(story.person(OFFICER))
    for someone in (story.person(COLLEAGUE), story.person(AUDITOR)):
        assert "没有这项操作" in await someone.type("/handover")


async def test_no_name_of_a_counterpart_stands_in_the_buttons_or_the_keys_of_the_notices(story: Story):
    me = story.person(OFFICER)
    await register(me)
    request = only(await story.rows(Request))
    await begin(me, request)
    data = [each["callback_data"] for row in me.messages[-1].buttons for each in row]
    await me.press("李四")
    await me.press("确认转办")
    name = only(await story.rows(Counterpart)).name
    assert all(word not in "".join(data) for word in (name, "李四", "张三"))
    row = only(await story.rows(Outbox, Outbox.kind == "handover.one"))
    assert row.dedupe.isascii()


@pytest.mark.parametrize("whole", [False, True], ids=["one entry", "everything"])
async def test_the_new_owner_is_reminded_at_their_own_hour_and_stages(story: Story, *, whole: bool):
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    async with story.database.write() as session:
        wishes = {"reminder_hour": "14:00", "reminder_stages": {"feedback": [3, 1, 0]}}
        await session.execute(update(Person).where(Person.telegram_id == COLLEAGUE).values(**wishes))
    request = await received_entry(story)
    await story.at("2026-11-24 09:05")
    if whole:
        await coordinator.type("/handover")
        for label in ("张三", "李四", "确认转办"):
            await coordinator.press(label)
    else:
        await hand_over(me, request)
    await story.settle()
    rows = await story.rows(Planned, Planned.state == ReminderState.PLANNED)
    planned = {row.stage: f"{row.due_at.astimezone(ZONE):%m-%d %H:%M}" for row in rows}
    assert planned == {"t-3": "11-25 14:00", "t-1": "11-27 14:00", "t-0": "11-30 14:00", "overdue+1": "12-01 14:00"}
    assert await reconcile.run(story.database, story.service.office) == 0


async def test_what_the_old_owner_was_asked_and_left_open_is_asked_of_the_new_one(story: Story):
    me, li = story.person(OFFICER), story.person(COLLEAGUE)
    await register(me)
    await story.at("2026-11-24 09:05")
    assert "中心是否已收件？" in me.screen
    await story.at("2026-11-25 10:00")
    await hand_over(me, only(await story.rows(Request)))
    await story.at("2026-11-25 10:05")
    [asked] = [each.text for each in li.messages if "中心是否已收件？" in each.text]
    assert "延迟提醒" not in asked
    mine = len(me.messages)
    await story.at("2026-11-26 09:05")
    assert sum("中心是否已收件？" in each.text for each in li.messages) == 1
    assert len(me.messages) == mine
    assert await reconcile.run(story.database, story.service.office) == 0
