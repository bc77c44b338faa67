"""What a change of the calendar does to the ledger: dates reckoned again, reminders moved, officers told, all at once.

Only what the calendar changes is changed: an entry whose dates and reminders come out alike under both calendars is
left as it is.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.cover import Charge
from bot.deadlines import due_at
from bot.policy.model import Policy
from bot.quarters import Quarter, format_quarter
from bot.screens import moved_dates as screens
from bot.screens.moved_dates import DUE, EXPECTED, MOST_MOVED, SUBMIT_BY, Moved
from bot.screens.screen import Screen
from bot.workdays import Calendar, Reckoned
from handlers import expiry, hours, planning, promised, receivers
from handlers.office import Office
from handlers.promised import Line
from storage import audit, calendar, expected, outbox
from storage.expected import Expected
from storage.ledger import open_entry
from storage.tables import Applicant, Item, ItemState, Person, Request

CHANGED: Final = "calendar.changed"
RECOMPUTE: Final = "calendar.recompute"


Basis = Calendar | Policy
"""What dates are reckoned with."""


@dataclass(frozen=True, slots=True)
class Shift:
    """What a change of the calendar does to one entry.

    Args:
        entry: The entry.
        dues: The feedback date of each of its verifications, afterwards.
        submit_by: The last day to submit, afterwards.
        changes_dates: Whether a date of it changes, or becomes fixed.
        replans: Whether its reminders move.
    """

    entry: Expected
    dues: Sequence[Reckoned | None]
    submit_by: Reckoned | None
    changes_dates: bool
    replans: bool

    @property
    def line(self) -> Line:
        """The date that the officer watches: which it is, and what it was and will be."""
        request = self.entry.request
        if not self.entry.waiting:
            return request.id, DUE, None, None
        item = self.entry.waiting[0]
        if item.submitted_on is None:
            was = _reckoned(request.submit_by_on, request.submit_by_provisional)
            return request.id, SUBMIT_BY, was, self.submit_by
        name = EXPECTED if item.received_on is None else DUE
        return request.id, name, _reckoned(item.due_on, item.due_provisional), self.dues[0]


async def foresee(
    session: AsyncSession, office: Office, before: Basis, after: Basis, now: dt.datetime
) -> Sequence[Shift]:
    """Return what would become of the open entries, and change nothing.

    Args:
        session: The unit of work.
        office: Calendar and rules; one of the two is about to change.
        before: The calendar or the rules that the entries were reckoned with.
        after: The calendar or the rules that are to hold.
        now: Aware UTC time.
    """
    old, new = _under(office, before), _under(office, after)
    found = [_shift(old, new, entry, now) for entry in await expected.standing(session)]
    return [each for each in found if each is not None]


async def carry_out(
    session: AsyncSession,
    office: Office,
    before: Basis,
    after: Basis,
    *,
    reason: str,
    now: dt.datetime,
    actor_id: int | None = None,
    update_id: int | None = None,
    again: bool = False,
) -> Sequence[Shift]:
    """Reckon the open entries again, in the transaction that changes the calendar or the rules.

    Args:
        session: The unit of work of the change.
        office: Calendar and rules; one of the two changes.
        before: The calendar or the rules that the entries were reckoned with.
        after: The calendar or the rules that hold from now on.
        reason: The notice's number, or why.
        now: Aware UTC time.
        actor_id: The coordinator; None on the command line.
        update_id: The update that caused it.
        again: Whether it was carried out before, and only entries made meanwhile are looked for.

    Returns:
        What became of the entries that the change concerns.
    """
    shifts = await foresee(session, office, before, after, now)
    old, new = _under(office, before), _under(office, after)
    told = {} if again else await promised.lines(session, old, new, now)
    for shift in shifts:
        if shift.changes_dates:
            was, will = _dates(shift.entry), _dates_after(shift)
            for person_id in await _receivers(session, office, shift.entry.request, now):
                told.setdefault(person_id, []).append(shift.line)
            request = ("request", shift.entry.request.id)
            audit.note(session, at=now, actor_id=actor_id, verb=RECOMPUTE, subject=request, update_id=update_id,
                       before=was, after=will, reason=reason)  # fmt: skip
    notices = {person_id: _notice(each, reason) for person_id, each in told.items()}
    for shift in shifts:
        await _put(session, new, shift, now)
    await expiry.ensure_all(session, new, now)
    await promised.keep(session, new, now)
    mark = str(after.version) if isinstance(after, Calendar) else after.hash[:12]
    await _tell(session, new, notices, mark, now)
    return shifts


async def render(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Tell an officer which dates have moved and why, of the entries that they may still look at.

    Whoever has taken an entry over meanwhile was shown it with the dates as they are now.
    """
    today, moved = office.today(now), []
    for about, line, was, will in params["moved"]:
        named = await _named(session, person, about, today)
        if named is not None:
            moved.append(Moved(named, line, _from_json(was), _from_json(will)))
    if not moved and not params["more"]:
        return None
    return screens.changed(moved, reason=params["reason"], more=params["more"], fixed=params["fixed"], today=today)


