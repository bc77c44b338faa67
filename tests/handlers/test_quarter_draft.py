"""The summary's long work done twice over: its effects are in the data once, whoever comes late."""

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from bot.errors import Refusal
from bot.issues import IssueKind, IssueState
from bot.policy.overlay import Layer, LayerKind, lay
from bot.quarters import Quarter
from bot.returns import PushState, ReturnState
from bot.screens.screen import Press, Screen
from bot.wording import ADDED
from handlers import quarter_draft, quarter_files, quarter_material
from handlers.worker import Tools
from storage import chats, orphans, people, quarter_pushes
from storage import quarter_returns as stored
from storage.files import FileStore
from storage.tables import Audit, Issue, Outbox, QuarterPush, QuarterReturn, QuarterSummary, Role, Work
from tests.handlers.conftest import NOW
from tests.handlers.desk import Desk

Q4 = Quarter(2026, 4)
OPEN = "上季未结（反馈不及时；已反馈市信用办）"
SUMMED_UP = dt.datetime(2027, 1, 8, 2, 0, tzinfo=dt.UTC)


@pytest.fixture
def tools(database, office, tmp_path, monkeypatch) -> Tools:
    async def made(*_args: object, **_more: object) -> bytes:
        return b"of the files it is enough that they are there"

    for builder in ("picture", "book", "report"):
        monkeypatch.setattr(quarter_files, builder, made)

    async def fetch(_ref: str) -> bytes:
        return b""

    return Tools(database, office, FileStore(tmp_path / "files"), fetch, lambda _chat, _screen: None)


@pytest.fixture
async def push(database, enrol) -> int:
    """A quarter of one unit that has reported and one that has not, with the coordinator who sums it up."""
    await enrol(900_009, unit="legal", role=Role.COORDINATOR)
    liaison = await enrol(900_002, role=Role.LIAISON)
    await enrol(900_003, unit="water", role=Role.HEAD)
    await enrol(900_004)
    async with database.write() as session:
        (await stored.ensure(session, liaison.unit_id, Q4)).state = ReturnState.REPORTED
        unit = await people.unit_by_code(session, "air")
        assert unit is not None
        await chats.bind(session, -900_021, unit, by=liaison, now=NOW)
        await quarter_pushes.begin(session, Q4)
        row = await stored.push_of(session, Q4)
        assert row is not None
    return row.id


async def _count(database, table, *where) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(table).where(*where)) or 0


async def _only(database, table):
    async with database.read() as session:
        return (await session.scalars(select(table))).one()


async def test_two_works_for_one_draft_draft_it_once(database, tools, push):
    finishes = [await quarter_draft.draft(tools, {"push": push}, SUMMED_UP) for _time in range(2)]
    for finish in finishes:
        async with database.write() as session:
            await finish(session)
    row = await _only(database, QuarterPush)
    assert row.state is PushState.DRAFTED and set(row.files) == {"chart", "sheet", "ledger", "report"}
    assert await _count(database, Audit, Audit.verb == "quarter.draft") == 1
    assert await _count(database, Outbox, Outbox.kind == "quarter.drafted") == 1
    assert (await _only(database, QuarterReturn)).state is ReturnState.SUMMARISED
    async with database.read() as session:
        assert set(row.files.values()) <= await orphans.named(session)  # the sweep leaves them alone


async def test_two_works_for_one_push_serve_each_receiver_once(database, tools, push):
    async with database.write() as session:
        await (await quarter_draft.draft(tools, {"push": push}, SUMMED_UP))(session)
    assert await _count(database, Outbox, Outbox.kind == "quarter.push") == 0
    async with database.write() as session:
        row = await session.get_one(QuarterPush, push)
        row.state = PushState.CONFIRMED
    finishes = [await quarter_draft.send(tools, {"push": push}, SUMMED_UP) for _time in range(2)]
    for finish in finishes:
        async with database.write() as session:
            await finish(session)
    assert (await _only(database, QuarterPush)).state is PushState.PUSHED
    assert await _count(database, QuarterSummary) == 1
    assert await _count(database, Audit, Audit.verb == "quarter.push") == 1
    async with database.read() as session:
        chats_served = list(await session.scalars(select(Outbox.chat_id).where(Outbox.kind == "quarter.push")))
    assert sorted(chats_served) == [-900_021, 900_002, 900_003]
    assert (await _only(database, QuarterReturn)).state is ReturnState.SUBMITTED


@pytest.fixture
async def coordinators(database, office, enrol, tools, push) -> tuple[Desk, Desk]:
    """Two coordinators with the drafted summary before them."""
    async with database.write() as session:
        await (await quarter_draft.draft(tools, {"push": push}, SUMMED_UP))(session)
        first = await people.by_telegram_id(session, 900_009)
    assert first is not None
    second = await enrol(900_010, unit="legal", role=Role.COORDINATOR)
    return tuple(Desk(database, office, each, SUMMED_UP) for each in (first, second))


