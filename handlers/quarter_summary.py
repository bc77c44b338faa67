"""The bureau's summary with a coordinator: looked over, confirmed, sent on, followed until it has arrived."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.figures import Figures
from bot.language import _
from bot.quarters import Quarter
from bot.returns import PushState
from bot.roles import READS, reaches
from bot.screens import quarter_push as screens
from bot.screens.screen import Screen
from handlers import quarter_draft, quarter_facts, quarter_material, quarter_prompts
from handlers.office import Office
from handlers.quarter_draft import CHANGED, DRAFT, DRAFTED, REWRITE, SEND
from handlers.turn import Flow, Stale, Turn
from storage import quarter_pushes, work
from storage import quarter_returns as stored
from storage.tables import ChatBinding, Person, QuarterPush, QuarterReturn


async def on_open(turn: Turn) -> Screen:
    """The summary as it stands now."""
    return await shown(turn, await of_coordinator(turn, turn.pressed.id))


async def on_again(turn: Turn) -> Screen:
    """〔重新汇总〕: the figures of this moment, until the summary is sent on; one whose sending failed begins anew."""
    row = await pressed(turn, PushState.DRAFTING, PushState.DRAFTED, PushState.CONFIRMED)
    if isinstance(row, Screen):
        return row
    row.state, row.confirmed_by = PushState.DRAFTING, None
    turn.note("quarter.redraft", ("quarter_push", row.id))
    await turn.session.flush()
    work.add(turn.session, DRAFT, {"push": row.id}, now=turn.now)
    return await shown(turn, row)


async def on_confirm(turn: Turn) -> Screen:
    """〔确认推送〕: first say whom it goes to."""
    row = await pressed(turn, PushState.DRAFTED)
    if isinstance(row, Screen):
        return row
    persons, groups = await quarter_draft.receivers(turn.session, turn.office)
    return screens.to_confirm(await summary_view(turn.session, turn.office, row, turn.now), len(persons), len(groups))


async def on_go(turn: Turn) -> Screen:
    """〔推送〕: from here on the quarter is locked."""
    row = await pressed(turn, PushState.DRAFTED)
    if isinstance(row, Screen):
        return row
    row.state, row.confirmed_by = PushState.CONFIRMED, turn.officer.id
    turn.note("quarter.confirm_summary", ("quarter_push", row.id), after=Quarter(row.year, row.quarter).code)
    await turn.session.flush()
    work.add(turn.session, SEND, {"push": row.id}, now=turn.now)
    return await shown(turn, row)


async def on_resend(turn: Turn) -> Screen:
    """〔补发〕: the copies that did not arrive leave again, and who has become a head or liaison since gets one."""
    row = await pressed(turn, PushState.PUSHED)
    if isinstance(row, Screen):
        return row
    await quarter_draft.send_copies(turn.session, turn.office, row, turn.now)
    turn.note("quarter.resend", ("quarter_push", row.id))
    return replace(await shown(turn, row), toast=_("The copies leave again."))


async def on_file(turn: Turn) -> Screen:
    """One file: for coordinators at any time, for heads, liaisons and auditors once the summary is sent on."""
    row = await quarter_pushes.by_id(turn.session, turn.pressed.id)
    part = turn.pressed.arg
    if row is None or part not in row.files or not _may_have(turn, row, part):
        raise Stale
    turn.note("quarter.file", ("quarter_push", row.id), after=part)
    return screens.one_file(await summary_view(turn.session, turn.office, row, turn.now), part)


async def shown(turn: Turn, row: QuarterPush, *, said: str | None = None) -> Screen:
    """Return a summary's screen for a coordinator."""
    view = await summary_view(turn.session, turn.office, row, turn.now)
    persons, groups = await quarter_draft.receivers(turn.session, turn.office)
    named = [*map(quarter_draft.key_of, persons), *map(quarter_draft.key_of, groups)]
    unserved = await quarter_pushes.unserved(turn.session, row.id, named)
    return screens.shown(view, today=turn.today, said=said, unserved=unserved)


