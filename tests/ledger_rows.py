"""Rows of a ledger made from what happened, for figures; every name is fictitious."""

import datetime as dt
from itertools import count, groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.policy.model import Policy
from storage import people, policies
from storage.tables import (
    Applicant,
    Commitment,
    CommitmentState,
    Counterpart,
    CreditReport,
    Decision,
    FollowUp,
    Item,
    ItemState,
    Opinion,
    OpinionUse,
    Person,
    Request,
    RequestState,
    Role,
    Unit,
)
from tests.oracles.figures_oracle import Happened, Letter, Report, Verification

NOON = dt.time(4, tzinfo=dt.UTC)
MADE = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)

PERSON = {"surname": "欧阳", "last4": "906X", "case_number": "虚构人事2026-7"}
"""What is kept of every natural person here; nobody of that name, number or case exists."""
ORDER = (Counterpart, Decision, Request, Item, Opinion, FollowUp, OpinionUse, Commitment, CreditReport)


class Ledger:
    """Writes rows down; ``await Ledger.begin(session, policy)`` first."""

    def __init__(self, session: AsyncSession, policy: Policy, units: dict[str, int], owner: Person, old: Opinion):
        self.session, self.policy, self.units, self.owner, self.old = session, policy, units, owner, old
        self.ids = count(1000)  # given here, so that everything goes in at once
        self.rows: list[Any] = []
        self.entries: dict[int, Happened] = {}  # the entry's key -> what happened in it

    @classmethod
    async def begin(cls, session: AsyncSession, policy: Policy) -> "Ledger":
        await people.sync_units(session, policy)
        await policies.ensure_snapshot(session, policy, MADE)
        units = {code: key for key, code in await session.execute(select(Unit.id, Unit.code))}
        owner = Person(telegram_id=1, unit_id=min(units.values()), role=Role.OFFICER, name="虚构", joined_at=MADE)
        old = Opinion(
            issued_on=MADE.date(), valid_to=dt.date(2030, 1, 1), valid_source="printed", result="clean",
            recorded_at=MADE, unit_id=min(units.values()),
        )  # fmt: skip
        session.add_all([owner, old])
        await session.flush()
        return cls(session, policy, units, owner, old)

    async def write(self, happened: Happened) -> None:
        """Write everything down: verifications by their entry, the others each as an entry of its own."""
        by_entry = sorted(happened.verifications, key=lambda each: each.entry)
        for _entry, group in groupby(by_entry, key=lambda each: each.entry):
            self._verifications(list(group))
        for letter in happened.letters:
            self._letter(letter)
        for report in happened.reports:
            self._report(report)
        for table in ORDER:
            self.session.add_all([row for row in self.rows if isinstance(row, table)])
            await self.session.flush()
        self.rows = []

    def _request(self, unit: str, matter: str | None, day: dt.date, *, undone: bool) -> Request:
        key = next(self.ids)
        decision = Decision(
            id=key, policy_hash=self.policy.hash, matter_code=matter, answers={}, rule_ids=[], result={}, on=day
        )
        self.rows.append(decision)
        request = Request(
            id=key, unit_id=self.units[unit], year=day.year, seq=key, owner_id=self.owner.id, decision_id=key,
            matter_code=matter, matter_name=matter or "目录外", created_at=dt.datetime.combine(day, NOON),
            state=RequestState.UNDONE if undone else RequestState.OPEN,
        )  # fmt: skip
        self.rows.append(request)
        self.entries[key] = Happened()
        return request

    def _counterpart(self, kind: str | None) -> int | None:
        if kind is None:
            return None
        row = Counterpart(id=next(self.ids), kind=kind, name="虚构公司")
        if kind == "natural_person":
            row.name, row.person_label = None, PERSON
        self.rows.append(row)
        return row.id

    def _verifications(self, group: list[Verification]) -> None:
        first = group[0]
        day = first.submitted or first.reused or MADE.date()
        request = self._request(first.unit, first.matter, day, undone=first.undone)
        self.entries[request.id].verifications = group
        for each in group:
            self._verification(request, each)

    def _verification(self, request: Request, each: Verification) -> None:
        state = ItemState.SUBMITTED
        if each.withdrawn:
            state = ItemState.WITHDRAWN
        elif each.returned:
            state = ItemState.RETURNED
        elif each.reused:
            state = ItemState.USED
        item = Item(
            id=next(self.ids),
            request_id=request.id, product_kind="verification", product_code="verification", state=state,
            counterpart_id=self._counterpart(each.kind), head_count=each.count if each.kind is None else None,
            applicant=Applicant.COUNTERPART if each.by_counterpart else Applicant.BUREAU,
            submitted_on=each.submitted, received_on=each.received, resumed_on=each.resumed, due_on=each.due,
            returned_on=each.returned, withdrawn_on=each.withdrawn, used_on=each.reused,
        )  # fmt: skip
        self.rows.append(item)
        if each.finding:
            self._opinion(item, each)
        if each.reused:
            self.rows.append(OpinionUse(opinion_id=self.old.id, item_id=item.id, on=each.reused))

    def _opinion(self, item: Item, each: Verification) -> None:
        on = each.returned or MADE.date()
        opinion = Opinion(
            id=next(self.ids),
            item_id=item.id, issued_on=on, valid_to=each.valid_to or dt.date(2030, 1, 1), valid_source="policy",
            result=each.finding, recorded_at=dt.datetime.combine(on, NOON), unit_id=self.units[each.unit],
            undone_at=MADE if each.undone else None,
        )  # fmt: skip
        self.rows.append(opinion)
        if each.finding in ("adverse", "serious", "corrected"):
            self.rows.append(FollowUp(opinion_id=opinion.id, created_at=MADE))
        if each.finding == "corrected":  # adverse at first: its side task stays
            opinion.result = "clean"

    def _letter(self, each: Letter) -> None:
        request = self._request(each.unit, each.matter, each.entered, undone=each.undone)
        self.entries[request.id].letters = [each]
        request.decide_on = each.decide
        state = CommitmentState.SIGNED
        if each.fulfilled or each.breached:
            state = CommitmentState.FULFILLED if each.fulfilled else CommitmentState.BREACHED
        item = self._recorded(request, "commitment", each.kind)
        self.rows.append(
            Commitment(
                item_id=item.id, state=state, letters=each.letters, in_form=each.in_form, signed_on=each.signed,
                settled_on=each.fulfilled or each.breached, fulfil_by_on=each.fulfil_by,
            )
        )  # fmt: skip

    def _report(self, each: Report) -> None:
        request = self._request(each.unit, each.matter, each.entered, undone=each.undone)
        self.entries[request.id].reports = [each]
        item = self._recorded(request, "report", each.kind)
        self.rows.append(CreditReport(item_id=item.id, agency=each.agency))

    def _recorded(self, request: Request, product: str, kind: str | None) -> Item:
        item = Item(
            id=next(self.ids),
            request_id=request.id, product_kind=product, product_code=product, state=ItemState.RECORDED,
            counterpart_id=self._counterpart(kind),
        )  # fmt: skip
        self.rows.append(item)
        return item
