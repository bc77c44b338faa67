"""Files in: what awaits them gets them, nothing else does; their bytes are fetched within bounds, from either way."""

import asyncio
import datetime as dt
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.errors import Refusal
from bot.language import speaking
from bot.screens.screen import Screen
from handlers import frame, rights
from handlers.telegram import files
from handlers.telegram.connection import make_bot
from handlers.telegram.files import Files
from handlers.turn import Incoming, Turn
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage import drafts, inbox
from storage.files import FileStore
from storage.tables import Inbox, InboxState, Person
from tests.conftest import AUDITOR, OFFICER, Bureau, settings_for
from tests.handlers.web.test_botapi import PNG

SPECIMEN = "11010519491231002X"  # a published specimen; nobody's


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[Incoming]:
    """What came to a flow that awaits a file, and to the one for sheets that nobody asked for."""
    seen: list[Incoming] = []

    async def take(turn: Turn) -> Screen:
        assert turn.file is not None
        seen.append(turn.file)
        return Screen("taken", f"taken {turn.file.size}")

    async def unasked(turn: Turn) -> Screen:
        return Screen("unasked", "a sheet that nobody asked for")

    monkeypatch.setattr(frame, "FILES", {"probe": take})
    monkeypatch.setitem(rights.PURPOSES, "probe", "new")
    monkeypatch.setattr(frame, "UNASKED_SHEET", unasked)
    return seen


async def awaiting(bureau: Bureau, what: str | None = "file", user_id: int = OFFICER) -> None:
    async with bureau.database.write() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == user_id))).one()
        await drafts.begin(session, person, purpose="probe", answers={}, awaiting=what, now=bureau.clock.now())


async def test_what_awaits_a_file_gets_it_and_its_reference_fetches_the_bytes(bureau: Bureau, taken: list[Incoming]):
    await awaiting(bureau)
    officer = bureau.person(OFFICER)
    assert await officer.send_document(b"content", "意见.pdf", caption="附件") == "taken 7"
    assert await officer.send_photo(PNG) == f"taken {len(PNG)}"
    assert [file.name for file in taken] == ["意见.pdf", "photo.jpg"]
    fetch = Files(bureau.service.bot, bureau.service.store).fetch
    assert [await fetch(file.ref) for file in taken] == [b"content", PNG]


async def test_each_file_of_an_album_is_a_message_of_its_own(bureau: Bureau, taken: list[Incoming]):
    await awaiting(bureau)
    officer = bureau.person(OFFICER)
    for name in ("1.pdf", "2.pdf"):
        bureau.api._say(OFFICER, {"document": bureau.api.document(b"x", name), "media_group_id": "7"})
    await officer.wait_for("taken")
    await officer._until(lambda: len(officer.messages) == 2, "both are answered")
    assert [file.name for file in taken] == ["1.pdf", "2.pdf"]


@pytest.mark.parametrize("what", [None, "text"])
async def test_a_file_that_nothing_awaits_is_refused_with_what_to_do(
    bureau: Bureau, taken: list[Incoming], what: str | None
):
    await awaiting(bureau, what)
    with speaking("zh_CN"):
        said = frame._("No file is expected now. Please open the entry that it belongs to, then send the file.")
    assert said in await bureau.person(OFFICER).send_document(b"x", "意见.pdf")
    assert taken == []


@pytest.mark.parametrize("name", ["名单.xlsx", "名单.XLS", "名单.csv"])
async def test_a_sheet_that_nobody_asked_for_has_a_flow_of_its_own(bureau: Bureau, taken: list[Incoming], name: str):
    assert await bureau.person(OFFICER).send_document(b"x", name) == "a sheet that nobody asked for"


async def test_an_auditor_hands_nothing_in(bureau: Bureau, taken: list[Incoming]):
    await awaiting(bureau, user_id=AUDITOR)
    await bureau.person(AUDITOR).send_document(b"x", "名单.xlsx")
    assert taken == []


async def test_an_id_number_in_a_files_name_is_refused_and_the_message_taken_away(
    bureau: Bureau, taken: list[Incoming]
):
    await awaiting(bureau)
    officer = bureau.person(OFFICER)
    await officer.send_document(b"x", f"张三{SPECIMEN}.pdf")
    assert taken == []
    assert not [message for message in bureau.api.messages(OFFICER) if not message.from_bot]
    async with bureau.database.read() as session:
        assert SPECIMEN not in str(list(await session.scalars(select(Inbox.raw))))


