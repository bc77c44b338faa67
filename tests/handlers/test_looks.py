"""What an officer learns of other people's entries and opinions, and the line that each look leaves."""

import contextlib
import datetime as dt
import re
from itertools import product, starmap
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from bot.counterparts import Organisation
from bot.cover import Leave
from bot.errors import Refusal
from bot.identifiers import read_code
from bot.language import speaking
from bot.opinions import Finding
from bot.screens.screen import Press
from handlers import escalation, frame, rights
from handlers.turn import Sender, Stale, Turn
from storage import cover, opinions, people, registration
from storage.files import FileStore
from storage.tables import (
    Audit,
    Counterpart,
    Item,
    Outbox,
    Person,
    Reminder,
    ReminderState,
    Request,
    RequestState,
    Role,
)
from tests.handlers.conftest import NOW
from tests.handlers.desk import PERMIT, presses
from tests.handlers.list_desk import Desk
from tests.handlers.test_reminders import at, deliver, tick
from tests.sheets import cells, code, company, row, xlsx

CONFIDENTIAL = {
    "a list": {"matter": ("m22",), "reserved": ("yes",)},  # 绿色企业评选
    "bidders": {"matter": ("m39",), "report_in_tender": ("yes",)},  # 服务商遴选, before the bids are opened
}
ABOUT_ENTRIES = {"entry.read", "entry.change", "entry.hand", "later", "find", "counterpart.keep"}
ELSEWHERE = "another unit or a colleague has an open entry"


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


@pytest.fixture
async def seat(database, office, officer, enrol, store):
    """Return somebody's desk: the officer's own one, or that of one more person."""

    async def take(number: int = 0, **where) -> Desk:
        person = await enrol(number, **where) if number else officer
        async with database.write() as session:
            person = await session.get_one(Person, person.id)
            person.language = "en"
        return Desk(database, office, person, NOW, store)

    return take


async def begun(desk: Desk, answers) -> str:
    """Begin an entry for the first company, as far as its confirmation."""
    await desk.decide(answers)
    await desk.type(f"{company(1)} {code(1)}")
    return (await desk.press("rsubm", "0")).text


async def register(desk: Desk, answers) -> None:
    await begun(desk, answers)
    await desk.press("rconf")


async def looks(desk: Desk, *verbs: str) -> list[tuple[str, int | None]]:
    lines = await desk.rows(Audit, Audit.verb.in_(verbs))
    return [(line.subject_kind, line.subject_id) for line in lines if line.actor_id == desk.person.id]


async def test_of_an_open_entry_elsewhere_an_officer_learns_that_it_is_there_and_no_number(seat):
    mine, other, colleague = await seat(), await seat(900031, unit="water"), await seat(900032, unit="air")
    await register(mine, PERMIT)
    for outside in (other, colleague):
        said = await begun(outside, PERMIT)
        assert ELSEWHERE in said and "2026-1" not in said, said
    for role, unit in ((Role.HEAD, "air"), (Role.LIAISON, "air"), (Role.COORDINATOR, "water")):
        inside = await seat(900040 + len(role), unit=unit, role=role)
        said = await begun(inside, PERMIT)
        assert "大气2026-1" in said and ELSEWHERE not in said, said
    assert "大气2026-1" in await begun(mine, PERMIT)


@pytest.mark.parametrize("answers", CONFIDENTIAL.values(), ids=CONFIDENTIAL)
async def test_before_the_result_is_published_another_unit_learns_nothing(seat, answers):
    mine, other = await seat(), await seat(900031, unit="water")
    await register(mine, answers)
    said = await begun(other, answers)
    assert ELSEWHERE not in said and "2026-1" not in said
    assert "大气2026-1" in await begun(mine, answers)


async def opinion_on(desk: Desk) -> None:
    """Let the opinion come that the only entry waits for: that it waits for nothing any more is no result yet."""
    await desk.at("rdo", 1, "received,0")
    await desk.at("rdo", 1, "returned,0")
    [request] = await desk.rows(Request)
    assert request.state is RequestState.CLOSED
    [item] = await desk.rows(Item, Item.product_kind == "verification")
    async with desk.database.write() as session:
        new = opinions.NewOpinion(
            counterpart_id=item.counterpart_id, item_id=item.id, unit_id=desk.person.unit_id, holder_id=desk.person.id,
            issued_on=dt.date(2026, 11, 20), valid_to=dt.date(2027, 11, 19), valid_source="printed",
            finding=Finding.CLEAN, number="虚核2026-2",
        )  # fmt: skip
        await opinions.record(session, [new], now=NOW)


