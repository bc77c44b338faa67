"""An officer at the flows of commitments, reports and files: turn by turn, with the chores as the worker does them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, select

from bot.errors import Refusal
from bot.screens.screen import Button, Press, Screen
from handlers import attachments, frame, requests
from handlers.batch_work import JOBS as OTHER_JOBS
from handlers.guide_draft import Case
from handlers.office import Office
from handlers.turn import Incoming, Sender, Turn
from storage import drafts, work
from storage.database import Database
from storage.files import FileStore
from storage.tables import Draft, Outbox, Person, Request, Work, WorkState

PRESSES = frame.PRESSES
TYPED = frame.TYPED
JOBS = {**OTHER_JOBS, **attachments.JOBS}

COMPANY = "虚构环保科技有限公司 91410100MA00000T42"
SHOP = "虚构五金店 92410100MA00000T4Y"
PERMIT = {"matter": ("m04b",)}  # 排污许可证延续: verification, the pledge is inside the form
FILING = {"matter": ("m43",)}  # 机动车排放检验机构监管备案: a commitment letter of its own
ACCESS = {"matter": ("m05",)}  # 危险废物经营许可: verification, and a commitment letter of its own
LOAN = {"matter": ("m33",)}  # 政策性贷款推荐: verification and report
TENDER = {"matter": ("m35",), "report_in_tender": ("yes",)}  # 公开招标: a report as the tender documents ask


@dataclass
class Desk:
    """One officer with the screen in front of them.

    Args:
        database: The database.
        office: The office.
        person: The officer.
        store: Where files are kept.
        now: The office's time.
    """

    database: Database
    office: Office
    person: Person
    store: FileStore
    now: dt.datetime
    screen: Screen | None = None
    sent: dict[str, bytes] = field(default_factory=dict)
    turns: int = 0

    def of(self, person: Person) -> "Desk":
        """The same office, another officer's desk."""
        return Desk(self.database, self.office, person, self.store, self.now, sent=self.sent)

    @property
    def tools(self) -> Any:
        async def fetch(ref: str) -> bytes:
            return self.sent[ref]

        return SimpleNamespace(database=self.database, office=self.office, store=self.store, fetch=fetch)

    @property
    def buttons(self) -> list[Button]:
        assert self.screen is not None
        return [button for row in self.screen.rows for button in row]

    async def register(
        self, answers: dict[str, tuple[str, ...]], paste: str = COMPANY, *, submitted: str = "", way: str = ""
    ) -> int:
        """Make an entry; return its id."""
        async with self.database.write() as session:
            person = await session.get_one(Person, self.person.id)
            turn = Turn(self.office, session, self.now, 1, Sender(person.telegram_id), person=person)
            turn.draft = await drafts.begin(
                session, person, purpose="guide", answers=Case(answers=answers).to_json(), now=self.now
            )
            self.screen = await requests.begin_entry(turn)
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

    async def press(self, verb: str, arg: str | None = None) -> Screen:
        """Press a button of the screen, which must really be there."""
        for button in self.buttons:
            if button.press and button.press.verb == verb and arg in (None, button.press.arg):
                return await self.send(button.press)
        raise AssertionError(f"no button {verb} {arg} among {[each.press for each in self.buttons]}")

    async def send(self, press: Press) -> Screen:
        """Send a press, whether or not a screen shows it; through its encoded form."""
        decoded = Press.decode(press.encode())
        assert decoded == press
        return await self.turn(PRESSES[press.verb], press=press)

    async def type(self, text: str) -> Screen:
        draft = await self.draft()
        assert draft is not None
        return await self.turn(TYPED[draft.purpose], text=text)

    async def file(self, content: bytes, name: str = "扫描件.pdf", *, size: int | None = None) -> Screen:
        """Send a file where one is awaited."""
        draft = await self.draft()
        assert draft is not None and draft.awaiting == "file"
        ref = f"file{len(self.sent)}"
        self.sent[ref] = content
        told = len(content) if size is None else size
        return await self.turn(attachments.FILES[draft.purpose], file=Incoming(ref, name, "application/pdf", told))

    async def turn(self, flow: Any, *, press: Press | None = None, text: str = "", file: Any = None) -> Screen:
        self.turns += 1
        async with self.database.write() as session:
            person = await session.get_one(Person, self.person.id)
            draft = await session.scalar(select(Draft).where(Draft.person_id == person.id, Draft.active))
            turn = Turn(
                self.office, session, self.now, self.turns, Sender(person.telegram_id),
                person=person, draft=draft, press=press, file=file,
            )  # fmt: skip
            turn.hear(text)
            screen = await flow(turn)
        payloads = [button.press.encode() for row in screen.rows for button in row if button.press]
        assert len(payloads) == len(set(payloads)) and all(len(data) <= 64 for data in payloads)
        self.screen = screen
        return screen

    async def work(self) -> Sequence[str]:
        """Let the worker do everything that is recorded; return the sentences with which it refused."""
        refused = []
        while True:
            async with self.database.write() as session:
                row = await work.claim(session, now=self.now)
            if row is None:
                return refused
            try:
                finish = await JOBS[row.kind](self.tools, row.params, self.now)
                async with self.database.write() as session:
                    await finish(session)
                    work.finish(await session.get_one(Work, row.id))
            except Refusal as refusal:
                refused.append(refusal.message)
                async with self.database.write() as session:
                    (await session.get_one(Work, row.id)).state = WorkState.DONE

    async def told(self) -> Screen | None:
        """Return the newest notification, rendered now."""
        async with self.database.read() as session:
            row = (await session.scalars(select(Outbox).order_by(Outbox.id.desc()).limit(1))).one()
            person = await session.get_one(Person, row.person_id)
            return await attachments.NOTICES[row.kind](session, self.office, person, row.params, self.now)

    async def draft(self) -> Draft | None:
        async with self.database.read() as session:
            return await session.scalar(select(Draft).where(Draft.person_id == self.person.id, Draft.active))

    async def rows(self, table: Any, *where: Any) -> list[Any]:
        async with self.database.read() as session:
            return list(await session.scalars(select(table).where(*where).order_by(table.id)))

    async def count(self, table: Any) -> int:
        async with self.database.read() as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0
