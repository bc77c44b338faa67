"""Finding through the front door: words of every kind, scoping, filters, one's own ledger, counterparts kept right."""

import datetime as dt

from sqlalchemy import select, update

from bot.opinions import Finding
from storage import opinions
from storage.sight import Sight
from storage.tables import Audit, Counterpart, CounterpartAlias, Cover, Item, Person, Role, Work
from tests.conftest import AUDITOR, COLLEAGUE, COORDINATOR, OFFICER
from tests.journeys.story import OUTSIDER, Story, only, register
from tests.officer import Officer
from tests.sheets import cells

SHOP = "虚构便民店 92410100MA00000T4Y"
OTHER = "虚构水务集团有限公司 91410100MA00000T42"
STATION = "虚构监测站 12410100MB0000T3XJ"
LIAISON, HEAD = 5_000_011, 5_000_012
MERGED = "虚构环境科技有限公司 91410100MA00000P2Q"


async def opinion_on(story: Story, code: str, *, number: str = "信核〔2026〕7号", holder: int = OFFICER) -> None:
    """Put a valid opinion on a counterpart, as if it had come back."""
    async with story.database.write() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == holder))).one()
        firm = (await session.scalars(select(Counterpart).where(Counterpart.code == code))).one()
        item = (await session.scalars(select(Item).where(Item.counterpart_id == firm.id))).first()
        new = opinions.NewOpinion(
            counterpart_id=firm.id,
            item_id=item.id,
            unit_id=person.unit_id,
            holder_id=person.id,
            issued_on=dt.date(2026, 11, 20),
            valid_to=dt.date(2027, 11, 19),
            valid_source="printed",
            finding=Finding.CLEAN,
            number=number,
        )
        await opinions.record(session, [new], now=story.clock.now())


async def register_person(me: Officer) -> None:
    """Make an entry on a natural person, who is kept by surname, last four and case number only."""
    await me.type("/new 环保先进个人表彰")
    for label in ("环保先进个人表彰", "是", "社会人士", "自然人"):
        await me.press(label)
    await me.type("张 1234 人事2026-7")
    await me.press("今天提交")
    await me.press("确认登记")


async def verbs(story: Story) -> list[tuple[str, int | None]]:
    return [(row.verb, row.subject_id) for row in await story.rows(Audit)]


async def test_an_entry_is_found_by_name_code_number_pinyin_and_initials(story: Story):
    me = story.person()
    await register(me)
    for typed in (
        "环保科技", "环保", "虚构 科技", "91410100MA00000T42", "ma00000t", "MA00000T-4", "xghbkj", "huanbaokeji",
        "大气2026-1", "大气1", "2026－1", "大气 2026—1", "排污许可",
    ):  # fmt: skip
        assert "大气2026-1 排污许可证延续" in await me.type(f"/find {typed}"), typed
        assert "【台账】大气2026-1" in await me.press("大气2026-1"), typed


async def test_find_asks_for_words_and_what_is_typed_next_is_looked_for(story: Story):
    me = story.person()
    await register(me)
    assert "请输入单位名称" in await me.type("/find")
    assert "虚构环保科技有限公司" in await me.type("环保")
    assert "未找到" in await me.type("并不存在")
    assert "虚构环保科技有限公司" in await me.type("科技有限")


async def test_the_guide_that_was_left_for_a_search_comes_back(story: Story):
    me = story.person()
    await register(me)
    await me.type("/new 排污许可证延续")
    await me.press("排污许可证延续")
    await me.type("/find 环保")
    await me.press("大气2026-1")
    await me.type(STATION)
    await me.press("今天提交")
    assert "大气2026-2" in await me.press("确认登记")


async def test_a_slip_still_finds_what_comes_near_and_wildcards_are_what_they_are(story: Story):
    me = story.person()
    await register(me)
    for typed in ("虚购环保科技", "环宝科技", "xugouhuanbap"):
        found = await me.type(f"/find {typed}")
        for said in ("没有完全相符的", "虚构环保科技有限公司", "大气2026-1"):
            assert said in found, typed
    for typed in ("%", "_", "环_", "\\", "'", "%%"):
        assert "未找到" in await me.type(f"/find {typed}"), typed
    for typed in ("%科技%", "环%司", "科技_有限"):
        found = await me.type(f"/find {typed}")
        assert "未找到" in found or "没有完全相符的" in found, typed


