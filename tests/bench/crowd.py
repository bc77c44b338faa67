"""The officers of the benchmark: each presses a button of the screen last seen, and the wait is timed."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tests.bench.wire import Wire

FIRST_ID: Final = 910000001

Walk = Callable[["Officer", list[str]], str]
"""Chooses among the callback data on the screen, top to bottom."""


@dataclass(slots=True)
class Officer:
    """One fictitious officer; ``due_at`` (monotonic seconds) is when the press that is not answered yet was due."""

    id: int
    walk: Walk
    message_id: int = 0
    buttons: list[str] = field(default_factory=list)
    due_at: float | None = None
    owed: list[float] = field(default_factory=list)
    returning: bool = False


@dataclass(slots=True)
class Crowd:
    """All officers of a run.

    Args:
        walk: How each finds the next button.
        number: How many there are.
        closed: Whether an officer presses again as soon as the screen has come.
    """

    walk: Walk
    number: int
    closed: bool
    officers: dict[int, Officer] = field(default_factory=dict)
    waits: list[tuple[float, float]] = field(default_factory=list)  # (seen at, seconds waited)
    faults: list[str] = field(default_factory=list)
    pressing: bool = False
    wire: Wire = field(init=False)

    def __post_init__(self) -> None:
        self.officers = {each: Officer(each, self.walk) for each in range(FIRST_ID, FIRST_ID + self.number)}

    @property
    def unanswered(self) -> int:
        """Presses that were due and have brought no screen."""
        return sum((officer.due_at is not None) + len(officer.owed) for officer in self.officers.values())

    @property
    def seated(self) -> bool:
        """Whether everybody sees a screen with buttons."""
        return all(officer.buttons for officer in self.officers.values())

    def begin(self) -> None:
        """Everybody types /guide."""
        for officer in self.officers.values():
            self.wire.type(officer.id, "/guide")

    def go(self) -> None:
        """Everybody presses, and keeps pressing where the loop is closed."""
        self.pressing = True
        for officer in self.officers.values():
            self._press(officer, time.monotonic())

    async def at_a_rate(self, per_second: float, seconds: float) -> None:
        """Let presses come due evenly, whether or not the bot keeps up."""
        start, officers = time.monotonic(), list(self.officers.values())
        for number in range(int(per_second * seconds)):
            due_at = start + number / per_second
            await asyncio.sleep(max(0.0, due_at - time.monotonic()))
            officer = officers[number % len(officers)]
            if officer.due_at is None:
                self._press(officer, due_at)
            else:
                officer.owed.append(due_at)

    def on_screen(self, chat_id: int, message_id: int, keyboard: str) -> None:
        """A screen has come: note the wait, and press on."""
        now, officer = time.monotonic(), self.officers[chat_id]
        officer.message_id = message_id
        rows = json.loads(keyboard)["inline_keyboard"] if keyboard else []
        officer.buttons = [button["callback_data"] for row in rows for button in row if "callback_data" in button]
        if officer.due_at is not None:
            self.waits.append((now, now - officer.due_at))
            officer.due_at = None
        if officer.owed:
            self._press(officer, officer.owed.pop(0))
        elif self.closed and self.pressing:
            self._press(officer, now)

    def _press(self, officer: Officer, due_at: float) -> None:
        try:
            data = officer.walk(officer, officer.buttons)
        except (IndexError, StopIteration):
            self.faults.append(f"no way on among {officer.buttons}")
            return
        officer.due_at = due_at
        self.wire.press(officer.id, officer.message_id, data)


def onwards(officer: Officer, buttons: list[str]) -> str:
    """Press the first button: all of the reference's lead on."""
    return buttons[0]


def through_the_guide(officer: Officer, buttons: list[str]) -> str:
    """Walk the product's guide in a circle of four steps: category, matter, back, back.

    Each step writes the draft. The matter's screen is its first question or its result card, so all kinds of screen
    take part; officers differ in category and matter.
    """
    shelves = [data for data in buttons if _verb(data) == "gcat" and "," not in data]
    matters = [data for data in buttons if _verb(data) == "gmat"][:-1]  # the last is 找不到
    if shelves:
        officer.returning = False
        return shelves[officer.id % len(shelves)]
    if matters and not officer.returning:
        officer.returning = True
        return matters[officer.id % len(matters)]
    return next(data for data in buttons if _verb(data) == "gback")


def _verb(data: str) -> str:
    return data.split(":")[1]
