"""Notifications: claimed, committed, sent, confirmed; repeated with a label only where one may have arrived."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from telegram.ext import ExtBot

from bot.policy.model import Policy
from bot.screens.screen import Button, File, Press, Screen
from bot.workdays import Calendar
from handlers import absence
from handlers.clock import Clock
from handlers.office import Office
from handlers.telegram.connection import make_bot
from handlers.telegram.outbox import Sender
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.model import Message
from handlers.web.botapi.server import BotApiServer
from storage import outbox, people
from storage.database import Database
from storage.files import FileStore
from storage.tables import Attempt, Outbox, OutboxState, Person, PersonState, Role
from tests.conftest import COLLEAGUE, OFFICER, START, settings_for

LATER = dt.timedelta(minutes=10)


def untouched(screen: Screen, _telegram_id: int, _now: dt.datetime) -> Screen:
    """Files go through the chat, without a word about it."""
    return screen


class Post:
    """An outbox with its sender, one round at a time."""

    def __init__(self, database: Database, api: BotApi, sender: Sender, clock: Clock) -> None:
        self.database, self.api, self.sender, self.clock = database, api, sender, clock

    async def queue(self, name: str, *, to: int = OFFICER, priority: int = 5, kind: str = "note") -> None:
        async with self.database.write() as session:
            person = await people.by_telegram_id(session, to)
            assert person is not None
            now = self.clock.now()
            params = {"name": name}
            await outbox.enqueue(session, person, kind=kind, params=params, dedupe=name, priority=priority, now=now)

    async def round(self, *, after: dt.timedelta = LATER) -> int:
        self.clock.offset += after
        self.sender.pace.chats.clear()  # as if the second of rest had passed
        self.sender.pace.free_at = 0.0
        return await self.sender.run_round()

    async def back(self, user_id: int) -> None:
        """Let somebody write to the bot again."""
        async with self.database.write() as session:
            person = await people.by_telegram_id(session, user_id)
            assert person is not None
            await absence.back(session, person, self.clock.now())

    async def rows(self) -> list[Outbox]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Outbox).order_by(Outbox.id)))

    async def state(self) -> tuple[OutboxState, int]:
        (row,) = await self.rows()
        return row.state, row.copies

    def texts(self, chat: int = OFFICER) -> list[str]:
        return [message.text for message in self.api.messages(chat)]


@pytest.fixture
async def database(either: Database) -> Database:
    """Of both kinds in turn."""
    return either


@pytest.fixture
def office(policy: Policy, clock: Clock) -> Office:
    """An office whose clock the tests move."""
    return Office(policy, Calendar(), clock)


@pytest.fixture
async def bot(server: BotApiServer, tmp_path: Any) -> AsyncIterator[ExtBot[None]]:
    async with make_bot(settings_for(tmp_path, server.base)) as bot:
        yield bot


@pytest.fixture
async def post(
    database: Database, api: BotApi, bot: ExtBot[None], office: Office, clock: Clock, tmp_path: Path
) -> Post:
    async def note(_session: Any, _office: Any, _person: Any, params: Any, _now: Any) -> Screen | None:
        if params["name"] == "defect":
            raise RuntimeError("a defect, on purpose")
        return None if params["name"] == "needless" else Screen("note", f"<b>{params['name']}</b>")

    async def broken(_session: Any, _office: Any, _person: Any, _params: Any, _now: Any) -> Screen:
        return Screen("broken", "5 < 7 <b>")

    async with database.write() as session:
        await people.sync_units(session, office.policy)
        unit = (await people.units(session))[0]
        for user_id in (OFFICER, COLLEAGUE):
            session.add(Person(telegram_id=user_id, unit_id=unit.id, role=Role.OFFICER, joined_at=START))
    kinds = {"note": note, "broken": broken}
    store = FileStore(tmp_path / "files")
    sender = Sender(bot, database, office, kinds, store=store, travel=untouched, per_second=1000.0)
    return Post(database, api, sender, clock)


async def test_notice_is_sent_once_and_confirmed(post: Post):
    await post.queue("one")
    await post.queue("one")
    await post.round()
    await post.round()
    assert (await post.state(), post.texts()) == ((OutboxState.SENT, 1), ["one"])


async def test_claim_is_committed_before_a_byte_leaves(post: Post):
    seen: list[tuple[OutboxState, str | None]] = []

    async def look() -> None:
        async with post.database.read() as session:
            row = (await session.scalars(select(Outbox))).one()
            attempt = (await session.scalars(select(Attempt))).one()
            seen.append((row.state, attempt.outcome))

    tasks: list[asyncio.Task[None]] = []
    post.api.observers.append(lambda _m, _p: tasks.append(asyncio.create_task(look())))
    post.api.faults.add("sendMessage", "hang", seconds=0.3)
    await post.queue("one")
    await post.round()
    await asyncio.gather(*tasks)
    assert seen == [(OutboxState.CLAIMED, None)]


@pytest.mark.parametrize(("kind", "copies"), [("429", 1), ("403", 0), ("502", 2), ("drop_after", 2), ("garbage", 2)])
async def test_only_an_unknown_outcome_is_repeated_with_a_label(post: Post, kind: str, copies: int):
    post.api.faults.add("sendMessage", kind, retry_after=2)
    await post.queue("one")
    for _ in range(3):
        await post.round()
    state, counted = await post.state()
    labelled = [text for text in post.texts() if text != "one"]
    assert (state, counted) == (OutboxState.SENT if copies else OutboxState.REFUSED, copies)
    assert len(labelled) == (1 if copies == 2 else 0)


async def test_three_copies_that_nobody_confirmed_are_held(post: Post):
    post.api.faults.add("sendMessage", "drop_after", None)
    await post.queue("one")
    for _ in range(6):
        await post.round()
    assert await post.state() == (OutboxState.HELD, 3)
    assert len(post.texts()) == 3


async def test_claim_of_a_dead_process_is_repeated_with_a_label_after_its_lease(post: Post):
    await post.queue("one")
    async with post.database.write() as session:
        await outbox.claim(session, now=post.clock.now(), limit=8, exclude_chats=[])
    await post.round(after=dt.timedelta(seconds=1))
    assert await post.state() == (OutboxState.CLAIMED, 0)
    await post.round()
    await post.round()
    assert await post.state() == (OutboxState.SENT, 2)
    assert len(post.texts()) == 1
    assert post.texts() != ["one"]


async def test_telegrams_wait_is_obeyed_and_kept(post: Post):
    post.api.faults.add("sendMessage", "429", retry_after=300)
    await post.queue("one")
    await post.round()
    await post.round(after=dt.timedelta(seconds=290))
    assert post.texts() == []
    await post.round(after=dt.timedelta(seconds=15))
    assert post.texts() == ["one"]


async def test_a_new_start_keeps_telegrams_wait(post: Post, bot: ExtBot[None], office: Office, tmp_path: Path):
    def begun_anew() -> Sender:
        kinds, store = post.sender.letters.renderers, FileStore(tmp_path / "files")
        return Sender(bot, post.database, office, kinds, store=store, travel=untouched)

    post.api.faults.add("sendMessage", "429", retry_after=300)
    await post.queue("one")
    await post.round()
    await post.queue("to another", to=COLLEAGUE)
    post.sender = begun_anew()
    post.clock.offset += dt.timedelta(seconds=250)
    assert await post.sender.run_round() == 0
    assert post.sender.pace.wait > 30
    post.sender = begun_anew()
    post.clock.offset += dt.timedelta(seconds=100)
    assert await post.sender.run_round() == 2
    assert (post.texts(), post.texts(COLLEAGUE)) == (["one"], ["to another"])


async def test_most_urgent_goes_first_and_one_chat_gets_one_at_a_time(post: Post):
    for name, priority in (("notice", 5), ("question", 3), ("deadline", 1)):
        await post.queue(name, priority=priority)
    await post.queue("colleague's", to=COLLEAGUE)
    assert await post.round() == 2
    await post.round()
    await post.round()
    assert (post.texts(), post.texts(COLLEAGUE)) == (["deadline", "question", "notice"], ["colleague's"])


async def test_chat_rests_for_a_second(post: Post):
    await post.queue("one")
    await post.queue("two")
    post.clock.offset += LATER
    began = asyncio.get_running_loop().time()
    sent = [await post.sender.run_round(), await post.sender.run_round()]
    if asyncio.get_running_loop().time() - began < 1.0:  # else a slow machine has let the chat rest meanwhile
        assert sent == [1, 0]
    await asyncio.sleep(1.05)
    await post.sender.run_round()
    assert post.texts() == ["one", "two"]


async def test_notice_that_is_no_longer_needed_is_cancelled(post: Post):
    await post.queue("needless")
    await post.round()
    assert (await post.state(), post.texts()) == ((OutboxState.CANCELLED, 0), [])


async def test_notice_that_cannot_be_made_holds_up_no_other(post: Post):
    await post.queue("defect", priority=1)
    await post.queue("colleague's", to=COLLEAGUE)
    await post.queue("nobody knows this kind", to=COLLEAGUE, kind="of a later version", priority=9)
    await post.round()
    await post.round()
    states = {row.dedupe: row.state for row in await post.rows()}
    assert states["colleague's"] is OutboxState.SENT
    assert states["defect"] is OutboxState.DUE
    assert states["nobody knows this kind"] is OutboxState.DUE


async def test_refused_markup_is_sent_as_plain_text(post: Post):
    await post.queue("any", kind="broken")
    await post.round()
    assert (await post.state(), post.texts()) == ((OutboxState.SENT, 1), ["5 < 7"])


async def test_blocked_officer_is_noted_as_out_of_reach(post: Post):
    post.api.users[OFFICER].blocked = True
    await post.queue("one")
    await post.round()
    assert (await post.state())[0] is OutboxState.REFUSED
    async with post.database.read() as session:
        assert await session.scalar(select(Person.reachable).where(Person.telegram_id == OFFICER)) is False


async def test_what_was_queued_before_an_officer_blocked_the_bot_is_not_sent_any_more(post: Post):
    post.api.users[OFFICER].blocked = True
    await post.queue("one")
    await post.queue("two")
    await post.round()
    calls = post.api.served
    await post.round()
    assert [row.state for row in await post.rows()] == [OutboxState.REFUSED, OutboxState.CANCELLED]
    assert post.api.served == calls


async def test_what_was_queued_while_an_officer_was_out_of_reach_comes_when_they_are_back(post: Post):
    post.api.users[OFFICER].blocked = True
    for name in ("refused", "cancelled", "of last week"):
        await post.queue(name)
    async with post.database.write() as session:  # queued before a festival, and kept until its end
        of_last_week = update(Outbox).where(Outbox.dedupe == "of last week")
        await session.execute(of_last_week.values(created_at=post.clock.now() - dt.timedelta(days=9)))
    for _ in range(3):
        await post.round()
    assert [row.state for row in await post.rows()] == [OutboxState.REFUSED, *[OutboxState.CANCELLED] * 2]
    post.api.users[OFFICER].blocked = False
    await post.back(OFFICER)
    for _ in range(3):
        await post.round()
    assert post.texts() == ["refused", "cancelled", "of last week"]


async def test_of_several_that_say_the_same_the_newest_comes_and_of_another_absence_nothing(post: Post):
    post.api.users[OFFICER].blocked = True
    await post.queue("long ago")
    await post.round()
    post.clock.offset += dt.timedelta(days=40)
    async with post.database.write() as session:
        person = await people.by_telegram_id(session, OFFICER)
        assert person is not None
        people.regain(person)
        people.lose(person, post.clock.now())
        for week in ("week 1", "week 2"):
            now = post.clock.now()
            await outbox.enqueue(session, person, kind="note", params={"name": "please"}, dedupe=week, now=now)
    for _ in range(2):
        await post.round()
    post.api.users[OFFICER].blocked = False
    await post.back(OFFICER)
    for _ in range(3):
        await post.round()
    assert post.texts() == ["please"]
    assert {row.dedupe: row.state for row in await post.rows()} == {
        "long ago": OutboxState.REFUSED,
        "week 1": OutboxState.CANCELLED,
        "week 2": OutboxState.SENT,
    }


async def test_a_person_in_whose_chat_the_bot_may_not_write_is_no_lost_group(post: Post):
    said = "Bad Request: not enough rights to send text messages to the chat"
    post.api.faults.add("sendMessage", "400", description=said)
    await post.queue("one")
    await post.round()
    assert (await post.state())[0] is OutboxState.REFUSED
    async with post.database.read() as session:
        assert await session.scalar(select(Person.reachable).where(Person.telegram_id == OFFICER)) is True


async def test_what_was_queued_before_an_officer_was_suspended_is_not_sent_any_more(post: Post):
    await post.queue("one")
    async with post.database.write() as session:
        await session.execute(update(Person).where(Person.telegram_id == OFFICER).values(state=PersonState.SUSPENDED))
    await post.round()
    [row] = await post.rows()
    assert (row.state, row.reason, post.texts()) == (OutboxState.CANCELLED, "the receiver is not active", [])


async def test_dead_token_keeps_everything(post: Post):
    token, post.api.token = post.api.token, "100000001:another-fictitious-token-000000000"
    await post.queue("one")
    await post.round()
    assert await post.state() == (OutboxState.DUE, 0)
    post.api.token = token
    await post.round()
    assert (await post.state(), post.texts()) == ((OutboxState.SENT, 1), ["one"])


# Files: a notice may bring one.

CONTENT = b"PK a letter"
LONG = "长" * 1024  # what Telegram takes under a document, without room for a label
KEYS = ((Button("甲", Press("my")),),)


@pytest.fixture
def lettered(post: Post, tmp_path: Path) -> Callable[[str], FileStore]:
    """Let the notices carry a letter under these words."""
    store = FileStore(tmp_path / "files")

    def carrying(words: str) -> FileStore:
        file = File(store.put(CONTENT).key, "申请函.docx", "")

        async def render(*_given: Any) -> Screen:
            return Screen("paper.made", words, KEYS, file=file)

        post.sender.letters.renderers = {"note": render}
        return store

    return carrying


async def documents(post: Post) -> list[Message]:
    return [said for said in post.api.messages(OFFICER) if "document" in said.body]


@pytest.mark.parametrize("words", ["已生成", LONG])
@pytest.mark.parametrize(
    ("kind", "copies", "labels"),
    [
        (None, 1, [False]),
        ("429", 1, [False]),
        ("drop_before", 2, [True]),
        ("502", 2, [True]),
        ("drop_after", 2, [False, True]),
        ("garbage", 2, [False, True]),
    ],
)
async def test_a_notice_brings_its_letter_once_or_says_that_it_may_come_twice(
    post: Post,
    lettered: Callable[[str], FileStore],
    words: str,
    kind: str | None,
    copies: int,
    labels: list[bool],
):
    lettered(words)
    if kind is not None:
        post.api.faults.add("sendDocument", kind, retry_after=2)
    await post.queue("one")
    for _round in range(3):
        await post.round()
    assert await post.state() == (OutboxState.SENT, copies)
    brought = await documents(post)
    assert [post.api.files[said.body["document"]["file_id"]].content for said in brought] == [CONTENT] * len(labels)
    assert [("重复" in said.text) for said in brought] == labels
    texts = [said.text for said in post.api.messages(OFFICER) if said not in brought]
    assert texts == ([LONG] if words == LONG else [])  # of a notice in two parts, what has arrived is not sent again
    assert post.sender._arrived == {}


async def test_three_letters_that_nobody_confirmed_are_held(
    post: Post,
    lettered: Callable[[str], FileStore],
):
    lettered("已生成")
    post.api.faults.add("sendDocument", "drop_after", None)
    await post.queue("one")
    for _round in range(6):
        await post.round()
    assert await post.state() == (OutboxState.HELD, 3)
    assert len(await documents(post)) == 3
    assert post.sender._arrived == {}
