"""The ledger as a sheet: in by columns, trial and word; out in the same columns; never twice, never by halves."""

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, select

from bot.errors import Refusal
from bot.identifiers import ID_NUMBER_MARKER
from bot.language import speaking
from bot.opinions import Finding
from bot.screens.screen import Press, Screen
from handlers import enrolment, frame, ledger_import
from handlers.lock import InstanceLock
from handlers.turn import Incoming, Sender, Stale, Turn
from storage import audit, invites, keys, opinions, orphans, people, work
from storage.database import Database
from storage.files import GONE, FileStore
from storage.migrate import upgrade
from storage.opinions import NewOpinion
from storage.tables import (
    Applicant,
    Audit,
    Counterpart,
    FollowUp,
    Item,
    ItemState,
    Opinion,
    Person,
    PersonState,
    Reminder,
    Request,
    RequestState,
    Role,
    Setting,
    Sheet,
    Work,
)
from tests.commands import Command
from tests.handlers.conftest import NOW
from tests.handlers.list_desk import Desk
from tests.sheets import cells, code, company, xlsx

ROOT = Path(__file__).parents[2]
HEADER = (
    "序号", "台账编号", "事项", "单位名称", "信用代码", "经办人", "申请方", "受理时间", "中心收件", "反馈时间",
    "核查结果", "意见编号", "出具日期", "有效期至", "状态", "备注",
)  # fmt: skip


def row(n: int, **more: str) -> list[str]:
    """A row of the unit's sheet: a matter handed in on 20 November, unless said otherwise."""
    said = {
        "序号": str(n), "台账编号": f"旧{n}", "事项": "排污许可证延续", "单位名称": company(n), "信用代码": code(n),
        "受理时间": "2026.11.20",
    } | more  # fmt: skip
    return [said.get(name, "") for name in HEADER]


def answered(n: int, **more: str) -> list[str]:
    came = {"反馈时间": "2026/3/6", "核查结果": "无", "意见编号": f"郑信{n}", "出具日期": "2026年3月5日"}
    return row(n, **{"受理时间": "20260301"} | came | more)


AWARD = {"matter": ("m22",), "reserved": ("yes",)}  # 绿色企业评选
MIXED = [
    row(1), row(2, 中心收件="2026.11.20", 经办人="虚构2"), row(3, 申请方="企业自行申请"), answered(4),
    answered(5, 状态="待使用", 核查结果="有不良信息", 备注="已告知"),
    answered(6, 出具日期="2025.1.1", 有效期至="2025.12.31"),
    row(7, 状态="已办结"), row(8, 信用代码="91410100MA0000008X"), row(9, 单位名称="张三丰", 信用代码=""),
    row(10, 信用代码="12345678-8", 事项="我们自己的事项"), row(11, 受理时间="去年冬天"),
]  # fmt: skip


class Ledger(Desk):
    """An officer before the tables of the real application."""

    async def read(self, content: bytes) -> Screen:
        """Send a sheet by /sheet and return what comes next: its columns, or what becomes of the rows."""
        await self.run(ledger_import.on_sheet)
        await self.press("limp")
        await self.file(content)
        await self.work()
        screen = await self.told()
        assert screen is not None
        return screen

    async def tried(self, content: bytes) -> Screen:
        screen = await self.read(content)
        if screen.name == "ledger_columns":
            await self.press("lok")
            await self.work()
            screen = await self.told()
            assert screen is not None
        return screen

    async def imported(self, content: bytes) -> Screen:
        await self.tried(content)
        await self.press("lgo")
        await self.work()
        screen = await self.told()
        assert screen is not None
        return screen

    async def exported(self) -> list[list[str]]:
        await self.run(ledger_import.on_sheet)
        await self.press("lexp")
        await self.work()
        screen = await self.told()
        assert screen is not None
        assert screen.file is not None
        return cells(self.store.read(screen.file.key))


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


@pytest.fixture
def desk(database, office, officer, store) -> Ledger:
    officer.language = "en"
    return Ledger(database, office, officer, NOW, store)


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


def ledger(*rows: list[str], header: Any = HEADER) -> bytes:
    return xlsx(rows, header)


