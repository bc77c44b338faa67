"""The trial's page: what the browser may ask, and what another site may not."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from handlers.web.trial import TrialDesk, trial_app
from tests.handlers.web.conftest import OFFICER, TOKEN
from tests.handlers.web.test_botapi import PNG, call

STRANGER = 5_000_009
PEOPLE = [
    {"id": OFFICER, "name": "张三（虚构）", "role": "officer", "unit": "大气处"},
    {"id": STRANGER, "name": "陌生人（虚构）", "role": "stranger", "unit": ""},
]
OURS = {"x-trial": "1"}


class Browser:
    """The page's requests, without a page."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self.http, self.base = http, base

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        async with self.http.get(self.base + path, headers=headers) as answer:
            return answer.status, await (answer.json() if answer.content_type.endswith("json") else answer.read())

    async def post(self, path: str, wish: Any, headers: dict[str, str] = OURS) -> tuple[int, Any]:
        body = {"data": wish} if isinstance(wish, bytes) else {"json": wish}
        async with self.http.post(self.base + path, headers=headers, **body) as answer:
            return answer.status, await (answer.json() if answer.content_type.endswith("json") else answer.read())

    async def chat(self, user: int = OFFICER, since: int = 0) -> dict:
        return (await self.get(f"/trial/events?user={user}&since={since}"))[1]


@pytest.fixture
async def served(api: BotApi, clock) -> AsyncIterator[BotApiServer]:
    async def advance(target: str) -> dict:
        clock.move(days={"workday": 1, "deadline": 5, "quarter": 0}[target])
        return {"now": clock.now(), "moved": target != "quarter"}

    desk = TrialDesk(lambda: [dict(person) for person in PEOPLE], advance, clock.now)
    async with BotApiServer(api, trial_app(api, desk)) as server:
        yield server


@pytest.fixture
async def browser(served: BotApiServer) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession() as http:
        yield Browser(http, served.base)


async def test_page_and_its_parts_are_served_with_a_strict_content_policy(browser: Browser) -> None:
    for path in ("/", "/static/trial.css", "/static/trial.js"):
        async with browser.http.get(browser.base + path) as answer:
            assert answer.status == 200
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "access-control-allow-origin" not in answer.headers


async def test_page_needs_nothing_from_elsewhere(browser: Browser) -> None:
    for path in ("/", "/static/trial.css", "/static/trial.js"):
        _, content = await browser.get(path)
        assert b"http://" not in content
        assert b"https://" not in content
        assert b"innerHTML" not in content


async def test_people_are_known_to_telegram_but_have_not_written(browser: Browser, api: BotApi) -> None:
    status, told = await browser.get("/trial/people")
    assert (status, told["people"], told["bot"]) == (200, PEOPLE, "信选")
    assert not api.users[STRANGER].started


async def test_what_is_typed_pressed_and_uploaded_reaches_the_bot(browser: Browser, served, api: BotApi) -> None:
    markup = {"inline_keyboard": [[{"text": "登记台账", "callback_data": "1:new", "style": "primary"}]]}
    shown = (await call(served, "sendMessage", chat_id=OFFICER, text="?", reply_markup=markup))["result"]
    await browser.post("/trial/type", {"user": OFFICER, "text": " /guide "})
    await browser.post("/trial/press", {"user": OFFICER, "message": shown["message_id"], "data": "1:new"})
    await browser.post(f"/trial/upload?user={OFFICER}&name=a.docx&caption=c", b"bytes")
    await browser.post(f"/trial/upload?user={OFFICER}&name=a.png&kind=photo", PNG)
    typed, pressed, document, photo = (await call(served, "getUpdates"))["result"]
    assert typed["message"]["text"] == "/guide"
    assert pressed["callback_query"]["data"] == "1:new"
    assert (document["message"]["document"]["file_name"], document["message"]["caption"]) == ("a.docx", "c")
    assert photo["message"]["photo"][0]["width"] == 1


async def test_events_tell_only_what_has_changed_since(browser: Browser, served, api: BotApi) -> None:
    first = (await call(served, "sendMessage", chat_id=OFFICER, text="<b>一</b>", parse_mode="HTML"))["result"]
    second = (await call(served, "sendMessage", chat_id=OFFICER, text="二"))["result"]
    before = await browser.chat()
    assert [message["text"] for message in before["messages"]] == ["一", "二"]
    assert before["messages"][0]["entities"] == [{"type": "bold", "offset": 0, "length": 1}]
    await call(served, "editMessageText", chat_id=OFFICER, message_id=second["message_id"], text="三")
    await call(served, "deleteMessage", chat_id=OFFICER, message_id=first["message_id"])
    after = await browser.chat(since=before["version"])
    assert [(each.get("text"), each.get("deleted")) for each in after["messages"]] == [(None, True), ("三", None)]
    assert after["counts"] == {str(OFFICER): 1, str(STRANGER): 0}


