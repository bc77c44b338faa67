"""Telegram's HTML, read as strictly as its documentation words it.

Telegram forgives some mistakes (a lone ``>``, an unknown ``&name;``); this reader does not, so that no screen of ours
leans on forgiveness.
"""

import html
import re
from dataclasses import dataclass, field
from typing import Any, Final

from handlers.web.botapi.model import ApiError

_TOKEN: Final = re.compile(r"<(?P<close>/?)(?P<tag>[a-zA-Z][a-zA-Z0-9-]*+)(?P<attrs>[^<>]*+)>|[^<>]+|[<>]")
_ATTRIBUTE: Final = re.compile(r"(?<!\s)\s++([a-z-]+)(?:=(?:\"([^\"<>]*)\"|'([^'<>]*)'))?")
_REFERENCE: Final = re.compile(r"&(lt|gt|amp|quot|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});|&")
_PLAIN: Final = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "code": "code", "pre": "pre", "blockquote": "blockquote", "span": "spoiler", "a": "text_link",
    "tg-emoji": "custom_emoji", "tg-time": "date_time",
}  # fmt: skip
_ATTRIBUTES: Final = {
    "a": ({"href"}, set()),
    "span": ({"class"}, set()),
    "code": (set(), {"class"}),
    "blockquote": (set(), {"expandable"}),
    "tg-emoji": ({"emoji-id"}, set()),
    "tg-time": ({"unix"}, {"format"}),
}
"""Tag -> (attributes that must stand, attributes that may)."""


@dataclass(frozen=True, slots=True)
class Formatted:
    """Text as people see it, with Telegram's entities (offsets and lengths in UTF-16 units)."""

    text: str
    entities: list[dict[str, Any]]


@dataclass(slots=True)
class _Open:
    tag: str
    at: int  # UTF-16 units before the tag
    entity: dict[str, Any]


@dataclass(slots=True)
class _Reading:
    source: str
    text: list[str] = field(default_factory=list)
    units: int = 0
    stack: list[_Open] = field(default_factory=list)
    entities: list[dict[str, Any]] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.text.append(text)
        self.units += utf16_length(text)


def utf16_length(text: str) -> int:
    """Return the length that Telegram counts: UTF-16 code units, an emoji being two."""
    return len(text.encode("utf-16-le")) // 2


def plain(source: str) -> Formatted:
    """Return text without formatting, trimmed as Telegram trims it."""
    return Formatted(source.strip(), [])


def parse_html(source: str) -> Formatted:
    """Return the text and entities of Telegram HTML, trimmed at both ends.

    Raises:
        ApiError: 400 "can't parse entities", with Telegram's reason.
    """
    reading = _Reading(source)
    for token in _TOKEN.finditer(source):
        if token["tag"] is None:
            reading.say(_unescape(reading.source, token))
        elif token["close"]:
            _close(reading, token)
        else:
            _open(reading, token)
    if reading.stack:
        raise _fault(f'Can\'t find end tag corresponding to start tag "{reading.stack[-1].tag}"')
    return _trimmed("".join(reading.text), reading.entities)


def _fault(reason: str) -> ApiError:
    return ApiError(400, f"Bad Request: can't parse entities: {reason}")


def _byte(source: str, at: int) -> int:
    return len(source[:at].encode())


def _unescape(source: str, token: re.Match[str]) -> str:
    if token[0] in "<>":
        raise _fault(f'Character "{token[0]}" must be escaped at byte offset {_byte(source, token.start())}')
    return _decoded(token[0])


def _decoded(text: str) -> str:
    for found in _REFERENCE.finditer(text):
        if found[1] is None:
            raise _fault('Character "&" must be escaped')
    return html.unescape(text)


def _open(reading: _Reading, token: re.Match[str]) -> None:
    tag, where = token["tag"].lower(), _byte(reading.source, token.start())
    if tag not in _PLAIN:
        raise _fault(f'Unsupported start tag "{tag}" at byte offset {where}')
    attributes = _attributes(tag, token["attrs"], where)
    _check_nesting(tag, attributes, [each.tag for each in reading.stack], where)
    reading.stack.append(_Open(tag, reading.units, _entity(tag, attributes, where)))


def _attributes(tag: str, written: str, where: int) -> dict[str, str]:
    found: dict[str, str] = {}
    end = 0
    while match := _ATTRIBUTE.match(written, end):
        found[match[1]] = _decoded(match[2] or match[3] or "")
        end = match.end()
    needed, allowed = _ATTRIBUTES.get(tag, (set(), set()))
    if written[end:].strip() or not needed <= found.keys() <= needed | allowed:
        raise _fault(f'Wrong attributes of tag "{tag}" at byte offset {where}')
    return found


def _check_nesting(tag: str, attributes: dict[str, str], around: list[str], where: int) -> None:
    language = tag == "code" and "class" in attributes
    if language and around[-1:] != ["pre"]:
        raise _fault(f'Tag "code" with a class must stand in "pre" at byte offset {where}')
    if not language and {"code", "pre"} & set(around):
        raise _fault(f'Tag "{tag}" can\'t be nested in "{around[-1]}" at byte offset {where}')
    if tag == "blockquote" and "blockquote" in around:
        raise _fault(f"Nested blockquote at byte offset {where}")


def _entity(tag: str, attributes: dict[str, str], where: int) -> dict[str, Any]:
    entity: dict[str, Any] = {"type": _PLAIN[tag]}
    if tag == "a":
        entity["url"] = attributes["href"]
    elif tag == "span" and attributes["class"] != "tg-spoiler":
        raise _fault(f'Tag "span" must have class "tg-spoiler" at byte offset {where}')
    elif "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    elif tag == "tg-emoji":
        entity["custom_emoji_id"] = attributes["emoji-id"]
    elif tag == "tg-time":
        entity |= _moment(attributes, where)
    elif "class" in attributes and tag == "code":
        entity = {"type": "language", "language": attributes["class"].removeprefix("language-")}
    return entity


def _moment(attributes: dict[str, str], where: int) -> dict[str, Any]:
    if not attributes["unix"].isdigit():
        raise _fault(f'Wrong "unix" of tag "tg-time" at byte offset {where}')
    shape = attributes.get("format")
    return {"unix_time": int(attributes["unix"])} | ({"date_time_format": shape} if shape else {})


def _close(reading: _Reading, token: re.Match[str]) -> None:
    tag, where = token["tag"].lower(), _byte(reading.source, token.start())
    if not reading.stack or token["attrs"].strip():
        raise _fault(f'Unexpected end tag at byte offset {where}: "{tag}"')
    opened = reading.stack.pop()
    if opened.tag != tag:
        raise _fault(f'Unmatched end tag at byte offset {where}, expected "</{opened.tag}>", found "</{tag}>"')
    if opened.entity["type"] == "language":  # belongs to the pre around it
        reading.stack[-1].entity["language"] = opened.entity["language"]
        return
    reading.entities.append({**opened.entity, "offset": opened.at, "length": reading.units - opened.at})


def _trimmed(text: str, entities: list[dict[str, Any]]) -> Formatted:
    shift = utf16_length(text) - utf16_length(text.lstrip())
    text = text.strip()
    end = utf16_length(text)
    kept = []
    for entity in entities:
        first = max(entity["offset"] - shift, 0)
        last = min(entity["offset"] - shift + entity["length"], end)
        if last > first:
            kept.append({**entity, "offset": first, "length": last - first})
    return Formatted(text, sorted(kept, key=lambda entity: (entity["offset"], -entity["length"])))
