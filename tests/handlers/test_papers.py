import datetime as dt
import io
from dataclasses import replace
from types import SimpleNamespace

import pytest
from docx import Document
from icalendar import Calendar
from sqlalchemy import select, update

from bot.errors import Refusal
from bot.language import speaking
from bot.policy.model import Policy
from bot.screens.screen import Press
from handlers import papers
from handlers.turn import Stale
from storage.files import FileStore
from storage.tables import Audit, Counterpart, Item, Outbox, Person, PersonState, Request, Role, Work, WorkState
from tests.handlers.conftest import NOW
from tests.handlers.desk import COMPANY, Desk

PERMIT = {"matter": ("m04b",)}
AWARD = {"matter": ("m22",), "reserved": ("yes",)}
SECOND = "虚构蓝天有限公司 91410100MA00000T55"
FIRM, CODE = COMPANY.split()


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


@pytest.fixture
async def desk(database, office, officer):
    """An officer who submitted an application on Monday 23 November 2026."""
    desk = Desk(database, office, officer, NOW)
    await registered(desk, PERMIT, COMPANY)
    return desk


@pytest.fixture
def tools(desk, tmp_path):
    return SimpleNamespace(database=desk.database, office=desk.office, store=FileStore(tmp_path / "files"))


async def rows(desk, table):
    async with desk.database.read() as session:
        return list((await session.scalars(select(table).order_by(table.id))).all())


async def waiting(desk):
    return [row.params for row in await rows(desk, Work) if row.kind == papers.KIND and row.state is WorkState.WAITING]


async def done(desk, tools, now=None):
    """Do what waits as the worker does, and return what the officer is sent: (screen, bytes)."""
    now = now or desk.now
    for params in await waiting(desk):
        finish = await papers.JOBS[papers.KIND](tools, params, now)
        async with desk.database.write() as session:
            await finish(session)
            await session.execute(update(Work).values(state=WorkState.DONE))
    sent = []
    async with desk.database.write() as session:
        for row in (await session.scalars(select(Outbox).where(Outbox.kind == papers.KIND))).all():
            person = await session.get_one(Person, row.person_id)
            screen = await papers.NOTICES[row.kind](session, desk.office, person, row.params, now)
            if screen is not None:
                sent.append((screen, tools.store.read(screen.file.key)))
    return sent


def text_of(content):
    return "\n".join(paragraph.text for paragraph in Document(io.BytesIO(content)).paragraphs)


async def menu(desk):
    return await desk.send(Press("paper", 1))


def offered(screen):
    return [button.press.arg for row in screen.rows for button in row if button.press.verb == "pmake"]


async def test_an_application_is_promised_at_once_and_comes_as_a_document(desk, tools):
    screen = await menu(desk)
    assert offered(screen) == ["application"]
    screen = await desk.press("pmake", "application")
    assert screen.name == "papers_making" and "大气2026-1" in screen.text and screen.file is None
    [(sent, content)] = await done(desk, tools)
    assert sent.stays and sent.file.name.endswith("-大气2026-1.docx")
    said = text_of(content)
    for part in (FIRM, CODE, "排污许可证延续", "郑州市生态环境局", "市信用中心", "大气环境处", "郑环文〔2017〕15号"):
        assert part in said
    assert "2026年11月30日" in said  # the centre's feedback is due then: the wish is no other day


async def test_who_had_what_made_stands_in_the_audit(desk, tools):
    await menu(desk)
    await desk.press("pmake", "application")
    await done(desk, tools)
    [line] = [row for row in await rows(desk, Audit) if row.verb == "paper.make"]
    assert (line.actor_id, line.subject_kind, line.subject_id) == (desk.person.id, "request", 1)
    assert line.after == {"paper": "application"}


async def test_a_button_tapped_twice_makes_one_letter(desk, tools):
    screen = await menu(desk)
    await desk.press("pmake", "application", on=screen)
    await desk.press("pmake", "application", on=screen)
    assert len(await waiting(desk)) == 1
    assert len(await done(desk, tools)) == 1
    await desk.press("pmake", "application", on=screen)  # wanted again afterwards: it is made again
    assert len(await waiting(desk)) == 1


async def registered(desk, answers, subjects):
    await desk.decide(answers)
    await desk.type(subjects)
    await desk.press("rsubm", "0")
    await desk.press("rconf")


async def test_an_entry_of_many_gets_one_letter_with_its_list(desk, tools):
    await registered(desk, AWARD, f"{COMPANY}\n{SECOND}")
    await desk.send(Press("paper", 2))
    await desk.press("pmake", "application")
    [(_sent, content)] = await done(desk, tools)
    [table] = Document(io.BytesIO(content)).tables
    assert [(row.cells[1].text, row.cells[2].text) for row in table.rows][1:] == [
        (FIRM, CODE),
        tuple(SECOND.split()),
    ]


