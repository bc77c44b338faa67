"""The columns of the ledger that a unit keeps as a sheet: what each one holds, proposed by name, confirmed once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from bot.documents.reading import heading
from bot.errors import Refusal
from bot.language import _, pgettext

_NEAR: Final = 75.0  # of 100: one character of four may differ
_SHORTEST_PART: Final = 4  # characters of a known name that may stand inside a longer one


class Field(StrEnum):
    """What a column may hold."""

    NUMBER = "number"
    MATTER = "matter"
    NAME = "name"
    CODE = "code"
    KIND = "kind"
    COUNT = "count"
    OFFICER = "officer"
    APPLICANT = "applicant"
    STATE = "state"
    SUBMITTED = "submitted"
    RECEIVED = "received"
    SUPPLEMENT = "supplement"
    RETURNED = "returned"
    FINDING = "finding"
    OPINION = "opinion"
    ISSUED = "issued"
    VALID_TO = "valid"
    DECIDE = "decide"
    NOTE = "note"


Columns = tuple[Field | None, ...]
"""What each column of a sheet holds, from left to right; None = it is not imported."""

SYNONYMS: Final[Mapping[Field, tuple[str, ...]]] = {
    Field.NUMBER: ("编号", "台账编号", "台账号", "登记号", "登记编号", "业务编号", "受理编号", "办件编号"),
    Field.MATTER: ("事项", "事项名称", "核查事项", "办理事项", "申请事项", "行政事项", "项目名称", "用途", "申报项目"),
    Field.NAME: (
        "单位名称", "主体名称", "企业名称", "申报单位", "申报单位名称", "申请单位", "申请单位名称", "企业全称",
        "单位全称", "被核查单位", "被核查单位名称", "核查对象", "信用主体", "行政相对人", "相对人", "名称", "单位",
    ),
    Field.CODE: (
        "统一社会信用代码", "社会信用代码", "统一信用代码", "信用代码", "统一代码", "组织机构代码", "机构代码", "代码",
    ),
    Field.KIND: ("主体类型", "主体类别", "单位类型", "单位性质", "主体性质", "类型"),
    Field.COUNT: ("数量", "家数", "人数", "户数"),
    Field.OFFICER: ("经办人", "承办人", "经办", "承办", "办理人", "登记人", "经手人"),
    Field.APPLICANT: ("申请方式", "申请人", "申请主体", "申请方", "申请途径"),
    Field.STATE: ("状态", "办理状态", "办理情况", "进度", "办理进度", "使用情况"),
    Field.SUBMITTED: ("提交日期", "申请日期", "受理日期", "送件日期", "报送日期", "登记日期", "送出日期", "发函日期"),
    Field.RECEIVED: ("收件日期", "中心收件日期", "中心收件", "接收日期", "签收日期", "中心受理日期"),
    Field.SUPPLEMENT: ("补正日期", "要求补正日期", "通知补正日期"),
    Field.RETURNED: ("反馈日期", "回复日期", "办结日期", "取回日期", "收到意见日期", "返回日期"),
    Field.FINDING: ("核查结果", "查询结果", "核查情况", "结果", "结论", "核查意见", "查询意见"),
    Field.OPINION: ("意见编号", "查询意见编号", "意见文号", "查询意见文号", "文号", "意见书编号"),
    Field.ISSUED: ("出具日期", "意见出具日期", "签发日期", "意见日期"),
    Field.VALID_TO: (
        "有效期至", "有效期", "有效期限", "有效期截止", "有效期截止日期", "有效期止", "到期日期", "截止日期",
    ),
    Field.DECIDE: ("拟决定日期", "计划决定日期", "研究日期", "上会日期"),
    Field.NOTE: ("备注", "说明", "附注"),
}  # fmt: skip
"""Names under which columns are known, the usual one first; of a time and a date they say the same."""

_NEEDED: Final = (Field.NAME, Field.CODE)


def field_name(field: Field) -> str:
    """Return what a column is called in a sheet of ours."""
    return {
        Field.NUMBER: pgettext("column", "Number"),
        Field.MATTER: pgettext("column", "Matter"),
        Field.NAME: pgettext("column", "Counterpart"),
        Field.CODE: pgettext("column", "Unified social credit code"),
        Field.KIND: pgettext("column", "Kind"),
        Field.COUNT: pgettext("column", "Count"),
        Field.OFFICER: pgettext("column", "Handling officer"),
        Field.APPLICANT: pgettext("column", "Applied by"),
        Field.STATE: pgettext("column", "State"),
        Field.SUBMITTED: pgettext("column", "Submitted on"),
        Field.RECEIVED: pgettext("column", "Received by the centre on"),
        Field.SUPPLEMENT: pgettext("column", "Supplement asked for on"),
        Field.RETURNED: pgettext("column", "Feedback on"),
        Field.FINDING: pgettext("column", "Result"),
        Field.OPINION: pgettext("column", "Number of the opinion"),
        Field.ISSUED: pgettext("column", "Issued on"),
        Field.VALID_TO: pgettext("column", "Valid to"),
        Field.DECIDE: pgettext("column", "Planned decision on"),
        Field.NOTE: pgettext("column", "Remark"),
    }[field]


def known_headings() -> list[str]:
    """Return every name under which a column is known, ours in the language in force included."""
    return [name for field in Field for name in _names(field)]


def propose(header: Sequence[str], remembered: Mapping[str, Field | None] | None = None) -> Columns:
    """Return what each column most likely holds; each field stands once, at the column that fits it best.

    Args:
        header: The names of the columns as written.
        remembered: What the unit confirmed for names of columns; see ``remember``.
    """
    known = remembered or {}
    found: dict[int, Field | None] = {
        at: known[key] for at, key in enumerate(_keys(header)) if key in known and heading(header[at])
    }
    scores = [
        (score, at, field)
        for at, text in enumerate(header)
        if at not in found and _plain(text)
        for field in Field
        if field not in found.values() and (score := _closeness(text, field))
    ]
    for _score, at, field in sorted(scores, key=lambda each: (-each[0], each[1])):
        if at not in found and field not in found.values():
            found[at] = field
    return tuple(found.get(at) for at in range(len(header)))


def changed(columns: Columns, at: int, field: Field | None) -> Columns:
    """Return the columns with one of them holding something else; a field that stood elsewhere leaves its column."""
    without = [None if each is field else each for each in columns]
    without[at] = field
    return tuple(without)


def places(columns: Columns) -> dict[Field, int]:
    """Return where each field stands."""
    return {field: at for at, field in enumerate(columns) if field is not None}


def require(columns: Columns) -> None:
    """Refuse columns of which nothing can be imported.

    Raises:
        Refusal: Names or codes stand in no column.
    """
    missing = [field_name(field) for field in _NEEDED if field not in columns]
    if missing:
        raise Refusal(
            _('No column holds "%(missing)s" yet. Please press the column that does and choose it.')
            % {"missing": _(", ").join(missing)}
        )


def remember(header: Sequence[str], columns: Columns) -> list[list[str]]:
    """Return confirmed columns as the unit's setting: names as written, in their order, with what they hold."""
    return [[text, field.value if field else ""] for text, field in zip(header, columns, strict=True)]


