"""The gate and the matrix: every command and every button, for every role, over every kind of update."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from telegram import Update, User

from bot.errors import Refusal
from bot.identifiers import ID_NUMBER_MARKER
from bot.policy.model import Policy
from bot.screens.screen import Screen
from bot.workdays import Calendar
from handlers import access, chores, flows, frame, guide, referral, rights
from handlers.clock import Clock
from handlers.office import Office
from handlers.telegram import routing
from handlers.telegram.connection import make_bot
from handlers.telegram.routing import App, application
from handlers.turn import Incoming, Sender, Turn, current_turn
from handlers.worker import COPY
from storage import people
from storage.database import Database
from storage.tables import Draft, Inbox, Person, PersonState, Role, Stranger
from tests.conftest import OFFICER, START, settings_for
from tests.paper import PAPER

ME = {"id": 100000001, "is_bot": True, "first_name": "信选", "username": "xinxuan_trial_bot"}
SENTENCE = Screen("flow", "the flow ran")
numbers = itertools.count(1)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every flow only notes that it ran: what is tested is who gets there."""
    seen: list[str] = []

    def noting(name: str) -> Any:
        async def flow(_turn: Turn) -> Screen:
            seen.append(name)
            return SENTENCE

        return flow

    commands = {name: noting(name) for name in frame.COMMANDS}
    monkeypatch.setattr(frame, "COMMANDS", commands)
    monkeypatch.setattr(frame, "PRESSES", {verb: noting(verb) for verb in frame.PRESSES})
    for name in ("on_text", "on_file", "on_other_content", "on_unknown_command", "on_edited", "on_unknown_press"):
        monkeypatch.setattr(frame, name, noting(name))
    return seen


@pytest.fixture
def app(ran: list[str], tmp_path: Path) -> Iterator[App]:
    import warnings

    bot = make_bot(settings_for(tmp_path, "http://127.0.0.1:1"))
    bot._bot_user = User(**ME)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = application(bot)
    made._initialized = True
    yield made


@pytest.fixture
async def seat(sqlite: Database, policy: Policy) -> AsyncIterator[Any]:
    async with sqlite.write() as session:
        await people.sync_units(session, policy)
        unit = (await people.units(session))[0]
        yield SimpleNamespace(session=session, unit_id=unit.id, office=Office(policy, Calendar(), Clock()))


def _message(**more: Any) -> dict[str, Any]:
    person = {"id": OFFICER, "is_bot": False, "first_name": "张三（虚构）"}
    chat = {"id": OFFICER, "type": "private", "first_name": "张三（虚构）"}
    return {"message_id": 5, "date": 1, "from": person, "chat": chat} | more


def _command(name: str) -> dict[str, Any]:
    entity = {"type": "bot_command", "offset": 0, "length": len(name) + 1}
    return {"message": _message(text=f"/{name}", entities=[entity])}


def _press(verb: str) -> dict[str, Any]:
    person = _message()["from"]
    pressed = _message() | {"from": ME, "text": "x"}
    return {
        "callback_query": {
            "id": "1",
            "from": person,
            "chat_instance": "1",
            "data": f"1:{verb}:1:1:",
            "message": pressed,
        }
    }


async def _turned(app: App, seat: Any, raw: dict[str, Any], person: Person | None, draft: Draft | None = None) -> Turn:
    """Run an update, whatever comes of it."""
    turn = Turn(seat.office, seat.session, START, next(numbers), Sender(OFFICER), person=person, draft=draft)
    token = current_turn.set(turn)
    try:
        await app.process_update(Update.de_json({"update_id": turn.update_id} | raw, app.bot))
    finally:
        current_turn.reset(token)
    return turn


async def _run(app: App, seat: Any, raw: dict[str, Any], person: Person | None, draft: Draft | None = None) -> Turn:
    turn = await _turned(app, seat, raw, person, draft)
    assert turn.error is None, turn.error
    assert turn.answered
    return turn


def _officer(seat: Any, role: Role, state: PersonState = PersonState.ACTIVE) -> Person:
    return Person(telegram_id=OFFICER, unit_id=seat.unit_id, role=role, state=state, language="zh_CN", joined_at=START)


@pytest.mark.parametrize("role", Role)
async def test_a_command_runs_for_the_roles_of_the_matrix_and_for_no_other(
    app: App, seat: Any, ran: list[str], role: Role
):
    for command in frame.COMMANDS:
        ran.clear()
        turn = await _run(app, seat, _command(command), _officer(seat, role))
        assert bool(ran) == (role in access.COMMANDS[command]), command
        if not ran:
            assert turn.screen is not None
            assert turn.screen.name == "unknown_command"


