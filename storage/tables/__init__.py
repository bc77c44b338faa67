"""The tables: what the office remembers.

A *request* is one matter decided; an *item* is one product for one counterpart (or a count) within it. States that
follow from dates (超期, 即将到期) are never stored. Columns of type ``Encrypted`` never stand readable in the file.
"""

from bot.roles import Role
from storage.tables.base import Base
from storage.tables.intake import Draft, Inbox, InboxState, Stranger
from storage.tables.ledger import (
    Applicant,
    Counterpart,
    CounterpartAlias,
    Decision,
    Item,
    ItemState,
    PolicySnapshot,
    Referral,
    ReferralState,
    Request,
    RequestState,
)
from storage.tables.notices import (
    Attempt,
    CalendarDay,
    Outbox,
    OutboxReminder,
    OutboxState,
    PeriodicRun,
    Priority,
    Reminder,
    ReminderState,
    Setting,
)
from storage.tables.outcomes import (
    Attachment,
    Commitment,
    CommitmentState,
    CreditReport,
    FollowUp,
    FollowUpState,
    Opinion,
    OpinionUse,
)
from storage.tables.people import (
    ChatBinding,
    Cover,
    Invite,
    PageLink,
    Person,
    PersonState,
    RecentMatter,
    Summary,
    Unit,
)
from storage.tables.proof import Audit, AuditSeal, Heartbeat
from storage.tables.quarter import Issue, QuarterPush, QuarterReturn
from storage.tables.rules import Overlay, OverlayState
from storage.tables.summaries import QuarterSummary
from storage.tables.work import Sheet, Work, WorkState

__all__ = [
    "Applicant",
    "Attachment",
    "Attempt",
    "Audit",
    "AuditSeal",
    "Base",
    "CalendarDay",
    "ChatBinding",
    "Commitment",
    "CommitmentState",
    "Counterpart",
    "CounterpartAlias",
    "Cover",
    "CreditReport",
    "Decision",
    "Draft",
    "FollowUp",
    "FollowUpState",
    "Heartbeat",
    "Inbox",
    "InboxState",
    "Invite",
    "Issue",
    "Item",
    "ItemState",
    "Opinion",
    "OpinionUse",
    "Outbox",
    "OutboxReminder",
    "OutboxState",
    "Overlay",
    "OverlayState",
    "PageLink",
    "PeriodicRun",
    "Person",
    "PersonState",
    "PolicySnapshot",
    "Priority",
    "QuarterPush",
    "QuarterReturn",
    "QuarterSummary",
    "RecentMatter",
    "Referral",
    "ReferralState",
    "Reminder",
    "ReminderState",
    "Request",
    "RequestState",
    "Role",
    "Setting",
    "Sheet",
    "Stranger",
    "Summary",
    "Unit",
    "Work",
    "WorkState",
]
