"""Planning reminders, and planning them anew: what was said is not said again, what was put off keeps its moment."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import OVERDUE, Stage, due_at
from storage import reminders
from storage.reminders import OWNER, PASSED_ON, PUT_OFF, SAID_BEFORE, Subject
from storage.tables import Priority, Reminder, ReminderState
from storage.upsert import insert_new

Name = tuple[str, str]  # kind and stage
_URGENCY: Final = {"feedback": Priority.DEADLINE, "submit_by": Priority.DEADLINE, "expiry": Priority.TO_KNOW}
_SAID: Final = (ReminderState.SENT, ReminderState.ACKNOWLEDGED)
_TO_COME: Final = (ReminderState.PLANNED, ReminderState.QUEUED)


async def replan(
    session: AsyncSession,
    subject: Subject,
    stages: Sequence[Stage],
    *,
    now: dt.datetime,
    hour: dt.time,
    zone: ZoneInfo,
    audience: str = OWNER,
    afresh: dt.datetime | None = None,
) -> None:
    """Plan the reminders of an entry or an opinion anew, in the transaction that changed it.

    What an older basis planned is cancelled together with its notifications. Of the stages whose moment is already
    past the newest of each kind is said now, and the others are kept as superseded. A stage that was said on its day
    or after is not said again. What the officer put off keeps its moment and stands for the stages until then, save
    where one of these comes earlier than it would have: the officer did not know that when they put it off.
    Neither binds somebody for whom it is planned afresh.

    Args:
        session: The unit of work of the change.
        subject: Its ``basis_version`` has grown with the change.
        stages: What is to be said when, as the rules have it.
        now: Aware UTC time.
        hour: Local time of the reminders.
        zone: The office's time zone.
        audience: The slot that is resolved to people when the moment has come.
        afresh: The moment of what is past, where it is for somebody who has heard nothing yet: what was said before is
            said to them, and what was put off comes as the rules have it. Aware UTC time, not after ``now``.
    """
    plan = _Plan(subject, audience, now, hour, zone, earliest=afresh or now)
    if subject.basis_version > 1:
        plan.before = await _of_older_bases(session, subject, audience, zone)
        if afresh is not None:
            plan.before = replace(plan.before, said={}, put_off={})
    rows = list(plan.rows(stages))  # what was put off is cancelled with its basis, and its reason goes with that
    if subject.basis_version > 1:
        await reminders.cancel_older(session, subject)
    await insert_new(session, Reminder, rows)


async def add(
    session: AsyncSession, subject: Subject, stage: Stage, *, hour: dt.time, zone: ZoneInfo, audience: str = OWNER
) -> None:
    """Plan one more stage on the present basis; one that is planned already stays as it is."""
    await insert_new(session, Reminder, [_row(subject, stage, due_at(stage.on, hour, zone), audience)])


@dataclass(frozen=True, slots=True)
class _Before:
    """What became of older bases.

    Args:
        said: When a stage was last said, or another that made up for it; local date.
        unsaid: On which local date a stage that was not said would have come.
        waiting: When each comes that is planned or on its way; what was put off is not among them.
        passed_on: Those of them that are for somebody else by now, so that whoever was told of them is spared.
        put_off: What was put off of each kind, and until when.
    """

    said: Mapping[Name, dt.date] = field(default_factory=dict)
    unsaid: Mapping[Name, dt.date] = field(default_factory=dict)
    waiting: Mapping[Name, dt.datetime] = field(default_factory=dict)
    passed_on: Collection[Name] = ()
    put_off: Mapping[str, Reminder] = field(default_factory=dict)


@dataclass(slots=True)
class _Plan:
    subject: Subject
    audience: str
    now: dt.datetime
    hour: dt.time
    zone: ZoneInfo
    earliest: dt.datetime  # the moment of what is past
    before: _Before = _Before()

    def rows(self, stages: Sequence[Stage]) -> Iterator[dict[str, Any]]:
        """Yield the rows kind by kind, each stage once."""
        ordered = sorted(stages, key=lambda stage: (stage.kind, stage.on))
        for kind, group in groupby(ordered, key=lambda stage: stage.kind):
            moments = {stage: due_at(stage.on, self.hour, self.zone) for stage in group}
            put_off = self.before.put_off.get(kind)
            if put_off is not None and self._holds(put_off, moments):
                yield from self._until(put_off, moments)
            else:
                yield from self._as_ruled(moments)

    def _holds(self, put_off: Reminder, moments: Mapping[Stage, dt.datetime]) -> bool:
        """Say whether what was put off keeps its moment under a new plan.

        It does not where its own stage lies ahead again, where nothing is overdue any more, and where a stage before
        that moment comes earlier than it would have come.
        """
        own = next((stage for stage in moments if stage.stage == put_off.stage), None)
        if own is None and put_off.stage.startswith(OVERDUE):
            return False
        if own is not None and own.on > self._date(self.now):
            return False
        meanwhile = [stage for stage, moment in moments.items() if moment <= put_off.due_at]
        was_on = self.before.unsaid
        return all(stage.on >= was_on.get((stage.kind, stage.stage), stage.on) for stage in meanwhile)

    def _until(self, put_off: Reminder, moments: Mapping[Stage, dt.datetime]) -> Iterator[dict[str, Any]]:
        """Yield what was put off at its own moment, and the other stages as they come after it."""
        for stage, moment in moments.items():
            if stage.stage != put_off.stage:
                row = _row(self.subject, stage, moment, self.audience)
                yield row if moment > put_off.due_at else _superseded(row, PUT_OFF)
        own = Stage(put_off.kind, put_off.stage, self._date(put_off.due_at), provisional=False)
        yield _row(self.subject, own, put_off.due_at, self.audience) | {
            "snoozed_to": put_off.due_at,
            "reason": put_off.reason,
        }

    def _as_ruled(self, moments: Mapping[Stage, dt.datetime]) -> Iterator[dict[str, Any]]:
        """Yield the stages as the rules have them, with what is past put in order."""
        past = [stage for stage, moment in moments.items() if moment <= self.now]
        for stage, moment in moments.items():
            row = _row(self.subject, stage, moment, self.audience)
            if stage in past[:-1] and self._waits(stage) is None:  # what waits, the next look puts in order
                yield _superseded(row, "past when planned")
            elif self._was_said(stage):
                yield _superseded(row, SAID_BEFORE) | {"due_at": self.now}
            else:
                reason = PASSED_ON if (stage.kind, stage.stage) in self.before.passed_on else None
                yield row | {"due_at": max(moment, self._not_before(stage)), "reason": reason}

    def _not_before(self, stage: Stage) -> dt.datetime:
        """Return the moment before which a stage cannot be due.

        What was to be said on this day anyway, or waits since an earlier one, was not made due in the course of the
        day: it keeps its place in the day's list, and is late where it was.
        """
        waits = self._waits(stage)
        if waits is None:
            return self.earliest
        return waits if waits <= self.now else due_at(self._date(self.now), dt.time(), self.zone)

    def _waits(self, stage: Stage) -> dt.datetime | None:
        """Return since when on this day or an earlier one, or from when on this day, a stage is to be said."""
        moment = self.before.waiting.get((stage.kind, stage.stage))
        return moment if moment is not None and self._date(moment) <= self._date(self.now) else None

    def _was_said(self, stage: Stage) -> bool:
        """Say whether a stage was said on its day or after, and does not wait to be said to somebody else since."""
        if self._waits(stage) is not None:
            return False
        said = self.before.said.get((stage.kind, stage.stage), dt.date.min)
        return stage.on <= min(said, self._date(self.now))

    def _date(self, moment: dt.datetime) -> dt.date:
        return moment.astimezone(self.zone).date()


async def _of_older_bases(session: AsyncSession, subject: Subject, audience: str, zone: ZoneInfo) -> _Before:
    rows = await session.scalars(
        select(Reminder)
        .where(reminders.of(subject), Reminder.basis_version < subject.basis_version)
        .where(Reminder.audience == audience, Reminder.state != ReminderState.CANCELLED)
        .order_by(Reminder.basis_version, Reminder.kind, Reminder.id)
    )
    said: dict[Name, dt.date] = {}
    unsaid: dict[Name, dt.date] = {}
    waiting: dict[Name, dt.datetime] = {}
    passed_on: set[Name] = set()
    put_off: dict[str, Reminder] = {}
    for (_basis, kind), group in groupby(rows.all(), key=lambda row: (row.basis_version, row.kind)):
        of_kind = list(group)
        last = max((row.due_at for row in of_kind if row.state in _SAID), default=None)
        for row in of_kind:
            name = row.kind, row.stage
            if reminders.is_put_off(row):
                put_off[kind] = row
            elif last is not None and row.due_at <= last and row.state is not ReminderState.PLANNED:
                said[name] = max(said.get(name, dt.date.min), last.astimezone(zone).date())
            elif row.reason != SAID_BEFORE:
                unsaid[name] = row.due_at.astimezone(zone).date()
                if row.state in _TO_COME:
                    waiting[name] = row.due_at
                    passed_on |= {name} if row.reason == PASSED_ON else set()
    return _Before(said, unsaid, waiting, passed_on, put_off)


def _superseded(row: dict[str, Any], reason: str) -> dict[str, Any]:
    return row | {"state": ReminderState.SUPERSEDED, "reason": reason}


def _row(subject: Subject, stage: Stage, moment: dt.datetime, audience: str) -> dict[str, Any]:
    return {
        "subject_kind": reminders.kind_of(subject),
        "subject_id": subject.id,
        "kind": stage.kind,
        "stage": stage.stage,
        "audience": audience,
        "basis_version": subject.basis_version,
        "due_at": moment,
        "snoozed_to": None,
        "urgency": _URGENCY.get(stage.kind, Priority.QUESTION),
        "state": ReminderState.PLANNED,
        "reason": None,
    }
