"""What every flow may look up: the policy in force, the calendar, the catalogue's index, the clock."""

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

from bot.policy.model import Policy
from bot.search import Entry, Index
from bot.workdays import Calendar
from handlers.clock import Clock
from storage.heartbeat import Pulse

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class Office:
    """The bureau as this process knows it.

    Args:
        policy: The pack in force.
        calendar: Working days, with the bureau's own days laid over the official ones.
        clock: The one clock.
        zone: The people's time zone.
        bot_username: Filled in once Telegram has said who the bot is; deep links need it.
        maintainer_ids: Telegram ids of those who get the morning line.
        has_page: Whether files travel through the bureau's own page.
        pulse: The beats of this process.
    """

    policy: Policy
    calendar: Calendar
    clock: Clock
    zone: ZoneInfo = ZONE
    bot_username: str = ""
    admin_ids: frozenset[int] = field(default_factory=frozenset)
    maintainer_ids: frozenset[int] = field(default_factory=frozenset)
    has_page: bool = False
    pulse: Pulse = field(default_factory=Pulse)

    def __post_init__(self) -> None:
        self._pack = self.policy

    @property
    def pack(self) -> Policy:
        """The pack as it is installed and approved, without what the bureau has laid over it."""
        return self._pack

    def adopt(self, pack: Policy, policy: Policy) -> None:
        """Let other rules decide from now on.

        Args:
            pack: The pack.
            policy: The pack with the overlay on it.
        """
        self._pack, self.policy = pack, policy
        self.__dict__.pop("catalogue", None)

    @cached_property
    def catalogue(self) -> Index:
        """The search index over the matters' names and aliases."""
        return Index(Entry(matter.code, matter.name, matter.aliases) for matter in self.policy.matters.values())

    def today(self, now: dt.datetime) -> dt.date:
        """Return the date on the office's wall."""
        return now.astimezone(self.zone).date()
