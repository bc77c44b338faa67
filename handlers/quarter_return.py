"""A unit's quarterly return: pre-filled, reported by one press, confirmed by the head where the pack says so.

Source: the Plan, 三（四）: 按季度汇总; domain.md §8 for the states.
"""

import datetime as dt
import functools
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Refusal
from bot.forms import Field, Filling, Kind, RecordForm
from bot.issues import LONGEST
from bot.language import _, pgettext
from bot.quarters import Quarter, format_quarter
from bot.returns import ReturnState, UnitReturn
from bot.roles import READS, reaches
from bot.screens import quarter_return as screens
from bot.screens.screen import Screen, is_number
from handlers import forms, quarter_facts
from handlers.forms import AnyForm, OfficeForm
from handlers.turn import Flow, Stale, Turn
from storage import outbox
from storage import quarter_returns as stored
from storage.tables import Person, PersonState, Priority, QuarterReturn, Role, Unit

CONFIRM, SENT_BACK = "quarter.confirm", "quarter.sent_back"


async def on_open(turn: Turn) -> Screen:
    """The return as it stands now."""
    return await shown(turn, await readable(turn))


async def on_matters(turn: Turn) -> Screen:
    """〔按事项〕: the eight columns matter by matter."""
    unit = await quarter_facts.unit_return(turn.session, turn.office, await readable(turn), turn.now)
    return screens.by_matter(unit, page(turn))


async def on_problems(turn: Turn) -> Screen:
    """〔填写问题〕: 存在问题与建议 by text."""

    async def ask(row: QuarterReturn) -> Screen:
        values = {"text": row.problems} if row.problems else {}
        return await forms.begin_office(turn, PROBLEMS, row.id, values=values)

    return await _acting(turn, ask)


async def on_nil(turn: Turn) -> Screen:
    """〔零报告〕: in one press, only while every figure is 0."""

    async def report(row: QuarterReturn) -> Screen:
        unit = await quarter_facts.unit_return(turn.session, turn.office, row, turn.now)
        if not unit.figures.is_nil:
            said = _("The unit has figures in this quarter, so a nil return is not possible. Please report them.")
            return await shown(turn, row, said=said)
        return await _report(turn, row, unit, nil=True)

    return await _acting(turn, report)


async def on_report(turn: Turn) -> Screen:
    """〔报送〕: with the figures of this moment."""

    async def report(row: QuarterReturn) -> Screen:
        unit = await quarter_facts.unit_return(turn.session, turn.office, row, turn.now)
        return await _report(turn, row, unit, nil=unit.figures.is_nil)

    return await _acting(turn, report)


async def on_confirm(turn: Turn) -> Screen:
    """〔确认报送〕: by the head of the unit, or a coordinator."""

    async def confirm(row: QuarterReturn) -> Screen:
        if not waits_for_head(row) or not await may_answer(turn, row.unit_id, roles=(Role.HEAD,)):
            raise Stale
        row.state, row.confirmed_by, row.reported_at = ReturnState.REPORTED, turn.officer.id, turn.now
        turn.note("quarter.confirm", ("quarter_return", row.id))
        return await shown(turn, row, said=_("Confirmed and reported."))

    return await _acting(turn, confirm)


async def on_back(turn: Turn) -> Screen:
    """〔退回修改〕 by the head, or 〔撤回修改〕 by whoever reported, until the summary is sent on."""
    return await _acting(turn, functools.partial(_take_back, turn), reported_too=True)


async def _take_back(turn: Turn, row: QuarterReturn) -> Screen:
    if not waits_for_head(row) and not row.state.is_reported:
        raise Stale
    turn.note("quarter.take_back", ("quarter_return", row.id), before={"state": row.state.value, "nil": row.nil})
    filled_by, row.state = row.filled_by, ReturnState.FILLING
    row.filled_at, row.confirmed_by, row.reported_at, row.nil, row.figures = None, None, None, False, None
    await turn.session.flush()
    if filled_by is not None and filled_by != turn.officer.id:
        await tell(turn.session, row, SENT_BACK, await turn.session.get_one(Person, filled_by), turn.now)
    return await shown(turn, row, said=_("Taken back. Please correct it and report it again."))


