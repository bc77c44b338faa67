"""Lists: checked, sent back, registered as one entry; results imported and recorded by one press."""

import dataclasses
import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.batch_columns import Column, columns_of
from bot.counterparts import Organisation
from bot.errors import Refusal
from bot.identifiers import read_code
from bot.opinions import Finding
from bot.screens.screen import Press, Screen
from handlers import batch
from handlers.batch_work import CHECKED
from handlers.retention import retain
from handlers.turn import Stale
from storage import opinions, registration
from storage.files import FileStore
from storage.tables import (
    Applicant,
    Audit,
    Commitment,
    CommitmentState,
    Counterpart,
    Draft,
    FollowUp,
    Item,
    ItemState,
    Opinion,
    OpinionUse,
    Outbox,
    Reminder,
    Request,
    RequestState,
    Role,
    Sheet,
    Work,
)
from tests.handlers.conftest import NOW
from tests.handlers.list_desk import Desk
from tests.sheets import RESULT_HEADER, cells, code, company, row, xlsx

AWARD = {"matter": ("m22",), "reserved": ("yes",)}  # 绿色企业评选: a batch of enterprises
PERSONS = {"matter": ("m24",), "reserved": ("yes",), "staff": ("public",)}
TODAY = dt.date(2026, 11, 23)
ID_NUMBER = "11010519491231002X"  # the example of GB 11643
CASE = "人事2026-7"


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


@pytest.fixture
def desk(database, office, officer, store):
    officer.language = "en"
    return Desk(database, office, officer, NOW, store)


@pytest.fixture(autouse=True)
async def english(database, officer):
    from bot.language import speaking
    from storage.tables import Person

    async with database.write() as session:
        (await session.get_one(Person, officer.id)).language = "en"
    with speaking("en"):
        yield


async def give_opinion(database, n: int, **more) -> int:
    """Let another unit hold a valid opinion on the n-th company."""
    given = {"issued_on": dt.date(2026, 3, 1), "valid_to": dt.date(2027, 2, 28), "finding": Finding.CLEAN} | more
    async with database.write() as session:
        ids = await registration.organisations(session, [Organisation(company(n), read_code(code(n)))])
        new = opinions.NewOpinion(
            counterpart_id=ids[code(n)], item_id=None, unit_id=None, holder_id=None, valid_source="printed",
            number=f"郑信{n}", **given,
        )  # fmt: skip
        [opinion] = await opinions.record(session, [new], now=NOW)
        return opinion.id


def mixed() -> bytes:
    """Ten rows: five right, one repeated, two wrong, two persons."""
    return xlsx(
        [
            row(1), row(2), row(3), row(4), row(5), row(6, company(1), code(1)), row(7, its_code="bad"),
            (8, company(8), "企业", 914101001234567890, "", "", "", ""),
            ("9", "张三丰", "", "", "", "先进个人", "", "私人备注"), ("10", "李四光", "自然人", "", "", "", "", ""),
        ]
    )  # fmt: skip


async def test_a_list_is_checked_for_its_matter_and_comes_back(desk, database, store) -> None:
    await give_opinion(database, 2)
    await give_opinion(database, 3, valid_to=dt.date(2026, 11, 22))  # has expired
    await desk.decide(AWARD)
    asked = await desk.upload()
    assert asked.name == "batch_asking" and asked.wants_file and "绿色企业" in asked.text
    assert (await desk.file(mixed())).name == "batch_checking"
    await desk.work()
    screen = await desk.told()
    assert screen is not None and screen.file is not None and screen.stays
    assert "10 rows, 5 of organisations right" in screen.text
    assert "1 have a valid opinion, 4 need verification" in screen.text
    for said in (
        "2 wrong",
        "1 repeated",
        "2 natural persons",
        "1 rows of these have neither code nor kind",
        'Row 8, "统一社会信用代码"',
        'Row 9, "统一社会信用代码"',
    ):
        assert said in screen.text
    back = cells(store.read(screen.file.key))
    assert len(back) == 11 and len(back[0]) == 13
    assert back[1][1] == company(1) and back[1][3] == code(1) and back[1][12] == "apply for verification"
    assert "郑信2" in back[2][10] and back[3][10] == ""
    assert back[6][9] == "same as row 2"
    assert "郑环文" in back[1][11] and back[7][11] == ""
    assert desk.progress[-1].name == "batch_checking" and "10/10" in desk.progress[-1].text


