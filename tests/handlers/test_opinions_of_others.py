"""An opinion that another unit's entry was answered by, and who uses it again: what they learn of it, and may do."""

import datetime as dt

import pytest
from sqlalchemy import update

from bot.errors import Refusal
from bot.policy.model import OTHER
from bot.screens.screen import Press, Screen
from handlers.office import Office
from storage.database import Database
from storage.tables import Opinion, Person, Reminder, Request, Role
from tests.handlers.conftest import NOW
from tests.handlers.desk import Desk
from tests.handlers.test_reminder_kinds import PERMIT, handed_over, opened, planned_anew, tap
from tests.handlers.test_reminders import at, deliver, tick
from tests.sheets import code, company

pytestmark = pytest.mark.usefixtures("chinese")

AWARD = {"matter": ("m22",), "reserved": ("yes",)}
SHOP = "虚构五金店 92410100MA00000T4Y"
LAST_DAY = dt.date(2026, 12, 25)


@pytest.fixture
async def other(database: Database, office: Office, enrol) -> Desk:
    """An officer of another unit."""
    return Desk(database, office, await enrol(900031, unit="water"), NOW)


@pytest.fixture
def owner(database: Database, office: Office, officer: Person) -> Desk:
    return Desk(database, office, officer, NOW)


async def _answered(owner: Desk, answers: dict[str, tuple[str, ...]], *subjects: str) -> None:
    """Let an entry of several be answered by opinions that run out on one day."""
    await owner.decide(answers)
    await owner.type("\n".join(subjects))
    await owner.press("rsubm", "0")
    await owner.press("rconf")
    await opened(owner)
    for label in ("已收到意见", "今天", "登记意见内容"):
        await tap(owner, label)
    await tap(owner, "一致" if any("一致" in each.text for each in owner.buttons()) else "全部")
    await tap(owner, "未查询到不良信息")
    await owner.type("2026-11-23")
    await tap(owner, "暂不填")
    await tap(owner, "确认登记")
    async with owner.database.write() as session:
        await session.execute(update(Opinion).values(valid_to=LAST_DAY))
    await planned_anew(owner)


async def _uses_again(other: Desk, subject: str) -> None:
    """Let the other officer use one of the opinions, and plan a decision that comes after its last day."""
    await other.decide(PERMIT)
    await other.type(subject)
    await other.press("ruse", "yes")
    await other.press("redit", "decide")
    await other.type("2026-12-20")
    await other.press("rconf")
    request = (await other.rows(Request))[-1]
    await other.send(Press("pdec", request.id, request.version))
    await other.type("2027-01-15")
    await other.press("fok")


def _reminder(told: list[tuple[int, Screen]], person: Person) -> Screen:
    return next(screen for who, screen in told if who == person.telegram_id and screen.name == "reminder_expiry")


async def test_who_uses_one_opinion_again_learns_nothing_of_those_beside_it(owner: Desk, other: Desk):
    await _answered(owner, PERMIT, f"{company(1)} {code(1)}", f"{company(2)} {code(2)}", SHOP)
    await _uses_again(other, f"{company(2)} {code(2)}")
    await tick(other, at("2026-11-25"))
    told = await deliver(other)
    theirs, owners = _reminder(told, other.person), _reminder(told, owner.person)
    assert company(1) in owners.text and "3家" in owners.text
    assert company(2) in theirs.text and company(1) not in theirs.text and "等" not in theirs.text.split("\n")[0]
    again = next(each.press for row in theirs.rows for each in row if each.press and each.press.verb == "nrea")
    await other.send(again)
    draft = await other.draft()
    assert draft is not None
    assert [name for name, _code in draft.answers["entry"]["organisations"]] == [company(2)]


async def test_counting_the_numbers_of_reminders_opens_no_list_and_silences_nobody(owner: Desk, other: Desk):
    await _answered(owner, AWARD, *(f"{company(number)} {code(number)}" for number in (1, 2, 3)))
    await tap(owner, "登记使用情况")
    await owner.send(next(each.press for each in owner.buttons() if company(2) in each.text and each.press))
    await tap(owner, "通过")
    await tap(owner, "确认登记")
    await _uses_again(other, f"{company(2)} {code(2)}")
    for reminder in await other.rows(Reminder):
        if reminder.subject_kind != "opinion":
            continue
        for press in (Press("nlap", reminder.id, arg="1"), Press("nwat", reminder.id, arg="1")):
            with pytest.raises(Refusal):
                await other.send(press)
        await other.send(Press("nrea", reminder.id))
        draft = await other.draft()
        assert draft is not None
        assert [name for name, _code in draft.answers["entry"]["organisations"]] == [company(2)]
        await other.command("cancel")
    assert not any(each.let_lapse or each.watched for each in await other.rows(Opinion))


