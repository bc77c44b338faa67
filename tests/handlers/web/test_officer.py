"""The officer of our tests: presses what is visible and waits for what the bot answers."""

from collections.abc import AsyncIterator

import pytest
from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, CallbackQueryHandler, MessageHandler, filters

from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from tests.handlers.web.conftest import OFFICER, TOKEN
from tests.officer import Officer

KEYS = InlineKeyboardMarkup(
    [
        [InlineKeyboardButton("登记台账", callback_data="edit"), InlineKeyboardButton("登记", callback_data="same")],
        [InlineKeyboardButton("提示", callback_data="toast"), InlineKeyboardButton("新屏", callback_data="new")],
        [InlineKeyboardButton("复制编号", copy_text=CopyTextButton("大气2026-1"))],
    ]
)


async def on_text(update: Update, _context: object) -> None:
    if update.message.text != "quiet":
        await update.message.reply_text(f"{update.message.text}?", reply_markup=KEYS)


async def on_press(update: Update, _context: object) -> None:
    query = update.callback_query
    if query.data == "edit":
        await query.answer()
        await query.edit_message_text("改好", reply_markup=KEYS)
    elif query.data == "new":
        await query.edit_message_reply_markup(None)
        await query.message.reply_text("新的一屏", reply_markup=KEYS)
        await query.answer()
    else:
        await query.answer("已收到" if query.data == "toast" else f"? {query.data}")


@pytest.fixture
async def officer(server: BotApiServer, api: BotApi) -> AsyncIterator[Officer]:
    builder = Application.builder().token(TOKEN).base_url(f"{server.base}/bot")
    app = builder.base_file_url(f"{server.base}/file/bot").build()
    app.add_handlers([CallbackQueryHandler(on_press), MessageHandler(filters.TEXT, on_text)])
    async with app:
        await app.start()
        await app.updater.start_polling(timeout=5)
        yield Officer(api, OFFICER, patience=10)
        await app.updater.stop()
        await app.stop()


async def test_officer_types_and_reads(officer: Officer) -> None:
    assert await officer.type("/guide") == "/guide?"
    assert officer.buttons == ["登记台账", "登记", "提示", "新屏", "复制编号"]


async def test_officer_presses_and_sees_the_edit_that_follows_the_toast(officer: Officer) -> None:
    await officer.type("a")
    assert await officer.press("台账") == "改好"
    assert officer.toast == ""


async def test_exact_label_goes_before_a_part_of_one(officer: Officer) -> None:
    await officer.type("a")
    await officer.press("登记")
    assert officer.toast == "? same"


async def test_officer_presses_an_older_message_when_asked(officer: Officer) -> None:
    await officer.type("a")
    older = officer.messages[-1]
    await officer.press("新屏")
    assert officer.screen == "新的一屏"
    assert older.buttons == []
    with pytest.raises(AssertionError, match="no button '提示'"):
        await officer.press("提示", on=older.id)
    await officer.press("提示")
    assert officer.toast == "已收到"


async def test_copying_button_is_not_pressable(officer: Officer) -> None:
    await officer.type("a")
    with pytest.raises(AssertionError, match="no button"):
        await officer.press("复制编号")


async def test_silence_is_a_failure_unless_expected(officer: Officer) -> None:
    officer.patience = 0.3
    with pytest.raises(AssertionError, match=r"waited 0\.3 s for an answer"):
        await officer.type("quiet")
    assert await officer.type("quiet", answered=False) == ""


async def test_officer_waits_for_what_comes_unasked(officer: Officer, bot) -> None:
    await bot.send_message(OFFICER, "【核查反馈提醒】")
    assert await officer.wait_for("反馈") == "【核查反馈提醒】"
