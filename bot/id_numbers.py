"""Citizens' ID numbers, found in any disguise and struck out before anything is stored.

They are never needed and never kept; what this module overlooks would stay in the database. Doubt goes against the
number, except where a company's code would be struck out.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

from bot.plaintext import normalise, plain_character

ID_NUMBER_MARKER: Final = "〔身份证号已删除〕"

_LENGTH: Final = 18
_OLD_LENGTH: Final = 15
_MOST_SEPARATORS: Final = 4  # that can be seen, between two digits; of blanks there may be any number
_SEPARATOR: Final = "-"  # the plain form of each
_CROSSES: Final = frozenset("×✕✖✗✘☓❌\u2573\u2a2f\u0425\u03a7")  # Cyrillic and Greek ones, too
_MARKET_REGULATOR: Final = ("91", "92", "93")
_DIGITS: Final = frozenset("0123456789")
_PROVINCES: Final = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
_BARE: Final = re.compile(r"\d{17}[\dX]?", re.ASCII)
_LONGEST_BARE: Final = 40  # characters, with some between the digits
_AS_A_NUMBER: Final = re.compile(r"\d\.\d+E\+?1[67]", re.ASCII)  # how a spreadsheet shows 17 or 18 digits
_CASES_SINCE: Final = "2017"  # the year of the Plan; whoever was born since is nobody's counterpart yet
_DATE_OF_BIRTH: Final = re.compile(r"(19|20)\d{6}")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Group:
    """Digits that stand together, perhaps with a closing X, and where each stands in the text."""

    characters: str
    places: tuple[int, ...]
    joined_to_letters: bool
    stands_apart: bool  # from the group before: a letter stands between, or many signs


@dataclass(frozen=True, slots=True)
class _Window:
    """Some digits in a row that may be a number, and the span of text that they cover."""

    number: str
    span: Span


def id_number_spans(text: str) -> list[Span]:
    """Return where ID numbers stand in a text.

    Numbers of 18 characters count when the date of birth exists and the check character fits, whatever the area
    code (areas are renamed and dissolved). Numbers of 15 digits have no check character: the date and the province
    must be real and the number must stand alone. A valid code of a company is no ID number; a number that is both
    is taken for a company's where the registering authority is the market regulator's, else for a person's.

    Returns:
        Spans of the original text, ascending, that do not overlap.

    Source: GB 11643-1999.
    """
    if sum(map(str.isdigit, text)) < _OLD_LENGTH:
        return []  # most texts: looking closer takes a hundred times as long
    found = []
    for chain in _chains(text):
        windows = list(_windows(chain))
        found += [window.span for window in windows if _is_id_number(window.number)]
        found += [window.span for window in _old_windows(chain) if _is_old_id_number(window.number)]
    return _merged(found)


def without_id_numbers(text: str) -> tuple[str, bool]:
    """Return a text with every ID number replaced by the marker, and whether there was any."""
    spans = id_number_spans(text)
    for start, end in reversed(spans):
        text = text[:start] + ID_NUMBER_MARKER + text[end:]
    return text, bool(spans)


def cell_without_id_numbers(text: str) -> str:
    """Return the text of a sheet's cell with every ID number replaced by the marker.

    Spreadsheets take ID numbers for numbers and lose the last digits, the check character with them. A cell that holds
    nothing else therefore is one where area and date of birth are real, unless it is a valid code of an organisation.
    Numbers of cases often are area, day and serial: those have younger days.
    """
    return ID_NUMBER_MARKER if _is_bare_id_number(text) else without_id_numbers(text)[0]


def _is_bare_id_number(text: str) -> bool:
    """Whether a cell is an ID number whose check character may be lost or wrong."""
    if not _LENGTH - 1 <= len(text) <= _LONGEST_BARE:
        return False
    plain = normalise(text)
    if _AS_A_NUMBER.fullmatch(plain):
        plain = str(int(Decimal(plain)))
    if not _BARE.fullmatch(plain) or not _PROVINCES.match(plain) or plain[6:10] >= _CASES_SINCE:
        return False
    return _is_date_of_birth(plain[6:14]) and not uscc.is_valid(plain)


def _plain(character: str) -> str:
    """Return one digit, one letter, the separator, or nothing for what is blank."""
    plain = plain_character(character)
    if plain in _CROSSES:
        return "X"
    if plain == "" or (len(plain) == 1 and plain.isalnum()):
        return plain
    return "?" if unicodedata.category(character)[0] in "LN" else _SEPARATOR


def _chains(text: str) -> Iterator[list[_Group]]:
    """Yield the groups of digits of a text, chained where only a few separators stand between them."""
    chain: list[_Group] = []
    for group in _groups([_plain(character) for character in text]):
        if chain and group.stands_apart:
            yield chain
            chain = []
        chain.append(group)
    if chain:
        yield chain


def _groups(plain: list[str]) -> Iterator[_Group]:
    """Yield the groups of digits; an X that stands alone is one, since it may close a number."""
    at, letters, separators = 0, False, 0
    while at < len(plain):
        end = _end_of_group(plain, at)
        if end == at:
            letters = letters or plain[at] not in ("", _SEPARATOR)
            separators += plain[at] == _SEPARATOR
            at += 1
            continue
        before, after = plain[at - 1] if at else "", plain[end] if end < len(plain) else ""
        joined = _is_latin(before) or _is_latin(after)
        apart = letters or separators > _MOST_SEPARATORS
        yield _Group("".join(plain[at:end]), tuple(range(at, end)), joined, apart)
        at, letters, separators = end, False, 0


def _end_of_group(plain: list[str], start: int) -> int:
    """Return where the group ends that begins at a place, the place itself where none begins."""
    end = start
    while end < len(plain) and plain[end] in _DIGITS:
        end += 1
    return end + 1 if end < len(plain) and plain[end] == "X" else end


def _is_latin(character: str) -> bool:
    """Whether a plain character is a Latin letter, as codes have them."""
    return character.isascii() and character.isalpha()


def _windows(chain: list[_Group]) -> Iterator[_Window]:
    """Yield every run of 18 characters inside one group, or over whole groups.

    Runs that begin or end inside one of several groups are no number that anybody wrote, only neighbours: a list of
    dates would be full of them.
    """
    for first, group in enumerate(chain):
        for offset in range(len(group.characters) - _LENGTH + 1):
            places = group.places[offset : offset + _LENGTH]
            yield _Window(group.characters[offset : offset + _LENGTH], (places[0], places[-1] + 1))
        if len(group.characters) < _LENGTH:
            yield from _over_groups(chain[first : first + _LENGTH])


def _over_groups(groups: list[_Group]) -> Iterator[_Window]:
    """Yield the run of 18 characters that the first groups make together, if they do."""
    number = ""
    for group in groups:
        number += group.characters
        if len(number) == _LENGTH:
            yield _Window(number, (groups[0].places[0], group.places[-1] + 1))
        if len(number) >= _LENGTH:
            return


def _old_windows(chain: list[_Group]) -> Iterator[_Window]:
    """Yield the runs of 15 digits that stand alone: one group without letters, or the whole chain."""
    for group in chain:
        if len(group.characters) == _OLD_LENGTH and not group.joined_to_letters:
            yield _Window(group.characters, (group.places[0], group.places[-1] + 1))
    whole = "".join(group.characters for group in chain)
    alone = not any(group.joined_to_letters for group in chain)
    if len(chain) > 1 and alone and len(whole) == _OLD_LENGTH:
        yield _Window(whole, (chain[0].places[0], chain[-1].places[-1] + 1))


def _is_id_number(number: str) -> bool:
    """Whether 18 characters are an ID number and not a company's code."""
    if not (_is_date_of_birth(number[6:14]) and number[:-1].isdigit() and mod_11_2.is_valid(number)):
        return False
    return not (number.startswith(_MARKET_REGULATOR) and uscc.is_valid(number))


def _is_old_id_number(number: str) -> bool:
    """Whether 15 digits are an ID number of the old kind, all of whose holders were born in the 1900s."""
    return number.isdigit() and _PROVINCES.match(number) is not None and _is_date_of_birth("19" + number[6:12])


def _is_date_of_birth(digits: str) -> bool:
    """Whether eight characters are a day that exists, of the years in which holders were born."""
    if not _DATE_OF_BIRTH.fullmatch(digits):
        return False
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def _merged(spans: list[Span]) -> list[Span]:
    """Return spans in order, with overlapping ones made one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
