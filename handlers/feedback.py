"""/feedback: a problem or suggestion is fed back at any time, answered by a coordinator, and goes into the quarter.

Source: the Plan, 三（四）: 及时反馈存在的问题.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import require_short
from bot.forms import LONGEST, Filling, Option, RecordForm
from bot.issues import LONGEST as LONGEST_PROBLEM
from bot.issues import Answer, IssueKind, IssueState, Problem, answer_form, issue_form
from bot.language import _
from bot.policy.model import ProductKind
from bot.quarters import Quarter
from bot.screens import feedback as screens
from bot.screens.screen import Screen, is_number
from handlers import access, forms
from handlers.colleagues import named
from handlers.forms import AnyForm, OfficeForm
from handlers.office import Office
from handlers.turn import Flow, Stale, Turn
from storage import issues, outbox, people, recent
from storage.tables import Issue, Person, PersonState, Priority, Unit

WAITING, TOLD = "issue.waiting", "issue.told"


async def on_feedback(turn: Turn) -> Screen:
    """/feedback: what was fed back so far, or a new problem at once; words after it are its text."""
    if turn.text or not await issues.count(turn.session, _whose(turn)):
        return await _new(turn, turn.text)
    return await _overview(turn, 0)


async def on_new(turn: Turn) -> Screen:
    """〔反馈问题〕: a new problem."""
    return await _new(turn, "")


async def on_list(turn: Turn) -> Screen:
    """A page of what was fed back."""
    return await _overview(turn, int(turn.pressed.arg) if is_number(turn.pressed.arg) else 0)


async def on_one(turn: Turn) -> Screen:
    """One problem as it stands now."""
    return await shown(turn, await _visible(turn, turn.pressed.id))


async def on_state(turn: Turn) -> Screen:
    """处理中, 已反馈市信用办 or 已办结: marked by a coordinator, and the officer hears of it."""
    row = await _to_deal_with(turn)
    if row.version != turn.pressed.version:
        return replace(await shown(turn, row), toast=_("This is the present state."))
    try:
        state = IssueState(turn.pressed.arg)
    except ValueError:
        raise Stale from None
    await _move(turn, row, state)
    return replace(await shown(turn, row), toast=_("Recorded"))


async def on_answer(turn: Turn) -> Screen:
    """〔答复〕: by text."""
    row = await _to_deal_with(turn)
    return await forms.begin_office(turn, ANSWER, row.id)


async def shown(turn: Turn, row: Issue, *, said: str | None = None) -> Screen:
    """Return a problem as this officer may see it."""
    problem = await problem_of(turn.session, turn.office, row)
    may_act = turn.may("feedback.answer")
    office = credit_office(turn.office, turn.today)
    return screens.one(problem, office, today=turn.today, may_act=may_act, said=said)


async def problem_of(session: AsyncSession, office: Office, row: Issue) -> Problem:
    """Return a problem as screens and summaries show it."""
    person, unit = await session.get_one(Person, row.person_id), await session.get_one(Unit, row.unit_id)
    matter = office.policy.matters.get(row.matter_code or "")
    return Problem(
        id=row.id,
        version=row.version,
        unit=unit.short_name,
        officer=named(person),
        on=office.today(row.created_at),
        kind=row.kind,
        matter=matter.name if matter else None,
        product=ProductKind(row.product_kind) if row.product_kind else None,
        text=row.text or _("(The text is kept no longer.)"),
        state=row.state,
        answers=tuple(Answer(dt.date.fromisoformat(on), text) for on, text in row.answers or ()),
    )


def credit_office(office: Office, today: dt.date) -> str:
    """Return the credit office's name."""
    return office.policy.term("credit_office", on=today)


