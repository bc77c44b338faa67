"""One reminder for several people: each hears it once, and whoever cannot be told is told for by somebody else."""

import asyncio
import datetime as dt
import re

import pytest
from sqlalchemy import select, update

from bot.screens.screen import Press
from handlers import due
from storage.tables import Outbox, OutboxState, Person, PersonState, Reminder, ReminderState, Request, Role
from tests.conftest import COLLEAGUE, COORDINATOR, OFFICER
from tests.journeys.story import FIRM, OUTSIDER, Story, only, register
from tests.journeys.test_reminder_acts import write_down
from tests.journeys.test_verification import receive

UNTIL = "有效至12月25日（周五）"
TITLE = re.compile("到期提示|今日提醒")
HEAD, OTHER_HEAD = 5_000_041, 5_000_042
MORNING = "2026-11-25 09:00"  # thirty days before the opinion ends


@pytest.fixture(params=[5, 0], ids=["singly", "in a list"])
def singles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many messages of their own each may get, beyond which a list takes them up."""
    monkeypatch.setattr(due, "MOST_SINGLES", request.param)
    return int(request.param)


async def _relied_on(story: Story) -> None:
    """An officer's opinion, on which a matter of another unit relies that decides after the opinion's last day."""
    me, other = story.person(), story.person(OUTSIDER)
    await register(me)
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    await write_down(me, "2025-12-26", "2026-12-25")
    await other.type("/new 排污许可证变更")
    await other.press("排污许可证变更")
    await other.type(FIRM)
    await other.press("直接使用，不再申请")
    await other.press("确认登记")
    async with story.database.write() as session:
        await session.execute(update(Request).where(Request.id == 2).values(decide_on=dt.date(2027, 1, 15)))
    await story.at("2026-11-24 10:00")
    for who in (me, other):  # each morning's list has one line more
        await register(who, subject="虚构监测站 12410100MB0000T3XJ")


def _heard(story: Story) -> dict[int, int]:
    """Count, for each, the messages that say that the opinion runs out."""
    return {
        who: sum(UNTIL in each.text and TITLE.search(each.text) is not None for each in story.person(who).messages)
        for who in (OFFICER, OUTSIDER, COORDINATOR)
    }


async def _ended(story: Story, who: int, state: OutboxState) -> None:
    """Let what is due go, until what one of them gets has ended so."""
    kinds = Outbox.kind.in_((due.SINGLE, due.DIGEST))
    async with asyncio.timeout(30):
        while not await story.rows(Outbox, Outbox.chat_id == who, kinds, Outbox.state == state,
                                   Outbox.created_at >= story.clock.now() - dt.timedelta(hours=1)):  # fmt: skip
            story.service.sender.wake()
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("singles")
@pytest.mark.parametrize("first", [OFFICER, OUTSIDER], ids=["who is told first", "who cannot be told first"])
async def test_who_cannot_be_told_is_told_for_and_who_was_told_hears_it_once(story: Story, first: int):
    await _relied_on(story)
    story.api.users[OUTSIDER].blocked = True  # and Telegram's notice of it has not come yet
    before = _heard(story)
    story.service.sender.pace.chats[OUTSIDER if first == OFFICER else OFFICER] = float("inf")
    story.pass_time(MORNING)
    await story.service.jobs.tick()
    await _ended(story, first, OutboxState.SENT if first == OFFICER else OutboxState.REFUSED)
    story.let_go()
    await _ended(story, *((OUTSIDER, OutboxState.REFUSED) if first == OFFICER else (OFFICER, OutboxState.SENT)))
    await story.at("2026-11-25 09:10")
    told = {who: count - before[who] for who, count in _heard(story).items()}
    assert told == {OFFICER: 1, OUTSIDER: 0, COORDINATOR: 1}
    await story.at("2026-11-25 09:30")
    assert {who: count - before[who] for who, count in _heard(story).items()} == told
    reminder = only(await story.rows(Reminder, Reminder.kind == "expiry", Reminder.stage == "d-30"))
    assert reminder.state is ReminderState.SENT


async def test_who_takes_note_does_not_do_so_for_the_other(story: Story, singles: int):
    await _relied_on(story)
    before = _heard(story)
    story.hold_back(OUTSIDER)
    story.pass_time(MORNING)
    await story.service.jobs.tick()
    await _ended(story, OFFICER, OutboxState.SENT)
    await story.person().press("已知悉" if singles else "全部已知悉")
    story.let_go()
    await story.at("2026-11-25 09:10")
    assert _heard(story)[OUTSIDER] == before[OUTSIDER] + 1


async def test_who_lets_an_opinion_lapse_does_not_do_so_for_the_other(story: Story):
    await _relied_on(story)
    await story.at("2026-11-25 09:05")
    me = story.person()
    await me.press("届时不再使用", on=[each for each in me.messages if UNTIL in each.text][-1].id)
    before = _heard(story)
    await story.at("2026-12-18 09:05")
    told = {who: count - before[who] for who, count in _heard(story).items()}
    assert told == {OFFICER: 0, OUTSIDER: 1, COORDINATOR: 0}


async def test_what_comes_to_several_none_of_them_puts_off(story: Story):
    await _relied_on(story)
    await story.at("2026-11-25 09:05")
    me = story.person()
    told = [each for each in me.messages if UNTIL in each.text][-1]
    assert "稍后提醒" not in str(told.buttons)
    reminder = only(await story.rows(Reminder, Reminder.kind == "expiry", Reminder.stage == "d-30"))
    assert "不能推迟" in await me.press_data(told.id, Press("nlat", reminder.id).encode())
    assert "不能推迟" in await me.press_data(told.id, Press("nput", reminder.id, arg="2027-01-29,yes").encode())


@pytest.mark.parametrize("why", ["blocked", "suspended"])
async def test_who_takes_note_does_not_end_it_for_one_who_cannot_be_told(story: Story, singles: int, why: str):
    await _relied_on(story)
    before = _heard(story)
    story.hold_back(OUTSIDER)
    story.pass_time(MORNING)
    await story.service.jobs.tick()
    await _ended(story, OFFICER, OutboxState.SENT)
    await story.person().press("已知悉" if singles else "全部已知悉")
    if why == "blocked":
        story.api.users[OUTSIDER].blocked = True
    else:
        await _suspended(story, OUTSIDER)
    story.let_go()
    await _ended(story, OUTSIDER, OutboxState.REFUSED if why == "blocked" else OutboxState.CANCELLED)
    for moment in ("2026-11-25 09:10", "2026-11-25 09:30"):
        await story.at(moment)
    told = {who: count - before[who] for who, count in _heard(story).items()}
    assert told == {OFFICER: 1, OUTSIDER: 0, COORDINATOR: 1}


async def test_who_takes_note_does_not_end_it_for_whoever_has_the_other_matter_by_the_time_it_leaves(story: Story):
    await _relied_on(story)
    before = _heard(story)
    story.hold_back(OUTSIDER)
    story.pass_time(MORNING)
    await story.service.jobs.tick()
    await _ended(story, OFFICER, OutboxState.SENT)
    await story.person().press("已知悉")
    async with story.database.write() as session:
        colleague = select(Person.id).where(Person.telegram_id == COLLEAGUE).scalar_subquery()
        await session.execute(update(Request).where(Request.id == 2).values(owner_id=colleague))
    story.let_go()
    await _ended(story, OUTSIDER, OutboxState.CANCELLED)
    for moment in ("2026-11-25 09:10", "2026-11-25 09:30"):
        await story.at(moment)
    assert sum(UNTIL in each.text for each in story.person(COLLEAGUE).messages) == 1
    told = {who: count - before[who] for who, count in _heard(story).items()}
    assert told == {OFFICER: 1, OUTSIDER: 0, COORDINATOR: 0}


async def test_what_telegram_refuses_for_one_still_comes_to_the_other(story: Story):
    await _relied_on(story)
    before = _heard(story)
    story.api.faults.add("sendMessage", "403", None, chat_id=OFFICER, description="Forbidden: fictitious")
    story.hold_back(OUTSIDER)
    story.pass_time(MORNING)
    await story.service.jobs.tick()
    await _ended(story, OFFICER, OutboxState.REFUSED)
    story.let_go()
    await story.at("2026-11-25 09:10")
    assert _heard(story)[OUTSIDER] == before[OUTSIDER] + 1


async def test_who_relies_on_an_opinion_no_more_reads_and_answers_nothing_of_it_in_an_old_list(
    story: Story, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(due, "MOST_SINGLES", 0)
    await _relied_on(story)
    await story.at(MORNING)
    await story.at("2026-11-25 09:05")
    other = story.person(OUTSIDER)
    digest = next(each for each in reversed(other.messages) if UNTIL in each.text)
    async with story.database.write() as session:  # a colleague has the matter now
        owner = select(Person.id).where(Person.telegram_id == OFFICER).scalar_subquery()
        await session.execute(update(Request).where(Request.id == 2).values(owner_id=owner))
    await other.press("全部已知悉", on=digest.id)
    assert UNTIL not in digest.text
    assert "另有1件已不由您办理" in digest.text
    assert only(await story.rows(Reminder, Reminder.stage == "d-30")).state is ReminderState.SENT


@pytest.mark.parametrize("held_up", [False, True], ids=["begun before its lines", "held up since yesterday"])
async def test_for_want_of_the_second_head_the_first_hears_nothing_twice(story: Story, *, held_up: bool):
    """What climbed early, or yesterday, has begun both heads' lists; what falls due at nine joins them."""
    for who, name in ((HEAD, "孙九（虚构）"), (OTHER_HEAD, "周十（虚构）")):
        await story.enrol(who, name, Role.HEAD, "air")
    await register(story.person(OFFICER))
    await _suspended(story, OFFICER)
    if held_up:
        await story.at("2026-11-24 08:20")
        story.hold_back(HEAD, OTHER_HEAD)
    story.pass_time("2026-11-24 09:00")
    await story.service.jobs.tick()
    story.pass_time("2026-11-24 10:00")
    await register(story.person(COLLEAGUE), subject="虚构监测站 12410100MB0000T3XJ")
    await _suspended(story, COLLEAGUE)
    story.pass_time("2026-11-25 08:31")
    await story.service.jobs.tick()
    story.api.users[OTHER_HEAD].blocked = True
    story.pass_time("2026-11-25 09:00")
    await story.service.jobs.tick()
    story.let_go()
    for moment in ("2026-11-25 09:10", "2026-11-25 10:10"):
        await story.at(moment)
    assert sum("大气2026-2" in each.text for each in story.person(HEAD).messages) == 1
    assert only(await story.rows(Reminder, Reminder.subject_id == 2)).state is ReminderState.SENT


async def _suspended(story: Story, who: int) -> None:
    async with story.database.write() as session:
        await session.execute(update(Person).where(Person.telegram_id == who).values(state=PersonState.SUSPENDED))
