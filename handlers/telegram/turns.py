"""One update as a turn: who wrote, where the answer goes, and the application run on it inside a savepoint."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Update

from bot.errors import Refusal
from bot.plaintext import visible
from handlers import frame
from handlers.office import Office
from handlers.telegram.inflow import TOO_FAST
from handlers.telegram.intake import reference
from handlers.telegram.messages import Outgoing
from handlers.telegram.routing import App
from handlers.telegram.scrubbing import held_id_number
from handlers.turn import Defect, Sender, Stale, Turn, current_turn
from storage import work
from storage.files import handed_in
from storage.tables import Draft, Inbox, Person


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes.

    Args:
        chat_id: The chat.
        message_id: The message that came, or that was pressed; None for a file that came through the file page.
        edit: The pressed message; None where a new one answers.
        query: The press to be answered.
    """

    chat_id: int
    message_id: int | None
    edit: int | None = None
    query: str | None = None


def read(raw: dict[str, Any]) -> tuple[Sender, Place | None]:
    """Return who wrote and where the answer goes, from the raw update."""
    kind, body = next(((key, value) for key, value in raw.items() if isinstance(value, dict)), ("", {}))
    source = body.get("from") or {}
    name = " ".join(visible(source.get("first_name", "")).split())  # anybody may call themselves anything
    sender = Sender(source.get("id", 0), name, source.get("language_code", ""))
    if kind == "callback_query":
        message = body.get("message")
        if message is None:
            return sender, None
        return sender, Place(message["chat"]["id"], message["message_id"], message["message_id"], body["id"])
    if "chat" not in body:
        return sender, None
    return sender, Place(body["chat"]["id"], body.get("message_id") or None)


def opened(
    office: Office,
    session: AsyncSession,
    row: Inbox,
    *,
    people: dict[int, Person],
    drafts: dict[int, Draft],
    now: dt.datetime,
) -> tuple[Turn, Place | None]:
    """Return the turn of an update and where its answer goes.

    Args:
        office: What flows may look up.
        session: The unit of work of the batch.
        row: The update.
        people: The batch's officers by Telegram id.
        drafts: Their active drafts by the officer's own id.
        now: Aware UTC time.
    """
    sender, place = read(row.raw)
    person = people.get(sender.telegram_id)
    draft = drafts.get(person.id) if person else None
    turn = Turn(office, session, now, row.update_id, sender, person=person, draft=draft,
                too_fast=TOO_FAST in row.raw, held_id_number=held_id_number(row.raw))  # fmt: skip
    return turn, place


async def run(application: App, turn: Turn, row: Inbox, travel: Outgoing) -> BaseException | None:
    """Run the application on a turn inside a savepoint; return what went wrong, None where nothing did.

    An expected refusal is an answer, not a failure: its effects are rolled back and its sentence is shown.

    Args:
        application: PTB's application.
        turn: The turn.
        row: The update.
        travel: How a screen's files travel; the turn's screen is then as it goes out.
    """
    token = current_turn.set(turn)
    try:
        async with turn.session.begin_nested():
            event = Update.de_json(row.raw, application.bot)
            await application.process_update(event)
            _raise_what_went_wrong(turn)
            _send_off(turn, travel)
            await turn.session.flush()
    except (Refusal, Stale) as refusal:
        work.tidy(turn.session, handed_in(reference(row.raw)), now=turn.now)  # a file from the page: nobody takes it
        return await _present(turn, refusal, travel)
    except Exception as error:  # everything else is a defect, kept aside with a number
        return error
    finally:
        current_turn.reset(token)
    return None


def edited(turn: Turn, place: Place) -> int | None:
    """Return the message that becomes a turn's answer; None where a new one below does.

    A refusal shows what the officer was doing. It must not take the place of a reminder whose button was pressed: that
    is still to be answered, and nothing else would bring it back.

    Args:
        turn: The turn, with its screen.
        place: Where it came from.
    """
    beside = turn.screen is not None and turn.screen.aside
    is_current = turn.person is not None and place.edit == turn.person.screen_message_id
    return place.edit if beside or is_current or not turn.refused else None


async def _present(turn: Turn, refusal: Refusal | Stale, travel: Outgoing) -> BaseException | None:
    """Answer an expected refusal: the sentence, above what the officer was doing."""
    try:
        await _reload(turn)
        async with turn.session.begin_nested():
            turn.screen = await frame.present(turn, refusal)
            turn.answered, turn.refused = True, isinstance(refusal, Refusal)
            _send_off(turn, travel)
            await turn.session.flush()
    except Exception as error:
        return error
    return None


def _send_off(turn: Turn, travel: Outgoing) -> None:
    if turn.screen is not None:
        turn.screen = travel(turn.screen, turn.sender.telegram_id, turn.now)


def _raise_what_went_wrong(turn: Turn) -> None:
    if turn.error is not None:
        raise turn.error
    if not turn.answered:
        raise Defect("an update was left without an answer")


async def _reload(turn: Turn) -> None:
    """After a rollback, give the turn the officer and the draft as they stand in the database."""
    if turn.person is None:
        return
    await turn.session.refresh(turn.person)
    turn.draft = await turn.session.scalar(
        select(Draft).where(Draft.person_id == turn.person.id, Draft.active).execution_options(populate_existing=True)
    )
