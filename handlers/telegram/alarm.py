"""The alarm to the maintainers goes past the outbox: that stands in the database, which may be what is wrong."""

from collections.abc import Sequence

import structlog
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.language import DEFAULT_LANGUAGE, speaking
from bot.screens import doctor
from bot.screens.screen import Screen
from handlers.office import Office
from handlers.telegram.api import call
from handlers.telegram.messages import message

log = structlog.get_logger()


class Alarm:
    """Tells the maintainers at once, in the office's language: the list of people may be out of reach.

    Args:
        bot: The bot.
        office: Who the maintainers are, and what time it is.
    """

    def __init__(self, bot: ExtBot[None], office: Office) -> None:
        self._bot = bot
        self._office = office

    async def of_parts(self, stuck: Sequence[str]) -> bool:
        """Tell which parts of the bot are stuck, or that none is any more; say whether anybody was reached."""
        at = f"{self._office.clock.now().astimezone(self._office.zone):%H:%M}"
        with speaking(DEFAULT_LANGUAGE):
            return await self._raise(doctor.stuck(stuck, at) if stuck else doctor.at_work_again(at))

    async def of_clock(self, seconds: int) -> bool:
        """Tell by how much the machine's clock is ahead of Telegram's; say whether anybody was reached."""
        with speaking(DEFAULT_LANGUAGE):
            return await self._raise(doctor.wrong_clock(round(seconds / 60)))

    async def _raise(self, screen: Screen) -> bool:
        """Show a screen to each maintainer; one who cannot be reached keeps it from nobody else."""
        told = not self._office.maintainer_ids
        for chat_id in sorted(self._office.maintainer_ids):
            try:
                await call(self._bot, "sendMessage", chat_id=chat_id, **message(screen))
                told = True
            except TelegramError:
                log.exception("a maintainer could not be told")
        return told
