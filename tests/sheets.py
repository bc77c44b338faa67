"""Sheets as officers send them, made for the tests; every name and code in them is fictitious."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook
from stdnum.cn import uscc

HEADER = ("序号", "主体名称", "主体类型", "统一社会信用代码", "所属区县", "申报项目", "推荐单位", "备注")
RESULT_HEADER = ("统一社会信用代码", "核查结果", "不良信息条数", "摘要", "查询意见编号", "出具日期", "有效期至")


def code(n: int, prefix: str = "91410100MA") -> str:
    """Return the n-th fictitious code that is right by its check character."""
    body = f"{prefix}{n:07d}"
    return body + uscc.calc_check_digit(body)


def company(n: int) -> str:
    """Return a fictitious name; the numeral keeps it apart from all others."""
    return f"虚构第{n}环保科技有限公司"


def row(n: int, name: str = "", its_code: str | None = None, kind: str = "企业", note: str = "") -> tuple[str, ...]:
    """Return a row of the list: a right one unless said otherwise."""
    return (str(n), name or company(n), kind, code(n) if its_code is None else its_code, "虚构区", "绿色企业", "", note)


def xlsx(
    rows: Iterable[Sequence[Any]],
    header: Sequence[str] = HEADER,
    *,
    merged: Sequence[tuple[int, int, int, int, str]] = (),
    formulas: Mapping[tuple[int, int], tuple[str, str]] | None = None,
    above: Sequence[Sequence[str]] = (),
    sheets_before: Sequence[str] = (),
    hidden: Sequence[str] = (),
    name: str = "名单",
) -> bytes:
    """Return a workbook; numbers stay numbers, text stays text."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    for before in sheets_before:
        other = book.add_worksheet(before)
        other.write(0, 0, "说明")
        if before in hidden:
            other.hide()
    sheet = book.add_worksheet(name)
    _fill(sheet, [*above, header, *rows])
    for top, left, bottom, right, text in merged:
        sheet.merge_range(top, left, bottom, right, text)
    for (at, column), (formula, value) in (formulas or {}).items():
        sheet.write_formula(at, column, formula, None, value)
    if sheets_before and hidden:
        sheet.activate()
        sheet.set_first_sheet()
    book.close()
    return target.getvalue()


def _fill(sheet: Any, rows: Sequence[Sequence[Any]]) -> None:
    for index, each in enumerate(rows):
        for column, value in enumerate(each):
            if isinstance(value, str):
                sheet.write_string(index, column, value)
            elif value is not None:
                sheet.write(index, column, value)


def repacked(content: bytes, extra: Mapping[str, bytes]) -> bytes:
    """Return a zip file with further parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        for name, part in extra.items():
            new.writestr(name, part)
    return target.getvalue()


def cells(content: bytes) -> list[list[str]]:
    """Return a workbook's first sheet read by the library alone."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    found = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    return [[str(cell) for cell in each] for each in found]
