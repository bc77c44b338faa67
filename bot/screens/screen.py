"""What an officer sees: a Screen of text and buttons, independent of the messenger that shows it."""

import html
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from bot.plaintext import visible

MAX_TEXT_UNITS: Final = 4096  # UTF-16 units after entity parsing; Bot API, sendMessage
MAX_DATA_BYTES: Final = 64  # Bot API, InlineKeyboardButton.callback_data
MAX_TOAST: Final = 200  # Bot API, answerCallbackQuery.text
FORMAT: Final = "1"  # first field of a button's data; a change of the form changes it

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_PRESS: Final = re.compile(r"1:([a-z]{1,5}):([0-9a-z]{1,11}):([0-9a-z]{1,6}):([0-9A-Za-z_.,-]{0,48})", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


class Style(StrEnum):
    """Colour of a button; old clients show all alike (Bot API 9.4, ``style``)."""

    PRIMARY = "primary"
    SUCCESS = "success"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Press:
    """What a button says when pressed: a verb, whose object, which version of it, and one argument.

    Nothing in it is trusted: owner, role, version and state are checked anew at every press.
    """

    verb: str
    id: int = 0
    version: int = 0
    arg: str = ""

    def encode(self) -> str:
        """Return the button's data: ``1:<verb>:<id36>:<version36>:<arg>``, ASCII, at most 64 bytes."""
        return f"{FORMAT}:{self.verb}:{_base36(self.id)}:{_base36(self.version)}:{self.arg}"

    @classmethod
    def decode(cls, data: str) -> "Press | None":
        """Read a button's data back; None where it is not of our form."""
        match = _PRESS.fullmatch(data)
        if match is None:
            return None
        verb, subject, version, arg = match.groups()
        return cls(verb, int(subject, 36), int(version, 36), arg)


def is_number(text: str) -> bool:
    """Say whether part of a press's argument is a number as our buttons hold one: a key, a page, a position.

    A forged one of many digits fits no column, no date and no page; it is none of ours.
    """
    return _NUMBER.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Button:
    """A button: a label and a press, a text that it copies, or an address that it opens."""

    text: str
    press: Press | None = None
    style: Style | None = None
    copy: str | None = None
    url: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the button as JSON."""
        press = None if self.press is None else self.press.encode()
        return {"text": self.text, "press": press, "style": self.style, "copy": self.copy, "url": self.url}


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes with a screen; how it travels (chat or file page) is not the flow's business.

    Args:
        key: The generated name under which the file store keeps the bytes.
        name: What the officer sees; never personal data.
        media_type: As in HTTP.
    """

    key: str
    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen.

    Args:
        name: Its name for logs and tests; never personal data.
        text: HTML of Telegram's subset; every value in it went through ``esc``.
        rows: Buttons, row by row.
        toast: A short line over the chat after a press, where the screen alone would not tell the outcome.
        stays: Whether it must remain in the history: it is then a new message and the next screen leaves it alone.
        aside: Whether it belongs to a reminder's own message and leaves the officer's current screen alone.
        protect: Whether the messenger should forbid forwarding (names of natural persons).
        silent: Whether it comes without a sound: nothing in it is due today.
        file: A file that goes with it; the screen is then always a new message.
        wants_file: Whether the officer is being asked for a file.
        code: An address that goes with it as a QR code, drawn when it is sent and kept nowhere; the screen is then
            always a new message.
    """

    name: str
    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    toast: str | None = None
    stays: bool = False
    aside: bool = False
    protect: bool = False
    silent: bool = False
    file: File | None = None
    wants_file: bool = False
    code: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the screen as JSON, for the reply that is kept until it has been shown."""
        return {
            "name": self.name,
            "text": self.text,
            "rows": [[button.to_json() for button in row] for row in self.rows],
            "toast": self.toast,
            "stays": self.stays,
            "aside": self.aside,
            "protect": self.protect,
            "silent": self.silent,
            "file": [self.file.key, self.file.name, self.file.media_type] if self.file else None,
            "wants_file": self.wants_file,
            "code": self.code,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Screen":
        """Read a kept screen back."""
        rows = tuple(tuple(_button(button) for button in row) for row in data["rows"])
        kept = data | {"rows": rows, "file": File(*data["file"]) if data["file"] else None}
        return cls(**kept)


def esc(value: object) -> str:
    """Make a value safe inside a screen's text: HTML escaped, nothing unseen in it."""
    return html.escape(visible(str(value)), quote=False)


def bold(text: str) -> str:
    """Return escaped text in bold: a screen's title."""
    return f"<b>{esc(text)}</b>"


def lines(*parts: str | None) -> str:
    """Join the lines of a screen, leaving out those that have nothing to say."""
    return "\n".join(part for part in parts if part is not None)


def _button(data: dict[str, Any]) -> Button:
    press = Press.decode(data["press"]) if data["press"] else None
    style = Style(data["style"]) if data["style"] else None
    return Button(data["text"], press, style, data["copy"], data["url"])


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