AUDITORS = {
    "lang", "guide", "gcat", "gmat", "gans", "gtog", "gpick", "gback", "gend", "gsrc", "gedit", "gdate", "gtody",
    "gkeep", "gnew", "find", "fask", "ffl", "fex", "cpt", "req", "atts", "attg", "cal", "study", "scase",
    "tline", "qq", "quni", "qopn", "qfil", "qret", "qmat", "qgap", "set",
    "stat", "stfig", "stask", "stuni", "stmat", "stexp",
    "aud",
}  # fmt: skip
"""What an auditor may press, written down a second time: a new verb has to be thought about here."""
COORDINATORS = {
    "inv", "jok", "jno", "doc", "calin", "calad", "calrm", "calok", "calno", "cren", "cmrg", "cleg", "cmok", "cpart",
    "sans", "sgo", "soff", "sclos", "sshut", "fbset", "fbans", "qcha",
    "qsum", "qedt", "qwrd", "qagn", "qok", "qgo", "qres", "qcir", "qnam", "qdoc",
    "off", "men", "man", "mset", "uni", "uadd", "uset", "invs",
    "mats", "mat", "madd", "mchg", "mret", "pros", "pview", "pyes", "pno", "sets", "sset", "pack", "pkok",
    "erok",
}  # fmt: skip
"""What nobody but a coordinator may press."""
KEPT = {"counterpart", "calendar", "study", "people", "matters"}
"""Forms that only a coordinator fills in."""
OVERSEEING = {"aud"}
"""What is shown to auditors and coordinators alone."""
RETURNING = {"qq", "quni", "qopn", "qfil"}
"""What a handling officer may not press, although others of the unit may."""


@pytest.mark.parametrize("role", Role)
async def test_a_button_runs_for_the_roles_that_may_do_what_it_does(app: App, seat: Any, ran: list[str], role: Role):
    for verb in frame.PRESSES:
        ran.clear()
        await _run(app, seat, _press(verb), _officer(seat, role))
        expected = verb in AUDITORS if role is Role.AUDITOR else verb not in COORDINATORS or role is Role.COORDINATOR
        expected = expected and not (role is Role.OFFICER and verb in RETURNING)
        expected = expected and not (role not in (Role.COORDINATOR, Role.AUDITOR) and verb in OVERSEEING)
        assert bool(ran) == expected, (verb, role)


def test_everything_has_its_place_in_the_matrix():
    """What is new belongs to a row of handlers/access.py by a line of handlers/rights.py; without, it is nobody's."""
    assert set(frame.COMMANDS) == set(access.COMMANDS)
    assert set(frame.PRESSES) == set(rights.PRESSES)
    assert set(frame.TYPED) | set(frame.FILES) == set(rights.PURPOSES) == set(frame.PRESENT)
    assert set(frame.NOTICES) == set(rights.NOTICES)
    assert set(chores.JOBS) | {COPY, access.MENUS, access.ADOPT} == set(rights.JOBS)
    named = {*rights.PRESSES.values(), *rights.PURPOSES.values(), *rights.NOTICES.values(), *rights.JOBS.values()}
    assert {right for right in named if not access.row(right)} == {access.NOBODYS}
    assert set(frame.PRESSES) >= AUDITORS | COORDINATORS
    assert not AUDITORS & COORDINATORS
    assert all(access.describe(command) for command in access.COMMANDS)
    roles = (Role.OFFICER, Role.LIAISON, Role.HEAD, Role.COORDINATOR, Role.AUDITOR)
    assert {command: tuple("是" if access.may(role, command) else "否" for role in roles)
            for command in access.COMMANDS} == PAPER  # fmt: skip


@pytest.mark.parametrize("table", ["PRESSES", "PURPOSES"])
async def test_a_button_or_an_answer_forgotten_in_the_matrix_is_refused(
    app: App, seat: Any, ran: list[str], table: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rights, table, {})
    officer = _officer(seat, Role.COORDINATOR)
    asked = Draft(id=1, person_id=1, purpose="entry", answers={}, awaiting="text", version=1, updated_at=START)
    raw = _press("guide") if table == "PRESSES" else {"message": _message(text="x")}
    turn = await _run(app, seat, raw, officer, draft=asked)
    assert ran == []
    assert turn.screen is not None
    assert turn.screen.name == "unknown_command"