async def render(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Tell a coordinator about a problem that waits for them, or an officer how far theirs has come."""
    row = await issues.by_id(session, params["issue"])
    if row is None:
        return None
    today = office.today(now)
    problem = await problem_of(session, office, row)
    waits = params.get("waits", False)
    if waits and row.state is not IssueState.NEW:
        return None  # somebody deals with it already
    may_act = waits and access.may(person.role, "feedback.answer")
    return screens.one(problem, credit_office(office, today), today=today, may_act=may_act, aside=True)


async def _new(turn: Turn, text: str) -> Screen:
    words = " ".join(text.split())
    require_short(words, most=LONGEST_PROBLEM)
    return await forms.begin_office(turn, FEEDBACK, values={"text": words} if words else {}, typed=bool(words))


async def _form(turn: Turn, _subject: int, _filling: Filling) -> RecordForm:
    known = turn.policy.matters
    codes = [code for code in await recent.newest_first(turn.session, turn.officer) if code in known]
    own = [Option(code, known[code].name) for code in codes]
    others = [Option(code, matter.name[:LONGEST]) for code, matter in known.items() if code not in codes[:5]]
    return issue_form(recent=own, matters=others)


async def _record(turn: Turn, _subject: int, filling: Filling) -> Screen:
    """Write the problem down and tell the coordinators."""
    quarter, values = Quarter.of(turn.today), filling.values
    row = Issue(
        person_id=turn.officer.id,
        unit_id=turn.officer.unit_id,
        year=quarter.year,
        quarter=quarter.number,
        kind=IssueKind(values["kind"]),
        matter_code=values.get("matter"),
        product_kind=values.get("product"),
        text=values["text"],
        state=IssueState.NEW,
        created_at=turn.now,
    )
    turn.session.add(row)
    await turn.session.flush()
    turn.note("issue.feed_back", ("issue", row.id), after=dict(values))
    for person in await people.coordinators(turn.session):
        if person.id != turn.officer.id:
            await _tell(turn, person, WAITING, row, waits=True)
    said = _("Handed in to the %(division)s; you are told how it goes on. It goes into the quarter's summary.")
    division = turn.policy.legal_division(on=turn.today).name
    return await shown(turn, row, said=said % {"division": division})


async def _answer_form(turn: Turn, issue_id: int, _filling: Filling) -> RecordForm:
    row = await _visible(turn, issue_id)
    return answer_form(await problem_of(turn.session, turn.office, row))


async def _record_answer(turn: Turn, issue_id: int, filling: Filling) -> Screen:
    """Keep an answer; what is new is thereby dealt with."""
    row = await _visible(turn, issue_id)
    row.answers = [*(row.answers or ()), [turn.today.isoformat(), filling.values["text"]]]
    turn.note("issue.answer", ("issue", row.id), after=filling.values["text"])
    await _move(turn, row, IssueState.WORKING if row.state is IssueState.NEW else row.state)
    return await shown(turn, row)


async def _move(turn: Turn, row: Issue, state: IssueState) -> None:
    """Let a problem be in a state, with its audit line, and tell whoever fed it back."""
    if row.state is not state:
        turn.note("issue.state", ("issue", row.id), before=row.state.value, after=state.value)
        row.state = state
        row.closed_at = turn.now if state is IssueState.CLOSED else None
    await turn.session.flush()
    person = await turn.session.get_one(Person, row.person_id)
    if person.state is PersonState.ACTIVE and person.id != turn.officer.id:
        await _tell(turn, person, TOLD, row)


async def _tell(turn: Turn, person: Person, kind: str, row: Issue, *, waits: bool = False) -> None:
    dedupe = f"{kind}:{row.id}:{row.version}:{person.id}"
    params = {"issue": row.id, "waits": waits}
    priority = Priority.QUESTION if waits else Priority.NOTICE
    await outbox.enqueue(
        turn.session, person, kind=kind, params=params, dedupe=dedupe, priority=priority, now=turn.now
    )  # fmt: skip


async def _overview(turn: Turn, page: int) -> Screen:
    whose = _whose(turn)
    total = await issues.count(turn.session, whose)
    page = min(page, max(0, (total - 1) // screens.PAGE))
    rows = await issues.page(turn.session, whose, limit=screens.PAGE, offset=page * screens.PAGE)
    problems = [await problem_of(turn.session, turn.office, row) for row in rows]
    office = credit_office(turn.office, turn.today)
    return screens.overview(
        problems, office, page=page, total=total, today=turn.today, everybody=whose is None
    )  # fmt: skip


def _whose(turn: Turn) -> int | None:
    """Return whose problems an officer sees: their own; a coordinator sees all."""
    return None if turn.may("feedback.answer") else turn.officer.id


async def _visible(turn: Turn, issue_id: int) -> Issue:
    """Return a problem that this officer may see.

    Raises:
        Stale: There is none of that number for them.
    """
    row = await issues.by_id(turn.session, issue_id)
    if row is None or (row.person_id != turn.officer.id and not turn.may("feedback.answer")):
        raise Stale
    return row


async def _to_deal_with(turn: Turn) -> Issue:
    row = await _visible(turn, turn.pressed.id)
    turn.require("feedback.answer")
    return row


async def _stopped(turn: Turn, issue_id: int) -> Screen:
    return await shown(turn, await _visible(turn, issue_id)) if issue_id else await _overview(turn, 0)


FEEDBACK: Final = OfficeForm("issue", "feedback", _form, _record, _stopped)
ANSWER: Final = OfficeForm("issue_answer", "feedback.answer", _answer_form, _record_answer, _stopped)

COMMANDS: Final[Mapping[str, Flow]] = {"feedback": on_feedback}
PRESSES: Final[Mapping[str, Flow]] = {
    "fbnew": on_new,
    "fbls": on_list,
    "fbone": on_one,
    "fbset": on_state,
    "fbans": on_answer,
}
FORMS: Final[Mapping[str, AnyForm]] = {each.name: each for each in (FEEDBACK, ANSWER)}
NOTICES: Final = {WAITING: render, TOLD: render}
