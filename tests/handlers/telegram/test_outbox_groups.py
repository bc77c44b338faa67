"""Notifications to bound groups: nothing personal, nothing to a group that is bound no more, one that has moved."""

import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.policy.model import Policy
from bot.screens.screen import Button, Press, Screen
from bot.workdays import Calendar
from handlers import undelivered
from handlers.clock import Clock
from handlers.office import Office
from handlers.telegram.connection import make_bot
from handlers.telegram.outbox import Sender
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage import chats, outbox, people
from storage.database import Database
from storage.files import FileStore
from storage.tables import ChatBinding, Outbox, OutboxState, Person, PersonState, Role, Unit
from tests.conftest import OFFICER, START, settings_for

GROUP, MOVED = -200_001, -1_000_200_001
SHOWN = {
    "figures": Screen("digest", "在办3件"),
    "pressed": Screen("digest", "在办3件", ((Button("查看", Press("my")),),)),
    "person in business": Screen("digest", "92410100MA00000P8X 到期"),
    "protected": Screen("digest", "张某", protect=True),
}
Round = Callable[..., Awaitable[dict[str, OutboxState]]]


@pytest.fixture
async def rounds(sqlite: Database, api: BotApi, server: BotApiServer, policy: Policy, clock: Clock, tmp_path: Path):
    """Queue some notifications to the group, let them go, and return how each ended."""
    office = Office(policy, Calendar(), clock)
    async with sqlite.write() as session:
        await people.sync_units(session, policy)
        unit = (await people.units(session))[0]
        person = Person(telegram_id=OFFICER, unit_id=unit.id, role=Role.LIAISON, joined_at=START)
        session.add(person)
        await session.flush()
        await chats.bind(session, GROUP, unit, by=person, now=START)

    async def figures(_session: Any, _office: Any, binding: ChatBinding, params: Any, _now: Any) -> Screen:
        assert binding.unit_id == unit.id
        return SHOWN[params["name"]]

    async with make_bot(settings_for(tmp_path, server.base)) as bot:
        sender = Sender(
            bot, sqlite, office, undelivered.NOTICES, group_renderers={"digest": figures},
            store=FileStore(tmp_path / "files"), travel=lambda screen, _to, _now: screen, per_second=1000.0,
        )  # fmt: skip

        async def run(*names: str, times: int = 1) -> dict[str, OutboxState]:
            async with sqlite.write() as session:
                for name in names:
                    params = {"name": name}
                    await outbox.enqueue_for_chat(session, GROUP, kind="digest", params=params, dedupe=name, now=START)
            for _time in range(times):
                clock.offset += dt.timedelta(minutes=10)
                sender.pace.chats.clear()
                await sender.run_round()
            async with sqlite.read() as session:
                return {row.dedupe.partition(":")[0]: row.state for row in await session.scalars(select(Outbox))}

        yield run


async def test_a_group_gets_what_is_for_its_unit(rounds: Round, api: BotApi):
    api.add_group(GROUP, "大气处（虚构）")
    assert await rounds("figures") == {"figures": OutboxState.SENT}
    assert [said.text for said in api.messages(GROUP)] == ["在办3件"]


async def test_nothing_leaves_for_a_group_whose_binder_speaks_for_the_unit_no_more(rounds: Round, api: BotApi, sqlite):
    api.add_group(GROUP, "大气处（虚构）")
    async with sqlite.write() as session:
        await session.execute(update(Person).values(state=PersonState.SUSPENDED))
    assert await rounds("figures") == {"figures": OutboxState.CANCELLED}
    assert api.messages(GROUP) == []


@pytest.mark.parametrize("name", ["pressed", "person in business", "protected"])
async def test_nothing_personal_and_nothing_to_press_ever_stands_in_a_group(rounds: Round, api: BotApi, name: str):
    api.add_group(GROUP, "大气处（虚构）")
    assert await rounds(name) == {name: OutboxState.DUE}
    assert api.messages(GROUP) == []


async def test_a_group_that_became_a_supergroup_is_followed_everywhere(rounds: Round, api: BotApi, sqlite: Database):
    api.add_group(GROUP, "大气处（虚构）")
    api.add_group(MOVED, "大气处（虚构）")
    api.faults.add("sendMessage", "chat_migrated", new_chat_id=MOVED)
    assert await rounds("figures", times=2) == {"figures": OutboxState.SENT}
    assert [said.text for said in api.messages(MOVED)] == ["在办3件"]
    async with sqlite.read() as session:
        assert (await session.scalars(select(ChatBinding.chat_id))).all() == [MOVED]


async def test_a_group_that_put_the_bot_out_is_bound_no_more_and_its_liaison_hears_of_it(
    rounds: Round, api: BotApi, sqlite: Database
):
    api.add_group(GROUP, "大气处（虚构）")
    api.faults.add("sendMessage", "403", description="Forbidden: bot was kicked from the group chat")
    found = await rounds("figures", times=2)
    assert found == {"figures": OutboxState.REFUSED, undelivered.GROUP_LOST: OutboxState.SENT}
    assert "本单位群不再接收汇总" in api.messages(OFFICER)[0].text
    async with sqlite.read() as session:
        assert (await session.scalars(select(ChatBinding))).all() == []
    assert (await rounds("pressed"))["pressed"] is OutboxState.CANCELLED


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("400", "Bad Request: not enough rights to send text messages to the chat"),
        ("400", "Bad Request: have no rights to send a message"),
        ("403", "Forbidden: CHAT_WRITE_FORBIDDEN"),
        ("400", "Bad Request: TOPIC_CLOSED"),
    ],
)
async def test_a_group_in_which_the_bot_may_not_write_is_lost_like_one_that_put_it_out_each_time(
    rounds: Round, api: BotApi, sqlite: Database, kind: str, said: str
):
    api.add_group(GROUP, "大气处（虚构）")
    for morning in ("first", "second"):
        api.faults.add("sendMessage", kind, chat_id=GROUP, description=said)
        SHOWN[morning] = SHOWN["figures"]
        assert (await rounds(morning, times=2))[morning] is OutboxState.REFUSED
        async with sqlite.write() as session:
            assert (await session.scalars(select(ChatBinding))).all() == []
            person = (await session.scalars(select(Person))).one()
            unit = await session.get_one(Unit, person.unit_id)
            moment = START + dt.timedelta(days=1)
            await chats.bind(session, GROUP, unit, by=person, now=moment)  # SQLite gives it the number of the first
    said_to_liaison = [each.text for each in api.messages(OFFICER)]
    assert len(said_to_liaison) == 2
    assert all("本单位群不再接收汇总" in each and "允许" in each for each in said_to_liaison)


async def test_twenty_a_minute_are_the_most_for_a_group():
    from handlers.telegram.pace import MOST_TO_GROUP, Pace

    pace = Pace(1000.0)
    rests = [pace._rest(GROUP, start) for start in range(MOST_TO_GROUP + 1)]
    assert rests[: MOST_TO_GROUP - 1] == [1.0] * (MOST_TO_GROUP - 1)
    assert rests[MOST_TO_GROUP - 1] == 60.0 - (MOST_TO_GROUP - 1)
    assert {pace._rest(OFFICER, start) for start in range(100)} == {1.0}
