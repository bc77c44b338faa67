"""The served Bot API keeps Telegram's rules: seen by a real PTB bot over HTTP."""

import asyncio
import datetime as dt

import aiohttp
import pytest
from telegram import BotCommand, BotCommandScopeChat, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import BadRequest, Conflict, EndPointNotFound, Forbidden, NetworkError, RetryAfter, TimedOut

from handlers.web.botapi.api import BotApi
from handlers.web.botapi.model import Pace
from handlers.web.botapi.server import BotApiServer
from tests.handlers.web.conftest import OFFICER, TOKEN

STRANGER = 5_000_002
PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\nIDATx\x9cc\0\x01\0\0\x05\0\x01"
    b"\r\n-\xb4\0\0\0\0IEND\xaeB`\x82"
)


def keyboard(*labels: str, data: str = "1:go") -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=data)] for label in labels])


async def call(server: BotApiServer, method: str, **params: object) -> dict:
    """Call without PTB's help, so that nothing is corrected on the way."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{server.base}/bot{TOKEN}/{method}", json=params) as answer,
    ):
        return await answer.json()


async def test_bot_knows_itself_and_an_unknown_token_is_refused(bot, server: BotApiServer) -> None:
    assert bot.username == "xinxuan_trial_bot"
    async with aiohttp.ClientSession() as http, http.get(f"{server.base}/bot1:wrong/getMe") as answer:
        assert (answer.status, await answer.json()) == (
            401,
            {"ok": False, "error_code": 401, "description": "Unauthorized"},
        )
    async with aiohttp.ClientSession() as http, http.get(f"{server.base}/bot{TOKEN}/GETME") as answer:
        assert (await answer.json())["result"]["id"] == 100000001


async def test_unknown_method_is_not_found(bot) -> None:
    with pytest.raises(EndPointNotFound):
        await bot.do_api_request("sendNothing")


@pytest.mark.parametrize("how", ["json", "form"])
async def test_parameters_come_as_json_or_as_a_form(server: BotApiServer, api: BotApi, how: str) -> None:
    body = {"json" if how == "json" else "data": {"chat_id": OFFICER, "text": "您好"}}
    async with aiohttp.ClientSession() as http, http.post(f"{server.base}/bot{TOKEN}/sendMessage", **body) as answer:
        assert (await answer.json())["result"]["text"] == "您好"
    assert api.messages(OFFICER)[-1].text == "您好"


async def test_updates_come_again_until_a_higher_offset_confirms_them(bot, api: BotApi) -> None:
    for text in ("one", "two", "three"):
        api.type(OFFICER, text)
    first = await bot.get_updates()
    again = await bot.get_updates(limit=2)
    rest = await bot.get_updates(offset=first[1].update_id)
    assert [update.message.text for update in first] == ["one", "two", "three"]
    assert [update.message.text for update in again] == ["one", "two"]
    assert [update.message.text for update in rest] == ["two", "three"]
    assert await bot.get_updates(offset=first[2].update_id + 1) == ()
    assert api.updates.pending() == []


async def test_long_poll_answers_as_soon_as_something_comes(bot, api: BotApi) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.sleep(0.05)
    assert not poll.done()
    api.type(OFFICER, "/start")
    (update,) = await asyncio.wait_for(poll, 10)
    assert update.message.entities[0].type == "bot_command"


async def test_second_poller_sends_the_first_one_home_with_409(bot, server, api: BotApi) -> None:
    older = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.sleep(0.05)
    newer = asyncio.create_task(call(server, "getUpdates", timeout=20))  # PTB itself polls on one connection
    with pytest.raises(Conflict):
        await older
    api.type(OFFICER, "hello")
    assert len((await newer)["result"]) == 1


async def test_a_webhook_excludes_polling(bot) -> None:
    await bot.set_webhook("https://example.org/hook")
    assert (await bot.get_webhook_info()).url == "https://example.org/hook"
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == ()


async def test_kinds_of_update_that_were_not_asked_for_are_not_kept(bot, api: BotApi) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    api.type(OFFICER, "unheard")
    assert await bot.get_updates() == ()


async def test_presses_die_after_150_seconds_and_messages_after_a_day(bot, api: BotApi, clock) -> None:
    shown = await bot.send_message(OFFICER, "?", reply_markup=keyboard("A"))
    api.type(OFFICER, "kept")
    api.press(OFFICER, shown.message_id, "1:go")
    clock.move(seconds=149)
    assert len(await bot.get_updates()) == 2
    clock.move(seconds=2)
    assert [update.message.text for update in await bot.get_updates()] == ["kept"]
    clock.move(hours=24)
    assert await bot.get_updates() == ()


async def test_every_kind_of_update_parses(bot, api: BotApi, clock) -> None:
    shown = await bot.send_message(OFFICER, "?", reply_markup=keyboard("A"))
    mine = api.type(OFFICER, "text")
    api.edit(OFFICER, mine.id, "other text")
    api.press(OFFICER, shown.message_id, "1:go")
    api.press(OFFICER, shown.message_id, "1:go", inaccessible=True)
    api.send_document(OFFICER, b"bytes", "附件.docx", "说明")
    api.send_photo(OFFICER, PNG)
    api.block(OFFICER)
    api.unblock(OFFICER)
    kinds = [next(name for name in update.to_dict() if name != "update_id") for update in await bot.get_updates()]
    assert kinds == [
        *("message", "edited_message", "callback_query", "callback_query", "message", "message"),
        *("my_chat_member", "my_chat_member"),
    ]
    assert all(Update.de_json(update.to_dict(), bot) for update in await bot.get_updates())


async def test_group_shows_the_bot_only_what_is_addressed_to_it(bot, api: BotApi) -> None:
    api.add_group(-4001, "演练群")
    api.type(OFFICER, "between ourselves", chat_id=-4001)
    api.type(OFFICER, "/find 排污", chat_id=-4001)
    (update,) = await bot.get_updates()
    assert (update.effective_chat.id, update.effective_user.id) == (-4001, OFFICER)
    await bot.send_message(-4001, "answer")
    assert [message.text for message in api.messages(-4001)] == ["between ourselves", "/find 排污", "answer"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("x" * 4097, "too long"),
        ("😀" * 2049, "too long"),
    ],
)
async def test_text_outside_the_limits_is_refused(bot, text: str, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason):
        await bot.send_message(OFFICER, text)


async def test_limit_counts_what_stands_after_parsing(bot) -> None:
    sent = await bot.send_message(OFFICER, f"<b>{'&lt;' * 4096}</b>", parse_mode="HTML")
    assert sent.text == "<" * 4096


async def test_caption_has_a_limit_of_its_own(bot) -> None:
    with pytest.raises(BadRequest, match="caption is too long"):
        await bot.send_document(OFFICER, b"x", caption="x" * 1025)


@pytest.mark.parametrize(
    ("button", "reason"),
    [
        ({"text": "A", "callback_data": "x" * 65}, "BUTTON_DATA_INVALID"),
        ({"text": "A", "callback_data": "查" * 22}, "BUTTON_DATA_INVALID"),
        ({"text": "A", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": " ", "callback_data": "x"}, "non-empty"),
        ({"text": "A"}, "Text buttons are unallowed"),
        ({"text": "A", "callback_data": "x", "url": "https://example.org"}, "Text buttons are unallowed"),
        ({"text": "A", "callback_data": "x", "style": "pink"}, "style"),
        ({"text": "A", "copy_text": {"text": "x" * 257}}, "BUTTON_COPY_TEXT_INVALID"),
        ({"text": "A", "url": "javascript:alert(1)"}, "URL is invalid"),
    ],
)
async def test_faulty_button_is_refused(server, button: dict, reason: str) -> None:
    markup = {"inline_keyboard": [[button]]}
    answer = await call(server, "sendMessage", chat_id=OFFICER, text="?", reply_markup=markup)
    assert answer["error_code"] == 400
    assert reason in answer["description"]


@pytest.mark.parametrize("shape", [(1, 9), (13, 8)])
async def test_keyboard_beyond_eight_in_a_row_or_a_hundred_is_refused(bot, shape: tuple[int, int]) -> None:
    rows = [[InlineKeyboardButton("A", callback_data="x")] * shape[1]] * shape[0]
    with pytest.raises(BadRequest, match="too long"):
        await bot.send_message(OFFICER, "?", reply_markup=InlineKeyboardMarkup(rows))


async def test_edit_in_place_takes_text_and_keyboard(bot, api: BotApi) -> None:
    shown = await bot.send_message(OFFICER, "one", reply_markup=keyboard("A"))
    await bot.edit_message_text("two", OFFICER, shown.message_id)
    (message,) = api.messages(OFFICER)
    assert (message.text, message.buttons) == ("two", [])
    await bot.edit_message_reply_markup(OFFICER, shown.message_id, reply_markup=keyboard("B"))
    assert message.buttons[0][0]["text"] == "B"


async def test_edit_that_changes_nothing_is_refused(bot) -> None:
    shown = await bot.send_message(OFFICER, "<b>one</b>", "HTML", reply_markup=keyboard("A"))
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text(
            "<b>one</b> ", OFFICER, shown.message_id, parse_mode="HTML", reply_markup=keyboard("A")
        )
    await bot.edit_message_text("one", OFFICER, shown.message_id, reply_markup=keyboard("A"))


async def test_foreign_and_missing_messages_cannot_be_edited(bot, api: BotApi) -> None:
    theirs = api.type(OFFICER, "mine")
    with pytest.raises(BadRequest, match="can't be edited"):
        await bot.edit_message_text("yours", OFFICER, theirs.id)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("yours", OFFICER, 999)


async def test_delete_works_once_and_for_48_hours(bot, api: BotApi, clock) -> None:
    pasted = api.type(OFFICER, "a pasted number")
    assert await bot.delete_message(OFFICER, pasted.id)
    assert api.messages(OFFICER) == []
    with pytest.raises(BadRequest, match="not found"):
        await bot.delete_message(OFFICER, pasted.id)
    old = await bot.send_message(OFFICER, "old")
    clock.move(hours=49)
    with pytest.raises(BadRequest, match="can't be deleted"):
        await bot.delete_message(OFFICER, old.message_id)


async def test_press_is_answered_once_and_within_15_seconds(bot, api: BotApi, clock) -> None:
    shown = await bot.send_message(OFFICER, "?", reply_markup=keyboard("A"))
    query = api.press(OFFICER, shown.message_id, "1:go")
    assert await bot.answer_callback_query(query.id, "已登记")
    assert (query.answered, query.toast) == (True, "已登记")
    late = api.press(OFFICER, shown.message_id, "1:go")
    clock.move(seconds=16)
    for query_id in (query.id, late.id, "12345"):
        with pytest.raises(BadRequest, match="uery is too old"):
            await bot.answer_callback_query(query_id)


async def test_who_cannot_be_reached_is_refused_in_telegrams_words(bot, api: BotApi) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(42, "?")
    api.add_user(STRANGER, "李四（虚构）")
    with pytest.raises(Forbidden, match="can't initiate conversation"):
        await bot.send_message(STRANGER, "?")
    api.type(STRANGER, "/start")
    await bot.send_message(STRANGER, "?")
    api.block(STRANGER)
    with pytest.raises(Forbidden, match="blocked by the user"):
        await bot.send_message(STRANGER, "?")


async def test_chat_above_its_pace_is_told_to_wait(bot, api: BotApi) -> None:
    seconds = iter([0.0, 0.1, 0.2, 60.5])
    api.pace, api._monotonic = Pace(2, 60), lambda: next(seconds)
    await bot.send_message(OFFICER, "1")
    await bot.send_message(OFFICER, "2")
    with pytest.raises(RetryAfter) as refused:
        await bot.send_message(OFFICER, "3")
    assert refused.value.retry_after == dt.timedelta(seconds=60)
    await bot.send_message(OFFICER, "4")


async def test_files_go_both_ways(bot, api: BotApi) -> None:
    sent = await bot.send_document(OFFICER, b"\0docx", filename="申请函.docx", caption="<b>函</b>", parse_mode="HTML")
    again = await bot.send_document(OFFICER, sent.document.file_id)
    assert (sent.document.file_name, again.document.file_name) == ("申请函.docx",) * 2
    theirs = api.send_document(OFFICER, b"scan", "意见.pdf")
    file = await bot.get_file(theirs.body["document"]["file_id"])
    assert bytes(await file.download_as_bytearray()) == b"scan"
    with pytest.raises(BadRequest, match="rong file"):
        await bot.send_document(OFFICER, "no-such-file")


async def test_picture_must_be_one(bot) -> None:
    photo = (await bot.send_photo(OFFICER, PNG)).photo[0]
    assert (photo.width, photo.height) == (1, 1)
    with pytest.raises(BadRequest, match="Image_process_failed"):
        await bot.send_photo(OFFICER, b"no picture")


async def test_pinned_message_shows_in_the_chat(bot) -> None:
    shown = await bot.send_message(OFFICER, "本周到期1件")
    await bot.pin_chat_message(OFFICER, shown.message_id)
    assert (await bot.get_chat(OFFICER)).pinned_message.message_id == shown.message_id
    await bot.unpin_chat_message(OFFICER)
    assert (await bot.get_chat(OFFICER)).pinned_message is None


async def test_command_menu_is_the_narrowest_in_the_persons_language(bot, api: BotApi) -> None:
    await bot.set_my_commands([BotCommand("guide", "Find the product")])
    await bot.set_my_commands([BotCommand("guide", "查找信用产品")], language_code="zh")
    assert api.profile.commands_for(OFFICER, "zh-hans")[0]["description"] == "查找信用产品"
    assert api.profile.commands_for(OFFICER, "en")[0]["description"] == "Find the product"
    await bot.set_my_commands([BotCommand("invite", "邀请")], scope=BotCommandScopeChat(OFFICER))
    assert [each.command for each in await bot.get_my_commands(BotCommandScopeChat(OFFICER))] == ["invite"]
    assert api.profile.commands_for(OFFICER, "zh-hans")[0]["command"] == "invite"
    with pytest.raises(BadRequest, match="language code"):
        await bot.set_my_commands([BotCommand("guide", "x")], language_code="zh-hans")
    await bot.delete_my_commands(BotCommandScopeChat(OFFICER))
    assert await bot.get_my_commands(BotCommandScopeChat(OFFICER)) == ()


async def test_descriptions_keep_their_languages_and_limits(bot) -> None:
    await bot.set_my_description("Credit products", language_code=None)
    await bot.set_my_description("信用产品", language_code="zh")
    assert (await bot.get_my_description("zh")).description == "信用产品"
    assert (await bot.get_my_description("fr")).description == "Credit products"
    with pytest.raises(BadRequest, match="too long"):
        await bot.set_my_short_description("x" * 121)


async def test_every_call_is_recorded_and_observed(bot, api: BotApi) -> None:
    seen: list[tuple[str, dict]] = []
    api.observers.append(lambda method, params: seen.append((method, params)))
    await bot.send_document(OFFICER, b"x", filename="a.txt")
    assert (api.calls[-1].method, api.calls[-1].status) == ("sendDocument", 200)
    assert seen[-1][1]["document"] == b"x"


async def test_two_hundred_calls_at_once_are_all_answered(server: BotApiServer, api: BotApi) -> None:
    url = f"{server.base}/bot{TOKEN}/sendMessage"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as http:

        async def send(number: int) -> int:
            async with http.post(url, json={"chat_id": OFFICER, "text": str(number)}) as answer:
                return answer.status

        assert await asyncio.gather(*map(send, range(200))) == [200] * 200
    assert len(api.messages(OFFICER)) == 200


# --- faults -----------------------------------------------------------------------------------------------


async def test_drop_after_has_acted_although_the_bot_saw_a_broken_line(bot, api: BotApi) -> None:
    api.faults.add("sendMessage", "drop_after")
    with pytest.raises(NetworkError):
        await bot.send_message(OFFICER, "sent?")
    assert [message.text for message in api.messages(OFFICER)] == ["sent?"]
    await bot.send_message(OFFICER, "next")  # one fault, one call


async def test_drop_before_has_not_acted(bot, api: BotApi) -> None:
    api.faults.add("send*", "drop_before", times=2)
    for _ in range(2):
        with pytest.raises(NetworkError):
            await bot.send_message(OFFICER, "sent?")
    assert api.messages(OFFICER) == []
    assert [call.status for call in api.calls][-2:] == [0, 0]


async def test_hang_outlasts_the_clients_patience(bot, api: BotApi) -> None:
    api.faults.add("sendMessage", "hang", seconds=30)
    with pytest.raises(TimedOut):
        await bot.send_message(OFFICER, "sent?", read_timeout=0.1)
    assert len(api.messages(OFFICER)) == 1


@pytest.mark.parametrize(
    ("kind", "error"),
    [("429", RetryAfter), ("500", NetworkError), ("502", NetworkError), ("400", BadRequest), ("403", Forbidden)],
)
async def test_refusals_can_be_ordered(bot, api: BotApi, kind: str, error: type[Exception]) -> None:
    api.faults.add("sendMessage", kind)
    with pytest.raises(error):
        await bot.send_message(OFFICER, "?")
    assert api.messages(OFFICER) == []


async def test_garbage_comes_with_200(server: BotApiServer, api: BotApi) -> None:
    api.faults.add("sendMessage", "garbage")
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{server.base}/bot{TOKEN}/sendMessage", json={"chat_id": OFFICER, "text": "?"}) as answer,
    ):
        assert answer.status == 200
        with pytest.raises(ValueError, match="Unterminated"):
            await answer.json()
    assert len(api.messages(OFFICER)) == 1


async def test_migrated_group_names_its_new_number(server: BotApiServer, api: BotApi) -> None:
    api.faults.add("sendMessage", "chat_migrated", new_chat_id=-100123)
    answer = await call(server, "sendMessage", chat_id=-4001, text="?")
    assert answer["parameters"] == {"migrate_to_chat_id": -100123}


async def test_fault_can_be_one_persons_fate(bot, api: BotApi) -> None:
    api.add_user(STRANGER, "李四（虚构）").started = True
    api.faults.add("*", "403", times=None, chat_id=STRANGER)
    await bot.send_message(OFFICER, "fine")
    for _ in range(2):
        with pytest.raises(Forbidden):
            await bot.send_message(STRANGER, "?")


async def test_drawn_faults_repeat_with_their_seed(api: BotApi) -> None:
    def draw() -> list[str | None]:
        api.faults.random(7, {"429": 0.2, "502": 0.1}, methods="send*", retry_after=9)
        return [(fault.kind if (fault := api.faults.strike("sendMessage", {})) else None) for _ in range(500)]

    first = draw()
    assert first == draw()
    assert 60 <= first.count("429") <= 140
    assert 25 <= first.count("502") <= 80
    assert api.faults.strike("getMe", {}) is None


async def test_server_stops_although_a_poller_waits_and_a_call_hangs(api: BotApi) -> None:
    api.faults.add("sendMessage", "hang", seconds=60)
    async with BotApiServer(api) as server:
        base = f"{server.base}/bot{TOKEN}"
        http = aiohttp.ClientSession()
        calls = [
            asyncio.create_task(http.post(f"{base}/getUpdates", json={"timeout": 50})),
            asyncio.create_task(http.post(f"{base}/sendMessage", json={"chat_id": OFFICER, "text": "?"})),
        ]
        await asyncio.sleep(0.1)
        assert not any(call.done() for call in calls)
    for call in calls:
        (await call).close()
    await http.close()