async def summary_view(session: AsyncSession, office: Office, row: QuarterPush, now: dt.datetime) -> screens.Summary:
    """Return a summary as a screen shows it."""
    quarter = Quarter(row.year, row.quarter)
    material = quarter_material.of_row(office, row, now)
    drafted = material.summary if material is not None else None
    units = await quarter_prompts.units_of(session, office, quarter, office.today(now))
    returns = await stored.all_of(session, quarter)
    differing, silent = [], []
    for unit in units:
        found = returns.get(unit.id)
        if found is None or not found.state.is_reported:
            silent.append(unit.name)
        elif drafted is not None and _differs(found, drafted.figures(unit.code)):
            differing.append(unit.name)
    return screens.Summary(
        id=row.id,
        version=row.version,
        quarter=quarter,
        state=row.state,
        wording=material.paragraphs if material is not None else (),
        is_edited=bool(row.wording),
        figures=drafted.figures() if drafted is not None else Figures(),
        files=row.files,
        differing=differing,
        silent=silent,
        due=quarter_facts.days_of(office, quarter).summary.on,
        delivery=await quarter_pushes.delivery(session, row.id),
    )


def _differs(row: QuarterReturn, ledger: Figures) -> bool:
    return row.figures is not None and Figures.from_json(row.figures) != ledger


async def render_draft(
    session: AsyncSession, office: Office, _person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Show a coordinator the draft with its picture; None once somebody has confirmed it."""
    said = _("The summary has drafted itself. Please look it over, edit its wording, and confirm it.")
    return await _to_confirm(session, office, params["push"], now, said=said)


async def render_changed(
    session: AsyncSession, office: Office, _person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Tell a coordinator that the register has changed since the draft that was confirmed."""
    said = _("The ledger has changed since the draft, so nothing was sent. Please check the new draft and confirm it.")
    return await _to_confirm(session, office, params["push"], now, said=said)


async def _to_confirm(session: AsyncSession, office: Office, key: int, now: dt.datetime, *, said: str) -> Screen | None:
    row = await quarter_pushes.by_id(session, key)
    if row is None or row.state is not PushState.DRAFTED:
        return None
    return screens.drafted(await summary_view(session, office, row, now), today=office.today(now), said=said)


async def render_copy(
    session: AsyncSession, office: Office, _person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Return a head's or liaison's copy."""
    return await _copy(session, office, params, now, in_group=False)


async def render_group_copy(
    session: AsyncSession, office: Office, _binding: ChatBinding, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Return a group's copy: counts only, and no button, since the bot acts in no group."""
    return await _copy(session, office, params, now, in_group=True)


async def _copy(
    session: AsyncSession, office: Office, params: Mapping[str, Any], now: dt.datetime, *, in_group: bool
) -> Screen | None:
    row = await quarter_pushes.by_id(session, params["push"])
    if row is None or row.state is not PushState.PUSHED:
        return None
    return screens.received(await summary_view(session, office, row, now), in_group=in_group)


def _may_have(turn: Turn, row: QuarterPush, part: str) -> bool:
    role = turn.officer.role
    if part == "ledger" and not reaches(READS, role, own=False, same_unit=False):
        return False  # it holds entries of all units
    return turn.may("quarter.sum") or (turn.may("quarter") and row.state is PushState.PUSHED)


async def of_coordinator(turn: Turn, push_id: int) -> QuarterPush:
    """Return a summary for whoever may deal with it.

    Raises:
        Stale: The officer is no coordinator, or there is none of that id.
    """
    row = await quarter_pushes.by_id(turn.session, push_id, lock=True)
    if row is None or not turn.may("quarter.sum"):
        raise Stale
    return row


async def pressed(turn: Turn, *states: PushState) -> QuarterPush | Screen:
    """Return the summary of a press that was made from its present state, else the screen of that state."""
    row = await of_coordinator(turn, turn.pressed.id)
    if row.version != turn.pressed.version or row.state not in states:
        return replace(await shown(turn, row), toast=_("This is the present state."))
    return row


PRESSES: Final[Mapping[str, Flow]] = {
    "qsum": on_open,
    "qagn": on_again,
    "qok": on_confirm,
    "qgo": on_go,
    "qres": on_resend,
    "qfil": on_file,
}
JOBS: Final = {DRAFT: quarter_draft.draft, SEND: quarter_draft.send, REWRITE: quarter_draft.rewrite}
NOTICES: Final = {DRAFTED: render_draft, CHANGED: render_changed, quarter_pushes.KIND: render_copy}
GROUP_NOTICES: Final = {quarter_pushes.KIND: render_group_copy}
QUIET: Final = dict.fromkeys((DRAFTED,))