async def test_names_of_persons_are_kept_nowhere(desk, database, store) -> None:
    await desk.decide(AWARD)
    await desk.upload()
    screen = await desk.checked(mixed())
    [sheet] = await desk.rows(Sheet)
    everything = str(sheet.rows) + str(cells(store.read(screen.file.key))) + screen.text + screen.file.name
    for secret in ("张三丰", "李四光", "私人备注"):
        assert secret not in everything


async def test_one_entry_for_all_right_rows(desk, database) -> None:
    opinion = await give_opinion(database, 2)
    await desk.decide(AWARD)
    await desk.upload()
    await desk.checked(mixed())
    screen = await desk.press("breg")
    assert screen.name == "batch_submission" and "6 counterparts" in screen.text
    screen = await desk.press("breg", "0")
    assert screen.name == "batch_registered" and "2 rows were left out" in screen.text
    [request] = await desk.rows(Request)
    assert request.state is RequestState.OPEN and request.matter_code == "m22"
    checks = [item for item in await desk.rows(Item) if item.product_kind == "verification"]
    by_state = {state: sum(item.state is state for item in checks) for state in ItemState}
    assert (by_state[ItemState.SUBMITTED], by_state[ItemState.USED], len(checks)) == (5, 1, 6)
    [persons] = [item for item in checks if item.head_count]
    assert (persons.head_count, persons.counterpart_id, persons.state) == (2, None, ItemState.SUBMITTED)
    assert persons.due_on is not None and persons.applicant is Applicant.BUREAU
    assert {item.due_on for item in checks if item.state is ItemState.SUBMITTED} == {persons.due_on}
    assert [(use.opinion_id, use.on) for use in await desk.rows(OpinionUse)] == [(opinion, TODAY)]
    assert len(await desk.rows(Counterpart)) == 5
    assert await desk.rows(Reminder)
    [line] = await desk.rows(Audit, Audit.verb == "request.register")
    assert line.subject_id == request.id
    [sheet] = await desk.rows(Sheet)
    assert sheet.closed_at and sheet.rows is None and sheet.path is None and sheet.request_id == request.id
    assert await desk.draft() is None
    with pytest.raises(Stale):
        await desk.send(Press("breg", sheet.id, 0, "0"))
    assert len(await desk.rows(Request)) == 1


async def test_the_file_is_removed_once_it_is_registered(desk, store) -> None:
    await desk.decide(AWARD)
    await desk.upload()
    screen = await desk.checked(xlsx([row(1)]))
    assert store.path(screen.file.key).exists()
    await desk.press("breg")
    await desk.press("breg", "no")
    await desk.work()
    assert not store.path(screen.file.key).exists()
    [item] = [item for item in await desk.rows(Item) if item.product_kind == "verification"]
    assert item.state is ItemState.DRAFT and item.due_on is None


async def test_everybody_has_an_opinion(desk, database) -> None:
    await give_opinion(database, 1)
    await desk.decide(AWARD)
    await desk.upload()
    await desk.checked(xlsx([row(1)]))
    assert (await desk.press("breg")).name == "batch_registered"
    [request] = await desk.rows(Request)
    assert request.state is RequestState.CLOSED and not await desk.rows(Reminder)


async def test_opinions_for_all_and_persons_besides(desk, database) -> None:
    await give_opinion(database, 1)
    await desk.decide(AWARD)
    await desk.upload()
    await desk.checked(xlsx([row(1), ("2", "张三丰", "自然人", "")]))
    await desk.press("breg")
    await desk.press("breg", "1")
    [request] = await desk.rows(Request)
    assert request.state is RequestState.OPEN and await desk.rows(Reminder)
    [persons] = [item for item in await desk.rows(Item) if item.head_count and item.product_kind == "verification"]
    assert persons.submitted_on == TODAY - dt.timedelta(days=1) and persons.due_on


