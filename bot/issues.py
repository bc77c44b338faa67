"""Problems and suggestions (问题与建议) that officers feed back at any time. Source: the Plan, 三（四）: 及时反馈."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.finding import kind_name as product_name
from bot.forms import Field, Kind, Option, RecordForm
from bot.language import _, pgettext
from bot.policy.model import ProductKind

LONGEST: Final = 500  # UTF-16 units of a problem or an answer
RECENT: Final = 5  # matters worth a button


class IssueKind(StrEnum):
    """What a problem is about."""

    LATE = "late"
    CONTENT = "content"
    PAPERS = "papers"
    SCOPE = "scope"
    SYSTEM = "system"
    ADVICE = "advice"


class IssueState(StrEnum):
    """How far a problem has come. Source: domain.md §8."""

    NEW = "new"  # 新建
    WORKING = "working"  # 处理中
    PASSED_ON = "passed_on"  # 已反馈市信用办
    CLOSED = "closed"  # 已办结


@dataclass(frozen=True, slots=True)
class Answer:
    """What a coordinator answered on a local day."""

    on: dt.date
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem as screens and summaries show it.

    Args:
        id: Its number.
        version: Its version; a press on an older one is stale.
        unit: Short name of the unit.
        officer: Who fed it back.
        on: The local day.
        kind: What it is about.
        matter: The matter's name, if it is about one.
        product: The kind of product, if it is about one.
        text: As it was written.
        state: How far it has come.
        answers: The oldest first.
    """

    id: int
    version: int
    unit: str
    officer: str
    on: dt.date
    kind: IssueKind
    matter: str | None
    product: ProductKind | None
    text: str
    state: IssueState
    answers: tuple[Answer, ...] = ()


def kind_name(kind: IssueKind) -> str:
    """Return what a problem is about, in words."""
    return {
        IssueKind.LATE: pgettext("issue", "feedback late"),
        IssueKind.CONTENT: pgettext("issue", "content of an opinion"),
        IssueKind.PAPERS: pgettext("issue", "papers and procedure"),
        IssueKind.SCOPE: pgettext("issue", "use of products in matters"),
        IssueKind.SYSTEM: pgettext("issue", "use of systems"),
        IssueKind.ADVICE: pgettext("issue", "suggestion"),
    }[kind]


def state_name(state: IssueState, office: str) -> str:
    """Return how far a problem has come, in words.

    Args:
        state: The state.
        office: The credit office's name.
    """
    return {
        IssueState.NEW: pgettext("issue", "new"),
        IssueState.WORKING: pgettext("issue", "being dealt with"),
        IssueState.PASSED_ON: pgettext("issue", "passed on to the %(office)s") % {"office": office},
        IssueState.CLOSED: pgettext("issue", "settled"),
    }[state]


def cited(problem: Problem, office: str) -> str:
    """Return a problem as the quarter's papers carry it: its text, what it is about and how far it has come; no name.

    Args:
        problem: The problem.
        office: The credit office's name.
    """
    about = [problem.matter, product_name(problem.product) if problem.product else None]
    named = pgettext("list", ", ").join(each for each in about if each) or kind_name(problem.kind)
    values = {"text": problem.text.rstrip("。"), "about": named, "state": state_name(problem.state, office)}
    return _("%(text)s (%(about)s; %(state)s)") % values


def issue_form(*, recent: Sequence[Option], matters: Sequence[Option]) -> RecordForm:
    """Return the form of a problem: a text and a kind are enough.

    Args:
        recent: The officer's own matters, each with a button.
        matters: All other matters, meant by what is typed.
    """
    kinds = tuple(Option(kind.value, kind_name(kind)) for kind in IssueKind)
    products = tuple(Option(kind.value, product_name(kind)) for kind in ProductKind)
    return RecordForm(
        title=_("Problems and suggestions"),
        context=(),
        fields=(
            Field(
                "text",
                pgettext("line", "Problem or suggestion"),
                _("Please write the problem or suggestion in a sentence or two."),
                Kind.TEXT,
                hint=_("Organisations may be named, natural persons not."),
                most=LONGEST,
            ),
            Field("kind", pgettext("line", "Kind"), _("What is it about?"), Kind.CHOICE, options=kinds),
            Field(
                "matter",
                pgettext("line", "Matter"),
                _("Which matter is it about? You may type part of its name."),
                Kind.CHOICE,
                options=tuple(recent[:RECENT]),
                others=tuple(matters),
                optional=True,
                asked=False,
            ),
            Field(
                "product",
                pgettext("line", "Credit product"),
                _("Which credit product is it about?"),
                Kind.CHOICE,
                options=products,
                optional=True,
                asked=False,
            ),
        ),
        confirm=pgettext("button", "Hand in"),
    )


def answer_form(problem: Problem) -> RecordForm:
    """Return the form of an answer to a problem."""
    return RecordForm(
        title=_("Answer to number %(number)d") % {"number": problem.id},
        context=(f"{problem.unit} {problem.officer}".strip(), problem.text),
        fields=(Field("text", pgettext("line", "Answer"), _("Please write the answer."), Kind.TEXT, most=LONGEST),),
        confirm=pgettext("button", "Send the answer"),
        effect=_("The officer is told at once."),
    )
