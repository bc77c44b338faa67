"""The dispatcher and its neighbours, through the front door: what fails, what is pressed, who may."""

import asyncio
import sqlite3
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.screens.screen import Press, Screen
from handlers import access, frame
from handlers.telegram import dispatch
from handlers.turn import Flow, Turn
from storage import database
from storage.tables import Audit, Draft, Inbox, InboxState, Person, Setting, Stranger
from tests.conftest import AUDITOR, COLLEAGUE, COORDINATOR, OFFICER, STRANGER, Bureau

ID_NUMBER = "11010519491231002X"  # a published specimen; valid check character, nobody's


@pytest.fixture(autouse=True)
def poison(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A command that fails after it has begun to change things; the list holds its runs."""
    runs: list[int] = []

    async def on_boom(turn: Turn) -> Screen:
        runs.append(turn.update_id)
        turn.officer.language = "en"
        await turn.session.flush()
        raise RuntimeError("a defect, on purpose")

    monkeypatch.setitem(frame.COMMANDS, "boom", on_boom)  # type: ignore[call-overload]
    monkeypatch.setitem(access.COMMANDS, "boom", frozenset(access.Role))
    named = access.describe
    monkeypatch.setattr(access, "describe", lambda name: name if name in ("boom", "much") else named(name))
    monkeypatch.setattr(dispatch, "BACKOFF", (dispatch.dt.timedelta(seconds=0.05),) * 2)
    return runs


@pytest.fixture(autouse=True)
def later(poison: list[int], monkeypatch: pytest.MonkeyPatch) -> dict[str, Flow]:
    """A command whose flow the test brings."""
    flows: dict[str, Flow] = {}

    async def on_much(turn: Turn) -> Screen:
        return await flows["much"](turn)

    monkeypatch.setitem(frame.COMMANDS, "much", on_much)  # type: ignore[call-overload]
    monkeypatch.setitem(access.COMMANDS, "much", frozenset(access.Role))
    return flows


async def _rows(bureau: Bureau) -> list[Inbox]:
    async with bureau.database.read() as session:
        return list(await session.scalars(select(Inbox).order_by(Inbox.update_id)))


async def _audit(bureau: Bureau, verb: str) -> list[Audit]:
    async with bureau.database.read() as session:
        return list(await session.scalars(select(Audit).where(Audit.verb == verb)))


async def _draft(bureau: Bureau, user_id: int) -> Draft | None:
    async with bureau.database.read() as session:
        return await session.scalar(select(Draft).join(Person).where(Person.telegram_id == user_id))


async def test_poison_is_tried_three_times_then_kept_aside_with_a_number_and_others_go_on(bureau, poison):
    officer, colleague = bureau.person(OFFICER), bureau.person(COLLEAGUE)
    bureau.api.type(OFFICER, "/boom")
    assert "/guide" in await colleague.type("/help")
    await officer.wait_for(await _incident(bureau))
    row = (await _rows(bureau))[0]
    assert (row.state, row.attempts, len(poison)) == (InboxState.DEAD, 3, 3)
    assert row.raw["message"]["text"] == "/boom"  # the officer's words are kept
    assert str(OFFICER) in await officer.type("/settings")
    async with bureau.database.read() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == OFFICER))).one()
    assert person.language == "zh_CN"


async def _incident(bureau: Bureau) -> str:
    for _ in range(200):
        numbers = [row.incident for row in await _rows(bureau) if row.incident]
        if numbers:
            return numbers[0]
        await asyncio.sleep(0.02)
    raise AssertionError("no incident")


async def test_officer_whose_update_failed_is_served_before_a_quiet_moment_comes(bureau, poison):
    """Under a steady load of fresh updates a failed one still gets its turn."""
    stop = asyncio.Event()

    async def busy(user_id: int) -> None:
        while not stop.is_set():
            bureau.api.type(user_id, "/help")
            await asyncio.sleep(0.002)

    crowd = [asyncio.create_task(busy(user_id)) for user_id in (COLLEAGUE, COORDINATOR)]
    bureau.api.type(OFFICER, "/boom")
    try:
        async with asyncio.timeout(20):
            await _incident(bureau)
    finally:
        stop.set()
        await asyncio.gather(*crowd)
    assert len(poison) == 3


async def test_locked_database_is_no_attempt_and_nothing_is_shown_until_it_is_back(bureau):
    other = sqlite3.connect(bureau.folder / "xinxuan.db", isolation_level=None, check_same_thread=False)
    async with bureau.database.write() as session:
        await session.execute(text("PRAGMA busy_timeout=30"))
    other.execute("BEGIN IMMEDIATE")
    officer = bureau.person(OFFICER)
    bureau.api.type(OFFICER, "/settings")
    await asyncio.sleep(0.6)
    assert officer.messages == []
    other.execute("ROLLBACK")
    other.close()
    await officer.wait_for(str(OFFICER))
    assert [(row.attempts, row.state is InboxState.DEAD) for row in await _rows(bureau)] == [(0, False)]


async def test_full_disk_is_no_attempt_and_leaves_nothing_half_done(bureau, later):
    """SQLite rolls the whole transaction back by itself; nothing after that may be written on its own."""
    runs: list[int] = []

    async def on_much(turn: Turn) -> Screen:
        runs.append(turn.update_id)
        pages = await turn.session.scalar(text("PRAGMA page_count"))
        room = pages if len(runs) == 1 else 1_000_000
        await turn.session.execute(text(f"PRAGMA max_page_count={room}"))
        turn.officer.language = "en"
        await turn.session.flush()
        for number in range(60):
            turn.session.add(Setting(key=f"much{number}", value="x" * 4000))
            await turn.session.flush()
        return Screen("much", "much was written")

    later["much"] = on_much
    officer = bureau.person(OFFICER)
    bureau.api.type(OFFICER, "/much")
    await officer.wait_for("much was written")
    assert [row.attempts for row in await _rows(bureau)] == [0]
    assert len(runs) == 2


async def test_failed_commit_shows_nothing_and_everything_runs_again(bureau, monkeypatch):
    failures = iter([True, True])
    original = dispatch.crash_point

    def failing(name: str) -> None:
        if name == "before_commit" and next(failures, False):
            raise OSError("the commit failed, on purpose")
        original(name)

    monkeypatch.setattr(dispatch, "crash_point", failing)
    officer = bureau.person(OFFICER)
    bureau.api.type(OFFICER, "/language")
    await asyncio.sleep(0.2)
    assert officer.messages == []
    await officer._until(lambda: "English" in officer.buttons, "the screen")
    assert len(officer.messages) == 1


async def test_commit_that_fails_after_it_has_taken_effect_is_answered_all_the_same(bureau, monkeypatch):
    """A connection lost at the wrong moment: what was committed is not run again, so it must be shown."""
    real, has_run, failed = database._Writer._execute, [], []

    def ran(name: str) -> None:
        if name == "processed":
            has_run.append(name)

    async def execute(self, fn, *args, **kwargs):
        result = await real(self, fn, *args, **kwargs)
        if fn.__name__ == "commit" and has_run and not failed:
            failed.append(True)
            raise sqlite3.OperationalError("disk I/O error")
        return result

    monkeypatch.setattr(dispatch, "crash_point", ran)
    monkeypatch.setattr(database._Writer, "_execute", execute)
    officer = bureau.person(OFFICER)
    assert str(OFFICER) in await officer.type("/settings")
    assert failed
    assert (len(officer.messages), "可能重复" in officer.screen) == (1, False)


async def test_two_presses_at_once_have_one_effect_and_both_are_answered(bureau):
    officer = bureau.person(OFFICER)
    await officer.type("/guide")
    message = officer.messages[-1]
    data = next(each["callback_data"] for row in message.buttons for each in row if "gcat" in each["callback_data"])
    queries = [bureau.api.press(OFFICER, message.id, data) for _ in range(5)]
    await officer._until(lambda: all(query.answered for query in queries), "all are answered")
    draft = await _draft(bureau, OFFICER)
    assert draft is not None
    assert draft.version == 2
    assert len([query for query in queries if query.toast]) == 4


async def test_press_on_a_keyboard_of_a_draft_long_gone_has_no_effect(bureau):
    """Numbers of drafts are never given again, so that the oldest keyboard cannot fit the newest draft."""
    officer = bureau.person(OFFICER)
    await officer.type("/guide")
    old = officer.messages[-1]
    data = next(each["callback_data"] for row in old.buttons for each in row if "gcat" in each["callback_data"])
    await officer.type("/cancel")
    await officer.type("/guide")
    before = await _draft(bureau, OFFICER)
    await officer.press_data(old.id, data)
    after = await _draft(bureau, OFFICER)
    assert before is not None
    assert after is not None
    assert (after.id, after.version, after.answers) == (before.id, before.version, before.answers)
    assert officer.toast


async def test_press_on_somebody_elses_draft_has_no_effect(bureau):
    officer, colleague = bureau.person(OFFICER), bureau.person(COLLEAGUE)
    await officer.type("/guide")
    data = next(e["callback_data"] for r in officer.messages[-1].buttons for e in r if "gcat" in e["callback_data"])
    await colleague.type("/start")
    await colleague.press_data(colleague.messages[-1].id, data)
    draft = await _draft(bureau, OFFICER)
    assert draft is not None
    assert (draft.version, await _draft(bureau, COLLEAGUE)) == (1, None)


@pytest.mark.parametrize(
    "data",
    [
        "1:gans:zzzzzzzzzzz:1:x",
        "1:gans:1:1:" + "x" * 40,
        "1:guide:",
        "1:my:é:0:",
        "0:guide:0:0:",
        "x",
        "1:gcat:1:1",
        "",
    ],
)
async def test_forged_press_is_answered_and_is_no_incident(bureau, data: str):
    officer = bureau.person(OFFICER)
    await officer.type("/start")
    await officer.press_data(officer.messages[-1].id, data)
    assert officer.toast
    assert [row.incident for row in await _rows(bureau)] == [None, None]


async def test_pasted_id_number_stands_in_no_byte_and_its_message_goes(bureau):
    officer = bureau.person(OFFICER)
    message = bureau.api.type(OFFICER, f"王某某 身份证 {ID_NUMBER} 请查")
    await officer._until(lambda: bool(officer.messages), "an answer")
    await officer._until(lambda: bureau.api.find(OFFICER, message.id) is None, "the message is deleted")
    await officer.send_document(b"x", f"{ID_NUMBER}.xlsx", caption=f"号码{ID_NUMBER}")
    for path in bureau.folder.rglob("*"):
        if path.is_file():
            assert ID_NUMBER.encode() not in path.read_bytes()
    assert not any(ID_NUMBER in str(row.raw) for row in await _rows(bureau))
    assert any("身份证" in str(row.raw) for row in await _rows(bureau))


async def test_stranger_is_told_once_and_nothing_else_is_kept(bureau):
    stranger = bureau.person(STRANGER)
    await stranger.type("/start")
    assert len(stranger.messages) == 1
    for words in ("/guide", "排污", "/start i_" + "x" * 22):
        await stranger.type(words, answered=words.startswith("/start i_"))
    query = bureau.api.press(STRANGER, stranger.messages[0].id, "1:guide:0:0:")
    await stranger._until(lambda: query.answered, "the press ends")
    assert (len(stranger.messages), query.toast) == (2, "")
    async with bureau.database.read() as session:
        assert await session.scalar(select(Person).where(Person.telegram_id == STRANGER)) is None
        assert (await session.scalars(select(Stranger.telegram_id))).all() == [STRANGER]


async def test_group_is_sent_to_a_private_chat_and_learns_nothing(bureau):
    bureau.api.add_group(-100_500, "大气处（虚构）")
    bureau.api.type(OFFICER, "/my", chat_id=-100_500)
    await bureau.person(OFFICER)._until(
        lambda: [each.from_bot for each in bureau.api.messages(-100_500)] == [False, True], "one answer"
    )
    answer = bureau.api.messages(-100_500)[-1]
    assert "私聊" in answer.text or "private" in answer.text
    assert answer.buttons == []


async def test_block_is_noted_and_taken_back(bureau):
    async def reachable() -> Any:
        async with bureau.database.read() as session:
            return await session.scalar(select(Person.reachable).where(Person.telegram_id == OFFICER))

    async def becomes(wanted: bool) -> None:
        async with asyncio.timeout(20):
            while await reachable() is not wanted:
                await asyncio.sleep(0.02)

    bureau.api.block(OFFICER)
    await becomes(False)
    bureau.api.unblock(OFFICER)
    await becomes(True)


async def test_unknown_command_edited_message_and_picture_get_one_sentence_each(bureau):
    officer = bureau.person(OFFICER)
    await officer.type("/nothing_of_the_kind")
    mine = bureau.api.messages(OFFICER)[0]
    assert "/help" in officer.screen
    before = len(officer.messages)
    await officer.edit(mine.id, "/settings")
    assert len(officer.messages) == before + 1
    assert str(OFFICER) not in officer.screen
    png = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")
    await officer.send_photo(png + b"\0" * 20)
    assert len(officer.messages) == before + 2


async def test_markup_in_a_name_is_shown_as_typed(bureau):
    link_screen = await _invited(bureau)
    bureau.api.add_user(STRANGER, "<b>甲&乙</b>")
    newcomer = bureau.person(STRANGER)
    await newcomer.type(f"/start {link_screen}")
    coordinator = bureau.person(COORDINATOR)
    await coordinator.wait_for("<b>甲&乙</b>")
    await coordinator.press("核准")
    await newcomer.wait_for("<b>甲&乙</b>")
    assert len(await _audit(bureau, "person.join")) == 1


async def _invited(bureau: Bureau) -> str:
    coordinator = bureau.person(COORDINATOR)
    await coordinator.type("/invite")
    unit = next(e["callback_data"] for r in coordinator.messages[-1].buttons for e in r)
    await coordinator.press_data(coordinator.messages[-1].id, unit)
    await coordinator.press_data(coordinator.messages[-1].id, f"{unit},officer")
    words = " ".join(message.text for message in coordinator.messages).split()
    return next(word.partition("?start=")[2] for word in words if "?start=" in word)


async def test_auditor_changes_the_language_by_the_button_too(bureau):
    auditor = bureau.person(AUDITOR)
    await auditor.type("/language")
    await auditor.press("English")
    assert len(await _audit(bureau, "person.language")) == 1


async def test_update_that_killed_its_process_three_times_is_given_up(bureau):
    await bureau.person(OFFICER).type("/help")
    dispatcher = bureau.service.dispatcher
    async with bureau.database.write() as session:
        session.add(
            Inbox(
                update_id=1,
                lane="999",
                raw={"message": {"chat": {"id": OFFICER}, "message_id": 1, "from": {"id": OFFICER}}},
                state=InboxState.RECEIVED,
                attempts=2,
                not_before=bureau.clock.now() + dispatch.dt.timedelta(hours=1),
                received_at=bureau.clock.now(),
            )
        )
    dispatcher._suspect.write(1)
    await dispatcher.recover()
    row = (await _rows(bureau))[0]
    assert (row.state, row.attempts) == (InboxState.DEAD, 3)
    await bureau.person(OFFICER).wait_for(str(row.incident))


@pytest.mark.parametrize("kind", ["429", "502", "drop_before", "drop_after"])
async def test_edit_arrives_whatever_happens_on_the_way_and_says_nothing_of_it(bureau, kind: str):
    officer = bureau.person(OFFICER)
    await officer.type("/language")
    bureau.api.faults.add("editMessageText", kind, retry_after=1)
    await officer.press("English")
    await officer._until(lambda: "✓ English" in officer.buttons, "the edit")
    assert not any("repetition" in message.text or "重复" in message.text for message in officer.messages)


@pytest.mark.parametrize(("kind", "labelled"), [("429", 0), ("502", 1), ("drop_before", 1), ("drop_after", 1)])
async def test_new_message_is_labelled_only_where_the_first_may_have_arrived(bureau, kind: str, labelled: int):
    officer = bureau.person(OFFICER)
    bureau.api.faults.add("sendMessage", kind, retry_after=1)
    bureau.api.type(OFFICER, "/settings")
    await officer._until(lambda: bureau.api.updates.pending() == [] and _sent(bureau) == 1, "it has arrived")
    said = [message.text for message in officer.messages]
    assert sum("repetition" in text or "重复" in text for text in said) == labelled
    assert len(said) == (2 if kind == "drop_after" else 1)


def _sent(bureau: Bureau) -> int:
    """Count the sends that the bot knows to have arrived."""
    return sum(call.method == "sendMessage" and call.status == 200 for call in bureau.api.calls)


def test_press_of_a_sample_is_what_the_forged_ones_are_not():
    assert Press.decode("1:gans:1:1:x") == Press("gans", 1, 1, "x")