async def test_the_columns_are_shown_changed_and_remembered_for_the_unit(desk: Ledger) -> None:
    screen = await desk.read(ledger(row(1), header=[*HEADER[:-1], "说不清的列"]))
    assert screen.name == "ledger_columns"
    assert 'H "受理时间" → ' in screen.text
    assert 'P "说不清的列" → not imported' in screen.text
    asked = await desk.press("lcol", "15")
    assert "说不清的列" in asked.text
    screen = await desk.press("lset", "15.note")
    assert 'P "说不清的列" → Remark' in screen.text
    await desk.press("lok")
    [kept] = [each for each in await _rows(desk, Setting) if each.key.startswith("ledger_columns:")]
    assert kept.key == "ledger_columns:air"
    assert kept.value[7] == ["受理时间", "submitted"]
    assert kept.value[15] == ["说不清的列", "note"]
    assert kept.value[0] == ["序号", ""]
    await desk.work()
    again = await desk.read(ledger(row(2), header=[*HEADER[:-1], "说不清的列"]))
    assert again.name == "ledger_tried"  # nobody is asked a second time
    assert [each.verb for each in await desk.rows(Audit, Audit.verb == "ledger.columns")] == ["ledger.columns"]
    strange = await desk.read(ledger(row(2), header=[*HEADER[:-1], "又一列"]))
    assert strange.name == "ledger_columns"


async def test_a_ledger_from_the_page_that_cannot_be_read_is_kept_nowhere(desk: Ledger) -> None:
    await desk.run(ledger_import.on_sheet)
    await desk.press("limp")
    raw = await desk.hand_in("张三丰,11010519491231002X\n".encode())
    assert len(await desk.work()) == 1
    assert not raw.exists()
    [sheet] = await _rows(desk, Sheet)
    assert sheet.closed_at and not sheet.rows


async def test_no_heading_brings_an_id_number_into_the_settings(desk: Ledger) -> None:
    await desk.read(ledger(row(1), header=[*HEADER[:-1], "备注（填表人11010519491231002X）"]))
    await desk.press("lok")
    [kept] = [each for each in await _rows(desk, Setting) if each.key.startswith("ledger_columns:")]
    assert kept.value[15] == [f"备注（填表人{ID_NUMBER_MARKER}）", "note"]


async def test_without_names_the_columns_cannot_be_confirmed(desk: Ledger) -> None:
    await desk.read(ledger(row(1)))
    await desk.press("lcol", "3")
    await desk.press("lset", "3.")
    with pytest.raises(Refusal, match='"Counterpart"'):
        await desk.press("lok")


async def test_nothing_is_recorded_before_the_word(desk: Ledger, store: FileStore) -> None:
    screen = await desk.tried(ledger(*MIXED))
    assert screen.name == "ledger_tried"
    for said in (
        "4 open entries", "1 entries whose opinion", "1 valid opinions", "1 settled", "1 with an expired", "2 wrong",
        "1 natural persons", "neither code nor kind are among them", 'Row 9, "信用代码"', 'Row 12, "受理时间"',
        "Import (6)",
    ):  # fmt: skip
        assert said in screen.text + " ".join(button.text for each in screen.rows for button in each)
    for table in (Request, Item, Opinion, Counterpart, Reminder):
        assert await desk.rows(table) == []
    assert screen.file is not None
    back = cells(store.read(screen.file.key))
    assert len(back) == len(MIXED) + 1
    assert back[0][-2:] == ["What becomes of it", "Reason"]
    assert back[1][-2] == "imported as an open entry"
    assert "last digits" not in str(back)
    assert back[9][3] == ""  # the natural person
    assert "张三丰" not in str(back)