def remembered(setting: Any) -> dict[str, Field | None]:
    """Return what a unit confirmed, by the plain names of its columns; nothing where it never imported."""
    pairs = [(str(text), Field(field) if field else None) for text, field in setting or ()]
    keys = _keys([text for text, _field in pairs])
    return {key: field for key, (_text, field) in zip(keys, pairs, strict=True)}


def is_known(header: Sequence[str], known: Mapping[str, Field | None]) -> bool:
    """Say whether every named column was confirmed before, so that nobody has to be asked again."""
    return bool(known) and all(key in known for key, text in zip(_keys(header), header, strict=True) if heading(text))


def own_headings(setting: Any) -> list[tuple[str, Field | None]]:
    """Return a unit's own columns in their order, those that are not imported included."""
    return [(str(text), Field(field) if field else None) for text, field in setting or ()]


def _keys(header: Iterable[str]) -> list[str]:
    """Return the plain names of columns; the second of the same name is told apart by its number."""
    seen: Counter[str] = Counter()
    keys = []
    for text in header:
        plain = heading(text)
        seen[plain] += 1
        keys.append(plain if seen[plain] == 1 else f"{plain}#{seen[plain]}")
    return keys


def _names(field: Field) -> tuple[str, ...]:
    return (*SYNONYMS[field], field_name(field))


def _plain(text: str) -> str:
    """Return a name of a column as it is compared: a time is a date."""
    return heading(text).replace("时间", "日期")


def _closeness(text: str, field: Field) -> float:
    """Return how well a column's name fits a field, 0 for not at all; the usual names come before the others."""
    from rapidfuzz import fuzz

    plain, best = _plain(text), 0.0
    for rank, name in enumerate(_names(field)):
        known = _plain(name)
        if plain == known:
            return 200.0 - rank
        if len(known) >= _SHORTEST_PART and known in plain:
            best = max(best, 100.0 + len(known))
        else:
            best = max(best, fuzz.ratio(plain, known, score_cutoff=_NEAR))
    return best
