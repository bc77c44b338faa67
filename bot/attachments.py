"""Files kept with an entry: which they may be, told from their bytes, and what they are called.

Neither a file's name nor the type that a messenger claims is believed. Source: OWASP ASVS 5.0, 5.2.2 and 5.2.3.
"""

import datetime as dt
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.errors import Refusal
from bot.language import _, pgettext
from bot.policy.model import ProductKind

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_MEGABYTES: Final = MOST_BYTES // 1024 // 1024
MOST_FILES: Final = 50  # kept with one entry
JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
ENDINGS: Final = {JPEG: "jpg", PNG: "png", PDF: "pdf"}

_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_END_OF_ZIP: Final = b"PK\x05\x06"  # an archive is read from its end, so that one may hide behind a picture
_ZIP_TAIL: Final = 65_557  # bytes from the end within which an archive's end stands; APPNOTE 4.3.16
_ESCAPED: Final = re.compile(rb"#([0-9A-Fa-f]{2})")  # /J#61vaScript is /JavaScript; ISO 32000-1, 7.3.5
_ACTIVE: Final = re.compile(rb"/(?:JavaScript|Launch)\b")
_PACKED: Final = re.compile(rb"/ObjStm\b")  # objects, and so actions, packed inside a stream
_STREAM: Final = re.compile(rb"stream\r?\n")
_HEAD: Final = 1024  # bytes before a stream in which it is described
_MOST_UNPACKED: Final = 32 * 1024 * 1024  # bytes of packed objects that are looked through


class Purpose(StrEnum):
    """What a file is of."""

    OPINION = "opinion"
    LETTER = "letter"
    REPORT = "report"


PURPOSES: Final = {
    ProductKind.VERIFICATION.value: Purpose.OPINION,
    ProductKind.COMMITMENT.value: Purpose.LETTER,
    ProductKind.REPORT.value: Purpose.REPORT,
}
"""Kind of product -> what its file is of."""


@dataclass(frozen=True, slots=True)
class AttachmentLine:
    """A file kept with an entry.

    Args:
        id: Its key.
        item_id: The product's line that it belongs to.
        subject: Whom that line is about, for the officer's eyes.
        purpose: What it is of.
        media_type: As found from its bytes.
        added_at: Aware local time.
        ordinal: Its place among all files of that purpose which the entry ever had, from 1.
    """

    id: int
    item_id: int
    subject: str
    purpose: Purpose
    media_type: str
    added_at: dt.datetime
    ordinal: int


def purpose_name(purpose: Purpose) -> str:
    """Return what a file is of, in the office's words."""
    return {
        Purpose.OPINION: pgettext("file", "Opinion"),
        Purpose.LETTER: pgettext("file", "Commitment letter"),
        Purpose.REPORT: pgettext("file", "Credit report"),
    }[purpose]


def file_name(line: AttachmentLine, number: str) -> str:
    """Return a file's name, such as 查询意见-大气2026-17.pdf; it names nobody."""
    further = f"-{line.ordinal}" if line.ordinal > 1 else ""
    plain = re.sub(r"[^\w\-]", "", f"{purpose_name(line.purpose)}-{number}{further}")
    return f"{plain}.{ENDINGS[line.media_type]}"


def require_size(size: int) -> None:
    """Refuse a file that is empty or too large.

    Args:
        size: Bytes.

    Raises:
        Refusal: It is.
    """
    if size == 0:
        raise Refusal(_("The file is empty. Please send it again."))
    if size > MOST_BYTES:
        raise Refusal(
            _("The file is larger than %(n)d MB. Please send a photo of it or a smaller PDF.") % {"n": MOST_MEGABYTES}
        )


def media_type(content: bytes) -> str:
    """Return what a file is, told from its bytes alone: a JPEG or PNG picture, or a PDF that does nothing by itself.

    Raises:
        Refusal: It is something else, or more than one thing at once, or would run something when opened.
    """
    require_size(len(content))
    if content.startswith(b"%PDF-"):
        _require_quiet(content)
        found = PDF
    elif content.startswith(b"\xff\xd8\xff") and content.rfind(b"\xff\xd9") > 0:
        found = JPEG
    elif content.startswith(_PNG_SIGNATURE) and _is_whole_png(content):
        found = PNG
    else:
        raise _unreadable()
    if _END_OF_ZIP in content[-_ZIP_TAIL:]:
        raise _unreadable()
    return found


def ordinals(purposes: Sequence[str]) -> list[int]:
    """Return the place of each file among those of its own purpose, from 1, in the order given."""
    return [purposes[: index + 1].count(purpose) for index, purpose in enumerate(purposes)]


def _unreadable() -> Refusal:
    return Refusal(_("Only a JPEG or PNG photo, or a PDF, can be kept here. Please send the paper as one of them."))


def _is_whole_png(content: bytes) -> bool:
    """Say whether a picture's chunks lead to its end, and nothing follows. Source: ISO/IEC 15948, 5.3."""
    at = len(_PNG_SIGNATURE)
    while at + 12 <= len(content):
        length: int = struct.unpack_from(">I", content, at)[0]
        kind = content[at + 4 : at + 8]
        at += 12 + length
        if kind == b"IEND":
            return at == len(content)
    return False


def _require_quiet(content: bytes) -> None:
    """Refuse a PDF that would run something, or that hides its objects from being looked at.

    Raises:
        Refusal: It is one.
    """
    if b"%%EOF" not in content[-2048:]:
        raise _unreadable()
    if any(_ACTIVE.search(part) for part in _looked_through(content)):
        raise Refusal(_("The PDF holds a script or starts a program. Please print it to a plain PDF, or send a photo."))


def _looked_through(content: bytes) -> Iterator[bytes]:
    """Yield a PDF and the objects packed inside it, with the escapes of their names undone.

    Raises:
        Refusal: What is packed in it cannot be looked at.
    """
    plain = _unescaped(content)
    yield plain
    packed = len(_PACKED.findall(plain))
    if not packed:
        return
    opened = list(_unpacked(content))
    if len(opened) < packed or b"/Encrypt" in plain:
        raise Refusal(_("The PDF is protected and cannot be checked. Please print it to a plain PDF, or send a photo."))
    yield from opened


def _unpacked(content: bytes) -> Iterator[bytes]:
    """Yield the packed objects of a PDF that can be read: those compressed once, as every writer does it."""
    left = _MOST_UNPACKED
    for match in _STREAM.finditer(content):
        head = _unescaped(content[max(0, match.start() - _HEAD) : match.start()])
        head = head[head.rfind(b"endobj") + 1 :]
        end = content.find(b"endstream", match.end())
        is_plain = head.count(b"Decode") <= 1 + head.count(b"DecodeParms")
        if end < 0 or not is_plain or not _PACKED.search(head):
            continue
        unpacker = zlib.decompressobj()
        try:
            made = unpacker.decompress(content[match.end() : end], left)
        except zlib.error:
            continue
        left -= len(made)
        if left <= 0:
            return
        if unpacker.eof:
            yield _unescaped(made)


def _unescaped(part: bytes) -> bytes:
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), part)
