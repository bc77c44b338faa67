"""An alarm goes past the outbox: that stands in the database, and the database may be what is wrong."""

from collections.abc import Iterable

from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.screens.screen import Screen
from handlers.telegram.api import call
from handlers.telegram.messages import message


async def raise_alarm(bot: ExtBot[None], chat_ids: Iterable[int], screen: Screen) -> None:
    """Show a screen to each chat at once; one that cannot be reached keeps it from nobody else.

    Args:
        bot: The bot.
        chat_ids: Whom it concerns.
        screen: What to say.

    Raises:
        TelegramError: Nobody could be told.
    """
    faults: list[TelegramError] = []
    told = 0
    for chat_id in chat_ids:
        try:
            await call(bot, "sendMessage", chat_id=chat_id, **message(screen))
            told += 1
        except TelegramError as fault:
            faults.append(fault)
    if faults and not told:
        raise faults[0]
