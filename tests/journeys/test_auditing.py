"""Who did what: sealed while the bot works, read by auditors, and its value posted to the coordinators each morning."""

import ast

from bot.screens.auditing import knows, spaced
from bot.screens.screen import Press
from storage import audit
from storage.tables import Attachment, Audit, AuditSeal, Opinion, Person, Request, Role
from tests.conftest import AUDITOR, COORDINATOR
from tests.journeys.story import OUTSIDER, Story, only, register
from tests.journeys.test_cover import HEAD
from tests.journeys.test_reminder_acts import write_down
from tests.journeys.test_verification import receive
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


async def test_the_question_which_of_several_counterparts_is_meant_is_a_look(story: Story):
    me, coordinator = story.person(), story.person(COORDINATOR)
    await register(me, subject="虚构环保科技有限公司 91410100MA00000T42\n虚构能源有限公司 91410100MA00000P2Q")
    await receive(me)
    request = only(await story.rows(Request))
    await coordinator.type("/start")
    asked = Press("opn", request.id, version=request.version).encode()
    await coordinator.press_data(coordinator.messages[-1].id, asked)
    assert any("虚构能源有限公司" in label for label in coordinator.buttons)
    by = only(await story.rows(Person, Person.telegram_id == COORDINATOR)).id
    assert len(await story.rows(Audit, Audit.verb == "request.look", Audit.actor_id == by)) == 1


async def test_a_timeline_and_the_files_of_an_entry_are_looks_and_an_auditor_reads_whose_it_was(story: Story):
    me, auditor = story.person(), story.person(AUDITOR)
    await register(me)
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    await write_down(me, "2025-12-26", "2026-12-25")
    request, opinion = only(await story.rows(Request)), only(await story.rows(Opinion))
    head = await story.rows(Audit, Audit.verb == "request.look")
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    boss = story.person(HEAD)
    await boss.type("/start")
    for verb in ("tline", "atts"):
        await boss.press_data(boss.messages[-1].id, Press(verb, request.id).encode())
    looks = await story.rows(Audit, Audit.verb == "request.look")
    assert [line.subject_id for line in looks[len(head) :]] == [request.id, request.id]

    async with story.database.write() as session:
        kept = Attachment(item_id=opinion.item_id, purpose="opinion", path="x", media_type="application/pdf", size=1,
                          sha256="0", added_by=request.owner_id, added_at=story.clock.now())  # fmt: skip
        session.add(kept)
        await session.flush()
        for number, (verb, subject) in enumerate(
            (("opinion.look", ("opinion", opinion.id)), ("attachment.look", ("attachment", kept.id)))
        ):
            audit.note(session, at=story.clock.now(), actor_id=request.owner_id, verb=verb, subject=subject,
                       update_id=number)  # fmt: skip
    shown = await auditor.type("/audit")
    assert "查看意见 · 虚构环保科技有限公司" in shown
    assert "查看附件 · 大气2026-1" in shown


def test_every_verb_of_the_audit_can_be_said():
    verbs = set()
    for _path, call in calls("note", "_note"):
        for each in [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "verb")]:
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and "." in each.value:
                verbs.add(each.value)
    assert len(verbs) > 25
    assert {verb for verb in verbs if not knows(verb)} == set()
