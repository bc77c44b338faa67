"""First light: a matter is found, entered in the ledger, watched day by day, and closed with one press."""

import datetime as dt
import json

from storage.tables import (
    Audit,
    Decision,
    Draft,
    Inbox,
    InboxState,
    Item,
    ItemState,
    Outbox,
    OutboxState,
    PolicySnapshot,
    RecentMatter,
    Reminder,
    ReminderState,
    Request,
    RequestState,
)
from tests.journeys.story import FIRM, Story, only

MONDAY, DUE = dt.date(2026, 11, 23), dt.date(2026, 11, 30)


async def test_from_question_to_entry_to_reminder_to_opinion(story: Story):
    me = story.person()
    assert "不得发送涉密" in await me.type("/start")
    await _find_and_enter(story)
    await _entry_is_written_down(story)
    await _receipt_is_asked_for(story)
    await _warned_and_late(story)
    await _closed(story)


async def _find_and_enter(story: Story) -> None:
    me = story.person()
    await me.type("/guide")
    await me.type("排污许可延续")
    card = await me.press("排污许可证延续")
    for words in ("● 信用信息核查（方案列明）", "郑环文〔2017〕15号 二（二）", "建议目录，以本局正式清单为准"):
        assert words in card
    await me.press("登记台账")
    await me.type(FIRM)
    asked = await me.press("今天提交")
    assert "11月23日（周一）" in asked
    said = await me.press("确认登记")
    assert said.startswith("已登记台账：大气2026-1\n排污许可证延续\n预计反馈日期：11月30日（周一）")


async def _entry_is_written_down(story: Story) -> None:
    request = only(await story.rows(Request))
    assert (request.year, request.seq, request.matter_code, request.state) == (2026, 1, "m04b", RequestState.OPEN)
    decision = only(await story.rows(Decision))
    snapshot = only(await story.rows(PolicySnapshot))
    assert decision.policy_hash == snapshot.hash == story.policy.hash
    assert decision.answers == {"matter": ["m04b"]}
    assert decision.rule_ids
    assert set(decision.rule_ids) <= {rule.id for rule in story.policy.rules}
    assert decision.on == MONDAY
    items = {item.product_kind: item for item in await story.rows(Item)}
    assert set(items) == {"verification", "commitment"} == set(_kinds(story, decision.result))
    verification = items["verification"]
    assert (verification.submitted_on, verification.received_on, verification.due_on) == (MONDAY, None, DUE)
    assert items["commitment"].state is ItemState.RECORDED
    asking = only(await story.rows(Reminder))
    assert (asking.kind, asking.stage, asking.state) == ("receipt", "ask", ReminderState.PLANNED)
    assert asking.due_at == dt.datetime(2026, 11, 24, 1, 0, tzinfo=dt.UTC)
    assert not [draft for draft in await story.rows(Draft) if draft.active]
    assert [row.matter_code for row in await story.rows(RecentMatter)] == ["m04b"]


def _kinds(story: Story, result: dict[str, str]) -> list[str]:
    return [story.policy.products[product].kind for product in result]


async def _receipt_is_asked_for(story: Story) -> None:
    me = story.person()
    before = len(me.messages)
    await story.at("2026-11-24 08:59")
    assert len(me.messages) == before
    await story.at("2026-11-24 09:00")
    assert "中心是否已收件" in me.screen
    assert "确认前预计于11月30日（周一）反馈" in me.screen
    assert "应于11月30日（周一）前反馈" in await me.press("11月23日（周一）已收件")
    assert await _stages(story) == {
        ("receipt", "ask", 1): (ReminderState.ACKNOWLEDGED, "2026-11-24"),
        ("feedback", "t-1", 2): (ReminderState.PLANNED, "2026-11-27"),
        ("feedback", "t-0", 2): (ReminderState.PLANNED, "2026-11-30"),
        ("feedback", "overdue+1", 2): (ReminderState.PLANNED, "2026-12-01"),
    }


async def _warned_and_late(story: Story) -> None:
    me = story.person()
    for moment, said in (
        ("2026-11-27 09:00", "还剩1个工作日"),
        ("2026-11-30 09:00", "今天为反馈期限最后一天"),
        ("2026-12-01 09:00", "已超期1个工作日"),
    ):
        before = len(me.messages)
        await story.at(moment)
        assert len(me.messages) == before + 1
        assert said in me.screen
        assert "大气2026-1" in me.screen


async def _closed(story: Story) -> None:
    me = story.person()
    assert "12月1日（周二）收到意见。请登记意见内容" in await me.press("已收到意见")
    assert only(await story.rows(Request)).state is RequestState.CLOSED
    item = only([row for row in await story.rows(Item) if row.product_kind == "verification"])
    assert (item.state, item.returned_on) == (ItemState.RETURNED, dt.date(2026, 12, 1))
    rows = {(row.kind, row.stage): (row.state, row.reason) for row in await story.rows(Reminder)}
    assert rows["feedback", "t-1"][0] is rows["feedback", "t-0"][0] is ReminderState.SENT
    assert rows["feedback", "overdue+1"][0] is ReminderState.ACKNOWLEDGED
    assert rows["feedback", "overdue+2"] == (ReminderState.CANCELLED, "opinion received")
    before = len(me.messages)
    await story.at("2026-12-03 09:00")
    await story.at("2026-12-31 09:00")
    assert [
        text for message in me.messages[before:] if "核查反馈" in (text := message.text)
    ] == []  # only its use is asked
    assert {(row.state, row.copies) for row in await story.rows(Outbox)} == {(OutboxState.SENT, 1)}
    assert {row.state for row in await story.rows(Inbox)} == {InboxState.SHOWN}
    await _timeline_tells_it(story)


async def _timeline_tells_it(story: Story) -> None:
    me = story.person()
    lines = [row.verb for row in await story.rows(Audit, Audit.subject_kind == "request")]
    queued = "reminder.queue"
    assert lines == [
        "request.register", queued, "request.received", queued, queued, queued, "request.returned", queued,
    ]  # fmt: skip
    screen = await me.press("1")  # that it is not written down leads the morning's list
    told = ["登记台账", "发出提醒", "登记中心收件", "发出提醒", "发出提醒", "发出提醒", "登记收到意见"]
    history = screen.partition("办理记录")[2]
    at = 0
    for words in told:
        at = history.index(words, at) + len(words)
    assert "待补录意见1" in await me.type("/my")


async def _stages(story: Story) -> dict[tuple[str, str, int], tuple[ReminderState, str]]:
    return {
        (row.kind, row.stage, row.basis_version): (row.state, row.due_at.date().isoformat())
        for row in await story.rows(Reminder)
    }


async def test_a_decided_case_can_be_replayed_from_its_snapshot(story: Story):
    """Design §3.1: an old case is replayed under the policy of its day, from what stands in the database alone."""
    from bot.guidance import Outcome, next_step
    from bot.policy.loader import restore
    from tests.journeys.story import register

    await register(story.person())
    decision = only(await story.rows(Decision))
    kept = only(await story.rows(PolicySnapshot))
    policy = restore(kept.content)
    answers = {question: tuple(options) for question, options in decision.answers.items()}
    again = next_step(policy, answers, on=decision.on)
    assert isinstance(again, Outcome)
    assert list(again.rule_ids) == decision.rule_ids
    assert {each.product.id: each.strength.value for each in again.recommendations} == decision.result
    assert json.loads(kept.content)
