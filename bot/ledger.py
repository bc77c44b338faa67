"""A ledger entry as the office sees it: its state in words follows from what was recorded and from today."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.language import _
from bot.opinions import Finding
from bot.policy.model import Applying, ProductKind


class Phase(StrEnum):
    """Where an entry stands."""

    NOT_SUBMITTED = "not_submitted"
    SUBMITTED = "submitted"  # the centre's receipt is not confirmed
    RECEIVED = "received"
    SUPPLEMENT = "supplement"  # the centre has asked for papers; the clock stands still until they are handed in
    OVERDUE = "overdue"  # the centre's, and only after a confirmed receipt
    WITH_COUNTERPART = "with_counterpart"  # the counterpart applied; the result goes to them
    RETURNED = "returned"
    USED = "used"  # the decision has been made with the opinion
    RECORDED = "recorded"  # nothing was to be waited for
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ProductLine:
    """One product of an entry: for how many counterparts, persons or letters."""

    code: str
    kind: ProductKind
    count: int
    in_form: bool = False  # the matter's own form carries the pledge


@dataclass(frozen=True, slots=True)
class OpinionLine:
    """The opinion that stands for one verification of an entry.

    Args:
        item_id: The verification.
        opinion_id: The opinion.
        subject: Whom it is about, for the officer's eyes.
        finding: What it says.
        issued_on: 出具日期, local.
        valid_to: Last valid day, local.
        by_policy: Whether that day follows from the pack's rule, because the opinion prints none.
        number: As printed.
        reused: Whether it was used again instead of a new application.
        follow_up: State of the side task of an adverse finding; None where there is none.
        uses: How often it was used again since, as far as its reader may learn of it: the applications that it saved.
    """

    item_id: int
    opinion_id: int
    subject: str
    finding: Finding
    issued_on: dt.date
    valid_to: dt.date
    by_policy: bool
    number: str | None = None
    reused: bool = False
    follow_up: str | None = None
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A ledger entry.

    Args:
        id: Its key.
        version: Grows with every change; an older button is stale.
        number: As people say it: 大气2026-1.
        matter: The matter's name as the officer saw it.
        matter_code: The matter in the pack; None outside the catalogue.
        subjects: The counterparts by name, for the officer's eyes.
        head_count: Persons or organisations of a list kept elsewhere.
        of_person: Whether a natural person is named, so that the screen is protected.
        products: What was recorded.
        applicant: Who applied for the verification; None where there is none.
        open: Whether a verification is still waited for.
        withdrawn: Whether the officer took the entry back.
        due_on: When the feedback is expected; owed by the centre once its receipt is confirmed.
        supplement_on: When the centre asked for papers; None while it does not wait for any.
        opinions: What came back, or was used again.
        without_opinion: How many verifications have come back while what came is not recorded yet.
        used_as: What the opinions were used for, the first of it; None while some were not used.
        uses: What they were used for so far, each with how many counterparts.
        bases: On which basis anybody was limited.
        fulfil_by_on: The earliest day until which a commitment is still to be fulfilled.
    """

    id: int
    version: int
    number: str
    matter: str
    matter_code: str | None
    subjects: tuple[str, ...]
    head_count: int | None
    of_person: bool
    products: tuple[ProductLine, ...]
    applicant: Applying | None
    open: bool
    withdrawn: bool
    submitted_on: dt.date | None = None
    received_on: dt.date | None = None
    returned_on: dt.date | None = None
    due_on: dt.date | None = None
    due_provisional: bool = False
    decide_on: dt.date | None = None
    submit_by_on: dt.date | None = None
    submit_by_provisional: bool = False
    supplement_on: dt.date | None = None
    opinions: tuple[OpinionLine, ...] = ()
    without_opinion: int = 0
    used_on: dt.date | None = None
    used_as: str | None = None
    uses: tuple[tuple[str, int], ...] = ()
    bases: tuple[str, ...] = ()
    fulfil_by_on: dt.date | None = None

    def phase(self, today: dt.date) -> Phase:
        """Return where the entry stands on a local date; overdue is derived, never stored."""
        if self.withdrawn:
            return Phase.WITHDRAWN
        if not self.open:
            if self.used_on is not None:
                return Phase.USED
            return Phase.RETURNED if self.returned_on else Phase.RECORDED
        if self.submitted_on is None:
            return Phase.NOT_SUBMITTED
        if self.applicant == "counterpart":
            return Phase.WITH_COUNTERPART
        if self.received_on is None:
            return Phase.SUBMITTED
        if self.supplement_on is not None:
            return Phase.SUPPLEMENT
        return Phase.OVERDUE if self.due_on is not None and self.due_on < today else Phase.RECEIVED


def person_words(label: Mapping[str, str] | None, *, whole: bool) -> str:
    """Return how a natural person is shown: surname and case number; of an erased one only that they are erased.

    Args:
        label: What is kept of the person.
        whole: Whether the reader may tell the person apart by the last four of the ID number (``roles.IDENTIFIES``).

    Source: domain.md §6.
    """
    if label is None:
        return _("personal details erased")
    parts = f"{label.get('surname', '')}某", label.get("last4", "") if whole else "", label.get("case_number", "")
    return " ".join(part for part in parts if part)
