"""New matters (R22): an officer proposes one from the guide, a coordinator answers by one press, with its effect seen.

Source: the Plan, 三（二）: the scope of use is widened step by step.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot import rule_forms
from bot.dates import format_day
from bot.errors import Refusal
from bot.forms import Filling, RecordForm
from bot.guidance import Outcome
from bot.language import _
from bot.policy.model import COUNTERPART, MATTER, OTHER
from bot.policy.overlay import Layer, LayerKind
from bot.quarters import Quarter
from bot.scope import subject_word
from bot.screens import proposals as screens
from bot.screens.proposals import Proposal, Proposed
from bot.screens.rules import difference_lines
from bot.screens.screen import Screen, is_number
from handlers import forms, guide_draft, hours, rule_change
from handlers.colleagues import named
from handlers.forms import AnyForm, OfficeForm
from handlers.office import Office
from handlers.turn import Flow, Stale, Turn
from storage import outbox, overlay, people, periodic
from storage.tables import Overlay, OverlayState, Person, Unit

PROPOSED, ANSWERED, LISTED = "matter.proposed", "matter.answered", "matter.listed"
MOST_WAITING: Final = 5  # proposals of one officer; each is read and weighed by a coordinator


async def on_propose(turn: Turn) -> Screen:
    """〔建议新增事项〕 on a result outside the catalogue: what was answered is filled in already."""
    _draft, case = guide_draft.pressed(turn)
    if case.what_if or case.answers.get(MATTER) != (OTHER,) or not isinstance(case.step(turn), Outcome):
        raise Stale
    await _require_room(turn)
    many = [each for each in turn.policy.questions.values() if each.many and each.offered]
    values: dict[str, Any] = {
        f"q{place}": list(case.answers[each.id]) for place, each in enumerate(many) if case.answers.get(each.id)
    }
    if case.answers.get(COUNTERPART):
        values["kinds"] = list(case.answers[COUNTERPART])
    return await forms.begin_office(turn, PROPOSE, values=values)


async def on_proposals(turn: Turn) -> Screen:
    """〔新增事项建议〕: what waits, page by page."""
    page = turn.pressed.arg.removeprefix("p")
    return await _waiting(turn, page=int(page) if is_number(page) else 0)


async def on_open(turn: Turn) -> Screen:
    """One of several proposals, with its effect."""
    row = await turn.session.get(Overlay, turn.pressed.id, populate_existing=True)
    if row is None or row.state is not OverlayState.PROPOSED:
        return await _waiting(turn, toast=_already())
    return await _one(turn.session, turn.office, row, turn.now)


async def on_answer(turn: Turn) -> Screen:
    """〔采纳〕 or 〔不采纳〕: the first coordinator who presses decides."""
    row = await turn.session.get(Overlay, turn.pressed.id, populate_existing=True)
    if row is None or row.state is not OverlayState.PROPOSED:
        return await _waiting(turn, toast=_already())
    taken_up = turn.pressed.verb == "pyes"
    if taken_up:
        seen = await _proposal(turn.session, turn.office, row, turn.now)
        if turn.pressed.version != seen.stamp:
            alone = await overlay.proposed(turn.session) == 1
            return screens.proposal(seen, alone=alone, toast=rule_change.changed_since())
        await rule_change.put(turn, [_layer(row)], basis=row.basis or _("proposed by an officer"), proposal=row)
    else:
        row.state, row.answered_by, row.answered_at = OverlayState.REFUSED, turn.officer.id, turn.now
        turn.note("rules.refuse", ("overlay", row.id), after={"key": row.key})
    asker = await turn.session.get(Person, row.proposed_by) if row.proposed_by else None
    if asker is not None and asker.id != turn.officer.id:
        dedupe = f"{ANSWERED}:{row.id}"
        await outbox.enqueue(
            turn.session, asker, kind=ANSWERED, params={"overlay": row.id}, dedupe=dedupe, now=turn.now
        )
    await turn.session.flush()
    return await _waiting(turn, toast=_("Taken up") if taken_up else _("Not taken up"))


async def _form(turn: Turn, _subject: int, _filling: Filling) -> RecordForm:
    return rule_forms.proposal_form(turn.policy)


async def _propose(turn: Turn, _subject: int, filling: Filling) -> Screen:
    await _require_room(turn)
    unit = await turn.unit()
    owner = unit.code if unit.code in turn.policy.units else turn.policy.legal_division(on=turn.today).code
    code = await overlay.next_key(turn.session, "b")
    layer = rule_forms.proposed_matter(turn.policy, code, filling, owner=owner, subject_word=subject_word(None))
    await rule_change.foresee(
        turn.session, turn.office, [layer], turn.now
    )  # refused now, rather than when a coordinator presses
    row = Overlay(
        kind=layer.kind.value, key=code, content=dict(layer.content), state=OverlayState.PROPOSED,
        basis=filling.values.get("why"), proposed_by=turn.officer.id, created_at=turn.now,
    )  # fmt: skip
    turn.session.add(row)
    await turn.session.flush()
    turn.note("rules.propose", ("overlay", row.id), after=dict(layer.content), reason=row.basis)
    params = {"overlay": row.id}
    for person in await people.coordinators(turn.session):
        if person.id != turn.officer.id:
            dedupe = f"{PROPOSED}:{row.id}:{person.id}"
            await outbox.enqueue(turn.session, person, kind=PROPOSED, params=params, dedupe=dedupe, now=turn.now)
    return screens.proposed(filling.values["name"])


async def _stop(_turn: Turn, _subject: int) -> Screen:
    from bot.screens.frame import cancelled

    return cancelled(had_draft=True)


PROPOSE: Final = OfficeForm("propose", "rules.propose", _form, _propose, _stop)


async def _require_room(turn: Turn) -> None:
    if await overlay.proposed(turn.session, by=turn.officer.id) >= MOST_WAITING:
        raise Refusal(
            _("%(n)d of your proposals still wait for an answer. Please propose more once one is answered.")
            % {"n": MOST_WAITING}
        )


async def _waiting(turn: Turn, *, page: int = 0, toast: str | None = None) -> Screen:
    return await _shown(turn.session, turn.office, turn.now, page=page, toast=toast)


async def _shown(
    session: AsyncSession, office: Office, now: dt.datetime, *, page: int = 0, toast: str | None = None
) -> Screen:
    """Show what waits: several by name, for their effects take a while to reckon; a single one with its effect."""
    count = await overlay.proposed(session)
    pages = max(1, -(-count // screens.PAGE))
    page = min(page, pages - 1)
    found = await overlay.proposals(session, limit=screens.PAGE, offset=page * screens.PAGE)
    if count == 1:
        [(row, _person)] = found
        return replace(await _one(session, office, row, now), toast=toast)
    named = [
        Proposed(row.id, row.content["name"], await _by(session, office, row, person, now)) for row, person in found
    ]
    return screens.listed(named, page=page, pages=pages, toast=toast)


async def _one(session: AsyncSession, office: Office, row: Overlay, now: dt.datetime) -> Screen:
    return screens.proposal(await _proposal(session, office, row, now), alone=await overlay.proposed(session) == 1)


def _already() -> str:
    return _("It has been answered already")


def _layer(row: Overlay) -> Layer:
    return Layer(LayerKind(row.kind), row.key, row.content)


async def _by(session: AsyncSession, office: Office, row: Overlay, person: Person | None, now: dt.datetime) -> str:
    unit = await session.get_one(Unit, person.unit_id) if person else None
    day = format_day(office.today(row.created_at), today=office.today(now))
    return " ".join((f"{named(person)} {unit.short_name}" if person and unit else "—", day))


async def _proposal(session: AsyncSession, office: Office, row: Overlay, now: dt.datetime) -> Proposal:
    policy, facts, stamp = office.policy, row.content["facts"], 0
    person = await session.get(Person, row.proposed_by) if row.proposed_by else None
    try:
        foreseen = await rule_change.foresee(session, office, [_layer(row)], now)
        would_be, stamp = difference_lines(foreseen.effect.difference, foreseen.policy), foreseen.policy.stamp
    except Refusal as refusal:  # the rules have changed since it was proposed
        would_be = (refusal.message,)
    return Proposal(
        id=row.id,
        name=row.content["name"],
        category=next((each.name for each in policy.categories if each.id == row.content["category"]), "—"),
        covers=rule_forms.covered(policy, row.content),
        by=await _by(session, office, row, person, now),
        why=row.basis,
        would_be=would_be,
        outside=await overlay.open_entries_outside(session, {key: tuple(given) for key, given in facts.items()}),
        stamp=stamp,
    )


async def list_each_quarter(session: AsyncSession, office: Office, now: dt.datetime) -> int:
    """Once in the last days of each quarter list what waits to the coordinators; return how many were told."""
    today = office.today(now)
    quarter = Quarter.of(today)
    first = quarter.ends_on - dt.timedelta(days=office.policy.quarters.prompt_days_before_end)
    if today < first or not hours.has_begun(office, now) or not await overlay.proposed(session):
        return 0
    if not await periodic.begins(session, LISTED, str(quarter.begins_on), now=now):
        return 0
    coordinators = await people.coordinators(session)
    for person in coordinators:
        dedupe = f"{LISTED}:{quarter.begins_on}:{person.id}"
        await outbox.enqueue(session, person, kind=LISTED, params={}, dedupe=dedupe, now=now)
    return len(coordinators)


async def render_one(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Show a coordinator what was proposed, with its effect; None once it is answered."""
    if "overlay" not in params:  # queued by an older version
        return await render_waiting(session, office, person, params, now)
    row = await session.get(Overlay, params["overlay"])
    if row is None or row.state is not OverlayState.PROPOSED:
        return None
    return await _one(session, office, row, now)


async def render_waiting(
    session: AsyncSession, office: Office, _person: Person, _params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Show a coordinator what waits; None once all is answered."""
    return await _shown(session, office, now) if await overlay.proposed(session) else None


async def render_answered(
    session: AsyncSession, _office: Office, _person: Person, params: Mapping[str, Any], _now: dt.datetime
) -> Screen | None:
    """Tell an officer what has become of their proposal."""
    row = await session.get(Overlay, params["overlay"])
    if row is None or row.state is OverlayState.PROPOSED:
        return None
    taken_up = row.state is not OverlayState.REFUSED
    return screens.answered(row.content["name"], taken_up=taken_up, why=row.answer)


PRESSES: Final[Mapping[str, Flow]] = {
    "prop": on_propose,
    "pros": on_proposals,
    "pview": on_open,
    "pyes": on_answer,
    "pno": on_answer,
}
FORMS: Final[Mapping[str, AnyForm]] = {PROPOSE.name: PROPOSE}
NOTICES: Final = {PROPOSED: render_one, LISTED: render_waiting, ANSWERED: render_answered}
QUIET: Final = dict.fromkeys((LISTED,))
