"""Letters as Word files: what each one says, and a template of the pack filled with it.

Only drafts are made: no red head, no seal, and what must not be kept here is left to be filled in on paper.
"""

import datetime as dt
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from bot.documents.text import one_line

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from jinja2 import Environment

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PICTURE_WIDTH_MM: Final = 130.0  # of a type area of 156, so that heading and picture keep to one page
_NONE: Final[Mapping[str, bytes]] = MappingProxyType({})


class Paper(StrEnum):
    """The letters; each is the name of its template and of its button's argument."""

    APPLICATION = "application"  # 核查申请函
    COMMITMENT = "commitment"  # 信用承诺书
    NOTICE = "notice"  # 委托报告告知单
    INQUIRY = "inquiry"  # 商请函《关于商请反馈信用信息核查结果的函》


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a letter is about; an empty name or code is filled in on paper (natural persons)."""

    name: str
    code: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """核查申请函: the bureau asks the credit centre to verify one counterpart, or those of a list.

    Args:
        bureau: Who asks.
        centre: Who is asked.
        unit: The unit whose matter it is.
        number: The ledger's number.
        product: The product's name.
        matter: The matter's name.
        basis: Document and clause.
        purpose: The shelf of the matter; empty outside the catalogue.
        subjects: The counterparts; more than one stand in an annexed list.
        count: How many there are, also where their list is kept elsewhere.
        of_persons: Whether the count counts persons.
        persons: Natural persons besides the organisations; they are filled in on paper.
        wish_date: By when the feedback is wished for.
        date: Date of the letter.
    """

    bureau: str
    centre: str
    unit: str
    number: str
    product: str
    matter: str
    basis: str
    purpose: str
    subjects: tuple[Subject, ...]
    count: int
    of_persons: bool
    persons: int
    wish_date: str
    date: str


@dataclass(frozen=True, slots=True)
class Commitment:
    """信用承诺书 with the three elements of the Plan: own credit status, true papers, liability for a breach.

    The signatory fills in day and signature, and says whether the letter may be published.

    Args:
        bureau: To whom it is given.
        product: The product's name.
        number: The ledger's number.
        matter: The matter's name.
        subject: Who signs; blank where several sign or a natural person does.
        of_person: Whether a natural person signs.

    Source: the Plan 二（一）.
    """

    bureau: str
    product: str
    number: str
    matter: str
    subject: Subject
    of_person: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """委托报告告知单: tells the counterpart what a third-party report has to contain.

    Args:
        bureau: Who tells.
        unit: The unit to which the report is handed in.
        number: The ledger's number.
        product: The product's name.
        matter: The matter's name.
        basis: Document and clause.
        subject: Who is told; blank where it is several or not known yet.
        blocks: What a report contains in general; nine blocks by the Plan.
        fee: What the pack says about the fee.
        time: What the pack says about the time it takes.
        date: Date of the letter.

    Source: the Plan 二（三）.
    """

    bureau: str
    unit: str
    number: str
    product: str
    matter: str
    basis: str
    subject: Subject
    blocks: tuple[str, ...]
    fee: str
    time: str
    date: str


@dataclass(frozen=True, slots=True)
class Inquiry:
    """商请函: politely asks the credit centre for its feedback, when the period ends or has ended.

    Args:
        bureau: Who asks.
        centre: Who is asked.
        unit: The unit whose matter it is.
        number: The ledger's number.
        product: The product's name.
        matter: The matter's name.
        basis: Document and clause of the period.
        subject: The first counterpart.
        count: How many there are.
        of_persons: Whether the count counts persons.
        persons: Natural persons besides the organisations.
        submitted_date: When the bureau applied.
        received_date: When the centre received it, confirmed.
        due_date: The last day of the period.
        overdue: Whether that day is past.
        date: Date of the letter.
    """

    bureau: str
    centre: str
    unit: str
    number: str
    product: str
    matter: str
    basis: str
    subject: Subject
    count: int
    of_persons: bool
    persons: int
    submitted_date: str
    received_date: str
    due_date: str
    overdue: bool
    date: str


Letter = Application | Commitment | Notice | Inquiry

_FIRM: Final = Subject("示例公司（虚构）", "91410100MA00000T42")
_WORDS: Final = {"bureau": "示例局", "number": "示例2026-1", "product": "示例产品", "matter": "示例事项"}
_LETTER: Final = {"unit": "示例处", "basis": "示例依据", "date": "2026年1月5日"}
SPECIMENS: Final[Mapping[Paper, Letter]] = {
    Paper.APPLICATION: Application(
        **_WORDS, **_LETTER, centre="示例中心", purpose="示例", subjects=(_FIRM, _FIRM), count=2, of_persons=False,
        persons=0, wish_date="2026年1月12日",
    ),
    Paper.COMMITMENT: Commitment(**_WORDS, subject=_FIRM, of_person=False),
    Paper.NOTICE: Notice(**_WORDS, **_LETTER, subject=_FIRM, blocks=("示例内容",), fee="示例", time="示例"),
    Paper.INQUIRY: Inquiry(
        **_WORDS, **_LETTER, centre="示例中心", subject=_FIRM, count=1, of_persons=False, persons=0,
        submitted_date="2026年1月4日", received_date="2026年1月4日", due_date="2026年1月9日", overdue=True,
    ),
}  # fmt: skip
"""A fictitious letter of each kind, with which a template is tried."""


def written_day(on: dt.date, *, provisional: bool = False) -> str:
    """Return a date as letters write it: Arabic numerals without leading zeros.

    Source: GB/T 9704-2012, 7.3.5.4.
    """
    return f"{on.year}年{on.month}月{on.day}日" + ("（暂定）" if provisional else "")


def rendered(template: bytes, letter: "DataclassInstance", *, pictures: Mapping[str, bytes] = _NONE) -> bytes:
    """Return a letter as a Word file.

    Values are text whatever stands in them: they are escaped, and never read as markup or as a template.

    Args:
        template: A ``.docx`` with the fields of the letter as ``{{ name }}``.
        letter: What it says.
        pictures: Name -> picture, each as wide as the type area.
    """
    from docx.shared import Mm
    from docxtpl import DocxTemplate, InlineImage

    document = DocxTemplate(io.BytesIO(template))
    context = {field.name: _markup(getattr(letter, field.name)) for field in fields(letter)}
    for name, picture in pictures.items():
        context[name] = InlineImage(document, io.BytesIO(picture), width=Mm(PICTURE_WIDTH_MM))
    document.render(context, jinja_env=_environment(), autoescape=True)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def faults(template: bytes, specimen: "DataclassInstance", *, pictures: Mapping[str, bytes] = _NONE) -> list[str]:
    """Return what is wrong with a template, in sentences for the pack's maintainer; nothing where it serves.

    Args:
        template: A file.
        specimen: A fictitious letter, with which it is tried.
        pictures: The pictures that go with it.
    """
    from docx.opc.exceptions import PackageNotFoundError
    from docxtpl import DocxTemplate
    from jinja2 import TemplateError

    known = {*pictures, *(field.name for field in fields(specimen))}
    try:
        wanted = DocxTemplate(io.BytesIO(template)).get_undeclared_template_variables(_environment())
        if unknown := sorted(wanted - known):
            return [f"The letter has no field {name!r}; it has {', '.join(sorted(known))}." for name in unknown]
        rendered(template, specimen, pictures=pictures)
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError):
        return ["The file is not a Word document (.docx)."]
    except TemplateError as error:
        return [f"The template cannot be filled: {error}."]
    return []


def _environment() -> "Environment":
    """Return a template engine that knows no way out of the template and no silence about an unknown field."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)


def _markup(value: object) -> Any:
    """Return a value as the template gets it.

    Braces are written as character references: the engine's own way of writing braces, ``{_{``, works on the filled
    text, so that one in a name would be changed otherwise.
    """
    from markupsafe import Markup, escape

    if isinstance(value, str):
        escaped = str(escape(one_line(value)))
        return Markup(escaped.replace("{", "&#123;").replace("}", "&#125;"))  # noqa: S704 - escaped a line above
    if isinstance(value, tuple):
        return [_markup(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _markup(getattr(value, field.name)) for field in fields(value)}
    return value