async def test_waiting_page_learns_of_the_toast_at_once(browser: Browser, served, api: BotApi) -> None:
    shown = (await call(served, "sendMessage", chat_id=OFFICER, text="?"))["result"]
    _, press = await browser.post("/trial/press", {"user": OFFICER, "message": shown["message_id"], "data": "1:x"})
    now = await browser.chat()
    waiting = asyncio.create_task(browser.chat(since=now["version"]))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await call(served, "answerCallbackQuery", callback_query_id=press["id"], text="已登记", show_alert=True)
    news = await asyncio.wait_for(waiting, 10)
    assert news["answers"] == [{"id": press["id"], "toast": "已登记", "alert": True}]


async def test_command_menu_is_the_chosen_persons(browser: Browser, served) -> None:
    await call(served, "setMyCommands", commands=[{"command": "guide", "description": "查找"}], language_code="zh")
    assert (await browser.chat())["commands"] == [{"command": "guide", "description": "查找"}]


async def test_clock_moves_when_asked(browser: Browser, clock) -> None:
    before = clock.now()
    status, told = await browser.post("/trial/clock", {"target": "workday"})
    assert (status, told["moved"]) == (200, True)
    assert dt.datetime.fromisoformat(told["now"]) == before + dt.timedelta(days=1) == clock.now()
    assert (await browser.post("/trial/clock", {"target": "quarter"}))[1]["moved"] is False
    assert (await browser.post("/trial/clock", {"target": "yesterday"}))[0] == 400


async def test_file_is_handed_to_whose_chat_holds_it(browser: Browser, api: BotApi) -> None:
    api.add_user(STRANGER, "陌生人（虚构）")
    sent = api.send_document(OFFICER, b"<script>", "表.html")
    path = f"/trial/file/{sent.body['document']['file_id']}?user="
    async with browser.http.get(f"{browser.base}{path}{OFFICER}") as answer:
        assert (answer.status, await answer.read()) == (200, b"<script>")
        assert answer.headers["content-disposition"].startswith("attachment")
    assert (await browser.get(f"{path}{STRANGER}"))[0] == 404


@pytest.mark.parametrize(
    ("path", "wish", "status"),
    [
        ("/trial/type", {"user": 77, "text": "x"}, 404),
        ("/trial/type", {"user": OFFICER, "text": " "}, 400),
        ("/trial/type", ["no object"], 400),
        ("/trial/type", b"no json", 400),
        ("/trial/press", {"user": OFFICER, "message": 99, "data": "x"}, 404),
        ("/trial/press", {"user": "me", "message": 99, "data": "x"}, 400),
        (f"/trial/upload?user={OFFICER}&name=a.txt", b"", 400),
        (f"/trial/upload?user={OFFICER}&name=a.png&kind=photo", b"no picture", 400),
    ],
)
async def test_nonsense_is_refused_in_one_sentence(browser: Browser, path: str, wish: Any, status: int) -> None:
    given, told = await browser.post(path, wish)
    assert given == status
    assert told["error"]


async def test_another_site_cannot_use_the_page(browser: Browser, api: BotApi) -> None:
    wish = {"user": OFFICER, "text": "forged"}
    assert (await browser.get("/", host="evil.example"))[0] == 400
    assert (await browser.get("/trial/people", origin="http://evil.example"))[0] == 403
    assert (await browser.post("/trial/type", wish, {}))[0] == 403
    assert (await browser.post("/trial/type", wish, {**OURS, "origin": "http://evil.example"}))[0] == 403
    assert (await browser.post("/trial/type", wish, {**OURS, "origin": browser.base}))[0] == 200
    assert [message.text for message in api.messages(OFFICER)] == ["forged"]


async def test_bot_api_stands_beside_the_page(served) -> None:
    async with aiohttp.ClientSession() as http, http.post(f"{served.base}/bot{TOKEN}/getMe") as answer:
        assert (await answer.json())["result"]["is_bot"] is True