async def test_another_units_entries_are_neither_found_nor_opened_until_a_valid_opinion_is_held(story: Story):
    await register(story.person())
    stranger = story.person(OUTSIDER)
    assert "未找到" in await stranger.type("/find 环保科技")
    assert "未找到" in await stranger.type("/find 大气2026-1")
    assert "未找到" in await stranger.type("/find 虚购环保科技")
    firm = only(await story.rows(Counterpart))
    assert "无权查看" in await stranger.press_data(stranger.messages[-1].id, f"1:cpt:{firm.id:x}:0:")
    await opinion_on(story, "91410100MA00000T42")
    found = await stranger.type("/find 环保科技")
    assert "有效至2027年11月19日" in found
    assert "大气2026-1" not in found
    page = await stranger.press("虚构环保科技有限公司")
    assert "信核〔2026〕7号" in page
    assert "大气 张三（虚构）持有" in page
    assert "未查询到不良信息" not in page
    assert "大气2026-1" not in page
    assert "未查询到不良信息" in await _looked_at(story.person(), "环保科技", "虚构环保科技有限公司")


async def _looked_at(me: Officer, words: str, name: str) -> str:
    await me.type(f"/find {words}")
    return await me.press(name)


async def test_a_colleague_of_the_unit_finds_only_their_own_and_the_liaison_all_of_the_unit(story: Story):
    await register(story.person())
    assert "未找到" in await story.person(COLLEAGUE).type("/find 环保科技")
    await story.enrol(5_000_011, "钱七（虚构）", Role.LIAISON, "air")
    assert "大气2026-1" in await story.person(5_000_011).type("/find 环保科技")
    assert "大气2026-1" in await story.person(AUDITOR).type("/find 环保科技")
    assert "大气2026-1" in await story.person(COORDINATOR).type("/find 环保科技")


async def test_whoever_stands_in_finds_the_colleagues_entries_while_it_lasts(story: Story):
    await register(story.person())
    async with story.database.write() as session:
        ids = {row.telegram_id: row.id for row in await session.scalars(select(Person))}
        days = {"from_on": dt.date(2026, 11, 24), "to_on": dt.date(2026, 11, 24)}
        session.add(Cover(person_id=ids[OFFICER], by_id=ids[COLLEAGUE], **days))
    stand_in = story.person(COLLEAGUE)
    assert "未找到" in await stand_in.type("/find 环保科技")
    await story.at("2026-11-24 10:00")
    assert "大气2026-1" in await stand_in.type("/find 环保科技")
    assert "大气2026-1" in await stand_in.type("/my")
    await story.at("2026-11-25 10:00")
    assert "未找到" in await stand_in.type("/find 环保科技")


async def test_the_auditor_opens_what_was_found_and_every_look_is_noted(story: Story):
    await register(story.person())
    auditor = story.person(AUDITOR)
    assert "大气2026-1" in await _looked_at(auditor, "环保", "虚构环保科技有限公司")
    assert "【台账】大气2026-1" in await auditor.press("大气2026-1")
    firm = only(await story.rows(Counterpart))
    noted = await verbs(story)
    assert ("counterpart.look", firm.id) in noted
    assert "find.search" in [verb for verb, _id in noted]
    search = next(row for row in await story.rows(Audit) if row.verb == "find.search")
    assert search.after["words"] == "环保"
    assert search.after["counterparts"] == [firm.id]


async def test_the_code_of_a_person_in_business_is_masked_outside_the_unit(story: Story):
    await register(story.person(), subject=SHOP)
    await opinion_on(story, "92410100MA00000T4Y")
    assert "92410100MA00000T4Y" in await story.person().type("/find 便民店")
    stranger = story.person(OUTSIDER)
    found = await stranger.type("/find 便民店")
    assert "**************0T4Y" in found
    assert "9241" not in found
    page = await stranger.press("虚构便民店")
    assert "**************0T4Y" in page
    assert "9241" not in page


