"""The bot's profile at Telegram: command menus and descriptions, written only where they differ.

Everybody's menu is an officer's. Whoever has another role gets the menu of that role in their own chat, and loses it
with the role: a scope only hides commands, every call is checked again by the gate.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.language import _, speaking
from bot.screens.frame import notice
from handlers import access
from handlers.telegram.api import call
from handlers.telegram.outcomes import Outcome, classify
from handlers.worker import Chore, Finish, Tools
from storage import people
from storage.tables import Person, PersonState, Role

log = structlog.get_logger()

# Telegram takes ISO 639-1 codes; users without a matching language see the entry without a code.
TONGUES: Final = (("", "zh_CN"), ("zh", "zh_CN"), ("en", "en"))
EVERYBODY: Final[Mapping[str, Any]] = {"type": "all_private_chats"}


async def sync(bot: ExtBot[None]) -> None:
    """Bring everybody's menu and the descriptions up to date; a failure is logged and costs nothing but the menu."""
    try:
        for code, language in TONGUES:
            with speaking(language):
                wanted = _commands(Role.OFFICER)
                where: dict[str, Any] = {"scope": dict(EVERYBODY), "language_code": code}
                if await _present(bot, where) != wanted:
                    await call(bot, "setMyCommands", commands=wanted, **where)
                await _described(bot, code)
    except TelegramError as error:
        verdict = classify(error)
        log.warning("the command menu could not be brought up to date", outcome=verdict.outcome)
    except Exception:  # an answer of another form than documented must not end the bot
        log.exception("the command menu could not be brought up to date")


def menus(bot: ExtBot[None]) -> Chore:
    """Return the job that gives each person the menu of their role; what it has written is not written again.

    Args:
        bot: The bot.
    """

    async def job(tools: Tools, _params: Mapping[str, Any], _now: dt.datetime) -> Finish:
        async with tools.database.read() as session:
            behind = [(each.id, each.telegram_id, wanted_menu(each)) for each in await people.with_menus(session)
                      if each.menu != wanted_menu(each)]  # fmt: skip
        written = {}
        for person_id, telegram_id, wanted in behind:
            if await _give(bot, telegram_id, wanted):
                written[person_id] = wanted

        async def finish(session: AsyncSession) -> None:
            for person_id, wanted in written.items():
                (await session.get_one(Person, person_id)).menu = wanted

        return finish

    return job


def wanted_menu(person: Person) -> str | None:
    """Return which menu somebody's chat should have, as role and a mark of its words; None = everybody's."""
    if person.state is not PersonState.ACTIVE or person.role is Role.OFFICER:
        return None
    said = []
    for _code, language in TONGUES:
        with speaking(language):
            said.append(access.menu(person.role))
    return f"{person.role.value}.{hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12]}"


async def _give(bot: ExtBot[None], telegram_id: int, wanted: str | None) -> bool:
    """Write the menu of one chat; False where that chat is not there (somebody who has never written to us)."""
    try:
        for code, language in TONGUES:
            where: dict[str, Any] = {"scope": {"type": "chat", "chat_id": telegram_id}, "language_code": code}
            if wanted is None:
                await call(bot, "deleteMyCommands", **where)
                continue
            with speaking(language):
                await call(bot, "setMyCommands", commands=_commands(Role(wanted.partition(".")[0])), **where)
    except TelegramError as error:
        if classify(error).outcome in (Outcome.REFUSED, Outcome.UNREACHABLE):
            return False
        raise
    return True


def _commands(role: Role) -> list[dict[str, str]]:
    return [{"command": name, "description": line} for name, line in access.menu(role)]


async def _present(bot: ExtBot[None], where: Mapping[str, Any]) -> object:
    try:
        return await call(bot, "getMyCommands", **where)
    except TelegramError:
        return None


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
