"""The frame: what everybody finds around the flows, and the last word on everything else."""

from itertools import product

import pytest

from bot.errors import Refusal
from bot.language import speaking
from bot.screens.frame import notice
from bot.screens.screen import Press, Screen
from handlers import access, frame
from handlers.guide_draft import Case
from handlers.turn import Sender, Stale, Turn
from storage import drafts
from storage.database import Database
from storage.tables import Draft, Person, Role
from tests.handlers.conftest import NOW
from tests.handlers.desk import PERMIT, Desk
from tests.sheets import row, xlsx


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


@pytest.fixture
def turning(database: Database, office):
    """Run a flow as a person, in a transaction of its own."""

    async def run(
        flow, person: Person, *, press: Press | None = None, refusal: Exception | None = None, text: str = ""
    ):
        from sqlalchemy import select

        async with database.write() as session:
            row = await session.get_one(Person, person.id)
            draft = await session.scalar(select(Draft).where(Draft.person_id == row.id, Draft.active))
            turn = Turn(office, session, NOW, 1, Sender(row.telegram_id), person=row, draft=draft, press=press)
            turn.hear(text)
            return await (flow(turn, refusal) if refusal is not None else flow(turn))

    return run


async def _begin(database: Database, person: Person) -> None:
    async with database.write() as session:
        row = await session.get_one(Person, person.id)
        case = Case(answers={"matter": ("m22",)})
        await drafts.begin(session, row, purpose="guide", answers=case.to_json(), awaiting=None, now=NOW)


@pytest.mark.parametrize("flow", [frame.on_start, frame.on_help])
async def test_the_standing_notice_is_in_start_and_help(turning, officer: Person, flow):
    assert notice() in (await turning(flow, officer)).text


@pytest.mark.parametrize("role", Role)
async def test_help_lists_the_commands_of_the_role_and_no_other(turning, enrol, role: Role):
    screen = await turning(frame.on_help, await enrol(900_005, role=role))
    listed = {line.split()[0].removeprefix("/") for line in screen.text.splitlines() if line.startswith("/")}
    assert listed == {name for name, roles in access.COMMANDS.items() if role in roles}


async def test_settings_show_unit_role_language_and_number(turning, officer: Person, policy):
    screen = await turning(frame.on_settings, officer)
    for words in (policy.units["air"].name, "handling officer", "简体中文", str(officer.telegram_id)):
        assert words in screen.text


async def test_a_language_that_does_not_exist_is_not_taken(turning, officer: Person, database: Database):
    await turning(frame.on_language, officer, press=Press("lang", arg="xx"))
    async with database.read() as session:
        assert (await session.get_one(Person, officer.id)).language == "zh_CN"


async def test_cancel_gives_up_what_was_begun_and_says_where_nothing_was(turning, officer: Person, database: Database):
    assert "nothing to give up" in (await turning(frame.on_cancel, officer)).text
    await _begin(database, officer)
    assert "nothing was recorded" in (await turning(frame.on_cancel, officer)).text
    assert "nothing to give up" in (await turning(frame.on_cancel, officer)).text


async def test_typed_words_are_looked_for_where_nothing_is_awaited(turning, officer: Person):
    assert "排污许可证延续" in str((await turning(frame.on_text, officer, text="排污许可证延续")).rows)


async def test_a_refusal_stands_above_what_was_under_way(turning, officer: Person, database: Database):
    alone: Screen = await turning(frame.present, officer, refusal=Refusal("Not so."))
    assert alone.text == "Not so."
    await _begin(database, officer)
    above = await turning(frame.present, officer, refusal=Refusal("Not <so>."))
    assert above.text.startswith("Not &lt;so&gt;.\n")
    assert above.rows


async def test_a_stale_press_shows_the_present_and_records_nothing(turning, officer: Person, database: Database):
    alone: Screen = await turning(frame.present, officer, refusal=Stale())
    assert (alone.name, bool(alone.toast), alone.stays) == ("home", True, False)
    await _begin(database, officer)
    present = await turning(frame.present, officer, refusal=Stale())
    assert present.toast == alone.toast
    assert present.name != "home"


@pytest.mark.parametrize("flow", [frame.on_other_content, frame.on_unknown_press])
async def test_what_cannot_be_read_is_an_expected_refusal(turning, officer: Person, flow):
    with pytest.raises((Refusal, Stale)):
        await turning(flow, officer)


async def test_the_last_words_always_have_something_to_say(turning, officer: Person):
    for flow in (frame.on_unknown_command, frame.on_edited):
        assert (await turning(flow, officer)).text


LONG = "9" * 30  # fits no key, no page and no date; a button's argument holds 48 characters


@pytest.mark.parametrize(
    ("command", "before"),
    [
        (None, ("", "p", "r", "list,", "received,")),
        ("guide", ("approval,",)),
        ("handover", ("page,", "from,", "to,")),
        ("cover", ("page,", "who,")),
    ],
)
async def test_a_number_of_many_digits_in_a_forged_press_is_none_of_ours_and_breaks_nothing(
    desk: Desk, enrol, command: str | None, before: tuple[str, ...]
):
    await desk.register(PERMIT, submitted="0")
    desk = desk.of(await enrol(900_031, role=Role.COORDINATOR))
    await (desk.command(command) if command else desk.file(xlsx([row(1)])))
    draft = await desk.draft()
    key, version = (draft.id, draft.version) if draft else (1, 1)
    broken = []
    for verb, words in product(sorted(frame.PRESSES), before):
        press = Press(verb, key, version, words + LONG)
        async with desk.database.write() as session:
            undone = await session.begin_nested()
            person = await session.get_one(Person, desk.person.id)
            active = await session.get_one(Draft, draft.id) if draft else None
            turn = Turn(
                desk.office, session, NOW, 1, Sender(person.telegram_id), person=person, draft=active, press=press
            )
            try:
                await frame.PRESSES[verb](turn)
                await session.flush()
            except (Refusal, Stale):
                pass
            except Exception as error:
                broken.append((press.encode(), type(error).__name__))
            await undone.rollback()
    assert broken == []
