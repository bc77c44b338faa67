"""A desk at which flows are driven without a messenger: each event is one turn in one transaction."""

import datetime as dt
from dataclasses import dataclass, field

from sqlalchemy import select

from bot.screens.screen import Button, Press, Screen
from handlers import frame, requests
from handlers.guide_draft import Case
from handlers.office import Office
from handlers.turn import Sender, Turn
from storage import drafts
from storage.database import Database
from storage.tables import Draft, Person

COMPANY = "虚构环保科技有限公司 91410100MA00000T42"
SHOP = "虚构五金店 92410100MA00000T4Y"
INSTITUTE = "虚构监测站 12410100MB0000T3XJ"
SOCIETY = "虚构环保协会 51410100MJ0000T47W"

PRESSES = frame.PRESSES


@dataclass
class Desk:
    """One officer with the screen in front of them."""

    database: Database
    office: Office
    person: Person
    now: dt.datetime
    screen: Screen | None = None
    turns: int = field(default=0)
    last: Turn | None = None

    def buttons(self, screen: Screen | None = None) -> list[Button]:
        shown = screen or self.screen
        assert shown is not None
        return [button for row in shown.rows for button in row]

    def find(self, verb: str, arg: str | None = None, screen: Screen | None = None) -> Press:
        for button in self.buttons(screen):
            if button.press and button.press.verb == verb and (arg is None or button.press.arg == arg):
                return button.press
        raise AssertionError(f"no button {verb} {arg} among {[b.press for b in self.buttons(screen)]}")

    async def decide(self, answers: dict[str, tuple[str, ...]]) -> Screen:
        """Begin an entry from a finished guide."""
        async with self.database.write() as session:
            person = await session.get_one(Person, self.person.id)
            turn = Turn(self.office, session, self.now, 1, Sender(person.telegram_id), person=person)
            turn.draft = await drafts.begin(
                session, person, purpose="guide", answers=Case(answers=answers).to_json(), now=self.now
            )
            self.screen = await requests.begin_entry(turn)
        return self.screen

    async def press(self, verb: str, arg: str | None = None, *, on: Screen | None = None) -> Screen:
        """Press a button of the screen, which must really be there."""
        return await self.send(self.find(verb, arg, on))

    async def send(self, press: Press) -> Screen:
        """Send a press, whether or not a screen shows it; through its encoded form."""
        decoded = Press.decode(press.encode())
        assert decoded == press
        return await self._turn(PRESSES[press.verb], press=press)

    async def type(self, text: str) -> Screen:
        """Type something; the draft says what it answers."""
        return await self._turn(None, text=text)

    async def my(self) -> Screen:
        return await self._turn(frame.COMMANDS["my"])

    async def _turn(self, flow, *, press: Press | None = None, text: str = "") -> Screen:
        self.turns += 1
        async with self.database.write() as session:
            person = await session.get_one(Person, self.person.id)
            draft = await session.scalar(select(Draft).where(Draft.person_id == person.id, Draft.active))
            turn = Turn(
                self.office,
                session,
                self.now,
                self.turns,
                Sender(person.telegram_id),
                person=person,
                draft=draft,
                press=press,
            )
            self.last = turn
            turn.hear(text)
            if flow is None:
                assert draft is not None and draft.awaiting, "nothing awaits text"
                flow = frame.TYPED[draft.purpose]
            screen = await flow(turn)
        assert len(screen.text.encode("utf-16-le")) <= 2 * 4096
        payloads = [button.press.encode() for row in screen.rows for button in row if button.press]
        assert len(payloads) == len(set(payloads)) and all(len(data) <= 64 for data in payloads)
        if not screen.aside:
            self.screen = screen
        return screen