@pytest.mark.parametrize("role", Role)
async def test_a_draft_that_a_role_may_go_on_with_no_more_takes_no_text_and_no_file(
    app: App, seat: Any, ran: list[str], role: Role
):
    """An officer who became an auditor in the middle of an entry; what is typed must not go on with it."""
    for purpose, right in rights.PURPOSES.items():
        ran.clear()
        awaiting = "file" if purpose in frame.FILES else "text"
        draft = Draft(id=1, person_id=1, purpose=purpose, answers={}, awaiting=awaiting, version=1, updated_at=START)
        raw = {"message": _message(text="x")} if awaiting == "text" else {"message": _document()}
        await _run(app, seat, raw, _officer(seat, role), draft=draft)
        allowed = role is not Role.AUDITOR or purpose in ("guide", "find", "stats")
        allowed = allowed and (role is Role.COORDINATOR or purpose not in KEPT)
        assert bool(ran) == allowed, (purpose, right)


@pytest.mark.parametrize("command", ["nosuch", "drop", "guide2"])
async def test_a_command_that_is_not_in_the_matrix_is_refused(
    app: App, seat: Any, ran: list[str], command: str, monkeypatch: pytest.MonkeyPatch
):
    await _run(app, seat, _command(command), _officer(seat, Role.COORDINATOR))
    assert ran == ["on_unknown_command"]


