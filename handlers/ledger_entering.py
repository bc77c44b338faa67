"""An older ledger becomes entries and opinions: with numbers, dates, reminders and audit lines, all or nothing."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import feedback_due, latest_submission
from bot.finding import entry_number
from bot.language import _
from bot.ledger_columns import Columns
from bot.ledger_import import Ledger, Row, Verdict, counts, groups, marked
from bot.ledger_verdicts import Rules, judge
from bot.near_names import plain_name
from bot.policy.model import Matter, Policy, ProductKind
from bot.scope import confidential_matters
from bot.sheet_words import Standing
from handlers import expiry, planning
from handlers.office import Office
from storage import audit, ledger_import, policies
from storage.ledger_import import Entered, OlderEntry, OlderItem
from storage.ledger_known import present
from storage.sight import Sight
from storage.tables import ItemState, Unit


@dataclass(frozen=True, slots=True)
class Act:
    """Who imports, when.

    Args:
        actor_id: The officer; None for the maintainer at the command line.
        owner_id: Whose the entries are whose row names no colleague of the unit.
        now: Aware UTC time.
        sight: Whose eyes look, on the local day of it.
        sheet_id: The sheet that was sent; None at the command line.
    """

    actor_id: int | None
    owner_id: int
    now: dt.datetime
    sight: Sight
    sheet_id: int | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has done.

    Args:
        counts: Verdict -> rows, as they stood when it was done.
        numbers: The new entries, in their order.
    """

    counts: Mapping[Verdict, int]
    numbers: tuple[str, ...]


def read_rows(office: Office, ledger: Ledger, columns: Columns, today: dt.date) -> tuple[Row, ...]:
    """Return a ledger's rows as the sheet alone judges them; for a thread: a long one takes seconds."""
    settings = office.policy.settings
    finder = _Matters(office)
    rules = Rules(
        today,
        months=settings.validity_months,
        end=settings.validity_end,
        matter=finder.find,
        confidential=confidential_matters(office.policy),
    )
    return judge(ledger, columns, rules)


async def known_rows(session: AsyncSession, unit: Unit, rows: Sequence[Row], sight: Sight) -> tuple[Row, ...]:
    """Return the rows with those marked that the unit's ledger has already, as far as an officer may know of it."""
    return marked(rows, await present(session, unit, rows, sight))


async def enter(session: AsyncSession, office: Office, unit_id: int, rows: Sequence[Row], act: Act) -> Imported:
    """Import what can be imported of a ledger, in the transaction of the caller.

    Args:
        session: The unit of work.
        office: Rules and calendar.
        unit_id: Whose ledger; it is locked, so that two who import the same sheet come one after the other.
        rows: As the sheet alone judges them.
        act: Who imports, when.
    """
    unit = await ledger_import.lock(session, unit_id)
    rows = await known_rows(session, unit, rows, act.sight)
    owners = await ledger_import.colleagues(session, unit.id)
    new = [_entry(office, group, owners.get(group[0].officer, act.owner_id)) for group in groups(rows)]
    taken = [row for row in rows if row.makes_entry or row.brings_opinion]
    subjects = await ledger_import.counterparts(session, taken)
    if new:
        await policies.ensure_snapshot(session, office.policy, act.now)
    entered = await ledger_import.enter(
        session, unit, new,
        subjects=subjects, product_code=_verification(office.policy), policy_hash=office.policy.hash,
        today=office.today(act.now), now=act.now,
    )  # fmt: skip
    answered = {
        item.row.row: made.id for each in entered for item, made in zip(each.new.items, each.items, strict=True)
    }
    opinions = await ledger_import.record_opinions(
        session,
        [(row, answered.get(row.row), owners.get(row.officer, act.owner_id)) for row in taken if row.brings_opinion],
        subjects=subjects, unit_id=unit.id, now=act.now,
    )  # fmt: skip
    await planning.replan_many(session, office, [each.request for each in entered], act.now)
    for each in entered:
        _note(session, act, "request.register", ("request", each.request.id), _entered(unit, each))
    await expiry.ensure(session, office, [opinion for _row, opinion in opinions], act.now)
    for row, opinion in opinions:
        _note(session, act, "opinion.import", ("opinion", opinion.id), _origin(row))
    done = Imported(counts(rows), tuple(_number(unit, each) for each in entered))
    said = {verdict.value: number for verdict, number in done.counts.items()}
    _note(session, act, "ledger.import", ("sheet", act.sheet_id), {"unit": unit.code, "rows": said})
    return done