async def test_a_natural_person_is_found_by_the_entrys_number_alone_and_never_named(story: Story):
    me = story.person()
    await register_person(me)
    for typed in ("张某", "1234", "人事2026-7", "人事2026"):
        assert "未找到" in await me.type(f"/find {typed}"), typed
    found = await me.type("/find 大气2026-1")
    assert "大气2026-1 环保先进个人表彰" in found
    assert "1234" not in found


async def test_filters_narrow_by_state_product_month_and_for_the_coordinator_by_unit(story: Story):
    me = story.person()
    await register(me)
    await register(me, subject=STATION, submit="尚未提交·本部门")
    await me.type("/find 虚构")
    await me.press("筛选")
    narrowed = await me.press("待提交")
    assert "大气2026-2" in narrowed
    assert "大气2026-1" not in narrowed
    await me.press("筛选")
    assert "筛选条件：待提交" in me.screen
    await me.press("● 待提交")
    await me.press("筛选")
    await me.press("提交月份")
    month = await me.press("2026年11月")
    assert "大气2026-1" in month
    assert "大气2026-2" not in month
    boss = story.person(COORDINATOR)
    await boss.type("/find")
    assert "大气2026-1" in await boss.press("浏览台账")
    await boss.press("筛选")
    await boss.press("单位")
    other = next(unit.short_name for unit in story.policy.units.values() if unit.short_name not in ("大气", ""))
    assert "未找到" in await boss.press(other)
    await boss.press("筛选")
    await boss.press("显示全部")
    await boss.press("筛选")
    assert "未找到" in await boss.press("信用报告")


async def test_my_ledger_counts_what_is_how_far_and_a_group_is_one_press(story: Story):
    me = story.person()
    await register(me)
    await register(me, subject=STATION, submit="尚未提交·本部门")
    listed = await me.type("/my")
    assert "共2条" in listed
    assert "待提交1、待收件1" in listed
    assert "大气2026-1" not in await me.press("待提交 1")
    assert "大气2026-1" in await me.press("● 待提交 1")
    await me.press("大气2026-1")
    await me.press("更多")
    await me.press("撤回")
    await me.press("撤回")
    listed = await me.type("/my")
    assert "共1条" in listed
    assert "大气2026-1" not in listed
    assert "大气2026-1" in await me.press("已撤回 1")
    await me.press("查找")
    assert "大气2026-2" in await me.type("监测")


async def test_many_are_shown_in_pages_of_eight(story: Story):
    me = story.person()
    for _n in range(9):
        await register(me)
    first = await me.type("/find 环保科技")
    assert "共10条" in first
    assert "第1页，共2页" in first
    second = await me.press("下一页")
    assert "第2页，共2页" in second
    assert second.count("排污许可证延续") == 2
    assert "第1页，共2页" in await me.press("上一页")
    assert "共9条" in await me.type("/my")
    assert (await me.press("下一页")).count("排污许可证延续") == 1


async def test_an_older_keyboard_and_forged_views_show_the_present_search(story: Story):
    me = story.person()
    await register(me)
    await me.type("/find 环保")
    old = me.messages[-1]
    data = next(b["callback_data"] for row in old.buttons for b in row if b["text"] == "筛选")
    await me.type("监测")
    assert "未找到" in await me.press_data(me.messages[-1].id, data)
    assert me.toast
    stranger = story.person(OUTSIDER)
    await stranger.type("/find 环保")
    for forged in (
        data,
        data.replace("ffl", "fex"),
        "1:find:0:0:0.z...",
        "1:find:0:0:0...999.",
        "1:ffl:0:0:u,0....",
        "1:my:0:0:x",
    ):
        shown = await stranger.press_data(stranger.messages[-1].id, forged)
        assert "大气2026-1" not in shown, forged
    assert await story.rows(Work, Work.kind == "find.export") == []


