"""Who may do what, as people meet it: colleagues, other units, coordinators, auditors, newcomers and strangers."""

import datetime as dt

import pytest
from sqlalchemy import select

from bot.screens.screen import Press
from storage.tables import (
    Audit,
    Decision,
    Draft,
    Invite,
    Outbox,
    Person,
    PersonState,
    RecentMatter,
    Referral,
    ReferralState,
    Reminder,
    Request,
    Role,
    Stranger,
    Unit,
)
from tests.conftest import AUDITOR, COLLEAGUE, COORDINATOR, OFFICER, STRANGER
from tests.journeys.story import OUTSIDER, Story, only, register
from tests.officer import Officer

HEAD, NEWCOMER = 5_000_006, 5_000_008
REFUSED = "本助手仅供本局工作人员使用，请联系本单位联络员取得邀请。"


async def _open_by_number(someone: Officer, request_id: int) -> str:
    """Press on one's own screen what only the entry's owner was shown."""
    await someone.type("/start")
    return await someone.press_data(someone.messages[-1].id, Press("req", request_id).encode())


async def test_the_head_reads_an_entry_and_only_its_officer_and_the_coordinator_change_it(story: Story):
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    await register(story.person(OFFICER))
    request = only(await story.rows(Request))
    received = Press("rdo", request.id, request.version, "received,0").encode()
    head, coordinator = story.person(HEAD), story.person(COORDINATOR)
    assert "本件仅供查看" in await _open_by_number(head, request.id)
    assert not any("收件" in label for label in head.buttons)
    await head.press_data(head.messages[-1].id, received)
    assert "仅经办人和管理员可修改" in head.screen
    assert only(await story.rows(Request)).version == request.version
    await _open_by_number(coordinator, request.id)
    await coordinator.press("今天中心已收件")
    assert "应反馈日期：11月30日（周一）" in coordinator.screen
    line = only(await story.rows(Audit, Audit.verb == "request.received"))
    async with story.database.read() as session:
        actor = await session.get_one(Person, line.actor_id)
    assert actor.telegram_id == COORDINATOR


async def test_two_people_who_press_at_once_record_it_once(story: Story):
    """Both have the same state of the entry before them; the second sees what the first has done."""
    officer, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await register(officer)
    request = only(await story.rows(Request))
    await officer.press("查看台账")
    await _open_by_number(coordinator, request.id)
    data = Press("rdo", request.id, request.version, "received,0").encode()
    queries = [story.api.press(each.id, each.messages[-1].id, data) for each in (officer, coordinator)]
    for each, query in zip((officer, coordinator), queries, strict=True):
        await each._until(lambda query=query: query.answered, "it is answered")
        await each._silence()
    assert len(await story.rows(Audit, Audit.verb == "request.received")) == 1
    assert sorted(query.toast for query in queries) == ["已记录", "本件已有变动，现显示最新状态。"]
    assert "应反馈日期：11月30日（周一）" in officer.screen
    assert "应反馈日期：11月30日（周一）" in coordinator.screen
    assert len([row for row in await story.rows(Reminder) if row.basis_version == 2]) == 3


@pytest.mark.parametrize("other", [COLLEAGUE, OUTSIDER])
async def test_another_officer_of_whatever_unit_cannot_open_an_entry(story: Story, other: int):
    await register(story.person(OFFICER))
    outsider = story.person(other)
    screen = await _open_by_number(outsider, only(await story.rows(Request)).id)
    assert "您的台账中没有此件" in screen
    assert "虚构环保科技有限公司" not in outsider.transcript()
    assert "没有台账记录" in await outsider.type("/my")


async def test_an_auditor_looks_a_matter_up_and_records_nothing(story: Story):
    auditor = story.person(AUDITOR)
    await register(story.person(OFFICER))
    assert "没有这项操作" in await auditor.type("/new")
    assert "没有这项操作" in await auditor.type("/my")
    await auditor.type("/guide 排污许可证延续")
    card = await auditor.press("排污许可证延续")
    assert "信用信息核查（方案列明）" in card
    assert not {"登记台账", "转政法处研究"} & set(auditor.buttons)
    request = only(await story.rows(Request))
    async with story.database.read() as session:
        draft = await session.scalar(select(Draft).join(Person).where(Person.telegram_id == AUDITOR, Draft.active))
    assert draft is not None
    for press in (
        Press("reg", draft.id, draft.version),
        Press("gref", draft.id, draft.version),
        Press("rdo", request.id, request.version, "received,0"),
        Press("rwdok", request.id, request.version),
        Press("nrcv", 1),
    ):
        await auditor.press_data(auditor.messages[-1].id, press.encode())
    assert (await story.count(Request), await story.count(Referral)) == (1, 0)
    assert only(await story.rows(Request)).version == request.version


