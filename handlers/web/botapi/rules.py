"""Telegram's rules on what a bot may send: parameters, texts, keyboards, commands, pictures."""

import json
import re
from typing import Any, Final

from handlers.web.botapi.html import Formatted, parse_html, plain, utf16_length
from handlers.web.botapi.model import ApiError, Wire

TEXT_LIMIT: Final = 4096
CAPTION_LIMIT: Final = 1024
MOST_RESULTS: Final = 50
_COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")
_URL: Final = re.compile(r"(?:https?://[^\s/]++|tg://\S++).*")
_ACTIONS: Final = (
    "url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
)  # fmt: skip
_OTHER_MARKUPS: Final = {"keyboard", "remove_keyboard", "force_reply"}


def bad(reason: str) -> ApiError:
    """Return the refusal "Bad Request: <reason>"."""
    return ApiError(400, f"Bad Request: {reason}")


def integer(params: Wire, name: str, default: int | None = None) -> int:
    """Return a whole number that may have come as a string.

    Raises:
        ApiError: It is missing or no number.
    """
    value = params.get(name, default)
    try:
        return int(value)  # type: ignore[arg-type]  # None is refused like any other nonsense
    except (TypeError, ValueError):
        raise bad(f'invalid "{name}" specified') from None


def boolean(params: Wire, name: str) -> bool:
    """Return a flag; a form sends it as a word."""
    return str(params.get(name, "")).lower() in {"true", "1", "yes"}


def structure(params: Wire, name: str, kind: type) -> Any:
    """Return a list or object that may have come as JSON text; None where it is absent.

    Raises:
        ApiError: It is no JSON, or not of the kind.
    """
    value = params.get(name)
    if value is None or value == "":
        return None
    try:
        value = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise bad(f"can't parse {name} JSON object") from None
    if not isinstance(value, kind):
        raise bad(f"object expected as {name.replace('_', ' ')}")
    return value


def text_of(params: Wire) -> Formatted:
    """Return a message's text, within 1 to 4096 UTF-16 units after parsing.

    Raises:
        ApiError: It is empty, too long or not valid HTML.
    """
    found = _formatted(params, "text", "entities")
    if not found.text:
        raise bad("message text is empty")
    if utf16_length(found.text) > TEXT_LIMIT:
        raise bad("message is too long")
    return found


def caption_of(params: Wire) -> Wire:
    """Return a file's caption as message fields, none where there is no caption.

    Raises:
        ApiError: It is too long or not valid HTML.
    """
    found = _formatted(params, "caption", "caption_entities")
    if utf16_length(found.text) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    body: Wire = {"caption": found.text} if found.text else {}
    return body | ({"caption_entities": found.entities} if found.entities else {})


def _formatted(params: Wire, name: str, entities: str) -> Formatted:
    mode, source = str(params.get("parse_mode", "")).lower(), str(params.get(name, ""))
    if mode == "html":
        return parse_html(source)
    if mode:
        raise bad("unsupported parse_mode")
    return Formatted(plain(source).text, structure(params, entities, list) or [])


def markup_of(params: Wire, *, editing: bool = False) -> Wire | None:
    """Return the inline keyboard of a call, empty rows dropped; None where there is none.

    Raises:
        ApiError: The keyboard breaks one of Telegram's limits.
    """
    markup = structure(params, "reply_markup", dict)
    if markup is None or (not editing and _OTHER_MARKUPS & markup.keys()):
        return None
    rows = markup.get("inline_keyboard")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad("inline keyboard expected")
    if any(len(row) > 8 for row in rows) or sum(map(len, rows)) > 100:
        raise bad("reply markup is too long")
    for row in rows:
        for button in row:
            _check_button(button)
    kept = [row for row in rows if row]
    return {"inline_keyboard": kept} if kept else None


def _check_button(button: Any) -> None:
    fault = "can't parse inline keyboard button: "
    if not isinstance(button, dict) or not str(button.get("text") or "").strip():
        raise bad(fault + 'field "text" must be non-empty')
    if len([name for name in _ACTIONS if name in button]) != 1:
        raise bad(fault + "Text buttons are unallowed in the inline keyboard")
    if button.get("style", "primary") not in {"primary", "success", "danger"}:
        raise bad(fault + "invalid button style specified")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= 64:
        raise bad("BUTTON_DATA_INVALID")
    if "url" in button and not _URL.fullmatch(str(button["url"])):
        raise bad("inline keyboard button URL is invalid")
    if "copy_text" in button and not 1 <= len(str(button["copy_text"].get("text", ""))) <= 256:
        raise bad("BUTTON_COPY_TEXT_INVALID")


def commands_of(params: Wire) -> list[Wire]:
    """Return a command menu: 1 to 100 commands of 1 to 32 small ASCII characters, described in 1 to 256.

    Raises:
        ApiError: One of the limits is broken.
    """
    commands = structure(params, "commands", list)
    if not commands or len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH" if commands else "expected a non-empty list of commands")
    for command in commands:
        if not _COMMAND.fullmatch(str(command.get("command", "")).removeprefix("/")):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= utf16_length(str(command.get("description", ""))) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return [{"command": each["command"], "description": each["description"]} for each in commands]


def articles_of(params: Wire) -> list[Wire]:
    """Return the results of an inline query: at most 50 articles, each with an id of its own of 1 to 64 bytes.

    Raises:
        ApiError: One of the limits is broken, or the text of a result could not be sent.
    """
    results = structure(params, "results", list)
    if results is None:
        raise bad("can't parse inline query results: field results must be an array")
    if len(results) > MOST_RESULTS:
        raise bad("RESULTS_TOO_MUCH")
    if len({str(result.get("id")) for result in results}) < len(results):
        raise bad("RESULT_ID_DUPLICATE")
    for result in results:
        if not 1 <= len(str(result.get("id") or "").encode()) <= 64:
            raise bad("RESULT_ID_INVALID")
        if result.get("type") != "article" or not str(result.get("title") or "").strip():
            raise bad("can't parse inline query result: an article with a title expected")
        text_of({**result.get("input_message_content", {}), "text": _said(result)})
    return list(results)


def _said(result: Wire) -> str:
    return str((result.get("input_message_content") or {}).get("message_text", ""))


def picture_size(content: bytes) -> tuple[int, int]:
    """Return width and height in pixels of a PNG or JPEG.

    Raises:
        ApiError: The bytes are no such picture.
    """
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) >= 24:
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    frame = re.search(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]..\x08(..)(..)", content, re.DOTALL)
    if content[:2] == b"\xff\xd8" and frame:
        return int.from_bytes(frame[2]), int.from_bytes(frame[1])
    raise bad("IMAGE_PROCESS_FAILED")
