"""G16: every deadline, expiry and reminder moment of 2024 to 2028 against an oracle that counts day by day."""

import datetime as dt
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import select

from bot import deadlines, owed
from bot.policy.content import Escalation
from bot.policy.loader import load, packaged
from bot.workdays import Calendar, Day, DayKind
from handlers import planning
from handlers.clock import Clock
from handlers.office import ZONE, Office
from storage import keys, migrate, people, policies
from storage.database import Database
from storage.tables import Applicant, Decision, Item, ItemState, Person, Reminder, Request, RequestState, Role
from tests.oracles import deadlines_oracle as oracle

GOALS = ("G16",)
FIRST, LAST = dt.date(2024, 2, 1), dt.date(2028, 9, 30)  # the margins are looked at from inside
AT_ONCE = 100
HOUR = dt.time(9)
WORDS = {True: DayKind.MAKEUP, False: DayKind.HOLIDAY}


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Compare a million pure cases and 50,000 planned entries, or a few thousand and a few hundred."""
    began, dice = time.monotonic(), random.Random(seed)
    calendars = [(Calendar(), oracle.as_published()), (_as_it_may_come(), oracle.as_it_may_come())]
    different: list[str] = []
    pure = 1_000_000 if full else 3_000
    for _ in range(pure):
        calendar, days = dice.choice(calendars)
        different += _compare(calendar, days, dice)
    planned = 0
    for number, (calendar, days) in enumerate(calendars):
        async with _Office(folder / f"{number}.db", calendar, days) as office:
            for _ in range((25_000 if full else 100) // AT_ONCE):
                different += await office.compare(dice)
                planned += AT_ONCE
    result = {"goal": "G16", "seed": seed, "n": pure + planned, "pure": pure, "planned": planned}
    result |= {"different": len(different), "seconds": round(time.monotonic() - began, 1), "ok": not different}
    return [result | ({"detail": different[:5]} if different else {})]


def _as_it_may_come() -> Calendar:
    """The same calendar for the product: the oracle's notices laid over it, as an import would."""
    days = oracle.as_it_may_come().worked.items()
    overlay = {on: Day(on, WORDS[worked], "虚构通知") for on, worked in days if on.year > oracle.LAST_PUBLISHED_YEAR}
    return Calendar(overlay)


def _any_day(dice: random.Random) -> dt.date:
    return FIRST + dt.timedelta(days=dice.randrange((LAST - FIRST).days))


def _compare(calendar: Calendar, days: oracle.Days, dice: random.Random) -> list[str]:
    """Draw one case and return where the product and the oracle part."""
    on, period, margin = _any_day(dice), dice.randint(1, 15), dice.randint(0, 5)
    after, every, said = dice.randint(1, 3), dice.randint(1, 4), dice.randint(0, 6)
    warnings = tuple(sorted({dice.randint(0, 10) for _ in range(3)}, reverse=True))
    due = deadlines.feedback_due(calendar, on, working_days=period)
    submit_by = deadlines.latest_submission(calendar, on, working_days=period, margin_working_days=margin)
    months, end = dice.choice((1, 3, 6, 12, 24)), dice.choice(("day_before", "same_day"))
    offsets = {
        "receipt_after_working_days": after,
        "before_due_working_days": warnings,
        "overdue_first_working_days": after,
        "overdue_every_working_days": every,
        "overdue_most": 99,
        "overdue_index": said,
    }
    waiting = deadlines.verification_stages(calendar, submitted_on=on, received_on=None, due_on=None, **offsets)
    expected_due = oracle.after(days, on, period)
    received = deadlines.verification_stages(
        calendar, submitted_on=on, received_on=on, due_on=expected_due[0], **offsets
    )
    set_day = deadlines.fulfilment_stages(calendar, fulfil_by_on=on, before_working_days=warnings)
    expiry = deadlines.expiry_stages(calendar, valid_to=on, before_days=(30, 7))
    asked = deadlines.hand_in_stages(
        calendar, applied_on=on, decide_on=on, after_working_days=(after, period + 5), before_working_days=warnings
    )
    pairs = {
        **_of_debts(calendar, days, expected_due[0], dice),
        "expiry": (_plain(expiry), oracle.running_out(days, on, (30, 7))),
        "hand in": (
            _plain(asked),
            oracle.asked_after(days, "hand_in", on, (after, period + 5))
            + oracle.counted_back(days, "hand_in", on, warnings),
        ),
        "feedback due": ((due.on, due.provisional), expected_due),
        "latest submission": (
            (submit_by.on, submit_by.provisional),
            oracle.latest_submission(days, on, period, margin),
        ),
        "valid until": (
            deadlines.valid_until(on, months=months, end=end),
            oracle.last_valid_day(on, months, same_day=end == "same_day"),
        ),
        "receipt": (_plain(waiting), oracle.waiting_for_receipt(days, on, after)),
        "feedback": (
            _plain(received),
            oracle.waiting_for_feedback(days, expected_due[0], warnings, after, every, said),
        ),
        "fulfil": (_plain(set_day), oracle.counted_back(days, "fulfil", on, warnings)),
        "moment": (deadlines.due_at(on, HOUR, ZONE), oracle.moment(on)),
    }
    return [f"{name} of {on}: {ours} instead of {theirs}" for name, (ours, theirs) in pairs.items() if ours != theirs]