async def test_a_confirmed_ledger_becomes_entries_opinions_and_reminders(desk: Ledger, enrol) -> None:
    colleague = await enrol(900002)  # whose name is 虚构2
    screen = await desk.imported(ledger(*MIXED))
    assert screen.name == "ledger_imported"
    assert "Numbers 大气2026-1 to 大气2026-5" in screen.text
    entries = await desk.rows(Request)
    assert [each.seq for each in entries] == [1, 2, 3, 4, 5]
    assert [each.owner_id for each in entries] == [desk.person.id, colleague.id, *[desk.person.id] * 3]
    assert [each.state for each in entries] == [RequestState.OPEN] * 3 + [RequestState.CLOSED, RequestState.OPEN]
    assert {each.matter_code for each in entries[:4]} == {"m04b"}
    assert (entries[4].matter_code, entries[4].matter_name) == (None, "我们自己的事项")
    items = await desk.rows(Item)
    assert [each.state for each in items] == [
        ItemState.SUBMITTED, ItemState.RECEIVED, ItemState.SUBMITTED, ItemState.RETURNED, ItemState.SUBMITTED,
    ]  # fmt: skip
    assert items[0].due_on == dt.date(2026, 11, 27)
    assert (items[2].applicant, items[2].due_on) == (Applicant.COUNTERPART, None)
    assert (items[3].returned_on, items[3].submitted_on) == (dt.date(2026, 3, 6), dt.date(2026, 3, 1))

    opinions = await desk.rows(Opinion)
    assert [(each.number, each.item_id) for each in opinions] == [("郑信4", None), ("郑信5", items[3].id)]
    assert opinions[0].valid_to == dt.date(2027, 3, 4)
    assert opinions[0].unit_id == desk.person.unit_id
    assert opinions[1].details == "已告知"
    assert [each.opinion_id for each in await desk.rows(FollowUp)] == [opinions[1].id]
    asked = {(each.subject_id, each.kind) for each in await desk.rows(Reminder, Reminder.subject_kind == "request")}
    assert (entries[0].id, "receipt") in asked
    assert (entries[1].id, "feedback") in asked
    assert {kind for subject, kind in asked if subject == entries[2].id} == {"hand_in"}  # the centre owes nothing
    [old] = await desk.rows(Counterpart, Counterpart.legacy_code.is_not(None))
    assert (old.legacy_code, old.code, old.name) == ("123456788", None, company(10))


async def test_every_effect_has_its_line_and_the_older_number_is_kept(desk: Ledger) -> None:
    await desk.imported(ledger(*MIXED))
    lines = await desk.rows(Audit)
    registered = [each for each in lines if each.verb == "request.register"]
    assert len(registered) == 5
    assert registered[0].reason == "import"
    assert registered[0].after["number"] == "大气2026-1"
    assert registered[0].after["from"] == [{"row": 2, "number": "旧1", "matter": "排污许可证延续", "note": ""}]
    assert [each.after["number"] for each in lines if each.verb == "opinion.import"] == ["旧4", "旧5"]
    [whole] = [each for each in lines if each.verb == "ledger.import"]
    assert whole.after["unit"] == "air"
    assert (whole.after["rows"]["entry"], whole.after["rows"]["wrong"]) == (4, 2)


async def test_an_award_that_nothing_calls_over_stays_open_and_its_opinion_unknown_to_others(desk: Ledger, enrol):
    others = Desk(desk.database, desk.office, await enrol(900031, unit="water"), NOW)
    award = {"事项": desk.office.policy.matters["m22"].name, "受理时间": "2026.11.16", "反馈时间": "2026.11.20",
             "出具日期": "2026.11.20"}  # fmt: skip
    await desk.imported(ledger(answered(4, **award), answered(5, **award, 状态="已办结")))
    hidden, published = await desk.rows(Opinion)
    assert (hidden.item_id is not None, published.item_id is None) == (True, True)
    assert company(4) not in str(await others.command("find", "第4环保"))
    assert company(5) in str(await others.command("find", "第5环保"))


async def test_the_wrong_rows_come_back_with_the_reason_and_can_be_added(desk: Ledger, store: FileStore) -> None:
    screen = await desk.imported(ledger(*MIXED))
    assert screen.file is not None
    back = cells(store.read(screen.file.key))
    assert back[0] == [*HEADER, "Reason"]
    assert [each[1] for each in back[1:]] == ["旧8", "旧11"]
    assert "Row 9" in back[1][-1]
    mended = [each[:-1] for each in back[1:]]
    mended[0][4], mended[1][7] = code(8), "2026.11.19"
    await desk.imported(ledger(*mended))
    assert len(await desk.rows(Request)) == 7


async def test_what_was_read_is_forgotten_when_it_is_imported_or_given_up(desk: Ledger, store: FileStore) -> None:
    await desk.tried(ledger(*MIXED))
    assert len(list(store._folder.iterdir())) == 1
    await desk.press("ldrop")
    await desk.work()
    assert list(store._folder.iterdir()) == []
    await desk.imported(ledger(row(1)))
    for sheet in await desk.rows(Sheet):
        assert (sheet.rows, sheet.path) == (None, None)
        assert sheet.closed_at is not None
    assert await desk.draft() is None