async def test_a_list_of_persons_alone(desk) -> None:
    await desk.decide(AWARD)
    await desk.upload()
    await desk.checked(xlsx([("1", "张三丰", "自然人", ""), ("2", "李四光", "自然人", "")]))
    await desk.press("breg")
    await desk.press("breg", "0")
    [item] = [item for item in await desk.rows(Item) if item.product_kind == "verification"]
    assert (item.head_count, item.counterpart_id) == (2, None)


async def test_an_opinion_that_came_meanwhile_is_used(desk, database) -> None:
    await desk.decide(AWARD)
    await desk.upload()
    await desk.checked(xlsx([row(1), row(2)]))
    await give_opinion(database, 1)
    assert "1 counterpart" in (await desk.press("breg")).text


async def test_nothing_right_cannot_be_registered(desk) -> None:
    await desk.decide(AWARD)
    await desk.upload()
    screen = await desk.checked(xlsx([row(1, its_code="x"), row(2, its_code=code(2, "12410100MB"))]))
    verbs = {button.press.verb for each in screen.rows for button in each}
    assert verbs == {"bdrop"}
    assert "Row 3" in screen.text and "the matter is for" in screen.text
    [sheet] = await desk.rows(Sheet)
    with pytest.raises(Stale):
        await desk.send(Press("breg", sheet.id, 0, "0"))


async def test_the_corrected_list_replaces_the_older_one(desk, store) -> None:
    await desk.decide(AWARD)
    await desk.upload()
    older = await desk.checked(xlsx([row(1), row(2, its_code="x")]))
    newer = await desk.checked(xlsx([row(1), row(2)]))
    assert "2 of organisations right" in newer.text
    first, second = await desk.rows(Sheet)
    assert first.closed_at and first.rows is None and second.closed_at is None
    assert not store.path(older.file.key).exists()
    with pytest.raises(Stale):
        await desk.send(Press("breg", first.id, 0, "0"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (bytes(30_000_000), "10 MB"),
        (xlsx([("1", "甲")], header=("序号", "主体名称")), 'no column "Unified social credit code"'),
        (xlsx([("1", "甲")], header=("一", "二")), "No heading"),
        (b"%PDF\x00", "not a table"),
    ],
)
async def test_a_list_that_cannot_be_read_is_refused_and_nothing_is_left(desk, content: bytes, said: str) -> None:
    await desk.decide(AWARD)
    await desk.upload()
    await desk.file(content)
    [refused] = await desk.work()
    assert said in refused
    assert not await desk.rows(Request)
    good = await desk.checked(xlsx([row(1)]))  # the question still stands, and the next file answers it
    assert "1 of organisations right" in good.text


async def test_a_list_can_be_given_up(desk, store) -> None:
    await desk.decide(AWARD)
    await desk.upload()
    screen = await desk.checked(xlsx([row(1)]))
    assert (await desk.press("bdrop")).name == "batch_dropped"
    await desk.work()
    [sheet] = await desk.rows(Sheet)
    assert sheet.rows is None and sheet.closed_at and not store.path(screen.file.key).exists()
    assert await desk.draft() is None
    assert await desk.told() is None


async def test_nobody_touches_the_list_of_another(desk, enrol, database, office, store) -> None:
    await desk.decide(AWARD)
    await desk.upload()
    await desk.checked(xlsx([row(1)]))
    [sheet] = await desk.rows(Sheet)
    other = Desk(database, office, await enrol(900002), NOW, store)
    for verb in ("breg", "bdrop", "bmat", "bchk"):
        with pytest.raises(Stale):
            await other.send(Press(verb, sheet.id, 0, "0"))


async def test_back_leads_to_the_form(desk) -> None:
    await desk.decide(AWARD)
    await desk.upload()
    assert (await desk.press("bback")).name.startswith("entry")
    draft = await desk.draft()
    assert draft.purpose == "entry" and draft.answers["answers"] == {"matter": ["m22"], "reserved": ["yes"]}


