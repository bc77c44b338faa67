"""Bad input: each gets one clear sentence, and nothing recorded is lost or doubled."""

from pathlib import Path
from typing import Any

import pytest

from bot.screens.screen import Press
from storage.tables import Audit, Draft, Inbox, InboxState, Item, Outbox, Request
from tests.conftest import COLLEAGUE, OFFICER
from tests.journeys.story import FIRM, Story, only, register
from tests.officer import Officer

ID_NUMBER = "11010519491231002X"  # fictitious, of a right checksum
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489") + b"\0" * 20
COMMAND = {"type": "bot_command", "offset": 0, "length": 1}
POLL = {"id": "1", "question": "某", "total_voter_count": 0, "type": "regular"} | dict.fromkeys(
    ("is_closed", "is_anonymous", "allows_multiple_answers", "allows_revoting", "members_only"), False
)
FORM = "请粘贴申请人的名称和统一社会信用代码"
MATTER = "排污许可证延续"


@pytest.fixture
def database_url(copied_file: str) -> str:
    """What is typed is read the same way whatever the database: SQLite, whose bytes can be looked at."""
    return copied_file


async def _form(story: Story) -> Officer:
    me = story.person()
    await me.type(f"/new {MATTER}")
    await me.press(MATTER)
    return me


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("虚构公司 91410100MA00000T43", "第18位校验不符"),
        ("虚构公司 914101O0MA00000T42", "代码第7位为“O”"),
        ("虚构公司 91410100MI00000T42", "代码第10位为“I”，代码中不使用该字母，是否为数字1"),
        ("虚构公司 9141010MA00000T42", "统一社会信用代码应为18位，现为17位"),
        ("虚构机关 11410100MB0000T3XJ", "11开头的代码属于机关"),
        ("虚构公司", "未识别到统一社会信用代码"),
        ("91410100MA00000T42", "缺少单位名称"),
        ("长" * 81 + " 91410100MA00000T42", "单位名称为81个字，应为2至80个字"),
    ],
)
async def test_a_subject_that_cannot_be_is_refused_in_one_sentence_above_the_form(story: Story, typed: str, said: str):
    me = await _form(story)
    screen = await me.type(typed)
    sentence, _gap, rest = screen.partition("\n\n")
    assert said in sentence
    assert sentence.count("。") == 1
    assert FORM in rest
    await me.type(FIRM)
    await me.press("今天提交")
    await me.press("确认登记")
    assert await story.count(Request) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2月30日", "2月没有30日"),
        ("2025-02-29", "2025年2月没有29日"),
        ("13月5日", "没有13月"),
        ("明天下午", "未能识别日期"),
        ("2026-11-24", "提交日期不能晚于今天"),
    ],
)
async def test_an_impossible_date_is_refused_and_asked_for_again(story: Story, typed: str, said: str):
    me = await _form(story)
    await me.type(FIRM)
    screen = await me.type(typed)
    assert said in screen.partition("\n\n")[0]
    assert "何时提交" in screen
    await me.type("11月20日")
    assert "11月20日（周五）" in me.screen


async def test_a_picture_where_text_is_asked_gets_one_sentence_and_the_form_stays(story: Story):
    me = await _form(story)
    screen = await me.send_photo(PNG)
    assert screen.startswith("当前无须发送文件。")
    assert FORM in screen
    await me.type(FIRM)
    assert "何时提交" in me.screen


async def test_markup_in_a_companys_name_is_shown_literally_everywhere(story: Story):
    me = await _form(story)
    name = '虚构<b>甲</b>&amp;"乙"<a href="x">公司'
    await me.type(f"{name} 91410100MA00000T42")
    assert name in await me.press("今天提交")
    await me.press("确认登记")
    await me.press("查看台账")
    assert name in me.screen
    await story.at("2026-11-24 09:00")
    assert name in me.screen
    assert not any(call.status == 400 for call in story.api.calls)