async def test_a_tried_ledger_whose_sheet_is_gone_for_an_erasure_is_shown_and_imported(desk: Ledger) -> None:
    tried = await desk.tried(ledger(row(1)))
    async with desk.database.write() as session:
        assert await orphans.let_go(session) == [tried.file.key]
    shown = await desk.told()
    assert shown.name == tried.name and shown.file.key == GONE
    await desk.press("lgo")
    assert await desk.work() == []
    assert await desk.count(Request) == 1


async def test_importing_twice_adds_nothing(desk: Ledger) -> None:
    await desk.imported(ledger(*MIXED))
    before = [len(await desk.rows(each)) for each in (Request, Item, Opinion, Counterpart, Reminder)]
    screen = await desk.tried(ledger(*MIXED))
    assert "6 in the ledger already" in screen.text
    assert not any(button.press and button.press.verb == "lgo" for each in screen.rows for button in each)
    assert "大气2026-1" in str(cells(desk.store.read(screen.file.key)))
    assert before == [len(await desk.rows(each)) for each in (Request, Item, Opinion, Counterpart, Reminder)]


async def test_an_updated_sheet_does_not_open_what_is_open_already(desk: Ledger) -> None:
    await desk.imported(ledger(row(1)))
    screen = await desk.tried(ledger(answered(1, 受理时间="2026.11.20", 反馈时间="2026.11.23", 出具日期="2026.11.22")))
    assert "1 in the ledger already" in screen.text


async def test_an_undone_entry_may_be_imported_again(desk: Ledger) -> None:
    await desk.imported(ledger(row(1)))
    async with desk.database.write() as session:
        for each in await session.scalars(select(Request)):
            each.state = RequestState.UNDONE
    assert "1 open entries" in (await desk.tried(ledger(row(1)))).text


async def test_the_same_sheet_from_two_officers_is_entered_once(desk: Ledger, enrol) -> None:
    other = Ledger(desk.database, desk.office, await enrol(900003), desk.now, desk.store)
    for each in (desk, other):
        await each.tried(ledger(*MIXED))
    await desk.press("lgo")
    await other.press("lgo")
    await desk.work()
    assert len(await desk.rows(Request)) == 5
    assert len(await desk.rows(Opinion)) == 2
    last = await other.told()
    assert last is not None
    assert "6 in the ledger already" in last.text


async def test_another_unit_may_hold_the_same(desk: Ledger, enrol) -> None:
    await desk.imported(ledger(*MIXED))
    water = Ledger(desk.database, desk.office, await enrol(900004, unit="water"), desk.now, desk.store)
    assert "4 open entries" in (await water.tried(ledger(*MIXED))).text


async def register_award(desk: Ledger, n: int) -> None:
    """Make an entry for a company that takes part in an award: a matter that is confidential before its result."""
    await desk.decide(AWARD)
    await desk.type(f"{company(n)} {code(n)}")
    await desk.press("rsubm", "0")
    await desk.press("rconf")


async def judged(desk: Ledger, *rows: list[str]) -> list[list[str]]:
    """Return what the trial says of each row: what becomes of it, and why."""
    screen = await desk.tried(ledger(*rows))
    assert screen.file is not None
    return [line[-2:] for line in cells(desk.store.read(screen.file.key))[1:]]


async def test_guesses_at_an_award_list_tell_nobody_who_is_on_it(desk: Ledger, enrol) -> None:
    name = desk.office.policy.matters["m22"].name
    await register_award(desk, 3)
    guesses = [row(n, 事项=name, 受理时间="2026.11.23") for n in range(1, 6)]
    colleague = Ledger(desk.database, desk.office, await enrol(900012), desk.now, desk.store)
    assert await judged(colleague, *guesses) == [["imported as an open entry", ""]] * 5
    head = Ledger(desk.database, desk.office, await enrol(900013, role=Role.HEAD), desk.now, desk.store)
    for inside in (desk, head):  # who may look at the entry
        said = [why for _what, why in await judged(inside, *guesses)]
        assert said == ["", "", "it is in the ledger already: 大气2026-1", "", ""]
    screen = await colleague.imported(ledger(*guesses))
    assert "5 open entries" in screen.text and "already" not in screen.text
    assert len(await desk.rows(Request)) == 6