async def told_of(desk: Desk, store: FileStore) -> str:
    """Return all that somebody is told of the first company: found, asked for, entered, in a list, on its own card."""
    told = [(await desk.command("find", company(1))).text]
    told += [(await desk.send(press)).text for press in presses(desk.screen) if press.verb == "cpt"]
    with contextlib.suppress(Refusal):
        told.append((await desk.send(Press("cpt", 1))).text)
    await desk.decide(PERMIT)
    told.append((await desk.type(f"{company(1)} {code(1)}")).text)
    await desk.decide(PERMIT)
    await desk.press("rback")
    await desk.send(desk.find("look"))
    told.append((await desk.type(company(1))).text)
    await desk.command("cancel")
    await desk.decide(PERMIT)
    await desk.upload()
    screen = await desk.checked(xlsx([row(1)]))
    told.append("\n".join(" ".join(map(str, line)) for line in cells(store.read(screen.file.key))))
    await desk.command("cancel")
    return "\n".join(told)


@pytest.mark.parametrize("answers", CONFIDENTIAL.values(), ids=CONFIDENTIAL)
async def test_an_opinion_betrays_nobody_before_the_result_and_is_there_for_all_after_it(seat, store, answers):
    mine, other, colleague = await seat(), await seat(900031, unit="water"), await seat(900032, unit="air")
    inside = await seat(900033, unit="legal", role=Role.COORDINATOR)
    await register(mine, answers)
    await opinion_on(mine)
    for outside in (other, colleague):
        said = await told_of(outside, store)
        assert mine.person.name not in said and "虚核2026-2" not in said and "2027" not in said, said
    for within in (mine, inside):
        assert (await told_of(within, store)).count("虚核2026-2") >= 3
    await mine.at("use", 1)
    await mine.press("fset", "used_as,passed")
    await mine.press("fok")
    for outside in (other, colleague):
        assert (await told_of(outside, store)).count("虚核2026-2") >= 3


async def used_again(desk: Desk, answers) -> int:
    """Let somebody use the opinion on the first company again for a matter of their own; return the entry's key."""
    await desk.decide(answers)
    await desk.type(f"{company(1)} {code(1)}")
    await desk.press("ruse", "yes")
    await desk.press("rconf")
    return (await desk.rows(Request))[-1].id


async def uses_told(desk: Desk) -> str:
    """Return what the entry's screen says of how often its opinion was used again."""
    [said] = re.findall("valid to [^<\n]*", (await desk.send(Press("req", 1))).text)
    return said.partition("used again ")[2]


@pytest.mark.parametrize("answers", CONFIDENTIAL.values(), ids=CONFIDENTIAL)
async def test_the_holder_of_an_opinion_does_not_learn_that_it_serves_for_somebody_elses_confidential_matter(
    seat, answers
):
    mine, other, head = await seat(), await seat(900031, unit="water"), await seat(900032, unit="air", role=Role.HEAD)
    inside = await seat(900033, unit="legal", role=Role.COORDINATOR)
    await register(mine, PERMIT)
    await opinion_on(mine)
    again = await used_again(other, answers)
    assert [await uses_told(each) for each in (mine, head)] == ["", ""]
    assert await uses_told(inside) == "1 time"
    async with mine.database.write() as session:  # the result is out: the entry says what it was used for
        await session.execute(update(Item).where(Item.request_id == again).values(used_as="passed"))
    assert [await uses_told(each) for each in (mine, head, inside)] == ["1 time"] * 3


async def test_the_holder_of_an_opinion_learns_how_often_it_served_for_what_is_no_secret_and_for_their_own(seat):
    mine, other = await seat(), await seat(900031, unit="water")
    await register(mine, PERMIT)
    await opinion_on(mine)
    assert await uses_told(mine) == ""
    await used_again(other, PERMIT)
    assert await uses_told(mine) == "1 time"
    await used_again(mine, CONFIDENTIAL["a list"])
    assert await uses_told(mine) == "2 times"
    await other.send(Press("undo", 2, (await other.rows(Request))[1].version))
    assert await uses_told(mine) == "1 time"


async def test_what_the_form_tells_of_a_counterpart_is_on_record_once(seat):
    mine, other = await seat(), await seat(900031, unit="water")
    await register(mine, PERMIT)
    [firm] = await mine.rows(Counterpart)
    assert await looks(mine, "counterpart.look") == []  # nothing was known before
    await begun(other, PERMIT)
    await other.press("redit", "submission")
    await other.press("rsubm", "1")
    assert await looks(other, "counterpart.look") == [("counterpart", firm.id)]


