"""REF: the bot everybody writes first. Stateless, PTB defaults, nothing kept: what the product is measured by."""

import sys

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import ParseMode
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes


def text(step: int) -> str:
    """Return a screen of an ordinary length."""
    return f"<b>第 {step} 步</b>\n请选择与本事项相符的一项。\n选择后显示下一步。"


def keyboard(step: int) -> InlineKeyboardMarkup:
    """Return four buttons, two a row; each leads on."""
    buttons = [InlineKeyboardButton(f"选项 {number}", callback_data=f"{step + 1}:{number}") for number in range(1, 5)]
    return InlineKeyboardMarkup([buttons[:2], buttons[2:]])


async def on_guide(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await update.message.reply_text(text(1), ParseMode.HTML, reply_markup=keyboard(1))


async def on_press(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    query = update.callback_query
    assert query is not None and query.data is not None
    step = int(query.data.split(":")[0])
    await query.answer()
    await query.edit_message_text(text(step), ParseMode.HTML, reply_markup=keyboard(step))


def main(token: str, base: str) -> None:
    """Poll until a signal says stop."""
    application = Application.builder().token(token).base_url(f"{base}/bot").build()
    application.add_handler(CommandHandler("guide", on_guide))
    application.add_handler(CallbackQueryHandler(on_press))
    application.run_polling()


if __name__ == "__main__":
    main(*sys.argv[1:])