async def test_an_opinion_for_an_award_is_known_to_others_once_it_was_used(desk: Ledger, enrol) -> None:
    await register_award(desk, 4)
    [item] = await desk.rows(Item, Item.product_kind == "verification")
    new = NewOpinion(
        counterpart_id=item.counterpart_id, item_id=item.id, unit_id=desk.person.unit_id, holder_id=desk.person.id,
        issued_on=dt.date(2026, 3, 5), valid_to=dt.date(2027, 3, 4), valid_source="printed",
        finding=Finding.CLEAN, number="郑信4",
    )  # fmt: skip
    async with desk.database.write() as session:
        await opinions.record(session, [new], now=NOW)
    colleague = Ledger(desk.database, desk.office, await enrol(900012), desk.now, desk.store)
    present = ["not imported: in the ledger already", "this opinion is in the register already"]
    assert await judged(desk, answered(4)) == [present]
    assert (await judged(colleague, answered(4)))[0][1] != present[1]
    async with desk.database.write() as session:
        row = await session.get_one(Item, item.id)
        row.used_on, row.used_as = dt.date(2026, 11, 23), "passed"
    assert await judged(colleague, answered(4)) == [present]


async def test_of_a_colleagues_entry_the_trial_says_that_it_is_there_and_no_number(desk: Ledger, enrol) -> None:
    await desk.imported(ledger(row(1)))
    colleague = Ledger(desk.database, desk.office, await enrol(900012), desk.now, desk.store)
    present = "not imported: in the ledger already"
    assert await judged(colleague, row(1)) == [[present, "a colleague has it in the ledger already"]]
    assert await judged(desk, row(1)) == [[present, "it is in the ledger already: 大气2026-1"]]


async def test_a_trial_leaves_a_line_of_the_counterparts_that_the_register_knows(desk: Ledger, enrol) -> None:
    await register_award(desk, 3)
    [firm] = await desk.rows(Counterpart)
    colleague = Ledger(desk.database, desk.office, await enrol(900012), desk.now, desk.store)
    await colleague.tried(ledger(*(row(n) for n in range(1, 6))))
    [line] = await desk.rows(Audit, Audit.verb == "ledger.try")
    assert (line.actor_id, line.subject_kind, line.subject_id) == (colleague.person.id, "person", colleague.person.id)
    assert line.after == {"counterparts": [firm.id]}


@pytest.mark.parametrize("cut_at", range(1, 22, 4))
async def test_a_crash_in_the_middle_leaves_nothing_half_done(desk: Ledger, cut_at: int) -> None:
    """The write of the import dies at its n-th statement after the claim; done again, it is whole."""
    await desk.tried(ledger(*MIXED))
    await desk.press("lgo")
    engine, said = desk.database.engine.sync_engine, 0

    def cut(_conn, _cursor, statement, *_rest):
        nonlocal said
        said += statement.startswith(("INSERT", "UPDATE"))
        if said == cut_at + 1:
            raise asyncio.CancelledError

    event.listen(engine, "before_cursor_execute", cut)
    with pytest.raises(asyncio.CancelledError):
        await desk.step()
    event.remove(engine, "before_cursor_execute", cut)
    for table in (Request, Item, Opinion, Counterpart, Reminder):
        assert await desk.rows(table) == []
    desk.now += work.LEASE + dt.timedelta(seconds=1)
    await desk.work()
    assert len(await desk.rows(Request)) == 5
    assert len(await desk.rows(Opinion)) == 2


async def test_a_death_between_trial_and_word_costs_nothing(desk: Ledger) -> None:
    """Everything that the word needs is in the database: another process takes it up."""
    screen = await desk.tried(ledger(*MIXED))
    reborn = Ledger(desk.database, desk.office, desk.person, NOW, desk.store, screen=screen)
    await reborn.press("lgo")
    await reborn.work()
    assert len(await reborn.rows(Request)) == 5


async def move(desk: Ledger) -> None:
    """Let the coordinator put the officer into the water division, a minute later."""
    desk.now += dt.timedelta(minutes=1)
    async with desk.database.write() as session:
        me, water = await session.get_one(Person, desk.person.id), await people.unit_by_code(session, "water")
        me.unit_id = water.id
        audit.note(session, at=desk.now, actor_id=None, verb=people.UNIT_CHANGED, subject=("person", me.id))


