"""A bureau of a hundred units: whatever lists them stays within one message, and each unit is still reached."""

import datetime as dt
from dataclasses import replace

import pytest

from bot.policy.overlay import Layer, LayerKind, lay
from bot.screens import calendar as calendar_screens
from bot.screens.screen import Press
from bot.workdays import Day, DayKind
from storage import people
from storage.tables import Role
from tests.handlers.conftest import NOW
from tests.handlers.desk import Desk, presses

pytestmark = pytest.mark.usefixtures("chinese")


@pytest.fixture
async def desk(database, office, enrol) -> Desk:
    """A coordinator of a bureau with ninety-five more units of long names."""
    boss = await enrol(900_009, unit="legal", role=Role.COORDINATOR)
    like = list(office.policy.units.values())[-1].model_dump(mode="json")
    name = "虚构市生态环境局虚构经济技术开发区第{:02}分局"
    layers = [
        Layer(LayerKind.UNIT, f"u{n}", {**like, "code": f"u{n}", "short_name": f"虚构{n}", "name": name.format(n)})
        for n in range(95)
    ]
    many = replace(office, policy=lay(office.pack, layers))
    async with database.write() as session:
        await people.sync_units(session, many.policy)
    return Desk(database, many, boss, NOW)


@pytest.mark.parametrize(("verb", "chosen"), [("uni", "uset"), ("inv", "inv"), ("stuni", "stat")])
async def test_the_units_stand_on_pages_and_each_of_them_can_be_chosen(desk: Desk, verb: str, chosen: str):
    if verb == "stuni":
        await desk.command("stats")
        screen = await desk.press("stuni")
    else:
        screen = await desk.send(Press(verb))
    found: set[str] = set()
    pages = 0
    while True:
        pages += 1
        assert len(presses(screen)) <= 40
        found |= {press.encode() for press in presses(screen) if press.verb == chosen and not press.arg.startswith(",")}
        following = [press for row in screen.rows for each in row if "下一页" in each.text and (press := each.press)]
        if not following:
            break
        screen = await desk.send(following[0])
    assert pages == 4
    assert len(found) >= len(desk.office.policy.units)


async def test_of_a_hundred_units_that_have_not_reported_twenty_are_named_and_the_others_counted(desk: Desk):
    said = (await desk.command("quarter")).text
    assert "另有" in said and said.count("分局") < 95


def test_of_many_rest_days_of_one_year_the_last_are_named_with_their_reasons_and_the_others_counted():
    days = [dt.date(2027, 1, 4) + dt.timedelta(days=n) for n in range(0, 210, 3)]
    year = [Day(each, DayKind.HOLIDAY, "own") for each in days]
    screen = calendar_screens.overview(year, {on: "供电线路改造" * 10 for on in days}, others=[], may_change=True)
    assert screen.text.count("供电线路改造" * 10) == 20
    assert "另有50天" in screen.text and len(screen.text) < 4096
