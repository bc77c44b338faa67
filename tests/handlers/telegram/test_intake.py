"""Intake: stored before it is confirmed, whatever fails on the way; ID numbers never come so far."""

import asyncio

import pytest
from sqlalchemy import select
from telegram.ext import ExtBot

from handlers.clock import Clock
from handlers.telegram import intake
from handlers.telegram.connection import make_bot
from handlers.telegram.inflow import Inflow
from handlers.telegram.intake import AnotherPoller, Intake, TokenRefused, lane_of
from handlers.telegram.scrubbing import scrub
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage.database import Database
from storage.tables import Inbox
from tests.conftest import OFFICER, settings_for

SPECIMEN = "11010519491231002X"  # a published specimen; nobody's


@pytest.fixture
async def bot(server: BotApiServer, tmp_path):
    async with make_bot(settings_for(tmp_path, server.base)) as bot:
        yield bot


@pytest.fixture
def poller(bot: ExtBot[None], sqlite: Database, clock: Clock) -> Intake:
    return Intake(
        bot, sqlite, clock, lambda: None, on_polled=lambda _asked_at: None, inflow=Inflow(clock, 0, frozenset())
    )


async def _stored(database: Database) -> list[int]:
    async with database.read() as session:
        return list(await session.scalars(select(Inbox.update_id).order_by(Inbox.update_id)))


async def test_update_is_confirmed_only_after_it_was_stored(poller: Intake, api: BotApi, sqlite: Database, monkeypatch):
    api.type(OFFICER, "one")
    waiting = [update["update_id"] for update in api.updates.pending()]

    async def failing(*_args: object) -> None:
        raise OSError("the disk is gone, on purpose")

    with monkeypatch.context() as broken, pytest.raises(OSError, match="on purpose"):
        broken.setattr(intake, "store", failing)
        await poller.poll_once()
    api.type(OFFICER, "two")
    await poller.poll_once()
    assert (await _stored(sqlite), len(api.updates.pending())) == ([*waiting, waiting[0] + 1], 2)
    api.type(OFFICER, "three")
    await poller.poll_once()
    assert [update["update_id"] for update in api.updates.pending()] == [waiting[0] + 2]


async def test_update_delivered_twice_is_stored_once(api: BotApi, bot: ExtBot[None], sqlite: Database, clock: Clock):
    api.type(OFFICER, "one")
    for _life in range(3):
        await Intake(
            bot, sqlite, clock, lambda: None, on_polled=lambda _asked_at: None, inflow=Inflow(clock, 0, frozenset())
        ).poll_once()
    assert len(await _stored(sqlite)) == 1


@pytest.mark.parametrize("kind", ["500", "502", "drop_after", "garbage", "429"])
async def test_faulty_poll_costs_nothing(poller: Intake, api: BotApi, sqlite: Database, kind: str):
    api.faults.add("getUpdates", kind, retry_after=1)
    api.type(OFFICER, "one")
    running = asyncio.create_task(poller.run())
    try:
        async with asyncio.timeout(30):
            while not await _stored(sqlite):
                await asyncio.sleep(0.02)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_second_poller_is_told_apart(poller: Intake, api: BotApi):
    def sets_its_webhook(method: str, _params: object) -> None:
        if method == "getUpdates":
            api.updates.webhook = "https://example.invalid/hook"

    api.observers.append(sets_its_webhook)
    with pytest.raises(AnotherPoller):
        await asyncio.wait_for(poller.run(), 20)


async def test_dead_token_is_told_apart(poller: Intake, api: BotApi):
    api.token = "100000001:another-fictitious-token-000000000"
    with pytest.raises(TokenRefused):
        await asyncio.wait_for(poller.run(), 20)


def test_lane_is_the_senders_whatever_the_kind():
    person, chat = {"id": 7}, {"id": -100}
    assert lane_of({"update_id": 1, "message": {"from": person, "chat": chat}}) == "7"
    assert lane_of({"update_id": 1, "callback_query": {"from": person}}) == "7"
    assert lane_of({"update_id": 1, "message": {"chat": chat}}) == "-100"
    assert lane_of({"update_id": 9}) == "u9"


def test_id_number_is_replaced_in_everything_that_people_write():
    message = {
        "text": f"a{SPECIMEN}b",
        "caption": SPECIMEN,
        "document": {"file_name": f"{SPECIMEN}.pdf", "file_id": SPECIMEN},
        "contact": {"vcard": f"TEL:{SPECIMEN}"},
        "poll": {"question": "1101 0519 4912 3100 2X", "options": [{"text": SPECIMEN}]},
        "reply_to_message": {"text": SPECIMEN, "from": {"first_name": SPECIMEN}},
    }
    scrubbed = scrub({"message": message})
    assert str(scrubbed).count(SPECIMEN) == 1
    assert scrubbed["message"]["document"]["file_id"] == SPECIMEN
    assert "0519 4912" not in str(scrubbed)


def test_half_a_character_does_not_stop_the_intake():
    assert scrub({"text": "虚构\ud83d企业"}) == {"text": "虚构?企业"}


async def test_a_file_from_the_page_comes_with_a_number_that_telegram_never_gives(
    poller: Intake, api: BotApi, sqlite: Database, clock: Clock
):
    """The next poll confirms what Telegram gave, and nothing else."""
    api.type(OFFICER, "one")
    await poller.poll_once()
    for name in ("1.pdf", "2.pdf"):
        await intake.hand_in(sqlite, clock, OFFICER, key="0" * 32, name=name, media_type="", size=1)
    api.type(OFFICER, "two")
    await poller.poll_once()
    api.type(OFFICER, "three")
    await poller.poll_once()
    assert [number < 0 for number in await _stored(sqlite)] == [True, True, False, False, False]
    assert len(api.updates.pending()) == 1


async def test_an_id_number_in_the_name_of_a_file_from_the_page_is_never_stored(sqlite: Database, clock: Clock):
    await intake.hand_in(sqlite, clock, OFFICER, key="0" * 32, name=f"{SPECIMEN}.pdf", media_type="", size=1)
    async with sqlite.read() as session:
        raw = (await session.scalars(select(Inbox.raw))).one()
    assert SPECIMEN not in str(raw)
    assert raw["message"]["document"]["file_id"] == f"page:{'0' * 32}"


def test_an_id_number_in_an_inline_query_is_replaced():
    assert SPECIMEN not in str(scrub({"inline_query": {"query": f"张三 {SPECIMEN}"}}))


async def test_every_answered_poll_is_told_also_an_empty_one(
    api: BotApi, bot: ExtBot[None], sqlite: Database, clock: Clock, monkeypatch
):
    """A night without a message must not look like a dead poller."""
    monkeypatch.setattr(intake, "POLL_SECONDS", 0)
    told: list[int] = []
    inflow = Inflow(clock, 0, frozenset())
    poller = Intake(bot, sqlite, clock, lambda: None, on_polled=lambda _asked_at: told.append(len(told)), inflow=inflow)
    api.type(OFFICER, "one")
    assert (await poller.poll_once(), await poller.poll_once()) == (1, 0)
    assert told == [0, 1]
