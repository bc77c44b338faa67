"""Who did what: sealed while the bot works, read by auditors, and its value posted to the coordinators each morning."""

import ast

from bot.screens.auditing import knows, spaced
from storage.tables import Audit, AuditSeal
from tests.conftest import AUDITOR, COORDINATOR
from tests.journeys.story import OUTSIDER, Story, register
from tests.tools.catalogue import calls


async def test_looks_and_acts_are_sealed_and_read_by_auditors_alone(story: Story):
    me, auditor, coordinator = story.person(), story.person(AUDITOR), story.person(COORDINATOR)
    await register(me)
    await me.press("查看台账")
    await story.at("2026-11-23 09:05")
    looks = await story.rows(Audit, Audit.verb == "request.look")
    assert [line.subject_kind for line in looks] == ["request"]
    seals = await story.rows(AuditSeal)
    assert seals[-1].to_id >= looks[-1].id

    shown = await auditor.type("/audit")
    assert "登记台账 · 大气2026-1" in shown
    assert "查看台账 · 大气2026-1" in shown
    assert spaced(seals[-1].head) in shown
    for n in range(8):
        await me.type(f"/find 虚构{n}")
    assert "张三（虚构）" in await coordinator.type("/audit 张三（虚构）")
    older = await coordinator.press("更早")
    assert "登记台账 · 大气2026-1" in older
    assert "最新" in str(coordinator.buttons)
    only_entry = await auditor.type("/audit 大气2026-1")
    assert "查找台账" not in only_entry
    assert "查看台账" in only_entry
    assert "操作记录" not in await me.type("/audit")
    assert "操作记录" not in await story.person(OUTSIDER).type("/audit")
    assert len(await story.rows(Audit, Audit.verb == "audit.look")) >= 4

    await story.at("2026-11-24 09:05")
    posted = await coordinator.wait_for("操作记录校验值")
    assert "请留存本消息" in posted
    heads = {spaced(each.head) for each in await story.rows(AuditSeal)}
    assert any(head in posted for head in heads)
    assert not any("校验值" in message.text for message in me.messages)


def test_every_verb_of_the_audit_can_be_said():
    verbs = set()
    for _path, call in calls("note", "_note"):
        for each in [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "verb")]:
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and "." in each.value:
                verbs.add(each.value)
    assert len(verbs) > 25
    assert {verb for verb in verbs if not knows(verb)} == set()
