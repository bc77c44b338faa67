"""What did not arrive: whoever looks after the receiver's work is told, so that nothing ends in silence."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.screens import delivery as screens
from bot.screens.screen import Screen
from handlers import receivers
from handlers.colleagues import named
from handlers.office import Office
from storage import audit, chats, entry_values, notified, outbox
from storage import reminders as stored
from storage.tables import (
    ChatBinding,
    Outbox,
    OutboxReminder,
    OutboxState,
    Person,
    PersonState,
    Priority,
    Reminder,
    Unit,
)

KIND, GROUP_LOST = "undelivered", "group.lost"


async def tell(session: AsyncSession, office: Office, row: Outbox, now: dt.datetime) -> None:
    """Tell the head, else the coordinators, that a notification may never arrive; doctor counts what has no receiver.

    Whoever has been told, or will be, is not told again.

    What is given up while the last word about it still waits goes into that one: where the network swallows every
    answer, a morning's reminders are given up together.

    Args:
        session: The unit of work that gives it up.
        office: Who looks after whom.
        row: The notification, held or refused.
        now: Aware UTC time.
    """
    if row.kind in NOTICES or row.person_id is None:
        return  # a word about a word that did not arrive would have no end
    person = await session.get_one(Person, row.person_id)
    for receiver in await receivers.above(session, office, person, now):
        told = await notified.of_kind(session, receiver, KIND, since=row.created_at)
        if any(row.id in each.params["outbox"] for each in told):
            continue
        last = await notified.waiting(session, receiver, KIND)
        if last is not None:
            last.params = {"outbox": [*last.params["outbox"], row.id]}
            await session.flush()  # the next one given up in this transaction reads it anew
            continue
        await outbox.enqueue(
            session,
            receiver,
            kind=KIND,
            params={"outbox": [row.id]},
            dedupe=f"{KIND}:{row.id}:{receiver.id}",
            priority=Priority.ESCALATION,
            now=now,
        )


async def lose_group(session: AsyncSession, office: Office, chat_id: int, now: dt.datetime) -> None:
    """End the binding of a group that the bot can write to no more; its binder hears, else who looks after them."""
    binding = await chats.binding_of(session, chat_id)
    if binding is None:
        return
    binder = await session.get_one(Person, binding.bound_by)
    told = [binder] if binder.state is PersonState.ACTIVE and binder.reachable else []
    told = told or list(await receivers.above(session, office, binder, now))
    await _end(session, binding, told, now, reason="the bot cannot write there any more")


async def orphan_group(session: AsyncSession, office: Office, binding: ChatBinding, now: dt.datetime) -> None:
    """End the binding of a group whose binder speaks for the unit no more; its heads hear, else the coordinators.

    The bot alone cannot say who else is in the group: perhaps nobody who could unbind it.
    """
    told = await receivers.heads(session, office, binding.unit_id, now)
    told = told or await receivers.coordinators(session, office, now)
    await _end(session, binding, told, now, reason="its binder speaks for the unit no more", orphan=True)


async def _end(
    session: AsyncSession,
    binding: ChatBinding,
    told: Sequence[Person],
    now: dt.datetime,
    *,
    reason: str,
    orphan: bool = False,
) -> None:
    audit.note(session, at=now, actor_id=None, verb="chat.unbind", subject=("unit", binding.unit_id), reason=reason)
    dedupe = f"{GROUP_LOST}:{binding.id}:{binding.bound_at:%Y%m%dT%H%M%S}"  # SQLite gives a binding's number again
    params = {"unit": binding.unit_id, "orphan": orphan}
    for receiver in told:
        name = f"{dedupe}:{receiver.id}"
        await outbox.enqueue(session, receiver, kind=GROUP_LOST, params=params, dedupe=name, now=now)
    await chats.unbind(session, binding, reason=reason)


async def render(
    session: AsyncSession, office: Office, reader: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Say what did not arrive and to whom; None where all of it has arrived after all.

    What its reader does not look after any more, be it in another office or unit, is told to whoever does now.
    """
    given_up = (OutboxState.HELD, OutboxState.REFUSED)
    rows = await session.scalars(
        select(Outbox)
        .where(Outbox.id.in_(params["outbox"]), Outbox.person_id.is_not(None), Outbox.state.in_(given_up))
        .order_by(Outbox.id)
        .execution_options(populate_existing=True)
    )
    found = []
    for row in rows:
        person = await session.get_one(Person, row.person_id)
        if reader.id not in {each.id for each in await receivers.above(session, office, person, now)}:
            await tell(session, office, row, now)
            continue
        local = row.created_at.astimezone(office.zone)
        held = row.state is OutboxState.HELD
        found.append(screens.GivenUp(named(person), local, await _numbers(session, row), held=held))
    return screens.undelivered(found, today=office.today(now)) if found else None


async def _numbers(session: AsyncSession, row: Outbox) -> Sequence[str]:
    """Return the numbers of the entries that a notification was about."""
    subjects = await session.scalars(
        select(Reminder.subject_id)
        .join(OutboxReminder, OutboxReminder.reminder_id == Reminder.id)
        .where(OutboxReminder.outbox_id == row.id, Reminder.subject_kind == stored.SUBJECT)
        .distinct()
    )
    found = await entry_values.numbers(session, subjects.all())
    return [found[request_id] for request_id in sorted(found)]


async def render_group_lost(
    session: AsyncSession, _office: Office, _person: Person, params: Mapping[str, Any], _now: dt.datetime
) -> Screen | None:
    """Say that a unit's group gets nothing any more."""
    unit = await session.get_one(Unit, params["unit"])
    return screens.group_lost(unit.name, orphan=params.get("orphan", False))


NOTICES: Final = {KIND: render, GROUP_LOST: render_group_lost}
QUIET: Final = dict.fromkeys((KIND, GROUP_LOST))