async def test_words_where_a_file_is_awaited(desk) -> None:
    await desk.run(batch.on_batch)
    with pytest.raises(Refusal, match="as a file"):
        await desk.type("绿色企业")


async def test_a_sheet_that_nobody_asked_for_is_asked_about(desk) -> None:
    screen = await desk.file(xlsx([row(1), row(2)]))
    assert screen.name == "batch_unasked"
    await desk.press("bchk")
    await desk.work()
    screen = await desk.told()
    assert "[List checked]" in screen.text and "2 of organisations right" in screen.text
    await desk.press("bmat")
    draft = await desk.draft()
    assert draft.purpose == "guide" and draft.answers["sheet"]


async def answered(desk: Desk, answers: dict[str, tuple[str, ...]]) -> Screen:
    """Answer the guide that 〔选择事项〕 began, whose screens are no matter here, then press 〔上传名单〕."""
    async with desk.database.write() as session:
        draft = await session.get_one(Draft, (await desk.draft()).id)
        draft.answers = {**draft.answers, "answers": {key: list(value) for key, value in answers.items()}}
    return await desk.upload()


async def test_a_list_checked_before_its_matter_is_not_sent_twice(desk) -> None:
    await desk.run(batch.on_batch)
    await desk.checked(xlsx([row(1), row(2)]))
    await desk.press("bmat")
    await answered(desk, AWARD)
    assert desk.screen.name == "batch_checking"
    desk.files.clear()
    await desk.work()
    assert "绿色企业" in (await desk.told()).text
    await desk.press("breg")
    assert (await desk.press("breg", "0")).name == "batch_registered"


@pytest.mark.parametrize("kind", ["list", "results"])
async def test_the_template_is_a_sheet_that_can_be_read_again(desk, store, kind: str) -> None:
    await desk.run(batch.on_batch)
    await desk.send(Press("btpl", 0, 0, kind))
    await desk.work()
    screen = await desk.told()
    header = cells(store.read(screen.file.key))[0]
    assert len(header) == (8 if kind == "list" else 10) and screen.file.name.endswith(".xlsx")
    assert len(columns_of(header, wanted=(Column.NAME, Column.CODE))) == len(header)
    with pytest.raises(Stale):
        await desk.send(Press("btpl", 0, 0, "forged"))


async def test_a_file_from_the_file_page_is_removed_after_reading(desk, store) -> None:
    kept = store.put(xlsx([row(1)]))
    await desk.decide(AWARD)
    await desk.upload()
    await desk.file(store.read(kept.key), ref=f"page:{kept.key}")
    await desk.work()
    assert not store.path(kept.key).exists()


async def entry_of(desk, count: int, *, submit: str = "0") -> Request:
    """Make an entry with many counterparts from a list."""
    await desk.decide(AWARD)
    await desk.upload()
    await desk.checked(xlsx([row(n) for n in range(1, count + 1)]))
    await desk.press("breg")
    await desk.press("breg", submit)
    [request] = await desk.rows(Request)
    return request


def answer(n: int, finding="未查询到不良信息", issued="2026-11-20", until="", number="", details="") -> tuple:
    return (code(n), finding, "", details, number, issued, until)


async def read_results(desk, request: Request, *rows, **more):
    await desk.send(Press("bres", request.id, request.version))
    assert desk.screen.name == "results_asking"
    return await desk.checked(xlsx(rows, header=RESULT_HEADER, **more))