async def test_a_checked_list_tells_no_number_and_no_result_of_another_unit_and_leaves_one_line(seat, store):
    mine, other = await seat(), await seat(900031, unit="water")
    await register(mine, PERMIT)
    async with mine.database.write() as session:
        ids = await registration.organisations(session, [Organisation(company(2), read_code(code(2)))])
        new = opinions.NewOpinion(
            counterpart_id=ids[code(2)], item_id=None, unit_id=mine.person.unit_id, holder_id=mine.person.id,
            issued_on=dt.date(2026, 3, 1), valid_to=dt.date(2027, 2, 28), valid_source="printed",
            finding=Finding.ADVERSE, number="虚核2026-2",
        )  # fmt: skip
        await opinions.record(session, [new], now=NOW)
    firms = {each.name: each.id for each in await mine.rows(Counterpart)}
    for desk, own in ((mine, True), (other, False)):
        await desk.decide(PERMIT)
        await desk.upload()
        screen = await desk.checked(xlsx([row(1), row(2), row(3)]))
        back = "\n".join(" ".join(map(str, line)) for line in cells(store.read(screen.file.key)))
        assert ("大气2026-1" in back) is own
        assert (ELSEWHERE in back) is not own
        assert "虚核2026-2" in back
        assert ("adverse information" in back) is own
        [line] = [each for each in await desk.rows(Audit, Audit.verb == "batch.check")
                  if each.actor_id == desk.person.id]  # fmt: skip
        assert sorted(line.after["counterparts"]) == sorted([firms[company(1)], firms[company(2)]])


async def test_a_look_for_a_valid_opinion_is_on_record_where_there_is_none_too(seat):
    mine = await seat()
    await register(mine, PERMIT)
    [firm] = await mine.rows(Counterpart)
    await mine.decide(PERMIT)
    await mine.press("rback")
    await mine.send(mine.find("look"))
    assert "No valid opinion" in (await mine.type(company(1))).text
    assert await looks(mine, "counterpart.look", "opinion.look") == [("counterpart", firm.id)]


async def unrecorded(desk: Desk, press: Press) -> bool:
    """Say whether a press shows the counterpart and leaves no line of whoever pressed; it is put back afterwards."""
    lines = select(func.count(Audit.id)).where(Audit.actor_id == desk.person.id)
    async with desk.database.write() as session:
        undone = await session.begin_nested()
        person = await session.get_one(Person, desk.person.id)
        turn = Turn(desk.office, session, desk.now, 1, Sender(person.telegram_id), person=person, press=press)
        before, text = await session.scalar(lines), ""
        with contextlib.suppress(Refusal, Stale):
            text = (await frame.PRESSES[press.verb](turn)).text
        await session.flush()
        after = await session.scalar(lines)
        await undone.rollback()
    return company(1) in text and before == after


@pytest.mark.parametrize(("role", "unit"), [(Role.HEAD, "air"), (Role.COORDINATOR, "legal")])
async def test_no_button_shows_the_counterpart_of_a_colleagues_entry_without_a_line(seat, role, unit):
    mine, reader = await seat(), await seat(900031, unit=unit, role=role)
    await register(mine, PERMIT)
    morning = at("2026-12-01")  # the receipt is owed since 24 November, and told to head and coordinator
    await escalation.look(mine.database, mine.office, morning, goes_on=lambda: True)
    await tick(mine, morning)
    await deliver(mine)
    reader.now = morning
    lists = [each.id for each in await mine.rows(Outbox, Outbox.kind == "digest")]
    keys = {1, *lists, *(each.id for each in await mine.rows(Reminder, Reminder.state != ReminderState.PLANNED))}
    verbs = [verb for verb in sorted(frame.PRESSES) if rights.PRESSES[verb] in ABOUT_ENTRIES]
    walked = starmap(Press, product(verbs, sorted(keys), [1], ["", "received,0", *map(str, lists)]))
    assert [press for press in walked if await unrecorded(reader, press)] == []


async def test_what_falls_to_a_heads_stand_in_is_opened_from_its_reminders_and_stands_in_no_list_of_theirs(seat):
    mine, head = await seat(), await seat(900031, unit="air", role=Role.HEAD)
    other = await seat(900032, unit="water")
    await register(mine, PERMIT)
    async with mine.database.write() as session:
        await cover.add(session, Leave(0, head.person.id, other.person.id, NOW.date(), None))
        people.lose(await session.get_one(Person, mine.person.id), NOW)
    opened = await other.send(Press("req", 1))
    assert "大气2026-1" in opened.text
    for listed in (await other.command("my"), await other.command("find", company(1))):
        assert "大气2026-1" not in listed.text
