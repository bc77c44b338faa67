"""One pasted line: which of it is the name, and which the code."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.identifiers import CODE_LENGTH, BadCode, read_code
from bot.language import _
from bot.plaintext import normalise, plain_character, visible

_LEAST_OF_A_CODE: Final = 10  # characters, with most of them digits: shorter ones are part of a name
_SEPARATORS: Final = " \t,，、;；:：|-—"
_NUMBERING: Final = re.compile(r"^\s*[(（]?\d{1,3}(?:[)）]|[.、\uff0e]|\t)\s*")
_LABELS: Final = re.compile(
    "(?:统一)?(?:社会)?信用代码|(?:企业|单位|公司|机构|组织|主体)?(?:名称|全称)(?=\\s*[:：])|\\b(?:USCC|Name)(?=\\s*[:：])"
)
_EMPTY_BRACKETS: Final = re.compile(r"[(（【\[〔]\s*[)）】\]〕]")


@dataclass(frozen=True, slots=True)
class Row:
    """One pasted line: the name in it, and the text of the code, as far as there are any."""

    line: int
    name: str
    code: str


class LineError(Exception):
    """A fault of the line at hand."""


def read_row(number: int, line: str) -> Row:
    """Split a line into its name and its code."""
    line = _LABELS.sub("", _NUMBERING.sub("", visible(line)))
    span = _code_span(line)
    if span is None:
        return Row(number, _clean_name(line), "")
    start, end = span
    left, right = line[:start], line[end:]
    if _valid_spans(right):
        raise LineError(_("There are two codes. Please send one organisation to a line."))
    if _clean_name(left) and _clean_name(right):
        name = _clean_name(_EMPTY_BRACKETS.sub("", left + right)) if _in_brackets(left, right) else ""
        if not name:
            raise LineError(_("There is more than a name and a code. Please send only these two."))
        return Row(number, name, line[start:end])
    return Row(number, _clean_name(left + " " + right), line[start:end])


def _in_brackets(left: str, right: str) -> bool:
    """Whether the code stood alone in brackets, so that both sides belong to the name."""
    return bool(_EMPTY_BRACKETS.search(left.rstrip()[-1:] + right.lstrip()[:1]))


def _clean_name(text: str) -> str:
    """Return a name without separators around it, empty brackets and doubled spaces; nothing without a letter."""
    name = " ".join(_EMPTY_BRACKETS.sub("", text).strip(_SEPARATORS + "\u3000").split())
    return name if any(character.isalnum() for character in name) else ""


def _runs(line: str) -> Iterator[list[int]]:
    """Yield the places of the Latin letters and digits that stand together, spaces and hyphens apart."""
    run: list[int] = []
    for place, character in enumerate(line):
        plain = plain_character(character)
        if len(plain) == 1 and plain.isascii() and plain.isalnum():
            run.append(place)
        elif (plain and unicodedata.category(character) != "Pd") or character == "\t":
            yield run
            run = []
    yield run


def _valid_spans(line: str) -> list[tuple[int, int]]:
    """Return the spans of everything in a line that reads as a valid code."""
    spans = []
    for run in _runs(line):
        for offset in range(len(run) - CODE_LENGTH + 1):
            span = run[offset], run[offset + CODE_LENGTH - 1] + 1
            if _is_code(line[slice(*span)]):
                spans.append(span)
    return spans


def _is_code(text: str) -> bool:
    """Whether a text is a valid code."""
    try:
        read_code(text)
    except BadCode:
        return False
    return True


def _code_span(line: str) -> tuple[int, int] | None:
    """Return the span of the code in a line: the valid one, else what was most likely meant for one."""
    if valid := _valid_spans(line):
        return valid[0]
    meant = [span for run in _runs(line) for span in _meant_for_codes(line, run)]
    return max(meant, key=lambda span: span[1] - span[0], default=None)


def _meant_for_codes(line: str, run: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the whole run and each word of it, where they have the look of a code."""
    words = re.finditer(r"\S+", line[run[0] : run[-1] + 1]) if run else ()
    spans = [(run[0] + word.start(), run[0] + word.end()) for word in words]
    for start, end in [*spans, *([(run[0], run[-1] + 1)] if run else [])]:
        plain = normalise(line[start:end])
        if len(plain) >= _LEAST_OF_A_CODE and sum(c.isdigit() for c in plain) * 2 >= len(plain):
            yield start, end