async def test_whoever_has_another_unit_by_now_imports_nothing_into_it(desk: Ledger) -> None:
    await desk.tried(ledger(*MIXED))
    await desk.press("lgo")
    await move(desk)
    [refused] = await desk.work()
    assert "Your unit or role has changed" in refused and await desk.rows(Request) == []


async def test_whoever_left_and_was_let_into_another_unit_imports_no_sheet_of_the_old_one(desk: Ledger, enrol) -> None:
    await desk.tried(ledger(*MIXED))
    desk.now += dt.timedelta(minutes=1)
    by = await enrol(900014, unit="legal", role=Role.COORDINATOR)
    async with desk.database.write() as session:
        me, water = await session.get_one(Person, desk.person.id), await people.unit_by_code(session, "water")
        me.state = PersonState.LEFT
        ends = desk.now + enrolment.INVITE_LIFE
        token = await invites.make(session, water, Role.OFFICER, by=by, expires_at=ends)
        turn = Turn(desk.office, session, desk.now, 1, Sender(me.telegram_id, "虚构1"), person=me)
        await enrolment.enrol(turn, enrolment.PAYLOAD + token)
    async with desk.database.write() as session:
        me, application = await session.get_one(Person, me.id), await invites.latest(session, me.id)
        asked = await enrolment.asking(session, desk.office, me, application, desk.now)
        yes = Press("jok", me.id, arg=asked.stamp)
        await enrolment.on_answer(Turn(desk.office, session, desk.now, 2, Sender(by.telegram_id), person=by, press=yes))
        assert (me.state, me.unit_id) == (PersonState.ACTIVE, water.id)
    async with desk.database.write() as session:
        await session.execute(delete(Work))  # their new command menu, which only a messenger can show
    await desk.press("lgo")
    assert "Your unit or role has changed" in "".join(await desk.work())
    assert await desk.rows(Request) == []


async def test_whoever_is_moved_while_the_rows_are_judged_imports_nothing_into_either_unit(desk: Ledger) -> None:
    await desk.tried(ledger(*MIXED))
    await desk.press("lgo")
    async with desk.database.write() as session:
        job = await work.claim(session, now=desk.now)
    finish = await ledger_import.JOBS[job.kind](desk.tools, job.params, desk.now)
    await move(desk)
    with pytest.raises(Refusal, match="Your unit or role has changed"):
        async with desk.database.write() as session:
            await finish(session)
    assert await desk.rows(Request) == []


async def test_older_keyboards_and_those_of_others_do_nothing(desk: Ledger, enrol) -> None:
    shown = await desk.read(ledger(*MIXED))
    ok = desk.find("lok")
    stranger = Ledger(desk.database, desk.office, await enrol(900005), desk.now, desk.store)
    with pytest.raises(Stale):
        await stranger.send(ok)
    with pytest.raises(Stale):
        await desk.send(Press("lgo", ok.id, ok.version))  # nothing was judged yet
    await desk.press("lok")
    with pytest.raises(Stale):
        await desk.send(ok)
    await desk.work()
    screen = await desk.told()
    assert screen is not None
    go = desk.find("lgo")
    desk.screen = screen
    await desk.press("lmap")
    await desk.press("lcol", "15")
    await desk.press("lset", "15.")
    with pytest.raises(Stale):
        await desk.send(go)  # it was judged by other columns
    with pytest.raises(Stale):
        await desk.send(Press("lgo", go.id, go.version + 1))
    for arg in ("99", "x", "-1", ""):
        with pytest.raises(Stale):
            await desk.send(Press("lcol", go.id, go.version + 1, arg))
    with pytest.raises(Stale):
        await desk.send(Press("lset", go.id, go.version + 1, "1.nothing"))
    await desk.press("lok")
    await desk.work()
    await desk.told()
    go = desk.find("lgo")
    await desk.send(go)
    for again in (go, Press("ldrop", go.id, go.version + 1), Press("lgo", go.id, go.version + 1)):
        with pytest.raises(Stale):
            await desk.send(again)
    assert shown.name == "ledger_columns"


