"""Entering a leave: who stands in, from when, until when; confirmed once, and told to both sides."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from bot import cover as rules
from bot.cover import OPEN_ENDED, CoverPlan, Leave
from bot.dates import format_day, parse_day
from bot.errors import Refusal
from bot.language import _, pgettext
from bot.screens import colleagues as choosing
from bot.screens import cover as screens
from bot.screens.cover import Covered
from bot.screens.frame import with_sentence
from bot.screens.keys import Keys
from bot.screens.screen import Screen, is_number
from bot.search import read_query
from handlers import access, cover, drafts_aside
from handlers.colleagues import matching, named
from handlers.cover import PURPOSE
from handlers.turn import Flow, Stale, Turn, iso_day
from storage import colleagues
from storage import cover as stored
from storage.tables import Person, PersonState, Role

_WORKING_DAYS: Final = (1, 3, 5)
"""Lengths of a leave that are worth a button."""


async def on_new(turn: Turn) -> Screen:
    """Begin a cover: one's own, or for a colleague where the role looks after others."""
    others = turn.pressed.arg == "others"
    if others and turn.officer.role not in cover.LOOKS_AFTER_OTHERS:
        raise Stale
    plan = CoverPlan(person=None if others else turn.officer.id, from_on=turn.today)
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers={"others": others, **plan.to_json()})
    return await present(turn)


async def present(turn: Turn) -> Screen:
    """Return the question that is open, computed from the draft alone."""
    plan, keys = _plan(turn)
    if plan.step in ("who", "by"):
        return await _which_colleague(turn, plan, keys)
    if plan.step == "confirm":
        return await _confirming(turn, plan, keys)
    context = [] if plan.by is None else [await _so_far(turn, plan)]
    return screens.which_day(plan.step, context, _days(turn, plan), keys)


async def on_set(turn: Turn) -> Screen:
    """A colleague, a day or a page was pressed."""
    plan, _keys = _pressed(turn)
    line, _comma, value = turn.pressed.arg.partition(",")
    match line:
        case "page" if is_number(value):
            return await _keep(turn, replace(plan, page=int(value)))
        case "all":
            return await _keep(turn, replace(plan, query="", page=0))
        case "to" if plan.step == "to" and value == OPEN_ENDED:
            return await _keep(turn, replace(plan, to_on=None, to_chosen=True, editing=None))
        case "from" | "to" if plan.step == line:
            return await _keep(turn, _on_day(turn, plan, line, iso_day(value)))
        case "who" | "by" if plan.step == line and is_number(value):
            return await _keep(turn, await _chosen(turn, plan, int(value)))
    raise Stale


async def on_typed(turn: Turn) -> Screen:
    """A name or a day was typed, whichever is asked."""
    plan, _keys = _plan(turn)
    if plan.step in ("who", "by"):
        if not matching(await _candidates(turn, plan), turn.text):
            raise Refusal(_("No colleague of that name was found. Please check it, or choose below."))
        return await _keep(turn, replace(plan, query=read_query(turn.text), page=0))
    if plan.step == "confirm":
        raise Refusal(_("Please use the buttons on this screen."))
    return await _keep(turn, _on_day(turn, plan, plan.step, parse_day(turn.text, today=turn.today, ahead=True)))


async def on_ask(turn: Turn) -> Screen:
    """A line is changed again."""
    plan, _keys = _pressed(turn)
    line = turn.pressed.arg
    if plan.step != "confirm" or line not in ("by", "from", "to", "who") or (line == "who" and not _others(turn)):
        raise Stale
    return await _keep(turn, replace(plan, editing=line))


async def on_off(turn: Turn) -> Screen:
    """Give the entering up; nothing was recorded."""
    _pressed(turn)
    await drafts_aside.take_up(turn)
    return await cover.overview(turn)


async def on_ok(turn: Turn) -> Screen:
    """Record the cover and tell both sides; what was filled in on an earlier day may have become too late meanwhile.

    Raises:
        Refusal: It overlaps another one of the same person, or leads in a circle.
    """
    plan, _keys = _pressed(turn)
    if plan.step != "confirm":
        raise Stale
    if (left := plan.as_of(turn.today)) != plan:
        return with_sentence(_too_late(plan, turn.today), await _keep(turn, left))
    person, by = await _both(turn, plan)
    proposed = _leave(plan)
    await _require_possible(turn, person, proposed)
    row = await stored.add(turn.session, proposed)
    turn.note("cover.set", ("cover", row.id), after=cover.as_json(row))
    await cover.tell(turn, cover.BEGINS, row, (person, by))
    await drafts_aside.take_up(turn)
    return replace(await cover.overview(turn), toast=_("Recorded"))


async def _candidates(turn: Turn, plan: CoverPlan) -> list[tuple[Person, str]]:
    """Return who may be chosen for the line that is asked."""
    me = turn.officer
    if plan.step == "who":
        rows = await colleagues.working(turn.session, unit_id=me.unit_id, whole_bureau=False)
        return [(person, unit) for person, unit in rows if cover.may_set(me, person)]
    away = await turn.session.get_one(Person, plan.person)
    rows = await colleagues.working(turn.session, unit_id=away.unit_id, whole_bureau=True)
    return [(person, unit) for person, unit in rows if person.id != away.id]


async def _which_colleague(turn: Turn, plan: CoverPlan, keys: Keys) -> Screen:
    others = plan.step == "who"
    choice = choosing.Choice(
        title=_("Leave cover"),
        question=_("Who will be away?") if others else _("Who stands in?"),
        colleagues=matching(await _candidates(turn, plan), plan.query),
        page=plan.page,
        query=plan.query,
        verb="cvset",
        line=plan.step,
        cancel="cvoff",
    )
    return choosing.choose(choice, keys)