async def test_persons_of_a_mixed_list_are_counted_in_its_letter(desk, database, tools):
    await registered(desk, AWARD, f"{COMPANY}\n{SECOND}")
    async with database.write() as session:
        wanted = select(Item).where(Item.request_id == 2, Item.product_kind == "verification")
        first = (await session.scalars(wanted)).first()
        assert first is not None
        same = ("request_id", "product_kind", "product_code", "applicant", "state", "submitted_on")
        session.add(Item(head_count=5, **{key: getattr(first, key) for key in same}))
    await desk.send(Press("paper", 2))
    await desk.press("pmake", "application")
    [(_sent, content)] = await done(desk, tools)
    assert "共2家，名单附后；另有自然人5名（线下填写）" in text_of(content)


async def test_a_list_kept_elsewhere_is_a_count_in_the_letter(desk, tools):
    await desk.decide(AWARD)
    await desk.press("rway", "count")
    await desk.type("32家")
    await desk.press("rsubm", "0")
    await desk.press("rconf")
    await desk.send(Press("paper", 2))
    await desk.press("pmake", "application")
    [(_sent, content)] = await done(desk, tools)
    assert "共32家，名单（线下填写）" in text_of(content)


async def test_the_commitment_letter_of_a_person_who_applied_alone_names_nobody(desk, tools):
    await desk.decide({"matter": ("m42",)})
    await desk.type("张 123X 虚构办2026-15")
    await desk.press("rsubm", "cp")
    await desk.press("rconf")
    screen = await desk.send(Press("paper", 2))
    assert offered(screen) == ["commitment"]  # the person applies: the bureau writes no application
    assert "blank" in screen.text
    await desk.press("pmake", "commitment")
    [(sent, content)] = await done(desk, tools)
    said = text_of(content)
    assert "承诺人：（线下填写）" in said
    assert not [part for part in ("张", "123X", "虚构办") if part in said + sent.text + sent.file.name]


async def test_the_centre_is_asked_only_when_its_period_ends(desk, tools):
    await desk.send(Press("req", 1))
    await desk.press("rdo", "received,0")
    assert "inquiry" not in offered(await menu(desk))
    desk.now = NOW + dt.timedelta(days=4)  # Friday: due on Monday
    assert "inquiry" in offered(await menu(desk))
    desk.now = NOW + dt.timedelta(days=8)  # Tuesday: due yesterday
    await menu(desk)
    await desk.press("pmake", "inquiry")
    [(_sent, content)] = await done(desk, tools)
    assert "反馈期限为2026年11月30日" in text_of(content) and "尚未收到反馈" in text_of(content)


async def test_a_letter_that_does_not_fit_is_not_made(desk):
    for arg in ("inquiry", "commitment", "decree", ""):
        with pytest.raises(Stale):
            await desk.send(Press("pmake", 1, 1, arg))
    assert await waiting(desk) == []


async def test_a_press_on_an_older_state_shows_the_present_one(desk):
    screen = await menu(desk)
    await desk.send(Press("req", 1))
    await desk.press("rdo", "received,0")
    shown = await desk.press("pmake", "application", on=screen)
    assert shown.name == "papers" and shown.toast
    assert await waiting(desk) == []


@pytest.mark.parametrize("press", [Press("paper", 1), Press("pmake", 1, 1, "application"), Press("pics", 1, 1)])
async def test_nobody_else_gets_a_letter_of_the_entry(desk, enrol, press):
    colleague = Desk(desk.database, desk.office, await enrol(900002), NOW)
    with pytest.raises(Refusal):
        await colleague.send(press)
    stranger = Desk(desk.database, desk.office, await enrol(900003, unit="water", role=Role.HEAD), NOW)
    with pytest.raises(Refusal):
        await stranger.send(press)
    assert await waiting(desk) == []


async def test_the_head_of_the_unit_who_may_read_the_entry_may_have_its_letter(desk, tools, enrol):
    head = Desk(desk.database, desk.office, await enrol(900004, role=Role.HEAD), NOW)
    await head.send(Press("paper", 1))
    await head.press("pmake", "application")
    [(_sent, content)] = await done(head, tools)
    assert FIRM in text_of(content)