async def test_a_newcomer_is_invited_by_buttons_and_waits_until_a_coordinator_has_seen_who_it_is(story: Story):
    coordinator = story.person(COORDINATOR)
    payload = await _invited(coordinator)
    assert story.api.messages(COORDINATOR)[-1].body["photo"]  # the same link as a code to be scanned
    story.api.add_user(NEWCOMER, "钱七（虚构）")
    newcomer = story.person(NEWCOMER)
    assert "管理员核准后" in await newcomer.type(f"/start {payload}")
    assert newcomer.buttons == []
    assert "正待管理员核准" in await newcomer.type("/my")
    await newcomer.type("/guide", answered=False)
    await coordinator.wait_for("加入申请")
    for words in ("钱七（虚构）", str(NEWCOMER), "大气", "单位联络员", "邀请人：吴协调（虚构）"):
        assert words in coordinator.screen
    await coordinator.press("核准")
    assert "已由吴协调（虚构）核准" in coordinator.screen
    greeting = await newcomer.wait_for("信用产品")
    assert "钱七（虚构），大气处，单位联络员" in greeting.replace("环境", "")
    person = only(await story.rows(Person, Person.telegram_id == NEWCOMER))
    unit = only(await story.rows(Unit, Unit.id == person.unit_id))
    assert (person.role, unit.code) == (Role.LIAISON, "air")
    assert only(await story.rows(Invite)).used_by == person.id
    other = story.person(STRANGER)
    assert await other.type(f"/start {payload}") == "邀请已失效，请重新取得邀请。"
    assert await story.rows(Person, Person.telegram_id == STRANGER) == []
    await register(newcomer)
    assert only(await story.rows(Request)).owner_id == person.id


async def _invited(coordinator: Officer, unit: str = "大气", role: str = "单位联络员") -> str:
    await coordinator.type("/invite")
    await coordinator.press(unit)
    await coordinator.press(role)
    link = next(word for word in coordinator.screen.split() if "?start=" in word)
    return link.partition("?start=")[2]


async def test_an_invitation_that_is_forwarded_to_the_bot_brings_nobody_in(story: Story):
    payload = await _invited(story.person(COORDINATOR))
    stranger = story.person(STRANGER)
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "某人（虚构）"}
    story.api._say(STRANGER, {"text": f"/start {payload}", "forward_origin": origin})
    await story.settle()
    assert not any(each.from_bot for each in story.api.messages(STRANGER))
    assert await story.rows(Person, Person.telegram_id == STRANGER) == []
    assert only(await story.rows(Invite)).used_at is None
    assert "管理员核准后" in await stranger.type(f"/start {payload}")


async def test_an_invitation_ends_after_a_day(story: Story):
    payload = await _invited(story.person(COORDINATOR))
    story.clock.offset += dt.timedelta(hours=24, seconds=1)
    late = story.person(STRANGER)
    assert await late.type(f"/start {payload}") == "邀请已失效，请重新取得邀请。"
    assert only(await story.rows(Invite)).used_at is None


async def test_a_stranger_is_refused_once_in_one_sentence_and_then_hears_nothing(story: Story):
    stranger = story.person(STRANGER)
    assert await stranger.type("/start") == REFUSED
    assert stranger.buttons == []
    mine = story.api.messages(STRANGER)[0].id
    sends = [call for call in story.api.calls if str(call.params.get("chat_id")) == str(STRANGER)]
    assert [call.method for call in sends] == ["sendMessage"]
    for words in ("/start", "/guide", "/my", "排污许可证", "91410100MA00000T42"):
        await stranger.type(words, answered=False)
    story.api.edit(STRANGER, mine, "/guide")
    story.api.send_document(STRANGER, b"x", "x.pdf")
    query = story.api.press(STRANGER, stranger.messages[-1].id, "1:guide:0:0:")
    await stranger._until(lambda: query.answered, "the spinner ends")
    await story.settle()
    later = [call for call in story.api.calls if str(call.params.get("chat_id")) == str(STRANGER)]
    assert later == sends
    assert query.toast == ""
    assert [row.telegram_id for row in await story.rows(Stranger)] == [STRANGER]


async def test_somebody_who_left_the_bureau_is_a_stranger_again(story: Story):
    await register(story.person(COLLEAGUE))
    async with story.database.write() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == COLLEAGUE))).one()
        person.state = PersonState.LEFT
    gone = story.person(COLLEAGUE)
    request = only(await story.rows(Request))
    assert await gone.type("/my") == REFUSED
    query = story.api.press(COLLEAGUE, gone.messages[-1].id, Press("rwdok", request.id, request.version).encode())
    await gone._until(lambda: query.answered, "the spinner ends")
    await story.settle()
    assert only(await story.rows(Request)).version == request.version


