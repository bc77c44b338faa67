"""Reading the lists that officers send: xlsx, xls, ods and csv, every value as the text that the officer sees.

ID numbers are struck out of every cell here, headings and titles included, so that no reader of a sheet ever has one.

``read`` is pure. It runs in a process of its own (``python -m bot.documents.reading``), with little memory and time,
because what comes in may be made to harm; see ``handlers.sheet_reading``.
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.documents.child import serve
from bot.documents.containers import Container, column_letters, container, formula_cells
from bot.documents.sheet_faults import (
    HEADING_WITHIN,
    MOST_BYTES,
    MOST_COLUMNS,
    MOST_ROWS,
    SheetFault,
    Trouble,
)
from bot.id_numbers import cell_without_id_numbers, without_id_numbers
from bot.plaintext import normalise, visible

LONGEST_CELL: Final = 500  # characters; what is longer is cut, and the cell is named
_LEAST_HEADINGS: Final = 2  # a row with one known word may be a title
_REMARK: Final = re.compile(r"[（(【\[][^（(【\[）)】\]]*[）)】\]]")
_CSV_TEXT: Final = re.compile(r'="(.*)"')  # how spreadsheets are told to keep digits in a csv file

_COMMON: Final = """
序号 编号 台账编号 事项 事项名称 单位 单位名称 主体名称 企业名称 申报单位 名称 主体类型 统一社会信用代码
信用代码 代码 社会信用代码 组织机构代码 所属区县 区县 申报项目 奖项 推荐单位
备注 经办人 申请人 申请方式 提交日期 申请日期 收件日期 受理时间 反馈日期
反馈时间 核查结果 核查结论 不良信息条数 摘要 查询意见编号 意见编号 出具日期 有效期至 有效期 处理意见
"""
COMMON_HEADINGS: Final = frozenset(_COMMON.split())


@dataclass(frozen=True, slots=True)
class SheetData:
    """A list as it was read.

    Args:
        name: The sheet's name; empty for csv.
        rows: All rows from the first one of the sheet, equally long, so that ``rows[4]`` is the officer's row 5; those
            above the heading are blank: a title may name whoever filled the list in.
        header_at: Which of them holds the names of the columns.
        numeric: Cells (row, column) that held a number rather than text: digits beyond the fifteenth are lost.
        formulas: Cells that held a formula (xlsx only); their text is what was worked out when the file was saved.
        merged: Cells that belong to another one above or left of them; they are blank.
        cut: Cells that were longer than ``LONGEST_CELL`` characters.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]
    header_at: int
    numeric: frozenset[tuple[int, int]] = frozenset()
    formulas: frozenset[tuple[int, int]] = frozenset()
    merged: frozenset[tuple[int, int]] = frozenset()
    cut: frozenset[tuple[int, int]] = frozenset()

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns as written."""
        return self.rows[self.header_at]

    def data(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield the rows below the heading that are not blank, each with its position in ``rows``."""
        for index in range(self.header_at + 1, len(self.rows)):
            if any(self.rows[index]):
                yield index, self.rows[index]

    def to_json(self) -> dict[str, Any]:
        """Return the list as JSON."""
        cells = {name: sorted(getattr(self, name)) for name in _CELLS}
        return {"name": self.name, "rows": self.rows, "header_at": self.header_at, **cells}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "SheetData":
        """Read a list back."""
        cells = {name: frozenset((row, column) for row, column in data[name]) for name in _CELLS}
        return cls(data["name"], tuple(tuple(row) for row in data["rows"]), data["header_at"], **cells)


_CELLS: Final = ("numeric", "formulas", "merged", "cut")


def heading(text: str) -> str:
    """Return a column's name in its plain form: no spaces, remarks in brackets, stars or colons."""
    return normalise(_REMARK.sub("", text)).strip("*:：、.")


def read(content: bytes, name: str, *, headings: Collection[str] = COMMON_HEADINGS) -> SheetData:
    """Read the first sheet that has a recognisable heading.

    Args:
        content: The file.
        name: As the officer's machine called it; what the file is, its bytes say.
        headings: Names of columns by which the heading is recognised.

    Raises:
        SheetFault: The file cannot be read, or holds no such list.
    """
    if not content.strip():
        raise SheetFault(Trouble.EMPTY)
    if len(content) > MOST_BYTES:
        raise SheetFault(Trouble.TOO_BIG)
    kind = container(content)
    known = {heading(each) for each in headings}
    if kind is Container.TEXT:
        return _read_text(content, known)
    return _read_workbook(content, known, with_formulas=kind is Container.XLSX)


