"""Too much at once, and what is not one's own: told politely, and nothing of it takes effect."""

import asyncio
import random
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.screens.screen import Screen
from handlers import batch, frame, outage
from handlers.turn import Turn
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage import outbox
from storage.tables import Draft, Inbox, Outbox, OutboxState, Person
from tests.conftest import COLLEAGUE, OFFICER, STRANGER, settings_for
from tests.journeys.story import Story
from tests.oracles.identifiers_oracle import random_id

ORIGIN = {"type": "hidden_user", "date": 1, "sender_user_name": "某人（虚构）"}


@pytest.fixture
async def paced(story: Story, server: BotApiServer, tmp_path: Path):
    """The same bureau, where one sender may send ten updates a minute."""
    await story.close()
    more = {"database_url": story.settings.database_url, "per_minute": 10}
    story.settings = settings_for(tmp_path, server.base, **more)
    await story.open()
    return story


async def test_a_flood_is_told_once_and_the_desk_beside_it_is_served(paced: Story, api: BotApi):
    me, other, stranger = paced.person(), paced.person(COLLEAGUE), paced.person(STRANGER)
    await me.type("/guide")
    for n in range(60):
        api.type(OFFICER, f"虚构{n}")
    for _n in range(30):
        api.type(STRANGER, "虚构")
    await other.type("/help")
    await me.wait_for("发送过多")
    await paced.settle()
    assert sum("发送过多" in message.text for message in me.messages) == 1
    assert await paced.count(Inbox) < 40
    assert "事项" in me.screen  # what was being done stands below the sentence
    assert len(stranger.messages) <= 1


async def test_an_id_number_in_a_flood_is_deleted_and_the_flood_told_once(paced: Story, api: BotApi):
    me = paced.person()
    for n in range(10):
        api.type(OFFICER, f"虚构{n}")
    held = api.type(OFFICER, f"名单 {random_id(random.Random(1))}")
    for n in range(20):
        api.type(OFFICER, f"虚构{n}")
    said = await me.wait_for("发送过多")
    assert "不得发送身份证号" in said
    await paced.settle()
    assert api.find(OFFICER, held.id) is None
    assert sum("发送过多" in message.text for message in me.messages) == 1


async def test_forwarded_words_are_nobodys_entry(story: Story, api: BotApi):
    me = story.person()
    await me.type("/new 排污许可证延续")
    before = [row.answers for row in await story.rows(Draft, Draft.active)]
    api._say(me.id, {"text": "虚构环保科技有限公司 91410100MA00000T42", "forward_origin": ORIGIN})
    said = await me.wait_for("转发")
    assert "粘贴" in said
    assert [row.answers for row in await story.rows(Draft, Draft.active)] == before


async def test_a_forwarded_file_is_taken_and_the_words_beside_it_are_not(story: Story, api: BotApi, heard: list[str]):
    me = story.person()
    await me.type("/batch")
    number = random_id(random.Random(1))
    for caption in (f"名单 {number}", "今天提交"):
        sheet = api.document("名称,统一社会信用代码\n虚构环保科技有限公司,91410100MA00000T42\n".encode(), "名单.csv")
        api._say(me.id, {"document": sheet, "caption": caption, "forward_origin": ORIGIN})
        await me.wait_for("不得发送身份证号" if number in caption else "共1行，1家无误")
    await me.send_document(b"x", "名单.csv", caption="今天提交")
    assert heard == ["", "今天提交 名单.csv"]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What flows of files find typed, in their order; none of them reads it today."""
    texts: list[str] = []

    async def on_file(turn: Turn) -> Screen:
        texts.append(turn.text)
        return await batch.on_file(turn)

    monkeypatch.setitem(frame.FILES, batch.PURPOSE, on_file)
    return texts


async def test_an_answer_never_waits_behind_what_goes_to_everybody(story: Story):
    me, pace = story.person(), story.service.sender.pace
    async with story.database.write() as session:
        everybody = (await session.scalars(select(Person))).all()
        for n in range(100):
            await outbox.enqueue_all(
                session, everybody, kind=outage.KIND, params={}, dedupe=f"bulk-{n}", priority=1, now=story.clock.now()
            )
    pace.free_at = asyncio.get_running_loop().time() + 3600  # no place for any of them within the hour
    pace.chats[OFFICER] = pace.free_at
    story.service.sender.wake()
    assert "事项" in await me.type("/guide")
    assert "请点选" in await me.press("行政审批")
    waiting = await story.rows(Outbox, Outbox.state == OutboxState.DUE, Outbox.dedupe.startswith("bulk-"))
    assert len(waiting) == 100 * len(everybody)  # the answers came, and nothing of the bulk before them
    async with story.database.write() as session:
        await session.execute(update(Outbox).values(state=OutboxState.CANCELLED))
    pace.free_at = 0.0