async def shown(turn: Turn, row: QuarterReturn, *, said: str | None = None) -> Screen:
    """Return a return's screen for this reader."""
    unit = await quarter_facts.unit_return(turn.session, turn.office, row, turn.now)
    may_fill = await may_answer(turn, row.unit_id)
    may_confirm = await may_answer(turn, row.unit_id, roles=(Role.HEAD,))
    return screens.shown(unit, today=turn.today, may_fill=may_fill, may_confirm=may_confirm, said=said)


async def may_answer(turn: Turn, unit_id: int, roles: Collection[Role] = stored.ANSWERS_FOR) -> bool:
    """Say whether this officer answers for a unit's return."""
    return await stored.answers_for(turn.session, turn.officer, unit_id, turn.today, roles=roles)


def waits_for_head(row: QuarterReturn) -> bool:
    """Say whether a return is filled in and not confirmed."""
    return row.state is ReturnState.FILLING and row.filled_at is not None


async def _report(turn: Turn, row: QuarterReturn, unit: UnitReturn, *, nil: bool) -> Screen:
    if not unit.is_over:
        said = _("%(quarter)s is not over yet. Please report it from %(day)s on.") % {
            "quarter": format_quarter(unit.quarter),
            "day": quarter_facts.day(turn, unit.quarter.next.begins_on),
        }
        return await shown(turn, row, said=said)
    if not unit.may_report:
        raise Stale
    row.nil, row.filled_by, row.filled_at = nil, turn.officer.id, turn.now
    row.figures = unit.figures.to_json()
    after = {"nil": nil, "figures": row.figures, "problems": row.problems}
    needs_head = await _needs_head(turn, row.unit_id)
    if needs_head and (heads := await stored.of_role(turn.session, row.unit_id, Role.HEAD, turn.today)):
        row.state = ReturnState.FILLING
        turn.note("quarter.fill_in", ("quarter_return", row.id), after=after)
        await turn.session.flush()
        for person in heads:
            await tell(turn.session, row, CONFIRM, person, turn.now)
        return await shown(turn, row, said=_("Handed to the head of the unit, who confirms it."))
    row.state, row.reported_at, row.confirmed_by = ReturnState.REPORTED, turn.now, None
    turn.note("quarter.report", ("quarter_return", row.id), after=after)
    await turn.session.flush()
    said = _("Nil return reported.") if nil else _("Reported.")
    if needs_head:
        said = _("Reported without confirmation: the unit has no head who can be reached.")
    return await shown(turn, row, said=said)


async def _needs_head(turn: Turn, unit_id: int) -> bool:
    return turn.policy.quarters.head_confirms and not await may_answer(turn, unit_id, roles=(Role.HEAD,))


async def tell(session: AsyncSession, row: QuarterReturn, kind: str, person: Person, now: dt.datetime) -> None:
    """Tell somebody of a return that waits for them: ``CONFIRM`` or ``SENT_BACK``, once of each of its versions."""
    if person.state is not PersonState.ACTIVE:
        return
    dedupe = f"{kind}:{row.id}:{row.version}:{person.id}"
    params = {"return": row.id}
    await outbox.enqueue(session, person, kind=kind, params=params, dedupe=dedupe, priority=Priority.QUESTION, now=now)


async def _problems_form(turn: Turn, return_id: int, _filling: Filling) -> RecordForm:
    row = await _open(turn, return_id)
    unit = await turn.session.get_one(Unit, row.unit_id)
    return RecordForm(
        title=pgettext("line", "Problems and suggestions"),
        context=(f"{format_quarter(Quarter(row.year, row.quarter))} {unit.name}",),
        fields=(
            Field(
                "text",
                pgettext("line", "Problems and suggestions"),
                _("Please write the unit's problems and suggestions in a sentence or two."),
                Kind.TEXT,
                hint=_("Organisations may be named, natural persons not."),
                most=LONGEST,
            ),
        ),
        confirm=pgettext("button", "Keep"),
    )