async def test_results_of_a_sheet_are_recorded_by_one_press(desk) -> None:
    request = await entry_of(desk, 4, submit="1")
    screen = await read_results(
        desk, request,
        answer(1, number="郑信1"), answer(2, "有不良信息", details="行政处罚1件"),
        answer(3, until="2027-05-01"), answer(50),
    )  # fmt: skip
    assert "3 can be recorded, 1 rows are wrong" in screen.text and "1 stays waiting" in screen.text
    assert 'Row 5, "统一社会信用代码"' in screen.text
    assert not await desk.rows(Opinion)
    screen = await desk.press("brec", "1")
    assert screen.name == "results_recorded" and "1 adverse" in screen.text
    found = {opinion.number or opinion.result: opinion for opinion in await desk.rows(Opinion)}
    assert len(found) == 3
    assert found["郑信1"].valid_source == "policy" and found["郑信1"].valid_to == dt.date(2027, 11, 19)
    assert found["clean"].valid_source == "printed" and found["clean"].valid_to == dt.date(2027, 5, 1)
    assert found["adverse"].details == "行政处罚1件"
    assert [each.opinion_id for each in await desk.rows(FollowUp)] == [found["adverse"].id]
    items = [item for item in await desk.rows(Item) if item.product_kind == "verification"]
    assert [item.state for item in items].count(ItemState.RETURNED) == 3
    assert {item.returned_on for item in items if item.state is ItemState.RETURNED} == {TODAY - dt.timedelta(days=1)}
    lines = await desk.rows(Audit)
    assert [line.verb for line in lines].count("request.results") == 1
    assert [line.verb for line in lines].count("opinion.adverse") == 1
    [request] = await desk.rows(Request)
    assert request.state is RequestState.OPEN


async def test_a_number_longer_than_one_that_is_typed_is_a_fault_of_its_row(desk) -> None:
    request = await entry_of(desk, 2, submit="1")
    screen = await read_results(desk, request, answer(1, number="郑" * 60), answer(2, number="郑" * 61))
    assert "1 can be recorded, 1 rows are wrong" in screen.text
    assert 'Row 3, "查询意见编号": the number has 61 characters' in screen.text


async def test_faults_of_results_are_shown_although_the_heading_is_long(desk) -> None:
    request = await entry_of(desk, 10, submit="1")
    header = list(RESULT_HEADER)
    header[1] += "（" + "请按书面意见如实填写" * 48 + "）"
    await desk.send(Press("bres", request.id, request.version))
    screen = await desk.checked(xlsx([answer(n, "虚构的结果") for n in range(1, 11)], header=header))
    assert "10 rows are wrong" in screen.text and screen.text.count("…") == 8
    assert "and 2 more faults" in screen.text


async def test_all_others_alike_by_one_press(desk) -> None:
    request = await entry_of(desk, 4)
    await read_results(desk, request, answer(1, "有不良信息"))
    assert (await desk.press("brest")).name == "results_rest_day"
    with pytest.raises(Refusal, match="future"):
        await desk.type("2026-11-24")
    screen = await desk.type("11月20日")
    assert "the other 3" in screen.text
    await desk.press("brec", "0")
    assert sorted(opinion.result for opinion in await desk.rows(Opinion)) == ["adverse", "clean", "clean", "clean"]
    [request] = await desk.rows(Request)
    assert request.state is RequestState.CLOSED
    coming = {row.kind for row in await desk.rows(Reminder) if row.state.value == "planned"}
    assert coming == {"use", "expiry"}  # nothing is waited for any more


async def test_no_id_number_of_a_sheet_of_results_is_kept(desk) -> None:
    request = await entry_of(desk, 2, submit="1")
    said = f"法定代表人{ID_NUMBER}，行政处罚1件"
    await read_results(desk, request, answer(1, "有不良信息", number=f"郑信{ID_NUMBER}", details=said))
    [sheet] = await desk.rows(Sheet, Sheet.closed_at.is_(None))
    await desk.press("brec", "1")
    [opinion] = await desk.rows(Opinion)
    assert "行政处罚1件" in opinion.details
    assert ID_NUMBER not in str(sheet.rows) + str(opinion.details) + str(opinion.number)


async def test_results_do_not_come_before_the_application_and_a_day_on_record_stays(desk, database) -> None:
    request = await entry_of(desk, 2)
    await read_results(desk, request, answer(1), answer(2))
    with pytest.raises(Refusal, match="before the submission"):
        await desk.press("brec", "1")
    assert not await desk.rows(Opinion)
    async with database.write() as session:
        first = await session.get_one(Item, (await desk.rows(Item))[0].id)
        first.submitted_on = first.returned_on = TODAY - dt.timedelta(days=3)
        first.state = ItemState.RETURNED
    await desk.press("brec", "0")
    days = [item.returned_on for item in await desk.rows(Item) if item.product_kind == "verification"]
    assert days == [TODAY - dt.timedelta(days=3), TODAY]