async def test_a_broken_file_is_refused_and_another_may_follow(desk: Ledger) -> None:
    await desk.run(ledger_import.on_sheet)
    await desk.press("limp")
    await desk.file(b"no table at all")
    assert len(await desk.work()) == 1
    await desk.file(ledger(row(1)))
    await desk.work()
    screen = await desk.told()
    assert screen is not None
    assert screen.name == "ledger_columns"


async def test_what_was_under_way_comes_back_after_the_question(desk: Ledger) -> None:
    await desk.decide({"matter": ("m04b",)})
    await desk.run(ledger_import.on_import)
    with pytest.raises(Refusal):
        await desk.type("words")
    await desk.press("lquit")
    draft = await desk.draft()
    assert draft is not None
    assert draft.purpose == "entry"


async def test_a_sheet_that_nobody_asked_for_leads_here(desk: Ledger) -> None:
    desk.files["x"] = ledger(row(1))
    await desk.run(frame.UNASKED_SHEET, file=Incoming("x", "台账.xlsx", "", 1))
    assert (await desk.press("bled")).name == "ledger_reading"
    await desk.work()
    screen = await desk.told()
    assert screen is not None
    assert screen.name == "ledger_columns"


# --- out again -------------------------------------------------------------------------------------------------------


async def snapshot(desk: Ledger) -> tuple[list[Any], list[Any]]:
    """Entries and opinions as an office would compare them: without keys and numbers."""
    async with desk.database.read() as session:
        rows = await session.execute(
            select(Request, Item, Counterpart)
            .join(Item, Item.request_id == Request.id)
            .outerjoin(Counterpart, Counterpart.id == Item.counterpart_id)
            .order_by(Item.id)
        )
        entries = [
            (
                request.matter_code, request.matter_name, request.state, request.decide_on, request.submit_by_on,
                item.state, item.applicant, item.submitted_on, item.received_on, item.supplement_on, item.returned_on,
                item.due_on, item.due_provisional, item.head_count,
                who and (who.code, who.legacy_code, who.name, who.kind),
            )
            for request, item, who in rows
        ]  # fmt: skip
        held = await session.execute(
            select(Opinion, Counterpart)
            .join(Counterpart, Counterpart.id == Opinion.counterpart_id)
            .order_by(Opinion.id)
        )
        opinions = [
            (who.code or who.legacy_code, each.number, each.issued_on, each.valid_to, each.result, each.item_id is None)
            for each, who in held
        ]
    return entries, opinions


async def test_what_goes_out_comes_in_again_the_same(desk: Ledger, tmp_path: Path, policy) -> None:
    header = [*HEADER, "补正日期", "拟决定日期", "家数"]
    more = [
        [*each, "", "", ""] for each in MIXED if each[3] not in ("张三丰", company(4))
    ] + [
        [*row(20, 状态="补正中", 中心收件="2026.11.20"), "2026.11.23", "", ""],
        [*row(21, 受理时间=""), "", "2026.12.28", ""],
        [*row(22, 单位名称="", 信用代码=""), "", "", "32"],
    ]  # fmt: skip
    await desk.imported(ledger(*more, header=header))
    out = await desk.exported()
    assert out[0][: len(header)] == header
    assert out[1][0] == ""  # a column that we know nothing of stays where it was
    assert out[1][1] == "大气2026-1"
    first = await snapshot(desk)
    assert len(first[0]) == 8

    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    await upgrade(empty)
    async with empty.write() as session:
        await people.sync_units(session, policy)
        unit = await people.unit_by_code(session, "air")
        assert unit is not None
        person = Person(
            telegram_id=900001, unit_id=unit.id, role=Role.OFFICER, name="虚构1", joined_at=NOW, language="en"
        )
        session.add(person)
    there = Ledger(empty, desk.office, person, desk.now, desk.store)
    await there.imported(xlsx(out[1:], out[0]))
    assert await snapshot(there) == first
    await empty.close()


