"""Counterparts as officers paste them: names with codes, a person by what may be kept, or a count."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from bot.errors import Refusal, folded
from bot.identifiers import BadCode, Code, IdNumberGiven, id_number_spans, read_code
from bot.language import _
from bot.pasted import LineError, Row, read_row
from bot.plaintext import in_arabic, normalise, visible

_SHORTEST_NAME, _LONGEST_NAME = 2, 80
_LONGEST_CASE_NUMBER: Final = 40
_COUNT: Final = re.compile(r"(?P<count>\d{1,9})[人份家个名件位户]?", re.ASCII)
_COMPOUND: Final = (
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠公孙慕容仲孙钟离长孙宇文司徒鲜于司空闾丘子车亓官司寇巫马"
    "公西颛孙壤驷公良漆雕乐正宰父谷梁拓跋夹谷轩辕令狐段干百里呼延东郭南门羊舌微生公户公玉公仪梁丘公仲公上公门公山公坚左丘公伯西门公祖第五公乘贯丘公皙"
    "南荣东里东宫仲长子书子桑即墨达奚褚师淳于单于爱新叶赫纳兰完颜富察"
)
_COMPOUND_SURNAMES: Final = frozenset(_COMPOUND[n : n + 2] for n in range(0, len(_COMPOUND), 2))


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation as pasted.

    Attributes:
        name: Cleaned, 2 to 80 characters.
        code: Its checked code.
        repeated_on_lines: Further lines, counted from 1, that named the same organisation and were merged.
    """

    name: str
    code: Code
    repeated_on_lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NaturalPerson:
    """A natural person by the little that may be kept.

    Attributes:
        surname: One character, or a compound surname.
        last4: Last four characters of the ID number.
        case_number: The office's own case number, at most 40 characters.
    """

    surname: str
    last4: str
    case_number: str


@dataclass(frozen=True, slots=True)
class LineFault:
    """What is wrong with one pasted line, counted from 1."""

    line: int
    message: str


class BadLines(Refusal):
    """All faults of a pasted list at once; where there are many, the sentence counts the later ones.

    Args:
        faults: In the order of the lines.
        several: Whether the list had several lines, so that each fault is named with its line.
    """

    def __init__(self, faults: tuple[LineFault, ...], *, several: bool) -> None:
        lines = [
            _("Line %(line)d: %(fault)s") % {"line": fault.line, "fault": fault.message} if several else fault.message
            for fault in faults
        ]
        super().__init__(folded(lines))
        self.faults = faults


