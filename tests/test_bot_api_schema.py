import copy
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    CopyTextButton,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    LinkPreviewOptions,
    MenuButtonCommands,
    ReactionTypeEmoji,
    ReplyParameters,
)

from tests.bot_api_schema import check_call, spec
from tests.handlers.telegram.scripted_api import SENT, Call, bot_at, ok, scripted_api

KEYBOARD = InlineKeyboardMarkup(
    [
        [InlineKeyboardButton("登记台账", callback_data="1:new:12:3:a", style="success")],
        [InlineKeyboardButton("复制", copy_text=CopyTextButton("大气2026-1"), style="primary")],
        [InlineKeyboardButton("方案", url="https://example.invalid/")],
    ]
)
Make = Callable[[Bot], Awaitable[Any]]

CALLS: list[tuple[str, Make, object]] = [
    (
        "sendMessage",
        lambda bot: bot.send_message(
            42,
            "<b>x</b> attach://no",
            parse_mode="HTML",
            reply_markup=KEYBOARD,
            disable_notification=True,
            protect_content=False,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            reply_parameters=ReplyParameters(7, allow_sending_without_reply=True),
        ),
        SENT,
    ),
    ("sendMessage", lambda bot: bot.send_message("@fictitious", "x", reply_markup=ForceReply()), SENT),
    (
        "editMessageText",
        lambda bot: bot.edit_message_text("x", chat_id=42, message_id=5, parse_mode="HTML", reply_markup=KEYBOARD),
        SENT,
    ),
    ("editMessageReplyMarkup", lambda bot: bot.edit_message_reply_markup(chat_id=42, message_id=5), SENT),
    ("sendDocument", lambda bot: bot.send_document(42, b"PK", filename="申请函.docx", caption="x"), SENT),
    ("sendDocument", lambda bot: bot.send_document(42, b"PK", thumbnail=b"jpg", reply_markup=KEYBOARD), SENT),
    (
        "sendMediaGroup",
        lambda bot: bot.send_media_group(42, [InputMediaDocument(b"a"), InputMediaDocument(b"b", caption="b")]),
        [SENT, SENT],
    ),
    ("answerCallbackQuery", lambda bot: bot.answer_callback_query("9", "已记录", show_alert=True), True),
    (
        "setMyCommands",
        lambda bot: bot.set_my_commands(
            [BotCommand("guide", "选用信用产品")], scope=BotCommandScopeChat(42), language_code="zh"
        ),
        True,
    ),
    ("setChatMenuButton", lambda bot: bot.set_chat_menu_button(42, MenuButtonCommands()), True),
    (
        "setMessageReaction",
        lambda bot: bot.set_message_reaction(42, 5, [ReactionTypeEmoji("👌")], is_big=False),
        True,
    ),
    (
        "getUpdates",
        lambda bot: bot.get_updates(offset=-1, limit=100, timeout=1, allowed_updates=["message"]),
        [],
    ),
    ("deleteMessage", lambda bot: bot.delete_message(42, 5), True),
    ("getMyName", lambda bot: bot.get_my_name(), {"name": "x"}),
]


def params_of(call: Call) -> dict[str, Any]:
    """A form's fields; uploaded files as bytes."""
    if not call.headers.get("content-type", "").startswith("multipart/"):
        return dict(call.fields())
    return {name: text if content is None else content for name, (text, content) in call.parts().items()}


async def recorded(make: Make, result: object) -> dict[str, Any]:
    async with scripted_api() as api, bot_at(api.url) as bot:
        api.script = [ok(result)]
        await make(bot)
    return params_of(api.calls[0])


@pytest.mark.parametrize(("method", "make", "result"), CALLS, ids=[f"{n}-{c[0]}" for n, c in enumerate(CALLS)])
async def test_real_traffic_of_ptb_keeps_to_the_schema(method: str, make: Make, result: object) -> None:
    params = await recorded(make, result)
    assert check_call(method, params) == []
    assert check_call(method, params | {"bogus": "1"}) == [f"{method}.bogus: unknown"]


MESSAGE = {"chat_id": "42", "text": "x", "reply_markup": KEYBOARD.to_json()}


