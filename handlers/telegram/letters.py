"""What a claimed notification says: rendered at the moment at which it leaves, for a person or for a bound group."""

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.identifiers import names_a_person
from bot.language import DEFAULT_LANGUAGE, speaking
from bot.screens.screen import Screen
from handlers import hours
from handlers.groups import is_spoken_for
from handlers.office import Office
from handlers.telegram.messages import Outgoing
from storage import carrying, chats, notified, outbox
from storage.database import is_away
from storage.tables import ChatBinding, Outbox, OutboxState, Person, PersonState, ReminderState

log = structlog.get_logger()

Renderer = Callable[[AsyncSession, Office, Person, Mapping[str, Any], dt.datetime], Awaitable[Screen | None]]
GroupRenderer = Callable[[AsyncSession, Office, ChatBinding, Mapping[str, Any], dt.datetime], Awaitable[Screen | None]]


class NotForGroups(Exception):
    """A screen that must not stand in a group: it names a person, or has buttons that only an officer may press."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A notification as it leaves now.

    Args:
        row: Its row, claimed.
        screen: What it says.
        repeated: Whether an earlier copy may have arrived.
        language: The receiver's.
    """

    row: Outbox
    screen: Screen
    repeated: bool
    language: str


class Letters:
    """Makes the screens of claimed notifications.

    Args:
        office: What renderers may look up.
        renderers: Outbox kind -> what makes its screen, in the receiver's language.
        group_renderers: The same for groups, which are given no person.
        quiet: Kinds that keep to the office hours; one that is late for them waits for the next morning.
        travel: How a screen's files travel.
    """

    def __init__(
        self,
        office: Office,
        renderers: Mapping[str, Renderer],
        group_renderers: Mapping[str, GroupRenderer],
        *,
        quiet: frozenset[str],
        travel: Outgoing,
    ) -> None:
        self._office = office
        self.renderers = renderers
        self._group_renderers = group_renderers
        self._quiet = quiet
        self._travel = travel

    async def write(self, session: AsyncSession, row: Outbox, now: dt.datetime) -> Letter | None:
        """Return a claimed notification as it leaves.

        Returns:
            None where there is nothing to be sent: the row says why, and its reminders have moved on.

        Raises:
            Exception: It cannot be made; the caller puts it off.
        """
        person = await session.get(Person, row.person_id) if row.person_id is not None else None
        if row.kind in self._quiet and not hours.in_office_hours(self._office, now):
            hour = hours.of_person(self._office, person) if person is not None else None
            # Not on the stroke of the hour: what was held up over night takes up the morning's lines first.
            await _wait(session, row, hours.next_opening(self._office, now, hour=hour) + hours.GATHERING)
            return None
        if row.person_id is None:
            return await self._to_group(session, row, now)
        if person is None or person.state is not PersonState.ACTIVE:
            # Whoever has left is told nothing any more; the next tick finds somebody else for the reminder.
            await cancel(session, row, notified.NOT_ACTIVE, ReminderState.PLANNED)
            return None
        if not person.reachable:  # queued before Telegram said so
            await cancel(session, row, notified.OUT_OF_REACH, ReminderState.PLANNED)
            return None
        with speaking(person.language):
            async with session.begin_nested():
                screen = await self.renderers[row.kind](session, self._office, person, row.params, now)
            if screen is not None:
                screen = self._travel(screen, person.telegram_id, now)
        return await self._letter(session, row, screen, person.language)

    async def _to_group(self, session: AsyncSession, row: Outbox, now: dt.datetime) -> Letter | None:
        binding = await chats.binding_of(session, row.chat_id)
        if binding is None or not await is_spoken_for(session, binding):
            await cancel(session, row, "the group is bound no more", ReminderState.CANCELLED)
            return None
        with speaking(DEFAULT_LANGUAGE):
            async with session.begin_nested():
                screen = await self._group_renderers[row.kind](session, self._office, binding, row.params, now)
        if screen is not None:
            _check_for_groups(screen)
        return await self._letter(session, row, screen, DEFAULT_LANGUAGE)

    async def _letter(self, session: AsyncSession, row: Outbox, screen: Screen | None, language: str) -> Letter | None:
        if screen is None:
            await cancel(session, row, "no longer needed", ReminderState.CANCELLED)
            return None
        return Letter(row, screen, row.copies > 0, language)


def _check_for_groups(screen: Screen) -> None:
    """The last look before a screen goes to a group, whatever its renderer thought of.

    Raises:
        NotForGroups: It must not stand there.
    """
    presses = any(button.press for line in screen.rows for button in line)
    if presses or screen.protect or names_a_person(screen.text):
        raise NotForGroups(screen.name)


async def _wait(session: AsyncSession, row: Outbox, moment: dt.datetime) -> None:
    """Take a claim back until the office opens."""
    row.state = OutboxState.UNKNOWN if row.copies else OutboxState.DUE
    row.not_before, row.lease_until = moment, None
    await outbox.close_attempt(session, row.id, outcome="put off")


async def cancel(session: AsyncSession, row: Outbox, reason: str, reminders: ReminderState) -> None:
    """Take a claimed notification back before it is sent, and move its reminders on."""
    row.state, row.reason, row.lease_until = OutboxState.CANCELLED, reason, None
    await outbox.close_attempt(session, row.id, outcome="cancelled")
    await carrying.settle(session, row.id, reminders, reason=reason)


async def put_off(session: AsyncSession, row: Outbox, error: Exception) -> None:
    """Note that a notification could not be made; it is tried again later, and holds up no other.

    Raises:
        Exception: The database itself is away: that is no failure of this notification.
    """
    if is_away(error):
        raise error
    log.error("a notification could not be made", outbox_id=row.id, kind=row.kind, exc_info=error)
    await outbox.close_attempt(session, row.id, outcome="not made", error=type(error).__name__)
    row.lease_until = None