async def _handed_over(desk: Desk, to: Person, request_id: int, day: str) -> list[tuple[int, str]]:
    """Let an entry go to somebody else at eleven; return who is told what of the opinion until the next morning."""
    desk.now = at(day, "11:00")
    await handed_over(desk, to, request_id=request_id)
    await tick(desk, at(day, "11:01"))
    told = await deliver(desk)
    following = desk.office.calendar.next_workday(desk.office.today(desk.now)).on
    await tick(desk, at(following.isoformat()))
    return [(chat, screen.text) for chat, screen in [*told, *await deliver(desk)] if screen.name == "reminder_expiry"]


async def test_whoever_takes_over_a_matter_that_uses_an_opinion_again_hears_of_its_end(owner: Desk, other: Desk, enrol):
    """The opinion that it uses is told with another of its entry, of which its owner has heard and hears no more."""
    third = await enrol(900032, unit="water")
    await _answered(owner, PERMIT, f"{company(1)} {code(1)}", f"{company(2)} {code(2)}")
    await _uses_again(other, f"{company(2)} {code(2)}")
    await tick(other, at("2026-12-18"))
    assert {chat for chat, _screen in await deliver(other)} >= {owner.person.telegram_id, other.person.telegram_id}
    [(chat, text)] = await _handed_over(other, third, 2, "2026-12-21")
    assert chat == third.telegram_id
    assert "届时意见已过期" in text and company(2) in text and "延迟提醒" not in text


@pytest.mark.parametrize("hour", [None, "15:00"])
async def test_whoever_takes_over_an_opinions_own_entry_hears_of_its_end_and_who_uses_it_again_does_not(
    owner: Desk, other: Desk, enrol, hour: str | None
):
    third = await enrol(900032)
    async with owner.database.write() as session:
        (await session.get_one(Person, third.id)).reminder_hour = hour
    await _answered(owner, PERMIT, f"{company(1)} {code(1)}", f"{company(2)} {code(2)}")
    await _uses_again(other, f"{company(1)} {code(1)}")
    await tick(owner, at("2026-11-25"))
    assert {chat for chat, _screen in await deliver(owner)} >= {owner.person.telegram_id, other.person.telegram_id}
    [(chat, text)] = await _handed_over(owner, third, 1, "2026-11-30")
    assert chat == third.telegram_id and "延迟提醒" not in text
    await tick(owner, at("2026-12-18", "15:00"))  # the next stage comes to both, at the new owner's hour
    told = [chat for chat, screen in await deliver(owner) if screen.name == "reminder_expiry"]
    assert sorted(told) == sorted([third.telegram_id, other.person.telegram_id])


async def test_an_own_hour_set_after_a_hand_over_in_the_evening_has_nobody_hear_it_twice(
    owner: Desk, other: Desk, enrol
):
    third = await enrol(900032)
    await _answered(owner, PERMIT, f"{company(1)} {code(1)}", f"{company(2)} {code(2)}")
    await _uses_again(other, f"{company(1)} {code(1)}")
    await tick(owner, at("2026-11-25"))
    await deliver(owner)
    owner.now = at("2026-11-25", "18:30")
    await handed_over(owner, third)
    async with owner.database.write() as session:
        (await session.get_one(Person, third.id)).reminder_hour = "15:00"
    await planned_anew(owner)
    await tick(owner, at("2026-11-26", "15:00"))
    told = [(chat, screen.text) for chat, screen in await deliver(owner) if screen.name == "reminder_expiry"]
    assert [chat for chat, _text in told] == [third.telegram_id]
    assert "延迟提醒" not in told[0][1]


async def test_an_opinion_of_an_older_ledger_that_comes_with_a_desk_is_told_to_whoever_takes_it_over(
    owner: Desk, other: Desk, enrol
):
    coordinator = owner.of(await enrol(900033, unit="legal", role=Role.COORDINATOR))
    await _answered(owner, PERMIT, f"{company(1)} {code(1)}", f"{company(2)} {code(2)}")
    async with owner.database.write() as session:
        held = {"item_id": None, "holder_id": owner.person.id, "unit_id": owner.person.unit_id}
        await session.execute(update(Opinion).values(**held))
    await planned_anew(owner)
    await tick(owner, at("2026-11-25"))
    await deliver(owner)
    coordinator.now = at("2026-11-26", "10:00")
    await coordinator.command("handover")
    for name in (owner.person.name, other.person.name, "确认转办"):
        await tap(coordinator, name)
    await tick(coordinator, at("2026-11-26", "10:01"))
    told = [(chat, screen.text.count("查询意见有效至")) for chat, screen in await deliver(coordinator)]
    assert [each for each in told if each[1]] == [(other.person.telegram_id, 2)]


async def test_an_honour_outside_the_catalogue_is_as_confidential_as_one_within_it(owner: Desk, other: Desk):
    outside = {"matter": (OTHER,), "triggers": ("honour",), "reserved": ("yes",), "counterpart": ("enterprise",)}
    await _answered(owner, outside, *(f"{company(number)} {code(number)}" for number in (1, 2)))
    assert company(1) not in str(await other.command("find", "第1环保"))
    assert company(1) in str(await owner.command("find", "第1环保"))
