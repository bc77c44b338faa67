"""What kind of file was sent, told by its bytes and never by its name, and what is refused before it is opened.

Sources: ECMA-376 part 2 (OPC), ODF 1.2 part 3, [MS-OFFCRYPTO] 2.3 (EncryptedPackage), [MS-CFB] 2.2.
"""

import html
import io
import posixpath
import re
import zipfile
import zlib
from enum import StrEnum
from typing import Final

from bot.documents.sheet_faults import SheetFault, Trouble

MOST_UNPACKED: Final = 100_000_000  # bytes
MOST_RATIO: Final = 200  # unpacked to packed; lists written by any office programme stay below 40
MOST_PARTS: Final = 1_000

_ZIP, _OLE = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
_FORMULA: Final = re.compile(rb'<(?:\w+:)?c\b[^<>]*?\br="([A-Z]{1,3})([0-9]{1,7})"[^<>]*>\s*<(?:\w+:)?f[\s/>]')
_SHEET: Final = re.compile(r"<(?:\w+:)?sheet\b[^<>]*>")
_RELATION: Final = re.compile(r"<(?:\w+:)?Relationship\b[^<>]*>")
_ATTRIBUTE: Final = re.compile(r'(?<![\w:])([\w:]+)\s*=\s*"([^"]*)"')


class Container(StrEnum):
    """The kinds of file that a list may come in."""

    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    TEXT = "text"


def container(content: bytes) -> Container:
    """Return what kind of file this is, once it is known to be harmless.

    Raises:
        SheetFault: Not a table, protected, with macros, damaged, or unpacking to too much.
    """
    if content.startswith(_ZIP):
        return _zipped(content)
    if content.startswith(_OLE):
        return _compound(content)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" not in content[:4096]:
        return Container.TEXT
    raise SheetFault(Trouble.WRONG_TYPE)


def formula_cells(content: bytes, sheet: str) -> frozenset[tuple[int, int]]:
    """Return the cells of an xlsx sheet that hold a formula, as (row, column) counted from 0.

    Args:
        content: The file, known to be harmless.
        sheet: The sheet's name.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = _part_of(archive, sheet)
        if part is None:
            return frozenset()
        found = _FORMULA.finditer(archive.read(part))
        return frozenset((int(match[2]) - 1, column_index(match[1].decode())) for match in found)


def column_index(letters: str) -> int:
    """Return a column's position counted from 0: A is 0, AA is 26."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def column_letters(index: int) -> str:
    """Return a column's letters for its position counted from 0."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _zipped(content: bytes) -> Container:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _checked(archive)
    # What zipfile raises depends on where an archive is damaged: its directory, a packed stream, the method it names,
    # an end that is missing, a place before the file's beginning, or a part that claims to be encrypted.
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError, RuntimeError):
        raise SheetFault(Trouble.BROKEN) from None


def _checked(archive: zipfile.ZipFile) -> Container:
    parts = archive.infolist()
    unpacked, packed = sum(each.file_size for each in parts), sum(each.compress_size for each in parts)
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * max(packed, 1):
        raise SheetFault(Trouble.TOO_HEAVY)
    names = {each.filename for each in parts}
    if any(each.flag_bits & 1 for each in parts):
        raise SheetFault(Trouble.PASSWORD)
    if any(name.endswith("vbaProject.bin") or name.startswith(("xl/macrosheets/", "Basic/")) for name in names):
        raise SheetFault(Trouble.MACROS)
    found = _kind(archive, names)
    if archive.testzip() is not None:  # a size that lies does not fit its checksum
        raise SheetFault(Trouble.BROKEN)
    return found


def _kind(archive: zipfile.ZipFile, names: set[str]) -> Container:
    if {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        return Container.XLSX
    if {"mimetype", "content.xml"} <= names and b"opendocument.spreadsheet" in archive.read("mimetype"):
        if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise SheetFault(Trouble.PASSWORD)
        return Container.ODS
    raise SheetFault(Trouble.WRONG_TYPE)


def _compound(content: bytes) -> Container:
    """Tell a workbook of the older kind from a protected newer one, by the names of the streams."""
    if _wide("EncryptedPackage") in content:
        raise SheetFault(Trouble.PASSWORD)
    if _wide("_VBA_PROJECT") in content:
        raise SheetFault(Trouble.MACROS)
    if _wide("Workbook") in content or _wide("Book") in content:
        return Container.XLS
    raise SheetFault(Trouble.WRONG_TYPE)


def _wide(name: str) -> bytes:
    return name.encode("utf-16-le")


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Return the part of the package that holds a sheet."""
    names = set(archive.namelist())
    relations = "xl/_rels/workbook.xml.rels"
    if relations not in names:
        return None
    targets = {
        each.get("Id"): each.get("Target", "") for each in _tags(_RELATION, archive.read(relations).decode("utf-8"))
    }
    for each in _tags(_SHEET, archive.read("xl/workbook.xml").decode("utf-8")):
        if each.get("name") == sheet:
            target = targets.get(each.get("r:id"), "")
            part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
            return part if part in names else None
    return None


def _tags(pattern: re.Pattern[str], text: str) -> list[dict[str, str]]:
    return [
        {key: html.unescape(value) for key, value in _ATTRIBUTE.findall(match[0])} for match in pattern.finditer(text)
    ]