def _read_text(content: bytes, known: Collection[str]) -> SheetData:
    text = _decoded(content)
    if "\x00" in text:
        raise SheetFault(Trouble.WRONG_TYPE)
    first = "\n".join(text.splitlines()[:HEADING_WITHIN])
    delimiter = max(",\t;", key=first.count)
    rows: list[list[object]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append([_CSV_TEXT.sub(r"\1", cell) for cell in row])
            if len(rows) > HEADING_WITHIN + MOST_ROWS and any(row):
                raise SheetFault(Trouble.TOO_MANY_ROWS, reached=str(len(rows)))
    except csv.Error:
        raise SheetFault(Trouble.BROKEN) from None
    found = _found("", rows, known)
    if found is None:
        raise SheetFault(Trouble.NO_HEADING)
    return found


def _decoded(content: bytes) -> str:
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    # Text in GB18030 is hardly ever valid UTF-8, so that one is tried first.
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetFault(Trouble.ENCODING)


def _read_workbook(content: bytes, known: Collection[str], *, with_formulas: bool) -> SheetData:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    blank = True
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for each in book.sheets_metadata:
            if each.visible is not SheetVisibleEnum.Visible or each.typ is not SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(each.name)
            blank = blank and sheet.start is None
            found = _read_sheet(sheet, known)
            if found is not None:
                formulas = formula_cells(content, each.name) if with_formulas else frozenset()
                return _with_cells(found, formulas, sheet.merged_cell_ranges or ())
    except PasswordError:
        raise SheetFault(Trouble.PASSWORD) from None
    except (CalamineError, ValueError, OSError):
        raise SheetFault(Trouble.BROKEN) from None
    raise SheetFault(Trouble.EMPTY if blank else Trouble.NO_HEADING)


def _read_sheet(sheet: Any, known: Collection[str]) -> SheetData | None:
    """Return a sheet's rows where its heading is recognised; its size is looked at before they are taken over."""
    if sheet.start is None:
        return None
    top = sheet.to_python(skip_empty_area=False, nrows=HEADING_WITHIN)
    if _header_at(top, known) is None:
        return None
    if sheet.total_width > MOST_COLUMNS:
        raise SheetFault(Trouble.TOO_MANY_COLUMNS, reached=column_letters(sheet.total_width - 1))
    if sheet.total_height > HEADING_WITHIN + MOST_ROWS:
        raise SheetFault(Trouble.TOO_MANY_ROWS, reached=str(sheet.total_height))
    return _found(sheet.name, sheet.to_python(skip_empty_area=False), known)


def _found(name: str, raw: Sequence[Sequence[object]], known: Collection[str]) -> SheetData | None:
    """Return the list that stands in raw cells, None where no heading is recognised."""
    at = _header_at(raw[:HEADING_WITHIN], known)
    if at is None:
        return None
    last = max((index for index, row in enumerate(raw) if any(_text(cell) for cell in row)), default=0)
    width = max(len(row) for row in raw[: last + 1])
    if width > MOST_COLUMNS:
        raise SheetFault(Trouble.TOO_MANY_COLUMNS, reached=column_letters(width - 1))
    if last - at > MOST_ROWS:
        raise SheetFault(Trouble.TOO_MANY_ROWS, reached=str(last + 1))
    if last == at:
        raise SheetFault(Trouble.EMPTY)
    rows, numeric, cut = [("",) * width] * at, set(), set()
    for index, row in enumerate(raw[at : last + 1], start=at):
        texts = [cell_without_id_numbers(_text(cell)) for cell in row] + [""] * (width - len(row))
        numeric |= {(index, n) for n, cell in enumerate(row) if _is_number(cell)}
        cut |= {(index, n) for n, text in enumerate(texts) if len(text) > LONGEST_CELL}
        rows.append(tuple(text[:LONGEST_CELL] for text in texts))
    return SheetData(without_id_numbers(name)[0], tuple(rows), at, numeric=frozenset(numeric), cut=frozenset(cut))


def _header_at(raw: Sequence[Sequence[object]], known: Collection[str]) -> int | None:
    """Return the row that names most columns; a heading may stand below a title or a merged heading over columns."""
    hits = [sum(heading(_text(cell)) in known for cell in row) for row in raw]
    most = max(hits, default=0)
    return hits.index(most) if most >= _LEAST_HEADINGS else None


def _with_cells(
    found: SheetData,
    formulas: frozenset[tuple[int, int]],
    ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]],
) -> SheetData:
    """Return a list with the cells named that hold formulas, or that belong to a merged one."""
    height, width = len(found.rows), len(found.header)
    merged = {
        (row, column)
        for (top, left), (bottom, right) in ranges
        for row in range(top, min(bottom + 1, height))
        for column in range(left, min(right + 1, width))
        if (row, column) != (top, left)
    }
    return SheetData(found.name, found.rows, found.header_at, found.numeric, formulas, frozenset(merged), found.cut)


def _is_number(cell: object) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def _text(cell: object) -> str:
    """Return a cell as its text: whole numbers without a point, dates as ISO 8601."""
    if isinstance(cell, str):
        return visible(cell).strip()
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ", timespec="minutes")
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return str(cell)


if __name__ == "__main__":
    serve(lambda asked, content: read(content, asked["name"], headings=asked["headings"]).to_json())
