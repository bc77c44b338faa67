"""/quarter: the bureau's returns for a coordinator, the own unit's return for whoever answers for it."""

from collections.abc import Mapping
from typing import Final

from bot.errors import Refusal
from bot.language import _, ngettext
from bot.quarters import Quarter, parse_quarter
from bot.returns import Delivery, PushState
from bot.roles import Reach
from bot.screens import quarter as screens
from bot.screens.quarter import Bureau
from bot.screens.screen import Screen, is_number
from handlers import quarter_facts, quarter_prompts, quarter_return
from handlers.quarter_return import waits_for_head
from handlers.turn import Flow, Stale, Turn
from storage import quarter_pushes
from storage import quarter_returns as stored
from storage.tables import Unit


async def on_quarter(turn: Turn) -> Screen:
    """/quarter: the quarter in hand, or the one that was typed after it."""
    quarter = parse_quarter(turn.text, today=turn.today) if turn.text.strip() else await _in_hand(turn)
    _require_begun(turn, quarter)
    if turn.reach("quarter") is Reach.BUREAU:
        return await overview(turn, quarter)
    return await _own(turn, quarter)


async def on_one(turn: Turn) -> Screen:
    """Another quarter."""
    _require_bureau(turn)
    return await overview(turn, _quarter(turn.pressed.arg))


async def on_units(turn: Turn) -> Screen:
    """〔各单位报表〕: the units to choose from."""
    _require_bureau(turn)
    code, _comma, page = turn.pressed.arg.partition(",")
    quarter = _quarter(code)
    units = await quarter_prompts.units_of(turn.session, turn.office, quarter, turn.today)
    names = [(unit.id, unit.name) for unit in units]
    return screens.units(quarter, names, int(page) if is_number(page) else 0)


async def on_unit(turn: Turn) -> Screen:
    """The return of one unit."""
    _require_bureau(turn)
    unit = await turn.session.get(Unit, turn.pressed.id)
    if unit is None:
        raise Stale
    row = await stored.ensure(turn.session, unit.id, _quarter(turn.pressed.arg))
    return await quarter_return.shown(turn, row)


async def on_chase(turn: Turn) -> Screen:
    """〔催报〕: one message to each unit that has not reported, at most one a day."""
    turn.require("quarter.sum")
    quarter = _quarter(turn.pressed.arg)
    if not (await _bureau(turn, quarter)).may_chase:
        raise Stale
    asked, again = await quarter_prompts.chase(turn.session, turn.office, quarter, turn.now)
    turn.note("quarter.chase", ("quarter", None), after={"quarter": quarter.code, "units": asked})
    said = ngettext("%(n)d unit is asked.", "%(n)d units are asked.", asked) % {"n": asked}
    if again:
        more = ngettext("%(n)d was asked today already.", "%(n)d were asked today already.", again) % {"n": again}
        said = f"{said}{more}" if asked else more
    return await overview(turn, quarter, said=said)


async def overview(turn: Turn, quarter: Quarter, *, said: str | None = None) -> Screen:
    """Return the bureau's view of a quarter."""
    acts = turn.may("quarter.sum")
    return screens.overview(await _bureau(turn, quarter), today=turn.today, said=said, acts=acts)


async def _bureau(turn: Turn, quarter: Quarter) -> Bureau:
    units = await quarter_prompts.units_of(turn.session, turn.office, quarter, turn.today)
    returns = await stored.all_of(turn.session, quarter)
    states = [(unit, returns.get(unit.id)) for unit in units]
    done = [(unit.name, row.nil) for unit, row in states if row is not None and row.state.is_reported]
    waiting = [unit.name for unit, row in states if row is not None and waits_for_head(row)]
    silent = [unit for unit, row in states if row is None or not (row.state.is_reported or waits_for_head(row))]
    nobody = [unit.name for unit in silent if not await stored.answering(turn.session, unit.id, turn.today)]
    push = await stored.push_of(turn.session, quarter)
    days = quarter_facts.days_of(turn.office, quarter)
    locked = push is not None and push.state in (PushState.CONFIRMED, PushState.PUSHED)
    return Bureau(
        quarter=quarter,
        due=days.due,
        drafted=days.summary,
        reported=[name for name, nil in done if not nil],
        nil=[name for name, nil in done if nil],
        waiting=waiting,
        silent=[unit.name for unit in silent],
        nobody=nobody,
        may_chase=not locked
        and days.prompt.on <= turn.today
        and await quarter_prompts.in_use(turn.session, turn.office, quarter),
        push_id=push.id if push is not None else 0,
        push=push.state if push is not None else None,
        delivery=await quarter_pushes.delivery(turn.session, push.id) if push is not None else Delivery(),
    )


async def _own(turn: Turn, quarter: Quarter) -> Screen:
    row = await stored.ensure(turn.session, turn.officer.unit_id, quarter)
    return await quarter_return.shown(turn, row)


async def _in_hand(turn: Turn) -> Quarter:
    """Return the quarter that is being worked on: the last one until it is sent on, then the running one."""
    running = Quarter.of(turn.today)
    last = running.previous
    if not await quarter_prompts.in_use(turn.session, turn.office, last):
        return running
    return running if await quarter_facts.is_locked(turn.session, last) else last


def _require_begun(turn: Turn, quarter: Quarter) -> None:
    if quarter.begins_on > turn.today:
        raise Refusal(_("This quarter has not begun yet. Please choose an earlier one."))


def _require_bureau(turn: Turn) -> None:
    if turn.reach("quarter") is not Reach.BUREAU:
        raise Stale


def _quarter(code: str) -> Quarter:
    quarter = Quarter.from_code(code)
    if quarter is None:
        raise Stale
    return quarter


COMMANDS: Final[Mapping[str, Flow]] = {"quarter": on_quarter}
PRESSES: Final[Mapping[str, Flow]] = {"qq": on_one, "quni": on_units, "qopn": on_unit, "qcha": on_chase}