async def test_a_case_goes_to_the_legal_division_with_its_answers(story: Story):
    officer, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await officer.type("/guide 绿色企业评选")
    await officer.press("环境友好企业、绿色企业评选")
    await officer.press("否")
    await officer.press("转政法处研究")
    assert "已转政法处研究，编号1" in await officer.type("市里新增的评选")
    said = await coordinator.wait_for("转政法处研究")
    for words in ("环境友好企业、绿色企业评选", "是否为批准保留的评比、创建项目", "市里新增的评选", "张三（虚构）"):
        assert words in said
    row = only(await story.rows(Referral))
    assert row.answers["answers"]["matter"] == ["m22"]
    assert row.note == "市里新增的评选"

    assert "共1件，待答复1件" in await coordinator.type("/study")
    await coordinator.press("1 环境友好企业")
    await coordinator.press("答复")
    assert "发送后告知" in await coordinator.type("可按荣誉授予办理，\n先申请核查。")
    await coordinator.press_data(coordinator.messages[-1].id, Press("scase", row.id).encode())
    await coordinator.press("答复")  # it was looked at once more: the answer stands
    closed = await coordinator.press("发送答复")
    assert "答复：可按荣誉授予办理" in closed and "答复" not in coordinator.buttons
    said = await officer.wait_for("答复：")
    assert "可按荣誉授予办理，\n先申请核查。" in said and "11月23日" in said
    row = only(await story.rows(Referral))
    assert (row.state, row.answer) == (ReferralState.ANSWERED, "可按荣誉授予办理，\n先申请核查。")
    assert "共1件，待答复0件" in await officer.type("/study")
    assert "已办结" in officer.screen
    stranger = story.person(OUTSIDER)
    assert "没有研究事项" in await stranger.type("/study")
    await stranger.press_data(stranger.messages[-1].id, Press("scase", row.id).encode())
    assert "环境友好企业" not in stranger.screen


async def test_a_trial_of_a_matter_records_nothing(story: Story):
    me = story.person()
    await me.type("/try 排污许可证延续")
    card = await me.press("排污许可证延续")
    assert "试查" in card
    assert not {"登记台账", "转政法处研究"} & set(me.buttons)
    draft = only(await story.rows(Draft, Draft.active))
    await me.press_data(me.messages[-1].id, Press("reg", draft.id, draft.version).encode())
    await me.press("结束")
    for table in (Request, Decision, RecentMatter, Referral, Reminder):
        assert await story.count(table) == 0, table
    assert await story.rows(Outbox, Outbox.chat_id == OFFICER) == []
    assert await story.rows(Audit, Audit.actor_id.is_not(None)) == []


async def test_the_language_is_changed_and_changed_back(story: Story):
    me = story.person()
    await me.type("/language")
    await me.press("English")
    assert "Press a category." in await me.type("/guide")
    await me.type("/new 排污许可证延续")
    await me.press("排污许可证延续")
    assert "Please paste the name and unified social credit code" in me.screen
    await me.type("/language")
    await me.press("简体中文")
    assert "已放弃" in await me.type("/cancel")
    lines = await story.rows(Audit, Audit.verb == "person.language")
    assert [row.after for row in lines] == ["en", "zh_CN"]


async def test_coordinator_whom_the_server_appoints_is_on_record_and_the_others_are_told_once(story: Story):
    """Nobody in the chat has let them in: without a word, whoever has the server could seat a stranger."""
    coordinator, newcomer = story.person(COORDINATOR), story.person(NEWCOMER)
    assert await newcomer.type("/start") == REFUSED
    story.settings = story.settings.model_copy(update={"admin_ids": (COORDINATOR, NEWCOMER)})
    await story.restart()
    await story.settle()
    told = [each for each in coordinator.messages if "【服务器指定管理员】" in each.text]
    assert [str(NEWCOMER) in each.text for each in told] == [True]
    assert str(NEWCOMER) in await coordinator.press("查看人员")
    assert "停用" in coordinator.buttons
    lines = await story.rows(Audit, Audit.verb == "person.appoint")
    people = {each.id: each.telegram_id for each in await story.rows(Person)}
    assert [(line.actor_id, people[line.subject_id]) for line in lines] == [(None, COORDINATOR), (None, NEWCOMER)]
    assert "信选 按服务器设置指定管理员" in await story.person(AUDITOR).type("/audit")
    assert "管理员" in await newcomer.type("/settings")
    await story.restart()
    await story.settle()
    assert len([each for each in coordinator.messages if "【服务器指定管理员】" in each.text]) == 1
    assert len(await story.rows(Audit, Audit.verb == "person.appoint")) == 2