def _of_debts(calendar: Calendar, days: oracle.Days, on: dt.date, dice: random.Random) -> dict[str, tuple[Any, Any]]:
    """Draw a decision, a receipt that has not come, and a debt around a working day; return ours and theirs."""
    warnings = tuple({dice.randint(0, 5) for _ in range(3)})
    decide_on = on + dt.timedelta(days=dice.randrange(5))
    decided = deadlines.decision_stages(calendar, decide_on=decide_on, before_working_days=warnings)
    soon, then = dice.randint(1, 4), dice.randint(1, 15)
    answered, known, today = (on + dt.timedelta(days=dice.randint(*span)) for span in ((-9, 9), (-9, 9), (0, 60)))
    again = deadlines.asked_again(calendar, answered, on, soon_working_days=soon, then_working_days=then)
    first, every, head, coordinator = ladder = (
        dice.randint(1, 3),
        dice.randint(1, 9),
        *sorted(dice.sample(range(1, 15), 2)),
    )
    rules = Escalation(
        officer_after_working_days=first,
        officer_every_working_days=every,
        head_after_working_days=head,
        coordinator_after_working_days=coordinator,
    )
    told = dict(owed.rungs(owed.Debt("submit", on), known, calendar, today, rules))
    return {
        "decision": (
            sorted(_plain(decided)),
            sorted(oracle.before_decision(days, decide_on, warnings, dt.date.min)),
        ),
        "asked again": ((again.on, again.provisional), oracle.asked_again(days, answered, on, soon, then)),
        "owed": (told, oracle.climbed(days, on, known, today, ladder)),
    }


def _plain(stages: tuple[deadlines.Stage, ...]) -> list[oracle.Planned]:
    return [(each.kind, each.stage, each.on, each.provisional) for each in stages]


