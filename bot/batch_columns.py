"""The columns of a list: recognised by their headings, and read cell by cell.

Source of the columns: domain.md §4.2.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.documents.reading import LONGEST_CELL, SheetData, heading
from bot.errors import Refusal
from bot.language import _, pgettext

_LOST_DIGITS: Final = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)
_MOST_EXACT: Final = 15  # digits that a spreadsheet keeps of a number
_TOTALS: Final = ("合计", "总计", "小计", "填表", "填报", "制表", "审核", "注:", "说明", "联系")


class Column(StrEnum):
    """What a column may hold."""

    NUMBER = "number"
    NAME = "name"
    KIND = "kind"
    CODE = "code"
    DISTRICT = "district"
    PROJECT = "project"
    SPONSOR = "sponsor"
    NOTE = "note"
    FINDING = "finding"
    RECORDS = "records"
    SUMMARY = "summary"
    OPINION = "opinion"
    ISSUED = "issued"
    VALID_TO = "valid_to"
    HANDLING = "handling"


SYNONYMS: Final[Mapping[Column, tuple[str, ...]]] = {
    Column.NUMBER: ("序号",),
    Column.NAME: (
        "主体名称", "单位名称", "企业名称", "名称", "申报单位", "申报单位名称", "申报企业", "申请单位",
        "申请单位名称", "企业全称", "单位全称", "信用主体", "信用主体名称",
    ),
    Column.KIND: ("主体类型", "主体类别", "单位类型", "单位性质", "主体性质", "企业类型", "类型"),
    Column.CODE: (
        "统一社会信用代码", "社会信用代码", "统一信用代码", "信用代码", "代码", "统一代码", "机构代码",
        "组织机构代码", "主体代码",
    ),
    Column.DISTRICT: ("所属区县", "区县", "县区", "所在区县", "所属县区", "属地"),
    Column.PROJECT: ("申报项目", "奖项", "项目名称", "申报奖项", "项目"),
    Column.SPONSOR: ("推荐单位", "推荐部门"),
    Column.NOTE: ("备注", "说明"),
    Column.FINDING: ("核查结果", "核查结论", "查询结果", "结果", "结论"),
    Column.RECORDS: ("不良信息条数", "条数"),
    Column.SUMMARY: ("摘要", "不良信息摘要", "信息摘要"),
    Column.OPINION: ("查询意见编号", "意见编号", "查询意见文号", "意见文号", "编号"),
    Column.ISSUED: ("出具日期", "出具时间", "意见出具日期", "签发日期"),
    Column.VALID_TO: ("有效期至", "有效期", "有效期截止", "有效期截止日期", "有效期止"),
    Column.HANDLING: ("处理意见", "处理建议"),
}  # fmt: skip


def column_name(column: Column) -> str:
    """Return a column's name as the template writes it."""
    return {
        Column.NUMBER: pgettext("column", "No."),
        Column.NAME: pgettext("column", "Name"),
        Column.KIND: pgettext("column", "Kind"),
        Column.CODE: pgettext("column", "Unified social credit code"),
        Column.DISTRICT: pgettext("column", "District"),
        Column.PROJECT: pgettext("column", "Project or award"),
        Column.SPONSOR: pgettext("column", "Recommended by"),
        Column.NOTE: pgettext("column", "Remark"),
        Column.FINDING: pgettext("column", "Verification result"),
        Column.RECORDS: pgettext("column", "Adverse records"),
        Column.SUMMARY: pgettext("column", "Summary"),
        Column.OPINION: pgettext("column", "Opinion number"),
        Column.ISSUED: pgettext("column", "Day of issue"),
        Column.VALID_TO: pgettext("column", "Valid to"),
        Column.HANDLING: pgettext("column", "Handling"),
    }[column]


def list_headings() -> list[str]:
    """Return every name under which a column is recognised, the template's own in the language in force included."""
    return [name for column, names in SYNONYMS.items() for name in (*names, column_name(column))]


def columns_of(header: Iterable[str], *, wanted: Iterable[Column]) -> dict[Column, int]:
    """Return where each column stands; of two that fit, the better known heading and then the left one counts.

    Raises:
        Refusal: A wanted column is missing; it is named, with what was read instead.
    """
    parts = [set(re.split(r"[/|]", heading(text))) for text in header]
    found: dict[Column, int] = {}
    for column, names in SYNONYMS.items():
        for name in (*names, column_name(column)):
            at = next((n for n, each in enumerate(parts) if heading(name) in each), None)
            if at is not None:
                found[column] = at
                break
    missing = [column_name(each) for each in wanted if each not in found]
    if missing:
        raise Refusal(
            _('The list has no column "%(missing)s". Please name the columns as in the template and send it again.')
            % {"missing": _(", ").join(missing)}
        )
    return found


@dataclass(frozen=True, slots=True)
class Cells:
    """One row of a list, read by the names of its columns.

    Args:
        sheet: The list.
        columns: Where each column stands.
        index: The row's position in the list.
    """

    sheet: SheetData
    columns: Mapping[Column, int]
    index: int

    @property
    def row(self) -> int:
        """The row as the officer counts it."""
        return self.index + 1

    def text(self, column: Column) -> str:
        """Return what stands in a column; empty where the list has none of that name."""
        at = self.columns.get(column)
        return "" if at is None else self.sheet.rows[self.index][at]

    def fault(self, column: Column, sentence: str) -> str:
        """Return what is wrong with a cell, with its row and its column as the officer named it."""
        at = self.columns.get(column)
        named = column_name(column) if at is None else self.sheet.header[at]
        return _('Row %(row)d, "%(column)s": %(fault)s') % {"row": self.row, "column": named, "fault": sentence}

    def cell_fault(self, column: Column) -> str | None:
        """Return why the cell itself cannot be relied on, whatever it says; None where it can."""
        cell = (self.index, self.columns.get(column, -1))
        if cell in self.sheet.merged:
            return self.fault(column, _("the cell is merged with another one. Please split it and fill in each row."))
        if cell in self.sheet.formulas:
            return self.fault(column, _("the cell holds a formula. Please paste its value instead."))
        if cell in self.sheet.cut:
            sentence = _("the cell holds more than %(most)d characters. Please shorten it.") % {"most": LONGEST_CELL}
            return self.fault(column, sentence)
        return None

    def lost_digits(self, column: Column) -> bool:
        """Say whether a spreadsheet took the cell for a number and dropped its last digits."""
        text = self.text(column)
        if _LOST_DIGITS.fullmatch(text):
            return True
        return (self.index, self.columns.get(column, -1)) in self.sheet.numeric and len(text) > _MOST_EXACT

    def is_footer(self) -> bool:
        """Say whether the row is a total or a remark below the list rather than a part of it."""
        filled = [cell for cell in self.sheet.rows[self.index] if cell]
        return not self.text(Column.CODE) and heading(filled[0]).startswith(_TOTALS)
