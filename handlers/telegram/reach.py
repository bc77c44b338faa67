"""Asking Telegram whether it knows us, and what time it is there: at the start, after a jump, and for the doctor."""

import asyncio
import datetime as dt
from dataclasses import dataclass

import structlog
from telegram.error import InvalidToken, TelegramError
from telegram.ext import ExtBot

from handlers.telegram.api import call
from handlers.telegram.outcomes import Outcome, classify
from handlers.telegram.request import AiohttpRequest
from handlers.telegram.routing import App

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reached:
    """What Telegram answered.

    Args:
        username: The bot's name there; None where it could not be asked.
        token_dead: Whether the token is refused.
        detail: Why it could not be asked, without token.
        time: What time it is there, aware UTC; None where it did not say.
    """

    username: str | None
    token_dead: bool = False
    detail: str = ""
    time: dt.datetime | None = None


async def identify(bot: ExtBot[None]) -> Reached:
    """Ask Telegram who the bot is; no answer is an answer too."""
    try:
        async with bot:
            return Reached(bot.username, time=told_time(bot))
    except InvalidToken:
        return Reached(None, token_dead=True)
    except TelegramError as error:
        verdict = classify(error)
        return Reached(None, verdict.outcome is Outcome.TOKEN_DEAD, verdict.detail)


async def greeted(app: App) -> str:
    """Begin with Telegram, waiting for the network as long as it takes; return the bot's name there.

    Raises:
        InvalidToken: The token is refused.
    """
    pause = 1.0
    while True:
        try:
            await app.initialize()
        except InvalidToken:
            raise
        except TelegramError as error:
            verdict = classify(error)
            if verdict.outcome is Outcome.TOKEN_DEAD:
                raise InvalidToken from None
            log.warning("the Bot API cannot be reached; trying again", detail=verdict.detail)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 30.0)
        else:
            return str(app.bot.username)


async def time_there(bot: ExtBot[None]) -> dt.datetime | None:
    """Ask Telegram now, on the bot's own way to it, and return the time of its answer; None where that is not known."""
    try:
        await call(bot, "getMe")
    except TelegramError:
        return None
    return told_time(bot)


def told_time(bot: ExtBot[None]) -> dt.datetime | None:
    """Return what time it is there by the newest answer; None where it did not say."""
    return bot.request.their_time if isinstance(bot.request, AiohttpRequest) else None