async def test_a_renamed_counterpart_is_found_under_both_names(story: Story):
    await register(story.person())
    boss = story.person(COORDINATOR)
    await _looked_at(boss, "环保科技", "虚构环保科技有限公司")
    await boss.press("更名")
    assert "与现名称相同" in await boss.type("虚构环保科技有限公司")
    assert "新名称：虚构绿洲生态有限公司" in await boss.type("虚构绿洲生态有限公司")
    assert only(await story.rows(Counterpart)).name == "虚构环保科技有限公司"  # until it is confirmed
    renamed = await boss.press("确认登记")
    assert "虚构绿洲生态有限公司" in renamed
    assert "曾用名或其他名称：虚构环保科技有限公司" in renamed
    assert only(await story.rows(CounterpartAlias)).name == "虚构环保科技有限公司"
    for typed in ("环保科技", "绿洲", "lvzhou", "xghbkj"):
        assert "虚构绿洲生态有限公司" in await story.person().type(f"/find {typed}"), typed
    line = next(row for row in await story.rows(Audit) if row.verb == "counterpart.rename")
    assert (line.before, line.after) == ({"name": "虚构环保科技有限公司"}, {"name": "虚构绿洲生态有限公司"})


async def test_words_that_are_typed_after_a_command_are_no_counterparts_new_name(story: Story):
    await register(story.person())
    boss = story.person(COORDINATOR)
    await _looked_at(boss, "环保科技", "虚构环保科技有限公司")
    await boss.press("更名")
    await boss.type("/my")
    assert "排污许可证延续" in await boss.type("排污许可证延续")
    assert "更名" not in boss.screen
    assert only(await story.rows(Counterpart)).name == "虚构环保科技有限公司"


async def test_merged_counterparts_are_one_everywhere_and_can_be_parted_again(story: Story):
    me = story.person()
    await register(me)
    await register(me, subject=MERGED)
    await opinion_on(story, "91410100MA00000P2Q", number="信核〔2026〕9号")
    boss = story.person(COORDINATOR)
    await _looked_at(boss, "环境科技", "虚构环境科技有限公司")
    await boss.press("合并")
    assert "台账中没有该代码" in await boss.type("12410100MB0000T3XJ")
    assert "两者已是同一单位" in await boss.type("91410100MA00000P2Q")
    assert "虚构环境科技有限公司将并入虚构环保科技有限公司" in await boss.type("91410100MA00000T42")
    merged = await boss.press("合并")
    assert "信核〔2026〕9号" in merged
    assert "大气2026-2" in merged
    assert "曾用名或其他名称：虚构环境科技有限公司" in merged
    found = await me.type("/find 环境科技")
    assert "虚构环保科技有限公司" in found
    assert "大气2026-1" in found
    assert "大气2026-2" in found
    sight = Sight(Person(role=Role.COORDINATOR), dt.date(2026, 12, 1))
    async with story.database.read() as session:
        reusable = await opinions.reusable(session, ["91410100MA00000T42"], sight=sight, on=dt.date(2026, 12, 1))
        assert reusable["91410100MA00000T42"].number == "信核〔2026〕9号"
    await me.type("/new 排污许可证变更")
    await me.press("排污许可证变更")
    offered = await me.type("虚构环保科技有限公司 91410100MA00000T42")  # the opinion is on what was absorbed
    assert "可直接使用" in offered and "信核〔2026〕9号" in offered
    await me.type("/cancel")
    await boss.press("合并")  # and round the other way is a circle
    assert "两者已是同一单位" in await boss.type("91410100MA00000P2Q")
    firms = {row.code: row for row in await story.rows(Counterpart)}
    survivor, absorbed = firms["91410100MA00000T42"], firms["91410100MA00000P2Q"]
    forged = f"1:cmok:{survivor.id:x}:0:{absorbed.id}"
    assert "两者已是同一单位" in await boss.press_data(boss.messages[-1].id, forged)
    await _looked_at(boss, "环保科技", "虚构环保科技有限公司")
    parted = await boss.press("解除合并")
    assert "曾用名" not in parted
    assert "信核〔2026〕9号" not in parted
    assert all(row.merged_into_id is None for row in await story.rows(Counterpart))
    assert [verb for verb, _id in await verbs(story) if verb in ("counterpart.merge", "counterpart.part")] == [
        "counterpart.merge",
        "counterpart.part",
    ]


