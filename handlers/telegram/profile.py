"""The bot's profile at Telegram: command menus and descriptions, written only where they differ."""

from typing import Any, Final

import structlog
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.language import _, speaking
from bot.screens.frame import notice
from handlers import access
from handlers.telegram.api import call
from handlers.telegram.outcomes import classify
from storage.tables import Role

log = structlog.get_logger()

# Telegram takes ISO 639-1 codes; users without a matching language see the entry without a code.
TONGUES: Final = (("", "zh_CN"), ("zh", "zh_CN"), ("en", "en"))


async def sync(bot: ExtBot[None], coordinator_ids: tuple[int, ...]) -> None:
    """Bring menus and descriptions up to date; a failure is logged and costs nothing but the menu.

    A scope only hides commands: every call is checked again by the gate.
    """
    scopes: list[tuple[dict[str, Any], Role]] = [({"type": "all_private_chats"}, Role.OFFICER)]
    scopes += [({"type": "chat", "chat_id": each}, Role.COORDINATOR) for each in coordinator_ids]
    try:
        for code, language in TONGUES:
            with speaking(language):
                for scope, role in scopes:
                    await _commands(bot, scope, role, code)
                await _described(bot, code)
    except TelegramError as error:
        verdict = classify(error)
        log.warning("the command menu could not be brought up to date", outcome=verdict.outcome)
    except Exception:  # an answer of another form than documented must not end the bot
        log.exception("the command menu could not be brought up to date")


async def _commands(bot: ExtBot[None], scope: dict[str, Any], role: Role, code: str) -> None:
    wanted = [
        {"command": name, "description": access.describe(name)} for name in access.COMMANDS if access.may(role, name)
    ]
    where: dict[str, Any] = {"scope": scope, "language_code": code}
    try:
        present = await call(bot, "getMyCommands", **where)
    except TelegramError:
        present = None
    if present != wanted:
        await call(bot, "setMyCommands", commands=wanted, **where)


async def _described(bot: ExtBot[None], code: str) -> None:
    texts = {
        "Description": _("Guides officers to the right credit product, keeps the ledger and watches the dates.")
        + "\n"
        + notice(),
        "ShortDescription": _("Credit products in administrative matters"),
    }
    for kind, text in texts.items():
        key = "description" if kind == "Description" else "short_description"
        present = await call(bot, f"getMy{kind}", language_code=code)
        if present.get(key) != text:
            wanted: dict[str, Any] = {key: text}
            await call(bot, f"setMy{kind}", language_code=code, **wanted)