async def test_what_changed_while_it_waited_is_looked_at_again(desk, tools):
    await menu(desk)
    await desk.press("pmake", "application")
    await desk.send(Press("req", 1))
    await desk.press("rask", "returned")
    await desk.press("rdo", "returned,0")
    [params] = await waiting(desk)
    with pytest.raises(Refusal):
        await papers.make(tools, params, desk.now)
    assert not list((tools.store.path("0" * 32).parent).glob("*"))


async def test_an_officer_who_has_left_meanwhile_gets_nothing(desk, tools):
    await menu(desk)
    await desk.press("pmake", "application")
    [params] = await waiting(desk)
    async with desk.database.write() as session:
        await session.execute(update(Person).values(state=PersonState.LEFT))
    with pytest.raises(Refusal):
        await papers.make(tools, params, desk.now)


async def test_an_officer_who_handed_the_entry_over_meanwhile_gets_nothing(desk, tools, enrol):
    await menu(desk)
    await desk.press("pmake", "application")
    [params] = await waiting(desk)
    other = await enrol(900006)
    async with desk.database.write() as session:
        await session.execute(update(Request).values(owner_id=other.id))
    with pytest.raises(Refusal):
        await papers.make(tools, params, desk.now)


async def test_a_letter_ready_for_somebody_who_may_not_see_the_entry_any_more_is_kept_back(desk, tools, enrol):
    await menu(desk)
    await desk.press("pmake", "application")
    await done(desk, tools)
    other = await enrol(900005, unit="water")
    async with desk.database.write() as session:
        [row] = (await session.scalars(select(Outbox))).all()
        person = await session.get_one(Person, other.id)
        assert await papers.render(session, desk.office, person, row.params, desk.now) is None


async def test_a_natural_person_is_left_blank_in_every_letter(desk, tools):
    async with desk.database.write() as session:
        label = {"surname": "张", "last4": "002X", "case_number": "业务1"}
        await session.execute(update(Counterpart).values(name=None, code=None, person_label=label))
    screen = await menu(desk)
    assert "blank" in screen.text
    for paper in offered(screen):
        await desk.press("pmake", paper, on=screen)
    for _sent, content in await done(desk, tools):
        said = text_of(content)
        assert "（线下填写）" in said
        assert not [part for part in ("张", "002X", "业务1", FIRM, CODE) if part in said]
    params = [row.params for row in await rows(desk, Outbox)]
    assert params and not [part for part in ("张", "002X", "业务1") if part in str(params)]


async def test_an_entry_s_days_come_as_a_calendar_file(desk, tools):
    await menu(desk)
    screen = await desk.press("pics")
    assert screen.name == "papers_making"
    [(sent, content)] = await done(desk, tools)
    assert sent.file.name.endswith("-大气2026-1.ics") and sent.file.media_type == "text/calendar"
    [event] = Calendar.from_ical(content).walk("VEVENT")
    assert event.decoded("dtstart") == dt.date(2026, 11, 30)
    assert FIRM.encode() not in content.replace(b"\r\n ", b"")


async def test_all_open_days_come_in_one_file(desk, tools):
    await registered(desk, AWARD, COMPANY)
    await desk.send(Press("icsme"))
    [(sent, content)] = await done(desk, tools)
    assert {str(event["uid"]).split("@")[0] for event in Calendar.from_ical(content).walk("VEVENT")} == {
        "due-1",
        "due-2",
    }
    assert "all open entries" in sent.text
    [line] = [row for row in await rows(desk, Audit) if row.verb == "paper.make"]
    assert (line.subject_kind, line.subject_id) == ("person", desk.person.id)


async def test_without_open_days_there_is_no_calendar_file(database, office, officer):
    desk = Desk(database, office, officer, NOW)
    with pytest.raises(Refusal, match="None of your open entries"):
        await desk.send(Press("icsme"))


async def test_a_day_past_needs_no_alarm(desk):
    desk.now = NOW + dt.timedelta(days=30)
    screen = await menu(desk)
    assert not [button for row in screen.rows for button in row if button.press.verb == "pics"]
    with pytest.raises(Stale):
        await desk.send(Press("pics", 1, 1))


async def test_an_old_entry_is_written_by_the_rules_of_its_day(desk, tools):
    """The pack has changed its products since: the letter still names what decided."""
    policy = desk.office.policy
    content = policy.content
    products = tuple(each.model_copy(update={"name": f"新{each.name}"}) for each in content.products)
    desk.office = replace(
        desk.office, policy=Policy(content.model_copy(update={"products": products}), policy.templates)
    )
    tools.office = desk.office
    await menu(desk)
    await desk.press("pmake", "application")
    [(_sent, made)] = await done(desk, tools)
    assert "新信用信息核查" not in text_of(made) and "信用信息核查申请函" in text_of(made)