@pytest.mark.parametrize("way", ["text", "caption", "file name", "photo caption"])
async def test_an_id_number_is_refused_its_message_deleted_and_no_byte_of_it_kept(
    story: Story, tmp_path: Path, way: str
):
    me = await _form(story)
    words = f"王 {ID_NUMBER}"
    acts: dict[str, Any] = {
        "text": lambda: story.api.type(OFFICER, words),
        "caption": lambda: story.api.send_document(OFFICER, b"x", "a.xlsx", words),
        "file name": lambda: story.api.send_document(OFFICER, b"x", f"{ID_NUMBER}.xlsx"),
        "photo caption": lambda: story.api.send_photo(OFFICER, PNG, caption=words),
    }
    message = acts[way]()
    await me.wait_for("不得发送身份证号")
    await me._until(lambda: story.api.find(OFFICER, message.id) is None, "the message is deleted")
    await story.settle()
    assert FORM in me.screen
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"xinxuan.db", "xinxuan.db-wal"} <= {path.name for path in files}
    assert not [path for path in files if ID_NUMBER.encode() in path.read_bytes()]
    kept = str([(row.raw, row.reply) for row in await story.rows(Inbox)]) + str(
        [(row.answers, row.awaiting) for row in await story.rows(Draft)]
    )
    assert ID_NUMBER not in kept
    assert not [call for call in story.api.calls if ID_NUMBER in str(call.params)]


PLACE = {"latitude": 1.0, "longitude": 1.0}
FORWARDED = {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "某人（虚构）"}}
SENT_OTHERWISE: dict[str, dict[str, Any]] = {
    "behind a command on the next line": {"text": f"/find\n{ID_NUMBER}", "entities": [COMMAND | {"length": 5}]},
    "as a command": {"text": f"/{ID_NUMBER}", "entities": [COMMAND | {"length": 19}]},
    "forwarded": {"text": ID_NUMBER} | FORWARDED,
    "from whom it is forwarded": FORWARDED | {"text": "某"}
    | {"forward_origin": FORWARDED["forward_origin"] | {"sender_user_name": ID_NUMBER}},
    "through another bot": {"text": ID_NUMBER, "via_bot": {"id": 9, "is_bot": True, "first_name": "某（虚构）"}},
    "beside a voice": {"voice": {"file_id": "v", "file_unique_id": "v", "duration": 1}, "caption": ID_NUMBER},
    "in a contact": {"contact": {"phone_number": ID_NUMBER, "first_name": "某"}},
    "in a venue": {"venue": {"location": PLACE, "title": ID_NUMBER, "address": "某"}, "location": PLACE},
    "in a poll": {"poll": POLL | {"options": [{"text": ID_NUMBER, "voter_count": 0, "persistent_id": "1"}]}},
    "behind a link": {"text": "某", "entities": [COMMAND | {"type": "text_link", "url": f"http://x.cn/{ID_NUMBER}"}]},
}  # fmt: skip


@pytest.mark.parametrize("way", SENT_OTHERWISE)
async def test_an_id_number_is_deleted_and_its_sender_told_whichever_way_it_came(story: Story, way: str):
    me = await _form(story)
    message = story.api._say(OFFICER, SENT_OTHERWISE[way])
    await me.wait_for("不得发送身份证号")
    await me._until(lambda: story.api.find(OFFICER, message.id) is None, "the message is deleted")
    await story.settle()
    assert FORM in me.screen
    assert len([each for each in me.messages if "不得发送身份证号" in each.text]) == 1


async def test_an_id_number_that_is_edited_into_a_message_is_deleted_and_its_sender_told(story: Story):
    me = await _form(story)
    message = story.api.type(OFFICER, "你好")
    await story.settle()
    await me.edit(message.id, f"王 {ID_NUMBER}")
    await me.wait_for("不得发送身份证号")
    await me._until(lambda: story.api.find(OFFICER, message.id) is None, "the message is deleted")


async def test_an_answer_to_a_message_with_an_id_number_is_an_answer_like_others(story: Story):
    me = await _form(story)
    other = {"message_id": 1, "date": 1, "chat": {"id": OFFICER, "type": "private"}, "text": ID_NUMBER}
    message = story.api._say(OFFICER, {"text": FIRM, "reply_to_message": other})
    await me.wait_for("何时提交")
    assert story.api.find(OFFICER, message.id) is not None


