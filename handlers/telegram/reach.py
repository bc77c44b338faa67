"""Asking Telegram once whether it knows us, and what time it is there: for the doctor on the command line."""

import asyncio
import datetime as dt
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
import structlog
from telegram.error import InvalidToken, TelegramError
from telegram.ext import ExtBot

from handlers.telegram.api import call
from handlers.telegram.outcomes import Outcome, classify
from handlers.telegram.request import AiohttpRequest
from handlers.telegram.routing import App

log = structlog.get_logger()

WITHIN: Final = aiohttp.ClientTimeout(total=10)  # seconds; a doctor must not hang where the network does


@dataclass(frozen=True, slots=True)
class Reached:
    """What Telegram answered.

    Args:
        username: The bot's name there; None where it could not be asked.
        token_dead: Whether the token is refused.
        detail: Why it could not be asked, without token.
    """

    username: str | None
    token_dead: bool = False
    detail: str = ""


async def identify(bot: ExtBot[None]) -> Reached:
    """Ask Telegram who the bot is; no answer is an answer too."""
    try:
        async with bot:
            return Reached(bot.username)
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


async def their_time(address: str, *, proxy: str | None) -> dt.datetime | None:
    """Return the time of the Bot API's server to the second, aware UTC; None where it cannot be learnt.

    Args:
        address: The server's address, without a token.
        proxy: An http proxy; through a socks one nobody is asked.

    Source: RFC 9110 §6.6.1, the Date field of every answer.
    """
    if proxy is not None and not proxy.startswith("http"):
        return None
    try:
        async with (
            aiohttp.ClientSession(timeout=WITHIN) as session,
            session.get(address, proxy=proxy, allow_redirects=False) as answer,
        ):
            return parsedate_to_datetime(answer.headers["Date"]).astimezone(dt.UTC)
    except (aiohttp.ClientError, TimeoutError, OSError, KeyError, ValueError):
        return None