async def _keep_problems(turn: Turn, return_id: int, filling: Filling) -> Screen:
    row = await _open(turn, return_id)
    turn.note("quarter.problems", ("quarter_return", row.id), before=row.problems, after=filling.values["text"])
    row.problems = filling.values["text"]
    if row.state is ReturnState.NOT_STARTED:
        row.state = ReturnState.FILLING
    await turn.session.flush()
    return await shown(turn, row)


async def _standing(turn: Turn, return_id: int, _filling: Filling) -> str:
    return (await answered_for(turn, return_id)).problems or _("(nothing)")


async def _stopped(turn: Turn, return_id: int) -> Screen:
    return await shown(turn, await answered_for(turn, return_id))


async def answered_for(turn: Turn, return_id: int) -> QuarterReturn:
    """Return a return that this officer answers for.

    Raises:
        Stale: They do not.
    """
    row = await stored.by_id(turn.session, return_id)
    if row is None or not await may_answer(turn, row.unit_id):
        raise Stale
    return row


async def _open(turn: Turn, return_id: int) -> QuarterReturn:
    """Return a return that this officer may still change.

    Raises:
        Refusal: It was reported or locked meanwhile.
    """
    row = await answered_for(turn, return_id)
    if (why_not := await _closed(turn, row)) is not None:
        raise Refusal(why_not)
    return row


async def _closed(turn: Turn, row: QuarterReturn, *, reported_too: bool = False) -> str | None:
    """Return why a return can be changed no more; None while it can."""
    quarter = Quarter(row.year, row.quarter)
    if await quarter_facts.is_locked(turn.session, quarter):
        said = _("%(quarter)s is sent on and locked. What is corrected now goes into the next quarter.")
        return said % {"quarter": format_quarter(quarter)}
    if row.state.is_reported and not reported_too:
        return _("The return is reported already. Please take it back first if something is to be corrected.")
    return None


async def _acting(
    turn: Turn, act: Callable[[QuarterReturn], Awaitable[Screen]], *, reported_too: bool = False
) -> Screen:  # fmt: skip
    """Do what a press wants, if it was made from the return's present state; otherwise show that state."""
    row = await answered_for(turn, turn.pressed.id)
    if (why_not := await _closed(turn, row, reported_too=reported_too)) is not None:
        return await shown(turn, row, said=why_not)
    if row.version != turn.pressed.version:
        return replace(await shown(turn, row), toast=_("This is the present state."))
    return await act(row)


async def readable(turn: Turn) -> QuarterReturn:
    """Return a return that this officer may read: as they may its entries, or as whoever they stand in for may.

    Raises:
        Stale: They may not, or there is none of that id.
    """
    row = await stored.by_id(turn.session, turn.pressed.id)
    me = turn.officer
    if row is None or not (
        reaches(READS, me.role, own=False, same_unit=me.unit_id == row.unit_id) or await may_answer(turn, row.unit_id)
    ):
        raise Stale
    return row


def page(turn: Turn) -> int:
    """Return the page that was pressed, from 0."""
    return int(turn.pressed.arg) if is_number(turn.pressed.arg) else 0


PROBLEMS: Final = OfficeForm("return_problems", "quarter.return", _problems_form, _keep_problems, _stopped, _standing)

FORMS: Final[Mapping[str, AnyForm]] = {PROBLEMS.name: PROBLEMS}
PRESSES: Final[Mapping[str, Flow]] = {
    "qret": on_open,
    "qmat": on_matters,
    "qprb": on_problems,
    "qnil": on_nil,
    "qrep": on_report,
    "qcnf": on_confirm,
    "qbck": on_back,
}