async def _named(session: AsyncSession, person: Person, about: int | str, today: dt.date) -> str | None:
    """Return the quarter, or the number of an entry that somebody may look at."""
    if isinstance(about, str):
        return format_quarter(quarter) if (quarter := Quarter.from_code(about)) else None
    opened = await open_entry(session, person, about, on=today)
    return opened.entry.number if opened is not None else None


def _under(office: Office, basis: Basis) -> Office:
    return replace(office, calendar=basis) if isinstance(basis, Calendar) else replace(office, policy=basis)


def _shift(old: Office, new: Office, entry: Expected, now: dt.datetime) -> Shift | None:
    dues = [_due(old, new, item) for item in entry.waiting]
    submit_by = _submit_by(old, new, entry)
    shift = Shift(entry, dues, submit_by, changes_dates=False, replans=False)
    changes_dates = _dates(entry) != _dates_after(shift)
    before = _coming(old, entry, now)
    after = _coming(new, _as_after(shift), now)
    if before == after and not changes_dates:
        return None
    return replace(shift, changes_dates=changes_dates, replans=before != after)


def _due(old: Office, new: Office, item: Item) -> Reckoned | None:
    """Return a verification's feedback date under the new calendar; as it is where the calendar does not move it."""
    stands = _reckoned(item.due_on, item.due_provisional)
    owed = item.applicant is Applicant.BUREAU and item.state in (ItemState.SUBMITTED, ItemState.RECEIVED)
    if not owed or item.submitted_on is None:
        return stands
    before, after = _reckon(old, item), _reckon(new, item)
    return stands if before == after else after


def _reckon(office: Office, item: Item) -> Reckoned | None:
    copy = calendar.copy_of(item)
    if item.resumed_on is not None:
        planning.resume_clock(office, copy, item.resumed_on)
    elif (since := item.received_on or item.submitted_on) is not None:
        planning.reckon(office, copy, since)
    return _reckoned(copy.due_on, copy.due_provisional)


def _submit_by(old: Office, new: Office, entry: Expected) -> Reckoned | None:
    request = entry.request
    stands = _reckoned(request.submit_by_on, request.submit_by_provisional)
    if stands is None or request.decide_on is None or not entry.waiting:
        return stands
    before, after = expiry.latest(old, request.decide_on), expiry.latest(new, request.decide_on)
    return stands if before == after else after


def _coming(office: Office, entry: Expected, now: dt.datetime) -> set[tuple[str, str, dt.date]]:
    """Return the reminders that are still to come."""
    stages, said = list(planning.stages_of(office, entry)), entry.overdue_said
    if said and (following := planning.next_overdue(office, entry, said=said, now=now)) is not None:
        stages.append(following)
    own_hour = planning.hour(office, entry.wishes)
    return {(each.kind, each.stage, each.on) for each in stages if due_at(each.on, own_hour, office.zone) > now}


