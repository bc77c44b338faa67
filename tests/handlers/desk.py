"""A desk at which flows are driven without a messenger: each event is one turn in one transaction.

Its officer has a screen in front of them; what they record as long work is done as the worker does it, and what is
put into the outbox for them is rendered when it is asked for; all in the language that the test speaks.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from bot.errors import Refusal
from bot.policy.model import Policy
from bot.screens.screen import Button, Press, Screen
from handlers import frame, requests, rights
from handlers.chores import JOBS
from handlers.guide_draft import Case
from handlers.office import Office
from handlers.turn import Flow, Incoming, Sender, Turn
from handlers.worker import Tools, let_go
from storage import drafts, work
from storage.database import Database
from storage.files import FileStore
from storage.tables import Draft, Outbox, Person, Request, Work, WorkState
from tests.handlers.conftest import NOW

COMPANY = "虚构环保科技有限公司 91410100MA00000T42"
SHOP = "虚构五金店 92410100MA00000T4Y"
INSTITUTE = "虚构监测站 12410100MB0000T3XJ"
SOCIETY = "虚构环保协会 51410100MJ0000T47W"

PERMIT = {"matter": ("m04b",)}  # 排污许可证延续: verification, the pledge is inside the form
FILING = {"matter": ("m43",)}  # 机动车排放检验机构监管备案: a commitment letter of its own
ACCESS = {"matter": ("m05",)}  # 危险废物经营许可: verification, and a commitment letter of its own
LOAN = {"matter": ("m33",)}  # 政策性贷款推荐: verification and report
TENDER = {"matter": ("m35",), "report_in_tender": ("yes",)}  # 公开招标: a report as the tender documents ask

HEARD = rights.heard(frame.NOTICES)
"""The renderers as the service sends with them: whoever may not have a notification is told nothing."""


@dataclass
class Desk:
    """One officer with the screen in front of them.

    Args:
        database: The database.
        office: The office.
        person: The officer.
        now: The office's time.
        store: Where files are kept; None where none are sent.
        screen: What stands in front of them; a notification beside it leaves it there.
        last: The newest turn.
        files: What was sent: reference -> bytes.
        progress: What the worker showed while it was at work.
    """

    database: Database
    office: Office
    person: Person
    now: dt.datetime = NOW
    store: FileStore | None = None
    screen: Screen = field(default_factory=lambda: Screen("none", ""))
    last: Turn | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    progress: list[Screen] = field(default_factory=list)
    turns: int = 0

    def of(self, person: Person) -> "Desk":
        """The same office, another officer's desk."""
        return Desk(self.database, self.office, person, self.now, self.store, files=self.files)

    def buttons(self, screen: Screen | None = None) -> list[Button]:
        return [button for row in (screen or self.screen).rows for button in row]

    def find(self, verb: str, arg: str | None = None, screen: Screen | None = None) -> Press:
        return pressed(button(screen or self.screen, verb, arg))

    async def command(self, name: str, text: str = "") -> Screen:
        return await self.run(frame.command(name), text=text)

    async def present(self) -> Screen:
        """Return what the officer is doing, as it stands now."""
        draft = await self.draft()
        assert draft is not None
        return await self.run(frame.PRESENT[draft.purpose])

    async def press(self, verb: str, arg: str | None = None, *, on: Screen | None = None) -> Screen:
        """Press a button of the screen, which must really be there."""
        return await self.send(self.find(verb, arg, on))

    async def send(self, press: Press) -> Screen:
        """Send a press, whether or not a screen shows it; through its encoded form."""
        decoded = Press.decode(press.encode())
        assert decoded == press
        return await self.run(frame.PRESSES[press.verb], press=press)

    async def type(self, text: str) -> Screen:
        """Type something; the draft says what it answers."""
        return await self.run(frame.on_text, text=text)

    async def file(self, content: bytes, name: str = "名单.xlsx", *, ref: str = "", size: int | None = None) -> Screen:
        """Send a file; without a question waiting for it, it is one that nobody asked for."""
        ref = ref or f"file{len(self.files)}"
        self.files[ref] = content
        told = len(content) if size is None else size
        return await self.run(frame.on_file, file=Incoming(ref, name, "application/octet-stream", told))

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

    async def register(
        self, answers: dict[str, tuple[str, ...]], paste: str = COMPANY, *, submitted: str = "", way: str = ""
    ) -> int:
        """Make an entry; return its id."""
        await self.decide(answers)
        if way:
            await self.press("rway", way)
        await self.type(paste)
        if submitted:
            await self.press("rsubm", submitted)
        await self.press("rconf")
        return (await self.rows(Request))[-1].id

    async def at(self, verb: str, request_id: int, arg: str = "") -> Screen:
        """Press a button of the entry as it is now."""
        request = next(row for row in await self.rows(Request) if row.id == request_id)
        return await self.send(Press(verb, request_id, request.version, arg))

    async def run(self, flow: Flow, *, press: Press | None = None, text: str = "", file: Any = None) -> Screen:
        """Let a flow answer one turn."""
        self.turns += 1
        async with self.database.write() as session:
            person = await session.get_one(Person, self.person.id)
            draft = await session.scalar(_active(person))
            self.last = Turn(
                self.office, session, self.now, self.turns, Sender(person.telegram_id),
                person=person, draft=draft, press=press, file=file,
            )  # fmt: skip
            self.last.hear(text)
            screen = await flow(self.last)
        assert len(screen.text.encode("utf-16-le")) <= 2 * 4096
        payloads = [each.encode() for each in presses(screen)]
        assert len(payloads) == len(set(payloads)) and all(len(data) <= 64 for data in payloads)
        if not screen.aside:
            self.screen = screen
        return screen

    @property
    def tools(self) -> Tools:
        """What the worker works with."""
        assert self.store is not None

        async def fetch(ref: str) -> bytes:
            return self.files[ref]

        def show(_chat: int, screen: Screen) -> None:
            self.progress.append(screen)

        return Tools(self.database, self.office, self.store, fetch, show)

    async def step(self) -> list[str] | None:
        """Let the worker do one job; return the sentences with which it refused, None where no job was recorded."""
        async with self.database.write() as session:
            row = await work.claim(session, now=self.now)
        if row is None:
            return None
        try:
            finish = await JOBS[row.kind](self.tools, row.params, self.now)
            async with self.database.write() as session:
                await finish(session)
                work.finish(await session.get_one(Work, row.id))
        except Refusal as refusal:
            async with self.database.write() as session:
                await let_go(session, row, self.now)
                (await session.get_one(Work, row.id)).state = WorkState.DONE
            return [refusal.message]
        return []

    async def work(self) -> list[str]:
        """Let the worker do everything that is recorded; return the sentences with which it refused."""
        refused: list[str] = []
        while (sentences := await self.step()) is not None:
            refused += sentences
        return refused

    async def told(self) -> Screen | None:
        """Return the newest notification, rendered now for whom it is meant; its buttons are at hand from then on."""
        async with self.database.read() as session:
            row = (await session.scalars(select(Outbox).order_by(Outbox.id.desc()).limit(1))).one()
            person = await session.get_one(Person, row.person_id)
            screen = await HEARD[row.kind](session, self.office, person, row.params, self.now)
        self.screen = screen or self.screen
        return screen

    async def shown(self, kind: str) -> Screen | None:
        """Return the newest notification of a kind to this officer, rendered now; None where it says nothing more."""
        row = (await self.rows(Outbox, Outbox.kind == kind, Outbox.person_id == self.person.id))[-1]
        async with self.database.read() as session:
            person = await session.get_one(Person, self.person.id)
            return await frame.NOTICES[kind](session, self.office, person, row.params, self.now)

    async def draft(self) -> Draft | None:
        async with self.database.read() as session:
            return await session.scalar(_active(self.person))

    async def rows(self, table: Any, *where: Any) -> list[Any]:
        async with self.database.read() as session:
            return list(await session.scalars(select(table).where(*where).order_by(table.id)))

    async def count(self, table: Any) -> int:
        async with self.database.read() as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0


def _active(person: Person) -> Any:
    return select(Draft).where(Draft.person_id == person.id, Draft.active)


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


def pressed(shown: Button) -> Press:
    """Return what a button sends."""
    assert shown.press is not None
    return shown.press


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
