"""An officer at the guide, and what can be read off a screen."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from bot.policy.model import Policy
from bot.screens.screen import Button, Press, Screen
from handlers import frame, guide
from handlers.office import Office
from handlers.turn import Sender, Turn
from storage.database import Database
from storage.tables import Draft, Person
from tests.handlers.conftest import NOW


@dataclass
class Desk:
    """An officer at the guide: each act is a turn of its own, committed like the real ones."""

    database: Database
    office: Office
    person: Person
    now: dt.datetime = NOW
    turn: Turn | None = None
    screen: Screen = field(default_factory=lambda: Screen("none", ""))
    updates: int = 0

    async def command(self, name: str, text: str = "") -> Screen:
        return await self._run(guide.COMMANDS[name], text=text)

    async def type(self, text: str) -> Screen:
        return await self._run(frame.on_text, text=text)

    async def press(self, verb: str, arg: str | None = None, *, on: Screen | None = None) -> Screen:
        return await self.press_button(button(on or self.screen, verb, arg))

    async def press_button(self, pressed: Button) -> Screen:
        assert pressed.press is not None
        decoded = Press.decode(pressed.press.encode())
        assert decoded is not None
        return await self._run(guide.PRESSES[decoded.verb], press=decoded)

    async def present(self) -> Screen:
        return await self._run(guide.PRESENT["guide"])

    async def draft(self) -> Draft | None:
        async with self.database.read() as session:
            return await session.scalar(select(Draft).where(Draft.person_id == self.person.id, Draft.active))

    async def count(self, table: Any) -> int:
        async with self.database.read() as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0

    async def _run(self, flow: Any, *, press: Press | None = None, text: str = "") -> Screen:
        self.updates += 1
        async with self.database.write() as session:
            person = await session.get_one(Person, self.person.id)
            draft = await session.scalar(select(Draft).where(Draft.person_id == person.id, Draft.active))
            self.turn = Turn(
                office=self.office,
                session=session,
                now=self.now,
                update_id=self.updates,
                sender=Sender(person.telegram_id),
                person=person,
                draft=draft,
                press=press,
            )
            self.turn.hear(text)
            self.screen = await flow(self.turn)
        return self.screen


def presses(screen: Screen) -> list[Press]:
    return [button.press for row in screen.rows for button in row if button.press]


def verbs(screen: Screen) -> set[str]:
    return {press.verb for press in presses(screen)}


def button(screen: Screen, verb: str, arg: str | None = None) -> Button:
    for row in screen.rows:
        for each in row:
            if each.press and each.press.verb == verb and arg in (None, each.press.arg):
                return each
    raise AssertionError(f"no button {verb} {arg} on {screen.name}: {presses(screen)}")


async def to_result(desk: Desk, matter: str, *answers: str) -> Screen:
    """Find a matter by its name and answer what is asked."""
    await desk.command("guide", desk.office.policy.matters[matter].name)
    await desk.press("gmat", matter)
    for answer in answers:
        await desk.press("gans", answer)
    return desk.screen


def without_matter(policy: Policy, code: str) -> Policy:
    kept = tuple(matter for matter in policy.content.matters if matter.code != code)
    return Policy(policy.content.model_copy(update={"matters": kept}))
