"""A turn: one event of one officer, its effects in one transaction, and the one screen that answers it."""

import datetime as dt
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Refusal
from bot.identifiers import ID_NUMBER_MARKER, IdNumberGiven
from bot.policy.model import Policy
from bot.roles import Reach
from bot.screens.inline import Card
from bot.screens.screen import Press, Screen
from handlers import access
from handlers.office import Office
from storage import audit
from storage.tables import Draft, Person, Unit


class Stale(Exception):
    """A press on a keyboard that no longer fits: nothing happens, the present screen is shown."""


class NoRight(Stale):
    """What was wanted is not the officer's, or no more: of it they are shown nothing."""


def iso_day(text: str) -> dt.date:
    """Return the day that a button or a draft carries, written 2026-11-25.

    Raises:
        Stale: It carries none.
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Stale from None


class Defect(Exception):
    """A callback broke the rule of exactly one answer for each turn."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote, as Telegram says; only the numeric id is ever trusted."""

    telegram_id: int
    name: str = ""
    language_tag: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that an officer sent; its bytes are fetched later, by the worker.

    Args:
        ref: What fetches it: the messenger's id, or ``page:<key>`` for one that came through the file page.
        name: As the officer's machine called it; never stored.
        media_type: As the messenger says; never trusted.
        size: Bytes.
    """

    ref: str
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Found:
    """What answers an inline query, which has no chat and no screen.

    Args:
        query_id: The query.
        cards: The matters that fit; none for somebody who may not ask.
    """

    query_id: str
    cards: tuple[Card, ...]


@dataclass(slots=True)
class Turn:
    """What a flow gets.

    Args:
        office: What may be looked up.
        session: The unit of work; the flow never commits.
        now: Aware UTC time of this turn.
        update_id: Telegram's number of the update, for the audit line.
        sender: Who wrote.
        person: The officer on the list; None for a stranger, whom only the gate and the enrolment meet.
        draft: The officer's active draft.
        press: The decoded button, for a press.
        text: What was typed, or the arguments of a command; see ``hear``.
        file: The file that was sent.
        too_fast: Whether it stands for a flood of its sender's updates, and says nothing itself.
        held_id_number: Whether an ID number was struck out of the message that came, or was edited.
        noted: What the audit has a line of this turn about.
    """

    office: Office
    session: AsyncSession
    now: dt.datetime
    update_id: int
    sender: Sender
    person: Person | None = None
    draft: Draft | None = None
    press: Press | None = None
    text: str = ""
    file: Incoming | None = None
    too_fast: bool = False
    held_id_number: bool = False
    delete_message: bool = field(default=False, init=False)
    noted: set[tuple[str, int | None]] = field(default_factory=set, init=False)
    screen: Screen | None = field(default=None, init=False)
    found: Found | None = field(default=None, init=False)
    answered: bool = field(default=False, init=False)
    refused: bool = field(default=False, init=False)
    error: BaseException | None = field(default=None, init=False)

    @property
    def policy(self) -> Policy:
        """The pack in force."""
        return self.office.policy

    @property
    def today(self) -> dt.date:
        """The office's date of this turn."""
        return self.office.today(self.now)

    @property
    def officer(self) -> Person:
        """The officer.

        Raises:
            Defect: A stranger came past the gate.
        """
        if self.person is None:
            raise Defect("a flow ran for somebody who is not on the list")
        return self.person

    @property
    def pressed(self) -> Press:
        """The button that was pressed.

        Raises:
            Defect: The flow was reached without a press.
        """
        if self.press is None:
            raise Defect("a flow of a button ran without a press")
        return self.press

    def hear(self, text: str, *, typed: bool = True) -> None:
        """Take what was typed; this is the only way that words come in.

        Args:
            text: The words.
            typed: Whether they are the officer's own; those beside a forwarded file are only looked through.

        Raises:
            Refusal: An ID number stood in it.
        """
        if ID_NUMBER_MARKER in text:
            raise self.id_number_refused()
        self.text = text if typed else ""

    def id_number_refused(self) -> Refusal:
        """Have the message deleted, and return what its sender is told; the number itself was never stored."""
        self.delete_message = True
        return IdNumberGiven()

    def may(self, right: str) -> bool:
        """Say whether the officer has a right of the matrix, a command's or another, however far."""
        return access.may(self.officer.role, right)

    def reach(self, right: str) -> Reach | None:
        """Return how far a right of the matrix goes for the officer; None where they have it not at all."""
        return access.row(right).get(self.officer.role)

    def require(self, right: str) -> None:
        """Refuse whoever has not a right of the matrix.

        Raises:
            NoRight: The officer has it not; the button came from another time or another hand.
        """
        if not self.may(right):
            raise NoRight

    async def unit(self) -> Unit:
        """Return the officer's unit."""
        unit = await self.session.get(Unit, self.officer.unit_id)
        if unit is None:
            raise Defect("an officer without a unit")
        return unit

    def note(
        self,
        verb: str,
        subject: tuple[str, int | None],
        *,
        before: Any = None,
        after: Any = None,
        reason: str | None = None,
    ) -> None:
        """Append the audit line of what this turn's officer did.

        Args:
            verb: What was done, such as ``request.register``.
            subject: Kind and id of what it was done to.
            before: What stood there, as JSON; kept encrypted.
            after: What stands there now, as JSON; kept encrypted.
            reason: Why, where the rule or the officer gave one; kept encrypted.
        """
        self.noted.add(subject)
        audit.note(
            self.session,
            at=self.now,
            actor_id=self.officer.id,
            verb=verb,
            subject=subject,
            update_id=self.update_id,
            before=before,
            after=after,
            reason=reason,
        )

    def looked(self, kind: str, subject_id: int) -> None:
        """Append the line of a look, unless this turn has left one about the same already: of what was done.

        Args:
            kind: What was looked at, such as ``request``.
            subject_id: Which one.
        """
        if (kind, subject_id) not in self.noted:
            self.note(f"{kind}.look", (kind, subject_id))

    def answer(self, screen: Screen | None) -> None:
        """Answer the turn with a screen, or with None where there is nobody to show one to.

        Raises:
            Defect: The turn was answered already.
        """
        if self.answered:
            raise Defect("a turn was answered twice")
        self.answered = True
        self.screen = screen


Flow = Callable[[Turn], Awaitable[Screen]]

current_turn: ContextVar[Turn] = ContextVar("current_turn")