async def test_a_keyboard_a_year_old_shows_the_present_state_and_changes_nothing(story: Story):
    me = story.person()
    await register(me)
    old = me.messages[-1]
    await me.press("查看台账")
    presses = [each["callback_data"] for row in me.messages[-1].buttons for each in row]
    received = next(data for data in presses if "received,0" in data)
    await me.press("今天中心已收件")
    story.pass_time("2027-11-23 10:00")
    await me.press_data(old.id, received)
    assert me.toast == "本件已有变动，现显示最新状态。"
    assert "应反馈日期：2026年11月30日" in story.api.messages(OFFICER)[-1].text or "2026年11月30日" in me.transcript()
    assert len(await story.rows(Audit, Audit.verb == "request.received")) == 1


async def test_two_presses_within_a_moment_make_one_entry(story: Story):
    me = await _form(story)
    await me.type(FIRM)
    await me.press("今天提交")
    message = me.messages[-1]
    data = next(each["callback_data"] for row in message.buttons for each in row if ":rconf:" in each["callback_data"])
    queries = [story.api.press(OFFICER, message.id, data) for _ in range(3)]
    await me._until(lambda: all(query.answered for query in queries), "all are answered")
    await story.settle()
    assert await story.count(Request) == 1
    assert len(await story.rows(Item, Item.product_kind == "verification")) == 1
    assert len(await story.rows(Audit, Audit.verb == "request.register")) == 1
    assert {row.state for row in await story.rows(Inbox)} == {InboxState.SHOWN}


async def test_a_press_on_somebody_elses_keyboard_shows_ones_own_state(story: Story):
    me, colleague = await _form(story), story.person(COLLEAGUE)
    await me.type(FIRM)
    await me.press("今天提交")
    theirs = only(await story.rows(Draft, Draft.active))
    await colleague.type(f"/new {MATTER}")
    await colleague.press(MATTER)
    await colleague.type("虚构监测站 12410100MB0000T3XJ")
    await colleague.press("今天提交")
    before = colleague.messages[-1].id
    await colleague.press_data(before, Press("rconf", theirs.id, theirs.version).encode())
    assert "该按钮已失效" in colleague.toast
    assert await story.count(Request) == 0
    assert "虚构环保科技有限公司" not in colleague.transcript()
    await me.press("确认登记")
    assert await story.count(Request) == 1


async def test_of_two_open_keyboards_only_the_newer_one_acts(story: Story):
    me = story.person()
    await me.type("/guide 绿色企业评选")
    await me.press("环境友好企业、绿色企业评选")
    older = me.messages[-1]
    yes = next(each["callback_data"] for row in older.buttons for each in row if each["text"] == "是")
    await me.type("/guide")
    await me.press("放弃，重新开始")
    await me.type("绿色企业评选")
    await me.press("环境友好企业、绿色企业评选")  # the same question again, on a keyboard of its own
    draft = only(await story.rows(Draft, Draft.active))
    await me.press_data(older.id, yes)
    assert "该按钮已失效" in me.toast
    same = only(await story.rows(Draft, Draft.active))
    assert (same.id, same.version, same.answers) == (draft.id, draft.version, draft.answers)


async def test_an_unknown_command_and_an_edited_message_leave_the_form_as_it_was(story: Story):
    me = await _form(story)
    assert "没有这项操作" in await me.type("/nosuch")
    mine = next(each for each in story.api.messages(OFFICER) if each.text == "/nosuch")
    assert "修改已发送的消息不起作用" in await me.edit(mine.id, FIRM)
    draft = only(await story.rows(Draft, Draft.active))
    assert not draft.answers.get("entry", {}).get("organisations")
    await me.type(FIRM)
    assert "何时提交" in me.screen


async def test_the_same_words_twice_in_a_breath_are_two_answers_and_one_entry(story: Story):
    """Two quick messages of one person keep their order: the code, then the date."""
    me = await _form(story)
    story.api.type(OFFICER, FIRM)
    story.api.type(OFFICER, "11月20日")
    await me.wait_for("11月20日（周五）")
    await me.press("确认登记")
    assert await story.count(Request) == 1
    assert await story.rows(Outbox, Outbox.chat_id == OFFICER) == []