class _Matters:
    """Finds the matter that an older ledger means: by its name or alias, else where only one comes near."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._found: dict[str, Matter | None] = {}
        self._named: dict[str, list[Matter]] = {}
        for matter in office.policy.matters.values():
            for name in dict.fromkeys(plain_name(each) for each in (matter.name, *matter.aliases)):
                self._named.setdefault(name, []).append(matter)

    def find(self, written: str) -> Matter | None:
        """Return the matter, None where none is meant beyond doubt."""
        if written not in self._found:
            self._found[written] = self._look(written)
        return self._found[written]

    def _look(self, written: str) -> Matter | None:
        matters = self._office.policy.matters.values()
        plain = plain_name(written)
        if (same := next((each for each in matters if plain_name(each.name) == plain), None)) is not None:
            return same
        if named := self._named.get(plain):
            return named[0] if len(named) == 1 else None
        near = self._office.catalogue.find(written, limit=2)
        return self._office.policy.matters[near[0]] if len(near) == 1 else None


def _verification(policy: Policy) -> str:
    return next(each.id for each in policy.products.values() if each.kind is ProductKind.VERIFICATION)


def _entry(office: Office, rows: Sequence[Row], owner_id: int) -> OlderEntry:
    items = tuple(_item(office, row) for row in rows)
    first = rows[0]
    submit_by = None
    if first.submitted_on is None and first.decide_on is not None:
        settings = office.policy.settings
        latest = latest_submission(
            office.calendar,
            first.decide_on,
            working_days=settings.feedback_working_days,
            margin_working_days=settings.submit_margin_working_days,
        )
        submit_by = (latest.on, latest.provisional)
    return OlderEntry(items, owner_id, any(item.state is not ItemState.RETURNED for item in items), submit_by)


def _item(office: Office, row: Row) -> OlderItem:
    """Return an item with its state and the date on which the centre's feedback is expected.

    Source: the Plan 二（二）; where the counterpart applied nothing is expected here (domain.md A7).
    """
    state = _state(row)
    since = row.received_on or row.submitted_on
    if since is None or row.applicant != "bureau":
        return OlderItem(row, state)
    due = feedback_due(office.calendar, since, working_days=office.policy.settings.feedback_working_days)
    left = None
    if state is ItemState.SUPPLEMENT and row.supplement_on is not None:
        left = max(0, office.calendar.between(row.supplement_on, due.on))
    return OlderItem(row, state, (due.on, due.provisional), left)


def _state(row: Row) -> ItemState:
    if row.brings_opinion:
        return ItemState.RETURNED
    if row.standing is Standing.SUPPLEMENT:
        return ItemState.SUPPLEMENT
    if row.received_on is not None:
        return ItemState.RECEIVED
    return ItemState.DRAFT if row.submitted_on is None else ItemState.SUBMITTED


def _number(unit: Unit, entered: Entered) -> str:
    return entry_number(unit.short_name, entered.request.year, entered.request.seq)


def _entered(unit: Unit, entered: Entered) -> dict[str, Any]:
    request = entered.request
    rows = [_origin(item.row) for item in entered.new.items]
    about = {"number": _number(unit, entered), "matter": request.matter_code, "decision": request.decision_id}
    return {**about, "from": rows}


def _origin(row: Row) -> dict[str, Any]:
    """Return where a row stood in the older ledger, what it was called there, and what no column of ours holds."""
    return {"row": row.row, "number": row.number, "matter": row.written, "note": row.note}


def _note(session: AsyncSession, act: Act, verb: str, subject: tuple[str, int | None], after: Any) -> None:
    audit.note(session, at=act.now, actor_id=act.actor_id, verb=verb, subject=subject, after=after, reason=_("import"))