async def test_a_command_forgotten_in_the_matrix_runs_for_nobody(
    app: App, seat: Any, ran: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delitem(access.COMMANDS, "settings")  # type: ignore[arg-type]
    await _run(app, seat, _command("settings"), _officer(seat, Role.COORDINATOR))
    assert ran == []


def test_no_two_flows_share_a_verb_or_a_command():
    """The merge itself refuses a double claim; here the tables of the frame hold what each flow has."""
    for name in ("COMMANDS", "PRESSES", "TYPED", "FILES", "PRESENT"):
        whole = getattr(frame, name)
        for module in flows.MODULES:
            for key, flow in getattr(module, name, {}).items():
                assert whole[key] is flow, (name, key)
    own = {"lang": frame.on_language, "guide": frame.COMMANDS["guide"], "my": frame.COMMANDS["my"]}
    assert all(frame.PRESSES[verb] is flow for verb, flow in own.items())
    assert set(referral.PRESSES) < set(guide.PRESSES)


def test_a_verb_claimed_twice_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(flows, "MODULES", (guide, guide))
    with pytest.raises(ValueError, match="claims"):
        flows.merged("PRESSES")


KINDS: dict[str, dict[str, Any]] = {
    "text": {"message": _message(text="排污")},
    "command": _command("guide"),
    "photo": {"message": _message(photo=[{"file_id": "a", "file_unique_id": "a", "width": 1, "height": 1}])},
    "document": {"message": _message(document={"file_id": "a", "file_unique_id": "a", "file_name": "a.xlsx"})},
    "sticker": {"message": _message(dice={"emoji": "x", "value": 1})},
    "edited": {"edited_message": _message(text="排污", edit_date=2)},
    "press": _press("guide"),
    "old press": _press("zzz"),
    "channel": {"channel_post": _message(text="x", chat={"id": -1001, "type": "channel", "title": "x"})},
    "poll": {"poll_answer": {
        "poll_id": "1", "option_ids": [0], "option_persistent_ids": ["0"], "user": _message()["from"],
    }},
    "inline": {"inline_query": {"id": "1", "from": _message()["from"], "query": "x", "offset": ""}},
    "join": {"chat_join_request": {
        "chat": {"id": -1002, "type": "supergroup", "title": "x"}, "from": _message()["from"],
        "user_chat_id": 1, "date": 1,
    }},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("who", ["nobody", "left", "waiting", "suspended"])
async def test_the_gate_lets_nobody_past_over_any_kind_of_update(
    app: App, seat: Any, ran: list[str], kind: str, who: str
):
    person = None if who == "nobody" else _officer(seat, Role.COORDINATOR, PersonState(who))
    turn = await _run(app, seat, KINDS[kind], person)
    assert ran == []
    told = {"waiting": "still_waiting", "suspended": "suspended"}.get(who, "refused")
    assert turn.screen is None or turn.screen.name == told
    await seat.session.flush()
    assert (await seat.session.scalars(select(Inbox))).all() == []
    assert len((await seat.session.scalars(select(Stranger))).all()) <= 1


@pytest.mark.parametrize(
    ("kind", "flow"),
    [
        ("text", "on_text"), ("command", "guide"), ("photo", "on_file"), ("document", "on_file"),
        ("sticker", "on_other_content"), ("edited", "on_edited"), ("press", "guide"), ("old press", "on_unknown_press"),
        ("channel", None), ("poll", None), ("inline", None), ("join", None),
    ],
)  # fmt: skip
async def test_every_kind_of_update_of_an_officer_ends_in_one_flow_or_in_silence(
    app: App, seat: Any, ran: list[str], kind: str, flow: str | None
):
    turn = await _run(app, seat, KINDS[kind], _officer(seat, Role.OFFICER))
    assert ran == ([flow] if flow else [])
    assert (turn.screen is SENTENCE) == bool(flow)


@pytest.mark.parametrize(
    "more",
    [
        {"via_bot": ME},
        {"sender_chat": {"id": -1001, "type": "channel", "title": "x"}},
        {"from": {"id": OFFICER, "is_bot": True, "first_name": "x"}},
    ],
)
async def test_what_no_person_wrote_reaches_no_flow(app: App, seat: Any, ran: list[str], more: dict[str, Any]):
    turn = await _run(app, seat, {"message": _message(text="/guide", **more)}, _officer(seat, Role.OFFICER))
    assert (ran, turn.screen) == ([], None)


async def test_an_officer_in_a_group_is_sent_to_the_private_chat(app: App, seat: Any, ran: list[str]):
    group = {"id": -1003, "type": "supergroup", "title": "x"}
    message = _command("my")["message"] | {"chat": group}
    turn = await _run(app, seat, {"message": message}, _officer(seat, Role.OFFICER))
    assert ran == []
    assert turn.screen is not None
    assert turn.screen.name == "private_only"
    pressed = _press("my")
    pressed["callback_query"]["message"]["chat"] = group
    turn = await _run(app, seat, pressed, _officer(seat, Role.OFFICER))
    assert (ran, turn.screen) == ([], None)


def _document(**more: Any) -> dict[str, Any]:
    file = {"file_id": "BQAC", "file_unique_id": "x", "file_name": "名单.xlsx", "mime_type": "application/zip"}
    return _message(document=file | {"file_size": 9} | more)


def _photo() -> dict[str, Any]:
    sizes = [("small", 90, 90), ("large", 1280, 960), ("middle", 320, 240)]
    return _message(
        caption="现场照片",
        photo=[
            {"file_id": name, "file_unique_id": name, "width": wide, "height": high, "file_size": wide}
            for name, wide, high in sizes
        ],
    )


async def test_a_document_is_on_the_turn_with_what_fetches_it(app: App, seat: Any, ran: list[str]):
    turn = await _run(app, seat, {"message": _document()}, _officer(seat, Role.OFFICER))
    assert (ran, turn.file) == (["on_file"], Incoming("BQAC", "名单.xlsx", "application/zip", 9))
    assert turn.text == "名单.xlsx"


async def test_a_photo_is_on_the_turn_in_its_largest_size(app: App, seat: Any, ran: list[str]):
    turn = await _run(app, seat, {"message": _photo()}, _officer(seat, Role.OFFICER))
    assert (ran, turn.file) == (["on_file"], Incoming("large", "photo.jpg", "image/jpeg", 1280))
    assert turn.text == "现场照片 photo.jpg"


@pytest.mark.parametrize("behind", [" 甲 乙", "\n甲 乙", "\u3000甲 乙\n"])
async def test_what_stands_behind_a_command_is_heard_on_its_line_or_the_next(
    app: App, seat: Any, ran: list[str], behind: str
):
    raw = _command("find")
    raw["message"]["text"] += behind
    turn = await _run(app, seat, raw, _officer(seat, Role.OFFICER))
    assert (ran, turn.text) == (["find"], "甲 乙")


@pytest.mark.parametrize("more", [{"file_name": f"{ID_NUMBER_MARKER}.xlsx"}, {"file_size": routing.LARGEST_FILE + 1}])
async def test_a_file_with_an_id_number_in_its_name_or_too_large_reaches_no_flow(
    app: App, seat: Any, ran: list[str], more: dict[str, Any]
):
    turn = await _turned(app, seat, {"message": _document(**more)}, _officer(seat, Role.OFFICER))
    assert isinstance(turn.error, Refusal)
    assert ran == []
    assert turn.delete_message == ("file_name" in more)
    assert ("20MB" in turn.error.message) == ("file_size" in more)


async def test_a_file_of_exactly_the_limit_is_taken(app: App, seat: Any, ran: list[str]):
    raw = {"message": _document(file_size=routing.LARGEST_FILE)}
    await _run(app, seat, raw, _officer(seat, Role.OFFICER))
    assert ran == ["on_file"]