async def _put(session: AsyncSession, office: Office, shift: Shift, now: dt.datetime) -> None:
    """Write an entry's dates down and plan its reminders anew; what was said already is not said again."""
    request, waiting = shift.entry.request, shift.entry.waiting
    for item, reckoned in zip(waiting, shift.dues, strict=True):
        if reckoned is not None:
            item.due_on, item.due_provisional = reckoned.on, reckoned.provisional
    if shift.submit_by is not None:
        request.submit_by_on, request.submit_by_provisional = shift.submit_by.on, shift.submit_by.provisional
    if shift.replans:
        request.basis_version += 1
        await planning.replan(session, office, request, now)
    await session.flush()


async def _receivers(session: AsyncSession, office: Office, request: Request, now: dt.datetime) -> Sequence[int]:
    """Return whom an entry concerns today; its owner, once they can be told again, where there is nobody."""
    charge = Charge(request.owner_id, request.unit_id)
    return [person.id for person in await receivers.of_charge(session, office, charge, now)] or [request.owner_id]


def _notice(lines: Sequence[Line], reason: str) -> dict[str, Any] | None:
    """Return what one officer is told; None where none of their dates moves."""
    moved, fixed = [], 0
    for about, line, was, will in lines:
        if was is None or will is None or was == will:
            continue
        if was.on == will.on:
            fixed += was.provisional and not will.provisional
        else:
            moved.append((will.on, [about, line, _to_json(was), _to_json(will)]))
    if not moved:
        return None
    shown = [each for _on, each in sorted(moved, key=lambda pair: pair[0])[:MOST_MOVED]]
    return {"reason": reason, "moved": shown, "more": len(moved) - len(shown), "fixed": fixed}


async def _tell(
    session: AsyncSession,
    office: Office,
    notices: Mapping[int, dict[str, Any] | None],
    version: str,
    now: dt.datetime,
) -> None:
    """Queue one notification to each officer; outside the hours of the new calendar it waits (features.md N6)."""
    when = now if hours.in_office_hours(office, now) else hours.next_opening(office, now)
    for person_id, params in notices.items():
        if params is None:
            continue
        person = await session.get_one(Person, person_id)
        dedupe = f"{CHANGED}:{version}:{now.timestamp()}:{person_id}"
        await outbox.enqueue(session, person, kind=CHANGED, params=params, dedupe=dedupe, now=when)


def _as_after(shift: Shift) -> Expected:
    """Return an entry as it would be, on copies of its rows."""
    request = calendar.copy_of(shift.entry.request)
    request.submit_by_on = shift.submit_by.on if shift.submit_by else None
    items = [calendar.copy_of(item) for item in shift.entry.waiting]
    for item, reckoned in zip(items, shift.dues, strict=True):
        item.due_on = reckoned.on if reckoned else None
    return replace(shift.entry, request=request, waiting=items)


def _dates(entry: Expected) -> dict[str, Any]:
    due_dates = [_to_json(_reckoned(item.due_on, item.due_provisional)) for item in entry.waiting]
    request = entry.request
    return {"due": due_dates, "submit_by": _to_json(_reckoned(request.submit_by_on, request.submit_by_provisional))}


def _dates_after(shift: Shift) -> dict[str, Any]:
    return {"due": [_to_json(each) for each in shift.dues], "submit_by": _to_json(shift.submit_by)}


def _reckoned(on: dt.date | None, provisional: bool) -> Reckoned | None:
    return None if on is None else Reckoned(on, provisional)


def _to_json(reckoned: Reckoned | None) -> list[Any] | None:
    return None if reckoned is None else [reckoned.on.isoformat(), reckoned.provisional]


def _from_json(pair: Sequence[Any]) -> Reckoned:
    return Reckoned(dt.date.fromisoformat(pair[0]), bool(pair[1]))


NOTICES: Final = {CHANGED: render}
QUIET: Final = dict.fromkeys((CHANGED,))