async def _added(desk: Desk, push: int, text: str, *, confirm: bool = True) -> Screen:
    """Write one more paragraph."""
    async with desk.database.read() as session:
        version = (await session.get_one(QuarterPush, push)).version
    await desk.send(Press("qedt", push, version))
    await desk.press("fset", f"which,{ADDED}")
    await desk.type(text)
    return await desk.press("fok") if confirm else desk.screen


async def test_a_wording_that_a_colleague_has_changed_meanwhile_is_said_once_and_fits(coordinators, push):
    first, second = coordinators
    await _added(first, push, "虚构" * 225)
    for key in ("again", "more"):
        await _added(first, push, f"{key}：" + "虚构" * 225)
    await _added(second, push, "补充一句", confirm=False)
    await _added(first, push, "末段：" + "虚构" * 225)
    asked = await second.press("fok")
    assert "其他人" in asked.text or "他人" in asked.text
    assert [asked.text.count(f"{key}：") for key in ("again", "more", "末段")] == [1, 1, 1]
    assert (await second.press("fok")).name != asked.name


async def test_the_wording_is_counted_as_telegram_counts_it(coordinators, push):
    """A rare character takes two of the places that a message has."""
    first, _second = coordinators
    with pytest.raises(Refusal, match="880"):
        await _added(first, push, "𠮷" * 440)


async def test_what_is_not_confirmed_is_not_sent(database, tools, push):
    for state in (PushState.DRAFTING, PushState.DRAFTED, PushState.PUSHED):
        async with database.write() as session:
            (await session.get_one(QuarterPush, push)).state = state
        finish = await quarter_draft.send(tools, {"push": push}, SUMMED_UP)
        async with database.write() as session:
            await finish(session)
        assert await _count(database, Outbox, Outbox.kind == "quarter.push") == 0, state
        assert await _count(database, QuarterSummary) == 0, state


async def test_problems_flow_into_the_quarter_and_open_ones_are_carried_over(database, office, enrol):
    officer = await enrol(900_004)
    said = {
        "本季": (2026, 4, IssueState.CLOSED),
        "上季未结": (2026, 3, IssueState.PASSED_ON),
        "上季已结": (2026, 3, IssueState.CLOSED),
        "下季": (2027, 1, IssueState.NEW),
    }
    async with database.write() as session:
        for text, (year, number, state) in said.items():
            issue = Issue(person_id=officer.id, unit_id=officer.unit_id, year=year, quarter=number, text=text)
            issue.kind, issue.state, issue.created_at = IssueKind.LATE, state, NOW
            session.add(issue)
        row = await stored.ensure(session, officer.unit_id, Q4)
        row.problems = "本季"  # the liaison wrote the same as the officer: it is said once
    async with database.read() as session:
        assert await quarter_material.problems_of(session, office, Q4, SUMMED_UP) == {"air": ["本季", OPEN]}
    async with database.write() as session:
        (await session.get_one(QuarterReturn, row.id)).problems = "无。"
    async with database.read() as session:
        assert await quarter_material.problems_of(session, office, Q4, SUMMED_UP) == {
            "air": ["本季（反馈不及时；已办结）", OPEN]
        }


async def test_a_quarter_that_was_missed_is_drafted_all_the_same(database, office, enrol):
    """The bot was away from the last days of the year until April."""
    await enrol(900_004)
    april = dt.datetime(2027, 4, 12, 2, 0, tzinfo=dt.UTC)
    for _time in range(2):
        async with database.write() as session:
            await quarter_draft.tick(session, office, april)
    async with database.read() as session:
        rows = await quarter_pushes.unfinished(session)
        asked = list(await session.scalars(select(Work.params).where(Work.kind == quarter_draft.DRAFT)))
    assert [(row.year, row.quarter) for row in rows] == [(2026, 4), (2027, 1)]
    assert [each["push"] for each in asked] == [row.id for row in rows]


@pytest.mark.parametrize(
    ("to", "groups", "served"),
    [
        ("heads_and_liaisons", True, [-900_021, 900_002, 900_003]),
        ("heads", False, [900_003]),
        ("liaisons", True, [-900_021, 900_002]),
    ],
)
async def test_the_summary_goes_to_whom_the_bureau_has_set(database, office, push, to: str, groups: bool, served):
    said = {"quarters.summary_to": to, "quarters.summary_to_groups": groups}
    layers = [Layer(LayerKind.SETTING, key, {"value": value}) for key, value in said.items()]
    async with database.read() as session:
        persons, bound = await quarter_draft.receivers(session, replace(office, policy=lay(office.policy, layers)))
    assert sorted([*(each.telegram_id for each in persons), *(each.chat_id for each in bound)]) == served