async def test_what_a_counterpart_applied_for_counts_from_the_result_at_the_latest(desk) -> None:
    request = await entry_of(desk, 1, submit="cp")
    await read_results(desk, request, answer(1))
    await desk.press("brec", "1")
    [item] = [item for item in await desk.rows(Item) if item.product_kind == "verification"]
    assert item.submitted_on == item.returned_on == TODAY - dt.timedelta(days=1)


async def test_an_open_entry_and_a_broken_commitment_are_said_before_a_list_is_registered_again(desk, database) -> None:
    await entry_of(desk, 2)
    async with database.write() as session:
        counterparts = {each.code: each.id for each in (await session.scalars(select(Counterpart))).all()}
        [request] = (await session.scalars(select(Request))).all()
        pledge = Item(
            request_id=request.id, product_kind="commitment", product_code="x",
            counterpart_id=counterparts[code(2)], state=ItemState.RECORDED,
        )  # fmt: skip
        session.add(pledge)
        await session.flush()
        session.add(Commitment(item_id=pledge.id, state=CommitmentState.BREACHED, letters=1, in_form=False,
                               settled_on=dt.date(2026, 11, 2)))  # fmt: skip
    await desk.decide(AWARD)
    await desk.upload()
    screen = await desk.checked(xlsx([row(1), row(2), row(3)]))
    assert "2 have an open entry for this matter already" in screen.text
    assert screen.file is not None
    sheet = cells(desk.store.read(screen.file.key))
    number = (await desk.rows(Request))[0].seq
    assert [f"2026-{number}" in line[9] for line in sheet[1:]] == [True, True, False]
    assert ["2026-11-02" in line[12] for line in sheet[1:]] == [False, True, False]


async def test_an_opinion_under_an_older_code_takes_its_result(desk, database) -> None:
    request = await entry_of(desk, 1)
    async with database.write() as session:
        [firm] = (await session.scalars(select(Counterpart))).all()
        firm.code, firm.legacy_code = None, "123456788"  # taken over from an older ledger
    screen = await read_results(desk, request, ("12345678-8", *answer(1)[1:]))
    assert "1 can be recorded" in screen.text
    await desk.press("brec", "0")
    [opinion] = await desk.rows(Opinion)
    assert opinion.counterpart_id == firm.id


async def test_a_row_in_doubt_is_not_among_all_others(desk) -> None:
    """A row whose result or date is wrong may be adverse: 「其余均为未查询到不良信息」 must not cover it."""
    request = await entry_of(desk, 4)
    await read_results(desk, request, answer(1), answer(2, "不好说"), answer(3, issued="2027-01-01"))
    screen = await desk.press("brest")
    assert "About 1 other" in screen.text
    await desk.press("brest", "back")
    await desk.press("brest")
    await desk.press("brest", "1")
    await desk.press("brec", "0")
    items = {item.id: item for item in await desk.rows(Item)}
    recorded = {items[opinion.item_id].counterpart_id for opinion in await desk.rows(Opinion)}
    named = {each.id: each.code for each in await desk.rows(Counterpart)}
    assert {named[each] for each in recorded} == {code(1), code(4)}


async def test_results_recorded_twice_count_once(desk) -> None:
    request = await entry_of(desk, 2)
    screen = await read_results(desk, request, answer(1))
    await desk.press("brec", "0")
    desk.screen = screen
    with pytest.raises(Stale):
        await desk.press("brec", "0")
    [request] = await desk.rows(Request)
    screen = await read_results(desk, request, answer(1), answer(2))
    assert "already" in screen.text and "1 can be recorded" in screen.text


async def test_results_of_an_unasked_sheet_find_their_entry(desk) -> None:
    request = await entry_of(desk, 2)
    await desk.file(xlsx([answer(1), answer(2)], header=RESULT_HEADER))
    screen = await desk.press("bwhat")
    assert screen.name == "results_entry"
    await desk.press("bwent", str(request.id))
    await desk.work()
    assert "2 can be recorded" in (await desk.told()).text