async def test_an_organisation_code_of_the_old_kind_leads_to_the_counterpart(story: Story):
    await register(story.person())
    boss = story.person(COORDINATOR)
    await _looked_at(boss, "环保科技", "虚构环保科技有限公司")
    await boss.press("组织机构代码")
    assert "校验" in await boss.type("12345678-9")
    await boss.type("12345678-8")
    assert only(await story.rows(Counterpart)).legacy_code is None  # until it is confirmed
    assert "组织机构代码：123456788" in await boss.press("确认登记")
    assert "大气2026-1" in await story.person().type("/find 12345678-8")


async def test_names_and_codes_are_the_coordinators_alone(story: Story):
    me = story.person()
    await register(me)
    await register(me, subject=MERGED)
    page = await _looked_at(me, "环保科技", "虚构环保科技有限公司")
    assert "虚构环保科技" in page
    assert not any("更名" in label or "合并" in label for label in me.buttons)
    one, two = await story.rows(Counterpart)
    for user in (OFFICER, AUDITOR, OUTSIDER):
        person = story.person(user)
        await person.type("/find 环保")
        for forged in (f"1:cren:{one.id:x}:0:", f"1:cmrg:{one.id:x}:0:", f"1:cleg:{one.id:x}:0:",
                       f"1:cmok:{one.id:x}:0:{two.id}", f"1:cpart:{one.id:x}:0:"):  # fmt: skip
            await person.press_data(person.messages[-1].id, forged)
            await person.type("虚构改名公司")
    assert {row.name for row in await story.rows(Counterpart)} == {"虚构环保科技有限公司", "虚构环境科技有限公司"}
    assert all(row.merged_into_id is None for row in await story.rows(Counterpart))


async def test_a_list_is_taken_away_as_a_sheet_of_what_may_be_seen(story: Story):
    me = story.person()
    await register(me)
    await register(story.person(OUTSIDER), subject=STATION)
    await me.type("/find")
    await me.press("浏览台账")
    await me.press("导出表格")
    assert "共2行" in await me.wait_for("信用产品使用台账")
    assert [message for message in me.messages if message.body.get("document")]
    work = only(await story.rows(Work, Work.kind == "find.export"))
    assert (work.params["words"], work.params["mine"]) == ("", False)
    assert "find.export" in [verb for verb, _id in await verbs(story)]


async def test_only_the_unit_reads_the_last_four_of_a_person_and_the_code_of_a_person_in_business(
    story: Story,
):
    await story.enrol(LIAISON, "钱七（虚构）", Role.LIAISON, "air")
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    async with story.database.write() as session:  # the auditor sits elsewhere
        elsewhere = (await session.scalars(select(Person.unit_id).where(Person.telegram_id == OUTSIDER))).one()
        await session.execute(update(Person).where(Person.telegram_id == AUDITOR).values(unit_id=elsewhere))
    me = story.person()
    await register(me, subject=SHOP)
    await register_person(me)
    readers = {OFFICER: True, LIAISON: True, HEAD: True, AUDITOR: False, COORDINATOR: False}
    for reader, identifies in readers.items():
        someone = story.person(reader)
        await someone.type("/find 大气2026-2")
        screen = await someone.press("大气2026-2")
        assert "张某" in screen and "人事2026-7" in screen
        assert ("1234" in screen) is identifies
        for screen in (await someone.type("/find 便民店"), await someone.press("虚构便民店")):
            assert ("92410100MA00000T4Y" in screen, "0T4Y" in screen) == (identifies, True)
        await someone.type("/find")
        await someone.press("浏览台账")
        await someone.press("导出表格")
        await someone.wait_for("信用产品使用台账")
        sent = only([each.body["document"] for each in someone.messages if each.body.get("document")])
        words = "\n".join("\t".join(each) for each in cells(story.api.files[sent["file_id"]].content))
        assert ("92410100MA00000T4Y" in words, "0T4Y" in words) == (identifies, True)
        assert "1234" not in words  # no sheet leaves with it, for anybody


async def test_the_code_of_a_person_in_business_is_not_found_out_by_trying(story: Story):
    await register(story.person(), subject=SHOP)
    coordinator = story.person(COORDINATOR)
    for typed, fits in (("92410100MA00000T4Y", True), ("0T4Y", True), ("9241", False), ("A00000T4", False)):
        assert ("虚构便民店" in await coordinator.type(f"/find {typed}")) is fits, typed
