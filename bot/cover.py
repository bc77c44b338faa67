"""Leave cover (请假代办): who does an absent officer's work on a day, however long the chain of stand-ins."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

OPEN_ENDED: Final = "open"  # 另行通知: the last day is not known yet


@dataclass(frozen=True, slots=True)
class Leave:
    """One person's leave with the colleague who stands in.

    Args:
        id: Its key; where two covers of one person hold on a day, the later one counts.
        person: Who is away.
        by: Who stands in.
        from_on: First day, local.
        to_on: Last day, local; None until further notice.
    """

    id: int
    person: int
    by: int
    from_on: dt.date
    to_on: dt.date | None

    def holds(self, on: dt.date) -> bool:
        """Say whether the leave covers a local date; its first and last days belong to it."""
        return self.from_on <= on and (self.to_on is None or on <= self.to_on)

    def meets(self, other: "Leave") -> bool:
        """Say whether two leaves share a day."""
        return self.holds(other.from_on) or other.holds(self.from_on)


@dataclass(frozen=True, slots=True)
class Charge:
    """Whose work something is.

    Args:
        owner_id: The officer.
        unit_id: The unit whose head is next where nobody does the officer's work.
    """

    owner_id: int
    unit_id: int


@dataclass(frozen=True, slots=True)
class CoverPlan:
    """What has been chosen so far for a cover that is being entered; the next question follows from it.

    Args:
        person: Who will be away; None until a head has chosen them.
        by: Who will stand in.
        from_on: First day, local.
        to_on: Last day, local; None where it is open or not chosen.
        to_chosen: Whether the last day was chosen, be it 另行通知.
        editing: The line that is being changed again.
        query: What was typed to find a colleague.
        page: Page of the colleagues, from 0.
    """

    person: int | None
    from_on: dt.date
    by: int | None = None
    to_on: dt.date | None = None
    to_chosen: bool = False
    editing: str | None = None
    query: str = ""
    page: int = 0

    @property
    def step(self) -> str:
        """The line that is asked now: ``who``, ``by``, ``from`` or ``to``; ``confirm`` once all is there."""
        if self.editing is not None:
            return self.editing
        if self.person is None:
            return "who"
        if self.by is None:
            return "by"
        return "confirm" if self.to_chosen else "to"

    def as_of(self, today: dt.date) -> "CoverPlan":
        """Return it as it can still be confirmed: of what was chosen, each day that is past by now is asked again."""
        if self.from_on >= today:
            return self
        plan = replace(self, editing="from")
        return replace(plan, to_on=None, to_chosen=False) if plan.is_over(today) else plan

    def is_over(self, today: dt.date) -> bool:
        """Say whether the last day was chosen and is past."""
        return self.to_on is not None and self.to_on < today

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON for the draft."""
        to_on = self.to_on.isoformat() if self.to_on else OPEN_ENDED
        return {
            "person": self.person,
            "by": self.by,
            "from": self.from_on.isoformat(),
            "to": to_on if self.to_chosen else None,
            "editing": self.editing,
            "query": self.query,
            "page": self.page,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "CoverPlan":
        """Read it back from a draft."""
        to_on = data["to"]
        return cls(
            person=data["person"],
            from_on=dt.date.fromisoformat(data["from"]),
            by=data["by"],
            to_on=None if to_on in (None, OPEN_ENDED) else dt.date.fromisoformat(to_on),
            to_chosen=to_on is not None,
            editing=data["editing"],
            query=data["query"],
            page=data["page"],
        )


def chain(person: int, leaves: Iterable[Leave], on: dt.date) -> tuple[int, ...]:
    """Return everybody a person's work passes through on a day, the person first.

    Whoever is away that day hands on to their own stand-in. Where the way leads in a circle, the last one returned
    stands in the chain twice.

    Args:
        person: Whose work it is.
        leaves: Leaves of everybody; those that do not hold on the day do not count.
        on: Local date.
    """
    deputies = {leave.person: leave.by for leave in sorted(leaves, key=lambda leave: leave.id) if leave.holds(on)}
    passed = [person]
    while passed[-1] in deputies:
        passed.append(deputies[passed[-1]])
        if passed[-1] in passed[:-1]:
            break
    return tuple(passed)


def does_work_of(person: int, leaves: Iterable[Leave], on: dt.date, *, gone: Collection[int] = ()) -> int | None:
    """Return who does a person's work on a day: themselves, or the one at the end of their stand-ins.

    Args:
        person: Whose work it is.
        leaves: Leaves of everybody.
        on: Local date.
        gone: Who cannot be told anything: blocked the bot, suspended, left, or may only read.

    Returns:
        None where nobody is there: the chain ends at somebody who is gone, or leads in a circle.
    """
    passed = chain(person, leaves, on)
    last = passed[-1]
    return None if last in passed[:-1] or last in gone else last


def overlapping(leaves: Iterable[Leave], proposed: Leave) -> Leave | None:
    """Return a leave of the same person that shares a day with a proposed one: on each day one colleague stands in."""
    return next((leave for leave in leaves if leave.person == proposed.person and leave.meets(proposed)), None)


def circle(leaves: Sequence[Leave], proposed: Leave) -> tuple[dt.date, tuple[int, ...]] | None:
    """Return the first day on which a proposed leave would lead in a circle, with the way it takes; None for none.

    A circle begins on the first day of one of its leaves, so that no other days need be looked at.
    """
    together = [*leaves, proposed]
    beginnings = {leave.from_on for leave in together if proposed.holds(leave.from_on)}
    for on in sorted(beginnings):
        passed = chain(proposed.person, together, on)
        if passed[-1] == proposed.person and len(passed) > 1:
            return on, passed
    return None