def broken_button(**changes: Any) -> dict[str, Any]:
    keyboard = copy.deepcopy(KEYBOARD.to_dict())
    button = keyboard["inline_keyboard"][1][0]
    button.update(changes)
    return MESSAGE | {"reply_markup": json.dumps(keyboard)}


AT = "sendMessage.reply_markup.inline_keyboard[1][0]"


@pytest.mark.parametrize(
    ("params", "violations"),
    [
        ({"text": "x"}, ["sendMessage.chat_id: missing"]),
        (broken_button(bogus=1), [f"{AT}.bogus: unknown"]),
        (broken_button(copy_text={"text": "x", "bogus": 1}), [f"{AT}.copy_text.bogus: unknown"]),
        (broken_button(copy_text={}), [f"{AT}.copy_text.text: missing"]),
        (broken_button(copy_text="x"), [f"{AT}.copy_text: 'x' is not CopyTextButton"]),
        (broken_button(text=5), [f"{AT}.text: 5 is not String"]),
        (broken_button(pay="true"), [f"{AT}.pay: 'true' is not Boolean"]),
        (
            MESSAGE | {"reply_markup": "nonsense"},
            [
                "sendMessage.reply_markup: not JSON, though it must be "
                "InlineKeyboardMarkup or ReplyKeyboardMarkup or ReplyKeyboardRemove or ForceReply"
            ],
        ),
        (
            MESSAGE | {"message_thread_id": "7.5"},
            ["sendMessage.message_thread_id: 7.5 is not Integer"],
        ),
        (MESSAGE | {"message_thread_id": True}, ["sendMessage.message_thread_id: True is not Integer"]),
        (
            MESSAGE | {"disable_notification": "1"},
            ["sendMessage.disable_notification: 1 is not Boolean"],
        ),
        (MESSAGE | {"entities": "{}"}, ["sendMessage.entities: not an array"]),
        (MESSAGE | {"stray": b"bytes"}, ["sendMessage.stray: a file that nothing refers to"]),
        (MESSAGE | {"text": b"bytes"}, ["sendMessage.text: b'bytes' is not String"]),
        (MESSAGE | {"chat_id": 42, "disable_notification": True}, []),
    ],
)
def test_a_wrong_call_is_named_by_its_place(params: dict[str, Any], violations: list[str]) -> None:
    assert check_call("sendMessage", params) == violations


def test_an_unknown_method_is_caught() -> None:
    assert check_call("sendFictitious", {}) == ["sendFictitious: no such method"]


@pytest.mark.parametrize(
    ("reaction", "violations"),
    [
        ({"type": "emoji", "emoji": "👌"}, []),
        ({"type": "smell", "emoji": "👌"}, ["setMessageReaction.reaction[0]: none of the kinds of ReactionType"]),
        ({"emoji": "👌"}, ["setMessageReaction.reaction[0]: none of the kinds of ReactionType"]),
        ({"type": "emoji"}, ["setMessageReaction.reaction[0].emoji: missing"]),
        ({"type": "paid", "emoji": "👌"}, ["setMessageReaction.reaction[0].emoji: unknown"]),
    ],
)
def test_a_union_needs_the_word_that_tells_its_kinds_apart(reaction: dict[str, str], violations: list[str]) -> None:
    params = {"chat_id": "42", "message_id": "5", "reaction": json.dumps([reaction])}
    assert check_call("setMessageReaction", params) == violations


async def test_an_attachment_without_its_file_is_caught() -> None:
    make, result = next((make, result) for method, make, result in CALLS if method == "sendMediaGroup")
    params = await recorded(make, result)
    name = next(name for name, value in params.items() if isinstance(value, bytes))
    del params[name]
    assert check_call("sendMediaGroup", params) == [f"sendMediaGroup: attach://{name} without its file"]


def test_the_facts_are_those_of_bot_api_10_0_and_say_where_they_come_from() -> None:
    facts = spec()
    assert facts["about"]["bot_api"] == "10.0"
    assert "MIT" in facts["about"]["licence"]
    assert len(facts["methods"]) == 176
    assert len(facts["types"]) + len(facts["unions"]) == 303
    known = facts["types"].keys() | facts["unions"].keys()
    assert {member for members in facts["unions"].values() for member in members} <= known
    assert facts["fixed"].keys() <= facts["types"].keys()