def read_organisations(text: str) -> tuple[Organisation, ...]:
    """Read names and codes, one organisation to a line or to two lines, in any order.

    Numbering, labels (名称：, 统一社会信用代码：) and the usual separators are left out; the code may contain
    spaces and full-width digits. The same organisation twice is merged.

    Raises:
        BadLines: All faults, each with its line.
        Refusal: Nothing at all was sent.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if normalise(line)]
    if not lines:
        raise Refusal(_("No name was found. Please send the name and the unified social credit code."))
    faults: list[LineFault] = []
    rows: list[Row] = []
    for number, line in lines:
        try:
            rows.append(read_row(number, line))
        except LineError as fault:
            faults.append(LineFault(number, str(fault)))
    organisations = _organisations(rows, faults)
    if faults:
        raise BadLines(tuple(sorted(faults, key=lambda fault: fault.line)), several=len(lines) > 1)
    return organisations


def _organisations(rows: list[Row], faults: list[LineFault]) -> tuple[Organisation, ...]:
    """Return the organisations of the rows, merged by code; faults are added to the list."""
    found: dict[str, Organisation] = {}
    for row in _paired(rows):
        try:
            organisation = _organisation(row)
            found[organisation.code.value] = _merged(found.get(organisation.code.value), organisation, row.line)
        except (LineError, BadCode) as fault:
            faults.append(LineFault(row.line, str(fault)))
    return tuple(found.values())


def _merged(known: Organisation | None, new: Organisation, line: int) -> Organisation:
    """Return the organisation with one more line; one code with two names is a fault."""
    if known is None:
        return new
    if normalise(known.name) != normalise(new.name):
        raise LineError(
            _('This code already stands with the name "%(name)s". Please check which of them is right.')
            % {"name": known.name}
        )
    return replace(known, repeated_on_lines=(*known.repeated_on_lines, line))


def _paired(rows: list[Row]) -> Iterator[Row]:
    """Yield the rows, with a name and a code on two successive lines made one."""
    joined = False
    for row, following in pairwise([*rows, Row(0, "", "")]):
        if joined:
            joined = False
            continue
        joined = following.line == row.line + 1 and _complete_each_other(row, following)
        if joined:
            yield Row(row.line, row.name or following.name, row.code or following.code)
        else:
            yield row


def _complete_each_other(row: Row, following: Row) -> bool:
    """Whether one row is only a name and the other only a code."""
    return bool(row.name) != bool(row.code) and (bool(row.name), bool(row.code)) == (
        bool(following.code),
        bool(following.name),
    )


def _organisation(row: Row) -> Organisation:
    """Return the organisation of a row, or raise what is wrong with it."""
    if not row.code:
        raise LineError(_("No unified social credit code was found. Please send the name and the code together."))
    code = read_code(row.code)
    if not row.name:
        raise LineError(_("The name is missing. Please send the name and the code together."))
    if not _SHORTEST_NAME <= len(row.name) <= _LONGEST_NAME:
        raise LineError(
            _("The name has %(count)d characters; 2 to 80 are possible. Please send the full name only.")
            % {"count": len(row.name)}
        )
    return Organisation(row.name, code)


def read_person(text: str) -> NaturalPerson:
    """Read a natural person: surname, last four of the ID number, the office's own case number.

    Raises:
        Refusal: A part is missing or too long, or more was sent than may be kept, such as a full name.
        IdNumberGiven: The last four and the case number are an ID number together.
    """
    parts = re.split(r"[ ,，、;；]+", visible(" ".join(text.split())), maxsplit=2)
    if len(parts) < 3 or not parts[2].strip():
        raise Refusal(
            _("Please send the surname, the last four of the ID number and the case number, such as %(example)s.")
            % {"example": "张 1234 大气奖2026-15"}
        )
    person = NaturalPerson(_surname(parts[0]), _last4(parts[1]), _case_number(parts[2]))
    if _holds_id_number(person):
        raise IdNumberGiven
    return person


def _holds_id_number(person: NaturalPerson) -> bool:
    """Whether what is kept would be an ID number in two parts; other words of the case number do not hide it."""
    number, last4 = normalise(person.case_number), person.last4
    return any(
        id_number_spans(number[: digits.end()] + last4) or id_number_spans(last4 + number[digits.start() :])
        for digits in re.finditer("[0-9]+", number)
    )


def _surname(text: str) -> str:
    """Return a surname; what stands for a given name (某, *) is left out, a given name is refused."""
    surname = text.rstrip("某*\uff0a×")
    if (len(surname) == 1 and surname.isalpha()) or surname in _COMPOUND_SURNAMES:
        return surname
    raise Refusal(_("Please send the surname only, without the given name: names of persons are not kept."))


def _last4(text: str) -> str:
    """Return the last four characters of an ID number."""
    last4 = normalise(text)
    if not re.fullmatch(r"[0-9]{3}[0-9X]", last4):
        raise Refusal(_("Please send only the last four of the ID number: four digits, or three and X."))
    return last4


def _case_number(text: str) -> str:
    """Return a case number with its spaces put in order."""
    number = " ".join(text.split())
    if len(number) > _LONGEST_CASE_NUMBER:
        raise Refusal(
            _("The case number has %(count)d characters; at most %(most)d are possible. Please shorten it.")
            % {"count": len(number), "most": _LONGEST_CASE_NUMBER}
        )
    return number


def read_count(text: str, *, most: int) -> int:
    """Read how many there are: 32 (full-width too), 三十二, 32人, 32份, 32家.

    Args:
        text: What was typed.
        most: The largest number that is possible.

    Raises:
        Refusal: No whole number from 1 to ``most``.
    """
    match = _COUNT.fullmatch(in_arabic(normalise(text)))
    count = int(match["count"]) if match else 0
    if not 1 <= count <= most:
        raise Refusal(_("Please send a whole number from 1 to %(most)d, such as 32.") % {"most": most})
    return count