async def _chosen(turn: Turn, plan: CoverPlan, person_id: int) -> CoverPlan:
    if person_id not in {person.id for person, _unit in await _candidates(turn, plan)}:
        raise Stale
    if plan.step == "who":
        by = None if plan.by == person_id else plan.by
        return replace(plan, person=person_id, by=by, editing=None, query="", page=0)
    return replace(plan, by=person_id, editing=None, query="", page=0)


async def _confirming(turn: Turn, plan: CoverPlan, keys: Keys) -> Screen:
    person, by = await _both(turn, plan)
    covered = Covered(0, named(person), named(by), plan.from_on, plan.to_on)
    leaves = [*await stored.not_over(turn.session, turn.today), _leave(plan)]
    passed = rules.chain(by.id, leaves, plan.from_on)
    handed_on = await _names(turn, passed) if len(passed) > 1 else []
    coordinates = person.role is Role.COORDINATOR and by.role is not Role.COORDINATOR
    return screens.confirm(covered, handed_on, keys, today=turn.today, others=_others(turn), coordinates=coordinates)


async def _so_far(turn: Turn, plan: CoverPlan) -> str:
    person, by = await _both(turn, plan)
    return _("%(name)s is covered by %(by)s") % {"name": named(person), "by": named(by)}


async def _both(turn: Turn, plan: CoverPlan) -> tuple[Person, Person]:
    """Return both sides of a cover that is being entered, checked anew.

    Raises:
        Stale: The officer may not enter it for that person any more.
        Refusal: The stand-in has left, or only reads by now.
    """
    person = await turn.session.get_one(Person, plan.person)
    by = await turn.session.get_one(Person, plan.by)
    if not cover.may_set(turn.officer, person) or person.id == by.id:
        raise Stale
    if by.state is not PersonState.ACTIVE or not access.may(by.role, "entry.change"):
        raise Refusal(_("%(name)s cannot stand in any more. Please begin again with /cover.") % {"name": named(by)})
    return person, by


async def _require_possible(turn: Turn, person: Person, proposed: Leave) -> None:
    await stored.lock(turn.session, person.id)
    leaves = await stored.not_over(turn.session, turn.today)
    other = rules.overlapping(leaves, proposed)
    if other is not None:
        row = await stored.by_id(turn.session, other.id)
        if row is None:
            raise Stale
        covered = await cover.covered(turn.session, row)
        raise Refusal(
            _(
                "%(name)s is covered by %(by)s already (%(days)s). "
                "Please choose other days, or end that cover first with /cover."
            )
            % {"name": covered.person, "by": covered.by, "days": covered.days(turn.today)}
        )
    found = rules.circle(leaves, proposed)
    if found is not None:
        on, passed = found
        names = " → ".join(await _names(turn, passed))
        raise Refusal(
            _("On %(day)s this would lead in a circle: %(names)s. Please choose another stand-in or other days.")
            % {"day": format_day(on, today=turn.today), "names": names}
        )


async def _names(turn: Turn, people: Sequence[int]) -> list[str]:
    return [named(await turn.session.get_one(Person, key)) for key in people]


def _on_day(turn: Turn, plan: CoverPlan, line: str, on: dt.date) -> CoverPlan:
    if on < turn.today:
        raise Refusal(_("The day is past. Please choose today or a later day."))
    if line == "to":
        if on < plan.from_on:
            raise Refusal(_("The last day lies before the first one. Please choose a later day."))
        return replace(plan, to_on=on, to_chosen=True, editing=None)
    if plan.to_on is not None and plan.to_on < on:
        return replace(plan, from_on=on, to_on=None, to_chosen=False, editing=None)  # the last day is asked again
    return replace(plan, from_on=on, editing=None)


def _too_late(plan: CoverPlan, today: dt.date) -> str:
    """Return why a plan cannot be confirmed any more."""
    if plan.is_over(today):
        return _("This leave is over by now; nothing was recorded. Please choose its days again, from today on.")
    return _("The first day is past by now; nothing was recorded. Please choose today or a later day.")


def _days(turn: Turn, plan: CoverPlan) -> list[tuple[str, dt.date]]:
    calendar = turn.office.calendar
    if plan.step == "from":
        following = calendar.next_workday(turn.today).on
        return [
            (pgettext("button", "Today"), turn.today),
            (format_day(following, today=turn.today), following),
        ]
    before = plan.from_on - dt.timedelta(days=1)
    return screens.last_days([(n, calendar.add(before, n).on) for n in _WORKING_DAYS])


def _leave(plan: CoverPlan) -> Leave:
    if plan.person is None or plan.by is None:
        raise Stale
    return Leave(0, plan.person, plan.by, plan.from_on, plan.to_on)


def _plan(turn: Turn) -> tuple[CoverPlan, Keys]:
    draft = turn.draft
    if draft is None or draft.purpose != PURPOSE:
        raise Stale
    return CoverPlan.from_json(draft.answers), Keys(draft.id, draft.version)


def _others(turn: Turn) -> bool:
    return turn.draft is not None and bool(turn.draft.answers["others"])


def _pressed(turn: Turn) -> tuple[CoverPlan, Keys]:
    plan, keys = _plan(turn)
    if (turn.pressed.id, turn.pressed.version) != (keys.draft_id, keys.version):
        raise Stale
    return plan, keys


async def _keep(turn: Turn, plan: CoverPlan) -> Screen:
    if turn.draft is None:
        raise Stale
    drafts_aside.keep(turn, {**turn.draft.answers, **plan.to_json()}, entered=plan.by is not None)
    return await present(turn)


PRESSES: Final[Mapping[str, Flow]] = {
    "cvnew": on_new,
    "cvset": on_set,
    "cvask": on_ask,
    "cvok": on_ok,
    "cvoff": on_off,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
