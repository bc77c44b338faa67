"""The columns of a list, recognised by their headings.

Source of the columns: domain.md §4.2.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from bot.documents.reading import heading
from bot.errors import Refusal
from bot.language import _, pgettext


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