async def test_a_file_from_the_page_reaches_the_flow_like_one_from_the_chat(bureau: Bureau, taken: list[Incoming]):
    await awaiting(bureau)
    kept = bureau.service.store.put(b"from the page")
    await bureau.service.hand_in(OFFICER, key=kept.key, name="名单.ods", media_type="text/csv", size=kept.size)
    assert await bureau.person(OFFICER).wait_for("taken") == "taken 13"
    assert taken == [Incoming(f"page:{kept.key}", "名单.ods", "text/csv", 13)]
    fetch = Files(bureau.service.bot, bureau.service.store).fetch
    assert await fetch(taken[0].ref) == b"from the page"


async def test_a_file_from_the_page_with_an_id_number_in_its_name_is_refused(bureau: Bureau, taken: list[Incoming]):
    await awaiting(bureau)
    kept = bureau.service.store.put(b"from the page")
    await bureau.service.hand_in(OFFICER, key=kept.key, name=f"{SPECIMEN}.pdf", media_type="", size=1)
    officer = bureau.person(OFFICER)
    await officer._until(lambda: bool(officer.messages), "an answer")
    assert taken == []
    await officer._until(lambda: not bureau.service.store.path(kept.key).exists(), "its bytes are gone too")
    assert not [call for call in bureau.api.calls if call.method == "deleteMessage"]


async def test_the_page_disturbs_neither_the_poller_nor_the_end_of_an_update(bureau: Bureau, taken: list[Incoming]):
    await awaiting(bureau)
    officer = bureau.person(OFFICER)
    await officer.send_document(b"x", "1.pdf")
    await bureau.service.hand_in(OFFICER, key="0" * 32, name="2.pdf", media_type="", size=2)
    await officer.wait_for("taken 2")
    await officer.send_document(b"xxx", "3.pdf")
    await officer.wait_for("taken 3")
    async with asyncio.timeout(30):
        while {row.state for row in await _updates(bureau)} != {InboxState.SHOWN}:
            await asyncio.sleep(0.02)
    rows = await _updates(bureau)
    assert [row.update_id > 0 for row in rows] == [True, False, True]
    assert rows[1].lane == str(OFFICER)
    assert not bureau.api.updates.pending()
    async with bureau.database.write() as session:
        await inbox.prune(session, now=bureau.clock.now() + inbox.KEPT_FOR + dt.timedelta(minutes=1))
    assert await _updates(bureau) == []


async def _updates(bureau: Bureau) -> list[Inbox]:
    async with bureau.database.read() as session:
        return list(await session.scalars(select(Inbox).order_by(Inbox.id)))


@pytest.fixture
async def fetching(server: BotApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Files]:
    monkeypatch.setattr(files, "PAUSES", (0.01, 0.01))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        async with make_bot(settings_for(tmp_path, server.base)) as bot:
            yield Files(bot, FileStore(tmp_path / "files"))


@pytest.mark.parametrize("kind", ["502", "drop_before", "drop_after", "garbage", "429"])
async def test_a_fault_of_the_wire_does_not_lose_a_file(fetching: Files, api: BotApi, kind: str):
    kept = api.keep_file(b"content", "1.pdf")
    api.faults.add("getFile", kind, times=2, retry_after=1)
    assert await fetching.fetch(kept.id) == b"content"


@pytest.mark.parametrize("times", [None, 1])
async def test_a_file_that_cannot_be_fetched_is_asked_for_again(fetching: Files, api: BotApi, times: int | None):
    """The first time Telegram is away for good, the second time it is there and does not know the file."""
    api.faults.add("getFile", "502", times=times)
    with pytest.raises(Refusal):
        await fetching.fetch("unknown")
    with pytest.raises(Refusal):
        await fetching.fetch(f"page:{'0' * 32}")


async def test_a_patience_longer_than_an_officers_is_not_had(fetching: Files, api: BotApi):
    api.faults.add("getFile", "429", retry_after=3600)
    with pytest.raises(Refusal):
        await fetching.fetch(api.keep_file(b"content", "1.pdf").id)


async def test_no_more_is_read_than_a_file_can_have(fetching: Files, api: BotApi, monkeypatch: pytest.MonkeyPatch):
    """The server's word on the size is not believed: the bytes are counted."""
    from handlers.telegram import request

    monkeypatch.setattr(request, "_LARGEST_DOWNLOAD", 100_000)
    assert len(await fetching.fetch(api.keep_file(bytes(100_000), "1.pdf").id)) == 100_000
    with pytest.raises(Refusal):
        await fetching.fetch(api.keep_file(bytes(100_001), "2.pdf").id)


async def test_a_reference_smuggles_no_path_in(fetching: Files):
    with pytest.raises(ValueError, match="not the name"):
        await fetching.fetch("page:../key")