@pytest.mark.parametrize("way", ["list", "results", "unasked"])
async def test_a_list_from_the_page_that_cannot_be_read_is_kept_nowhere(desk, way: str) -> None:
    request = await entry_of(desk, 1)
    if way == "list":
        await desk.command("batch")
    elif way == "results":
        await desk.send(Press("bres", request.id, request.version))
    raw = await desk.hand_in(f"张三丰,{ID_NUMBER}\n".encode())
    if way == "unasked":
        await desk.press("bchk")
    [said, *more] = await desk.work()
    assert "No heading was found" in said and not more
    assert not raw.exists()
    assert all(sheet.closed_at and not sheet.rows for sheet in await desk.rows(Sheet))


async def test_a_list_from_the_page_goes_with_the_newer_one_that_replaces_it(desk) -> None:
    raw = await desk.hand_in(xlsx([row(1)]))
    await desk.command("batch")
    await desk.checked(xlsx([row(2)]))
    await desk.work()
    assert not raw.exists()


async def test_a_list_from_the_page_that_nobody_says_what_to_do_with_goes_in_the_night_after(desk, database) -> None:
    raw = await desk.hand_in(xlsx([row(1)]))
    for hours, is_there in ((3, True), (5, False)):
        finish = await retain(desk.tools, {}, NOW + dt.timedelta(hours=hours))
        async with database.write() as session:
            await finish(session)
        await desk.work()
        assert raw.exists() is is_there
    with pytest.raises(Stale):
        await desk.press("bchk")


async def test_a_list_that_mentions_an_erased_person_goes_with_its_file_and_its_officer_hears(
    desk, enrol, store
) -> None:
    coordinator = desk.of(await enrol(900050, unit="legal", role=Role.COORDINATOR))
    await desk.register(PERSONS, f"张 1234 {CASE}", submitted="0", way="person")
    await desk.command("batch")
    shown = await desk.checked(xlsx([row(1, note=f"与{CASE}张某1234同案")]))
    await desk.press("bmat")
    assert CASE in str(cells(store.read(shown.file.key)))
    await coordinator.command("erase", "大气2026-1")
    await coordinator.press("erok")
    assert await coordinator.work() == []
    [sheet] = await desk.rows(Sheet)
    assert (sheet.rows, sheet.path, sheet.closed_at) == (None, None, NOW)
    assert not store.path(shown.file.key).exists()
    assert await desk.shown(CHECKED) is None  # its notice still waited
    heard = await desk.shown("erase.list")
    assert "Please send it again" in heard.text and CASE not in heard.text
    with pytest.raises(Stale):
        await desk.send(Press("breg", sheet.id))
    asked = await answered(desk, AWARD)
    assert asked.name == "batch_asking"  # the guide was begun for that list, and is not stuck with it


async def test_only_who_may_act_imports_results(desk, enrol, database, office, store) -> None:
    request = await entry_of(desk, 2)
    for person in (await enrol(900002), await enrol(900004, role=Role.HEAD)):
        other = Desk(database, office, person, NOW, store)
        with pytest.raises(Refusal):
            await other.send(Press("bres", request.id, request.version))
        await other.file(xlsx([answer(1)], header=RESULT_HEADER))
        await other.press("bwhat")
        sheet = (await other.rows(Sheet))[-1]
        with pytest.raises(Refusal):
            await other.send(Press("bwent", sheet.id, 0, str(request.id)))
    with pytest.raises(Stale):
        await desk.send(Press("bres", request.id, request.version + 1))


async def go_over(desk, request: Request, person) -> None:
    """Let a colleague have the entry: whoever had it neither changes nor sees it any more."""
    async with desk.database.write() as session:
        (await session.get_one(Request, request.id)).owner_id = person.id


