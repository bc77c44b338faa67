"""How a screen is said in the Bot API: one message of text, or a document with its words."""

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import structlog
from telegram import InputFile

from bot.documents.code import drawn
from bot.language import _, speaking
from bot.plaintext import units, visible
from bot.screens.inline import Card
from bot.screens.screen import Button, Screen, esc, lines
from handlers.telegram.fitting import bare, fitted
from storage.files import FileStore

log = structlog.get_logger()

MAX_CAPTION_UNITS: Final = 1024  # UTF-16 units after entity parsing; Bot API, sendDocument
Outgoing = Callable[[Screen, int, dt.datetime], Screen]
"""A screen, whom it goes to and the moment -> the screen as it goes out; decides how files travel."""


class Part(NamedTuple):
    """One call of the Bot API: its method and its parameters without the chat."""

    method: str
    params: dict[str, Any]


def message(screen: Screen, *, label: str = "") -> dict[str, Any]:
    """Return a screen as the parameters of ``sendMessage`` and ``editMessageText``, cut where it is too long.

    Args:
        screen: The screen; where it is cut, the language in force says so.
        label: What a repetition of it would begin with.
    """
    screen = fitted(screen, label=label)
    params: dict[str, Any] = {
        "text": screen.text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if screen.rows:
        params["reply_markup"] = {"inline_keyboard": [[_button(button) for button in row] for row in screen.rows]}
    return params


def parts(screen: Screen, content: bytes | None, *, label: str) -> list[Part]:
    """Return the calls that show a new screen: one, or two where a document's words do not fit under it.

    Args:
        screen: The screen.
        content: The bytes of its file or picture; None where it has none.
        label: What a repetition of it would begin with. Words that fit only without it go beside the document too, so
            that a repetition is cut up like the first copy.
    """
    whole = message(screen, label=label)
    protected: dict[str, Any] = {"protect_content": True} if screen.protect else {}
    if screen.silent:
        protected["disable_notification"] = True
    if content is None:
        return [Part("sendMessage", whole | protected)]
    keyboard = whole.pop("reply_markup", None)
    method, name = ("sendDocument", "document") if screen.file is not None else ("sendPhoto", "photo")
    attached = InputFile(content, screen.file.name if screen.file is not None else "code.png")
    carrying = protected | {name: attached, "parse_mode": "HTML"}
    if keyboard is not None:
        carrying["reply_markup"] = keyboard  # on the last message, where the thumb is
    if units(bare(f"{label}\n{whole['text']}")) <= MAX_CAPTION_UNITS:
        return [Part(method, carrying | {"caption": whole["text"]})]
    return [Part("sendMessage", whole | protected), Part(method, carrying)]


def inline_answer(query_id: str, cards: Sequence[Card]) -> dict[str, Any]:
    """Return the parameters of ``answerInlineQuery``; nothing is cached, for what one may see can change any time."""
    results = [
        {
            "type": "article",
            "id": card.id,
            "title": card.title,
            "description": card.description,
            "input_message_content": {
                "message_text": card.text,
                "parse_mode": "HTML",
                "link_preview_options": {"is_disabled": True},
            },
        }
        for card in cards
    ]
    return {"inline_query_id": query_id, "results": results, "cache_time": 0, "is_personal": True}


def labelled(params: dict[str, Any], label: str) -> dict[str, Any]:
    """Return the parameters of a repetition: the label comes first."""
    name = "caption" if params.keys() & {"document", "photo"} else "text"
    return params | {name: f"{label}\n{params[name]}" if name in params else label}


def plain(params: dict[str, Any]) -> dict[str, Any]:
    """Return the same message without markup: our escaping failed, the officer must still read it."""
    log.error("markup was refused; sent as plain text")
    read = {name: bare(params[name]) for name in ("text", "caption") if name in params}
    return {key: value for key, value in params.items() if key != "parse_mode"} | read


async def loaded(store: FileStore, screen: Screen, language: str) -> tuple[Screen, bytes | None]:
    """Return a screen with the bytes of its file or picture; one whose file is gone says so instead.

    Args:
        store: Where files are kept.
        screen: The screen.
        language: The reader's, for the word that the file is gone.
    """
    if screen.code is not None:
        return screen, await asyncio.to_thread(drawn, screen.code)
    if screen.file is None:
        return screen, None
    try:
        return screen, await asyncio.to_thread(store.read, screen.file.key)
    except FileNotFoundError:
        log.warning("a file that was to be sent is gone", screen=screen.name)
    with speaking(language):
        gone = esc(_("The file is no longer kept here. Please ask for it again."))
    return replace(screen, text=lines(screen.text, "", gone), file=None), None


def _button(button: Button) -> dict[str, Any]:
    shown: dict[str, Any] = {"text": visible(button.text)}
    if button.press is not None:
        shown["callback_data"] = button.press.encode()
    elif button.copy is not None:
        shown["copy_text"] = {"text": button.copy}
    elif button.url is not None:
        shown["url"] = button.url
    if button.style is not None:
        shown["style"] = button.style.value
    return shown