class _Office:
    """The real planner on a real database, with one fictitious officer."""

    def __init__(self, path: Path, calendar: Calendar, days: oracle.Days) -> None:
        keys.use([Fernet.generate_key().decode()])
        self.database = Database(f"sqlite:///{path}")
        self.office = Office(load(packaged("zhengzhou")), calendar, Clock())
        self.days = days
        self.numbers = Counter[int]()

    async def __aenter__(self) -> "_Office":
        await migrate.upgrade(self.database)
        now = self.office.clock.now()
        async with self.database.write() as session:
            await people.sync_units(session, self.office.policy)
            await policies.ensure_snapshot(session, self.office.policy, now)
            unit = (await people.units(session))[0]
            self.owner = Person(telegram_id=1, unit_id=unit.id, role=Role.OFFICER, name="虚构", joined_at=now)
            self.decision = Decision(
                policy_hash=self.office.policy.hash, answers={}, rule_ids=[], result={}, on=dt.date(2024, 1, 1)
            )
            session.add_all((self.owner, self.decision))
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.database.close()

    async def compare(self, dice: random.Random) -> list[str]:
        """Let the planner plan some entries, each at a moment of its own, and compare the rows with the oracle's."""
        wanted: dict[int, dict[tuple[str, str], tuple[dt.datetime, str]]] = {}
        async with self.database.write() as session:
            for _ in range(AT_ONCE):
                on = _any_day(dice)
                now = dt.datetime.combine(on, dt.time(dice.randrange(24), dice.randrange(60)), dt.UTC)
                now += dt.timedelta(days=dice.randrange(20))
                request, item, planned = self._drawn(on, dice)
                session.add(request)
                await session.flush()
                item.request_id = request.id
                session.add(item)
                await session.flush()
                await planning.replan(session, self.office, request, now)
                wanted[request.id] = oracle.rows(planned, now)
        async with self.database.read() as session:
            rows = (await session.scalars(select(Reminder).where(Reminder.subject_id.in_(wanted)))).all()
        found: dict[int, dict[tuple[str, str], tuple[dt.datetime, str]]] = {each: {} for each in wanted}
        for row in rows:
            found[row.subject_id][row.kind, row.stage] = (row.due_at, row.state.value)
        return [
            f"entry {each}: {found[each]} instead of {wanted[each]}" for each in wanted if found[each] != wanted[each]
        ]

    def _drawn(self, on: dt.date, dice: random.Random) -> tuple[Request, Item, list[oracle.Planned]]:
        """Draw an entry in one of its three states, with what the oracle expects of it."""
        rules, settings = self.office.policy.reminders, self.office.policy.settings
        self.numbers[on.year] += 1
        request = Request(
            unit_id=self.owner.unit_id,
            year=on.year,
            seq=self.numbers[on.year],
            owner_id=self.owner.id,
            decision_id=self.decision.id,
            matter_name="虚构事项",
            state=RequestState.OPEN,
            basis_version=1,
            created_at=dt.datetime.combine(on + dt.timedelta(days=dice.randint(-3, 12)), dt.time(4), dt.UTC),
            decide_on=on + dt.timedelta(days=dice.randrange(15)),
        )
        item = Item(
            product_kind="verification", product_code="verification", applicant=Applicant.BUREAU, state=ItemState.DRAFT
        )
        shape = dice.choice(("draft", "submitted", "received"))
        if shape == "draft":
            margin = settings.submit_margin_working_days
            last, _doubt = oracle.latest_submission(self.days, on, settings.feedback_working_days, margin)
            request.decide_on, request.submit_by_on = on, last
            warnings = tuple(rules.submit_by_before_working_days)
            planned = oracle.counted_back(self.days, "submit_by", last, warnings)
            return request, item, [*planned, *self._decided(request)]
        item.submitted_on, item.state = on, ItemState.SUBMITTED
        if shape == "submitted":
            planned = oracle.waiting_for_receipt(self.days, on, rules.receipt_after_working_days)
            return request, item, [*planned, *self._decided(request)]
        item.received_on, item.state = on, ItemState.RECEIVED
        planning.reckon(self.office, item, on)
        due_on, _doubt = oracle.after(self.days, on, settings.feedback_working_days)
        warnings = tuple(rules.before_due_working_days)
        first, every = rules.overdue_first_working_days, rules.overdue_every_working_days
        planned = oracle.waiting_for_feedback(self.days, due_on, warnings, first, every, 0)
        return request, item, [*planned, *self._decided(request)]

    def _decided(self, request: Request) -> list[oracle.Planned]:
        """Return what the oracle expects before the decision."""
        assert request.decide_on is not None
        return oracle.before_decision(self.days, request.decide_on, (1, 0), request.created_at.date())