async def test_results_for_an_entry_that_went_over_before_they_were_read_are_refused(desk, enrol) -> None:
    request = await entry_of(desk, 2)
    await desk.send(Press("bres", request.id, request.version))
    await desk.file(xlsx([answer(1)], header=RESULT_HEADER))
    await go_over(desk, request, await enrol(900002))
    [refused] = await desk.work()
    assert "Only the handling officer" in refused
    assert await desk.rows(Outbox, Outbox.kind == "results.read") == []
    sheet = (await desk.rows(Sheet))[-1]
    assert sheet.closed_at and not sheet.rows


async def test_results_are_not_summed_up_for_whoever_has_lost_the_entry_since(desk, enrol) -> None:
    request = await entry_of(desk, 2)
    await desk.send(Press("bres", request.id, request.version))
    await desk.file(xlsx([answer(1)], header=RESULT_HEADER))
    assert await desk.work() == []
    await go_over(desk, request, await enrol(900002))
    assert await desk.told() is None


@pytest.mark.parametrize("arg", ["", "0", "back"])
async def test_the_others_are_not_all_alike_for_whoever_has_lost_the_entry_since(desk, enrol, arg: str) -> None:
    request = await entry_of(desk, 2)
    await read_results(desk, request, answer(1))
    press = desk.find("brest")
    await go_over(desk, request, await enrol(900002))
    with pytest.raises(Refusal, match="no such entry"):
        await desk.send(dataclasses.replace(press, arg=arg))
    [sheet] = await desk.rows(Sheet, Sheet.closed_at.is_(None))
    assert "rest_on" not in sheet.rows


async def test_a_day_for_all_others_is_not_taken_from_whoever_has_lost_the_entry_since(desk, enrol) -> None:
    request = await entry_of(desk, 2)
    await read_results(desk, request, answer(1))
    await desk.press("brest")
    await go_over(desk, request, await enrol(900002))
    with pytest.raises(Refusal, match="no such entry"):
        await desk.type("2026-11-20")
    [sheet] = await desk.rows(Sheet, Sheet.closed_at.is_(None))
    assert "rest_on" not in sheet.rows


async def test_a_crash_while_recording_leaves_nothing(desk, monkeypatch) -> None:
    request = await entry_of(desk, 2)
    await read_results(desk, request, answer(1), answer(2, "有不良信息"))
    monkeypatch.setattr("storage.work.tidy", lambda *_args, **_more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await desk.press("brec", "0")
    assert not await desk.rows(Opinion) and not await desk.rows(FollowUp)
    assert all(
        item.state is ItemState.SUBMITTED for item in await desk.rows(Item) if item.product_kind == "verification"
    )
    monkeypatch.undo()
    await desk.press("brec", "0")
    assert len(await desk.rows(Opinion)) == 2


async def test_a_chore_that_dies_is_done_again_once(desk) -> None:
    await desk.decide(AWARD)
    await desk.upload()
    await desk.file(xlsx([row(1)]))
    [job] = await desk.rows(Work)
    first = await batch.JOBS[job.kind](desk.tools, job.params, NOW)  # died before its commit
    assert first is not None
    await desk.work()
    assert "1 of organisations right" in (await desk.told()).text
    assert len([each for each in await desk.rows(Sheet) if each.closed_at is None]) == 1


async def test_few_statements_whatever_the_number(desk, database) -> None:
    """Recording results costs as many statements for forty rows as for four."""
    from sqlalchemy import event

    counts = []
    for n in (4, 40):
        await desk.decide(AWARD)
        await desk.upload()
        await desk.checked(xlsx([row(k) for k in range(1 + 100 * n, 1 + 101 * n)]))
        await desk.press("breg")
        await desk.press("breg", "0")
        request = (await desk.rows(Request))[-1]
        await read_results(desk, request, *[answer(k) for k in range(1 + 100 * n, 1 + 101 * n)])
        said: list[str] = []
        async with database.write() as session:
            engine = session.get_bind().engine

        def note(_c, _cursor, statement, _p, _ctx, _many, said=said):
            said.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        await desk.press("brec", "0")
        event.remove(engine, "before_cursor_execute", note)
        counts.append(len(said))

    assert counts[1] <= counts[0] + 3, counts
