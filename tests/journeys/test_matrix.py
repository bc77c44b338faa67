"""The whole matrix through the front door: every role, every command, own and other unit, one running service.

What is expected stands here a second time, as an office would write it on paper.
"""

import pytest
from sqlalchemy import delete, func, select

from bot.roles import Role
from bot.screens.screen import Press
from handlers import access, rights
from storage import work
from storage.tables import Base, Draft, Person, Request, Unit
from tests.conftest import AUDITOR, COORDINATOR
from tests.journeys.story import Story, register
from tests.paper import PAPER

AIR, WATER = "虚构大气化工有限公司 91410100MA00000T42", "虚构水务监测站 12410100MB0000T3XJ"
REFUSED, OUTDATED = "没有这项操作", "该菜单已更新"
ROLES = {
    Role.OFFICER: 5_000_011, Role.LIAISON: 5_000_012, Role.HEAD: 5_000_013,
    Role.COORDINATOR: COORDINATOR, Role.AUDITOR: AUDITOR,
}  # fmt: skip
OWNER, OTHER = 5_000_014, 5_000_015

SEES = {
    # whose eyes:      own unit's, other unit's
    Role.OFFICER:     (False, False),
    Role.LIAISON:     (True, False),
    Role.HEAD:        (True, False),
    Role.COORDINATOR: (True, True),
    Role.AUDITOR:     (True, True),
}  # fmt: skip


@pytest.fixture(params=["sqlite"])
def database_url(tmp_path) -> str:
    """Who may do what does not depend on the database."""
    return f"sqlite:///{tmp_path / 'xinxuan.db'}"


async def test_every_command_for_every_role_and_every_entry_for_every_reader(story: Story):
    for role, number in ROLES.items():
        if number not in (COORDINATOR, AUDITOR):
            await story.enrol(number, f"{role.value}（虚构）", role, "air")
    await story.enrol(OWNER, "郑一（虚构）", Role.OFFICER, "air")
    await story.enrol(OTHER, "王二（虚构）", Role.OFFICER, "water")
    await register(story.person(OWNER), subject=AIR)
    await register(story.person(OTHER), subject=WATER)
    await _commands(story)
    await _entries(story)
    await _menus(story)
    await _buttons(story)
    await _answers(story)


async def _buttons(story: Story) -> None:
    """Every button of the product, forged by every role that the matrix gives no such right."""
    request = (await story.rows(Request))[0]
    before, tried = await _all_rows(story), 0
    for role, number in ROLES.items():
        someone = story.person(number)
        await someone.type("/start")
        for verb, right in rights.PRESSES.items():
            if access.may(role, right):
                continue
            press = Press(verb, request.id, request.version)
            screen = await someone.press_data(someone.messages[-1].id, press.encode())
            assert REFUSED in screen, (role, verb, screen)
            tried += 1
    assert tried > 100
    assert await _all_rows(story) == before


async def _answers(story: Story) -> None:
    """Every question that waits for text, left over from a role that the officer has no longer.

    It takes no answer, and a stale button, which brings back what somebody was doing, ends it unseen.
    """
    before, tried = await _all_rows(story), 0
    for role, number in ROLES.items():
        someone = story.person(number)
        [person] = await story.rows(Person, Person.telegram_id == number)
        for purpose, right in rights.PURPOSES.items():
            if access.may(role, right):
                continue
            answers = {"query": ""}  # a list is shown by it; what else a draft must hold is not even looked at
            async with story.database.write() as session:
                await session.execute(delete(Draft).where(Draft.person_id == person.id))
                asked = {"purpose": purpose, "answers": answers, "awaiting": "subject", "updated_at": story.clock.now()}
                session.add(Draft(person_id=person.id, **asked))
            screen = await someone.type("虚构的回答")
            assert REFUSED in screen, (role, purpose, screen)
            screen = await someone.press_data(someone.messages[-1].id, Press("nosuch").encode())
            assert OUTDATED in screen, (role, purpose, screen)
            assert await story.rows(Draft, Draft.person_id == person.id) == [], (role, purpose)
            tried += 1
    assert tried > 10
    assert await _all_rows(story) == before


async def _all_rows(story: Story) -> dict[str, int]:
    """Count the rows of all tables but those that every update writes."""
    written = {"inbox", "heartbeat", "draft", "outbox", "attempt", "periodic_run", "work", "audit_seal", "summary"}
    async with story.database.read() as session:
        return {
            table.name: await session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if table.name not in written
        }


async def _commands(story: Story) -> None:
    for column, (role, number) in enumerate(ROLES.items()):
        someone = story.person(number)
        help_text = await someone.type("/help")
        for command, cells in PAPER.items():
            allowed = cells[column] == "是"
            assert (f"/{command} " in help_text) == allowed, (role, command)
            screen = await someone.type(f"/{command}")
            assert (REFUSED not in screen) == allowed, (role, command, screen)
        await someone.type("/cancel")


async def _entries(story: Story) -> None:
    """What is opened, listed, found and changed, of the own and of another unit."""
    requests = await story.rows(Request)
    units = {unit.id: unit for unit in await story.rows(Unit)}
    for role, number in ROLES.items():
        someone = story.person(number)
        for request in requests:
            unit = units[request.unit_id]
            name = {"air": "虚构大气化工", "water": "虚构水务监测站"}[unit.code]
            sees = SEES[role][unit.code != "air"]
            await someone.type("/start")
            opened = await someone.press_data(someone.messages[-1].id, Press("req", request.id).encode())
            assert (name in opened) == sees, (role, unit.code, opened)
            found = await someone.type(f"/find {name}")
            entry = f"{unit.short_name}{request.year}-{request.seq}"
            assert (entry in found + "".join(someone.buttons)) == sees, (role, unit.code, found)
            if role is not Role.COORDINATOR:
                data = Press("rdo", request.id, request.version, "received,0").encode()
                await someone.press_data(someone.messages[-1].id, data)
    assert [request.version for request in await story.rows(Request)] == [request.version for request in requests]


async def _menus(story: Story) -> None:
    """The command list that Telegram shows is the matrix' too, and follows the role."""
    async with story.database.write() as session:
        work.add(session, access.MENUS, {}, now=story.clock.now())  # these people did not come in by the door
    story.service.worker.wake()
    await story.settle()
    for role, number in ROLES.items():
        shown = [each["command"] for each in story.api.profile.commands_for(number, "zh-hans")]
        assert shown == [command for command in access.COMMANDS if access.may(role, command)], role
    marked = {person.role for person in await story.rows(Person) if person.menu}
    assert marked == {Role.LIAISON, Role.HEAD, Role.COORDINATOR, Role.AUDITOR}
