"""The words of sheets: what came of a verification, how far a matter is, who applied, what kind it is about."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from bot.documents.reading import heading
from bot.language import pgettext
from bot.near_names import plain_name
from bot.opinions import Finding, finding_name
from bot.policy.model import Applying, CounterpartKind


class Standing(StrEnum):
    """How far a row says that its matter has come."""

    NOT_SUBMITTED = "not_submitted"
    UNDER_WAY = "under_way"
    SUPPLEMENT = "supplement"
    RETURNED = "returned"  # the opinion has come and is not used yet
    USED = "used"
    WITHDRAWN = "withdrawn"

    @property
    def is_closed(self) -> bool:
        """Whether nothing is left to be done."""
        return self in (Standing.USED, Standing.WITHDRAWN)


def standing_name(standing: Standing) -> str:
    """Return how far a matter has come, as a sheet of ours says it."""
    return {
        Standing.NOT_SUBMITTED: pgettext("standing", "not submitted"),
        Standing.UNDER_WAY: pgettext("standing", "under way"),
        Standing.SUPPLEMENT: pgettext("standing", "supplement asked for"),
        Standing.RETURNED: pgettext("standing", "feedback has come"),
        Standing.USED: pgettext("standing", "used"),
        Standing.WITHDRAWN: pgettext("standing", "withdrawn"),
    }[standing]


_STANDINGS: Final = {
    Standing.NOT_SUBMITTED: ("草稿", "未提交", "未申请", "待提交"),
    Standing.UNDER_WAY: (
        "在办", "办理中", "核查中", "未办结", "已提交", "已申请", "中心已收件", "已收件", "待反馈", "未反馈", "超期",
        "超期未反馈",
    ),
    Standing.SUPPLEMENT: ("补正中", "补正", "待补正"),
    Standing.RETURNED: ("已反馈", "已回复", "待使用", "未使用", "已收到意见"),
    Standing.USED: ("已使用", "已办结", "办结", "已完成", "完成", "已结", "已归档", "归档", "已用", "直接使用"),
    Standing.WITHDRAWN: ("已撤回", "撤回", "已撤销", "作废", "终止", "取消", "退回"),
}  # fmt: skip
_FINDINGS: Final = {
    Finding.CLEAN: (
        "未查询到不良信息", "未查询到", "未查到不良信息", "未发现不良信息", "无不良信息", "无不良信用信息",
        "无不良记录", "无不良", "无", "正常", "良好", "信用良好", "合格",
    ),
    Finding.ADVERSE: ("有不良信息", "有不良记录", "有不良", "存在不良信息", "有", "不良", "失信", "一般失信"),
    Finding.SERIOUS: ("严重失信", "严重失信主体", "列入严重失信主体名单", "黑名单"),
    Finding.UNKNOWN: ("查无此主体", "查无", "查无此企业", "信息不符", "查无此主体信息不符"),
}  # fmt: skip
_APPLICANTS: Final[Mapping[Applying, tuple[str, ...]]] = {
    "bureau": (
        "本部门", "本部门申请", "本处室", "本单位", "处室", "处室申请", "承办处室", "我局", "本局", "部门", "部门申请",
    ),
    "counterpart": (
        "相对人", "行政相对人", "申请人", "申请单位", "申报单位", "企业", "企业申请", "企业自行申请", "企业自行",
        "自行申请", "供应商", "单位自行申请",
    ),
}  # fmt: skip
_KINDS: Final = {
    CounterpartKind.ENTERPRISE: ("企业", "公司", "个体工商户", "个体户", "合作社"),
    CounterpartKind.INSTITUTION: ("事业单位",),
    CounterpartKind.SOCIAL_ORG: ("社会团体", "社会组织", "社团", "民办非企业单位", "民办非企业", "基金会"),
    CounterpartKind.NATURAL_PERSON: ("自然人", "个人"),
}


_SHORTEST_NAME: Final = 2  # characters
_BRACKETED: Final = re.compile(r"[（(〔\[【][^（(〔\[【）)〕\]】]*[）)〕\]】]")  # an office, a unit
_NUMBERED: Final = re.compile(r"(?<![0-9A-Za-z-])[A-Za-z-]*\d[0-9A-Za-z-]*")  # a telephone, a code
_BETWEEN_NAMES: Final = re.compile("[、，,;；/]")
_ORGANISATION: Final = re.compile(
    "公司|中心|集团|大学"
    "|[厂店站院所校局部社处队场馆矿坊吧厅室寺铺]$"
    "|.{3}[会村园行]$"  # 李园 and 王知行 are persons
    "|(超市|商城|大厦|酒楼|酒家|茶楼|饭庄|山庄|农庄|车间|码头|仓库|社区|园区|校区|小区|景区|厂区|政府|街道办|基金)$"
    "|(科技|环保|实业|建材|贸易|化工|机械|制造|物业|能源)$"
)
_LATIN_ORGANISATION: Final = re.compile(r"\b(ltd|limited|inc|corp|corporation|company|co|llc|group)\b", re.IGNORECASE)
_OF_ORGANISATIONS: Final = re.compile("(企业|单位|公司|机关|团体|组织)$")


def applicant_name(applicant: Applying) -> str:
    """Return who applied, as a sheet of ours says it."""
    return {
        "bureau": pgettext("applied by", "this unit"),
        "counterpart": pgettext("applied by", "the counterpart"),
    }[applicant]


def finding_of(text: str) -> Finding | None:
    """Return the finding that a word stands for; None where it is not known."""
    plain = plain_name(text)
    return next((each for each in Finding if plain in _FINDINGS[each] or plain == plain_name(finding_name(each))), None)


def standing_of(text: str) -> Standing | None:
    """Return how far a matter is by a word; None where it is not known."""
    plain = plain_name(text)
    return next(
        (each for each in Standing if plain in _STANDINGS[each] or plain == plain_name(standing_name(each))), None
    )


def applicant_of(text: str) -> Applying | None:
    """Return who applied by a word; None where it is not known."""
    plain = plain_name(text)
    return next(
        (each for each in _APPLICANTS if plain in _APPLICANTS[each] or plain == plain_name(applicant_name(each))), None
    )


def applicants() -> tuple[str, ...]:
    """Return the words for who applied."""
    return tuple(applicant_name(each) for each in _APPLICANTS)


def kind_of(text: str) -> CounterpartKind | None:
    """Return the kind of counterpart that a word stands for; None where it is not known."""
    return next((kind for kind, words in _KINDS.items() if heading(text) in words), None)


def is_of_organisation(kind: str) -> bool:
    """Say whether a word for a kind means an organisation, be it one that is not known (国有企业)."""
    known = kind_of(kind)
    if known is not None:
        return known is not CounterpartKind.NATURAL_PERSON
    return _OF_ORGANISATIONS.search(plain_name(kind)) is not None


def may_name_person(text: str) -> bool:
    """Say whether a name may be a person's, or several persons': no word in it is an organisation's.

    What stands in brackets, and numbers, say nothing: 张三（处长）, 张三 13800000000. Where in doubt it may be one's,
    for a person's name is not kept.
    """
    outside = _BRACKETED.sub(" ", text)
    names = _NUMBERED.sub(" ", outside if plain_name(outside) else text)
    plain = [plain_name(name) for name in _BETWEEN_NAMES.split(names)]
    if len("".join(plain)) < _SHORTEST_NAME or _LATIN_ORGANISATION.search(names):
        return False
    return not any(_ORGANISATION.search(name) for name in plain)