async def test_an_officer_exports_what_they_may_see(desk: Ledger, enrol) -> None:
    await desk.imported(ledger(row(1), row(2)))
    colleague = Ledger(desk.database, desk.office, await enrol(900007), desk.now, desk.store)
    await colleague.imported(ledger(row(3)))
    seen = {}
    for name, telegram_id, unit, role in (
        ("head", 900008, "air", Role.HEAD), ("liaison", 900009, "air", Role.LIAISON),
        ("other", 900010, "water", Role.LIAISON), ("all", 900011, "legal", Role.COORDINATOR),
    ):  # fmt: skip
        who = Ledger(desk.database, desk.office, await enrol(telegram_id, unit=unit, role=role), desk.now, desk.store)
        seen[name] = [line for line in await who.exported() if any(line)][1:]
    assert len(await colleague.exported()) == 2
    assert {name: len(lines) for name, lines in seen.items()} == {"head": 3, "liaison": 3, "other": 0, "all": 3}
    assert len(await desk.rows(Audit, Audit.verb == "ledger.export")) == 5


async def test_hostile_values_go_out_as_text(desk: Ledger) -> None:
    hostile = "=HYPERLINK(1)+虚构"
    await desk.imported(ledger(row(1, 单位名称=hostile, 事项="@SUM(A1)")))
    out = await desk.exported()
    assert out[1][3] == hostile
    assert out[1][2] == "@SUM(A1)"


# --- the command line ------------------------------------------------------------------------------------------------


async def test_the_maintainer_imports_and_exports_while_the_bot_stands_still(told: Command, tmp_path: Path) -> None:
    (tmp_path / "old.xlsx").write_bytes(ledger(*MIXED))
    status, out, err = await told("import", "old.xlsx", "--unit", "air", "--dry-run")
    assert (status, err) == (0, "")
    assert "H 受理时间 → " in out
    assert "entry: 4" in out
    assert "wrong: 2" in out
    assert "Nothing was recorded" in out
    status, _out, err = await told("import", "old.xlsx", "--unit", "air")
    assert status == 1
    assert "nobody of 大气环境处 is on the list yet" in err

    keys.unlock(tmp_path / "data" / "key", may_create=False)
    [path] = tmp_path.rglob("*.db")
    database = Database(f"sqlite:///{path}")
    async with database.write() as session:
        unit = await people.unit_by_code(session, "air")
        assert unit is not None
        session.add(Person(telegram_id=900001, unit_id=unit.id, role=Role.HEAD, name="虚构1", joined_at=NOW))
        session.add(Person(telegram_id=900002, unit_id=unit.id, role=Role.LIAISON, name="虚构2", joined_at=NOW))
    await database.close()

    status, out, err = await told("import", "old.xlsx", "--unit", "air")
    assert (status, err) == (0, "")
    assert "entry: 4" in out
    again = await told("import", "old.xlsx", "--unit", "air")
    assert again[0] == 0
    assert "present: 6" in again[1]
    database = Database(f"sqlite:///{path}")
    async with database.read() as session:
        owners = set(await session.scalars(select(Person.name).join(Request, Request.owner_id == Person.id)))
        actors = set(await session.scalars(select(Audit.actor_id).where(Audit.verb == "ledger.import")))
    await database.close()
    assert (owners, actors) == ({"虚构2"}, {None})  # the liaison keeps the unit's ledger

    status, out, err = await told("export", "--unit", "air", "new.xlsx")
    assert (status, err) == (0, "")
    made = cells((tmp_path / "new.xlsx").read_bytes())
    assert len(made) == 6
    status, _out, err = await told("export", "new.xlsx")
    assert status == 1
    assert "is there already" in err
    with InstanceLock(path.with_suffix(".lock")):
        for arguments in (("import", "old.xlsx", "--unit", "air"), ("export", "other.xlsx")):
            status, _out, err = await told(*arguments)
            assert status == 1
            assert "use /sheet or /stats in the chat" in err
            assert err.strip().count("\n") == 0


@pytest.mark.parametrize(
    ("content", "unit", "said"),
    [(None, "air", "there is no file"), (b"x", "air", ""), (b"", "nowhere", "there is no unit nowhere")],
)
async def test_what_the_maintainer_cannot_import_is_one_sentence(
    told: Command, tmp_path: Path, content, unit: str, said: str
) -> None:
    if content is not None:
        (tmp_path / "old.xlsx").write_bytes(content)
    status, _out, err = await told("import", "old.xlsx", "--unit", unit)
    assert status == 1
    assert said in err
    assert err.strip().count("\n") == 0
    assert err.startswith("xinxuan: ")


async def _rows(desk: Ledger, table: Any) -> list[Any]:
    async with desk.database.read() as session:
        return list(await session.scalars(select(table)))
