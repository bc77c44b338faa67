"""An officer who sends lists: flows turn by turn, the chores as the worker does them, and what they send."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from bot.errors import Refusal
from bot.language import speaking
from bot.screens.screen import Press, Screen
from handlers import batch, requests
from handlers.guide_draft import Case
from handlers.office import Office
from handlers.turn import Incoming, Sender, Turn
from handlers.worker import Tools
from storage import drafts, work
from storage.database import Database
from storage.files import FileStore
from storage.tables import Draft, Outbox, Person, Work, WorkState

PRESSES = {**requests.PRESSES, **batch.PRESSES}


@dataclass
class Desk:
    """One officer with a screen, and the files that they sent."""

    database: Database
    office: Office
    person: Person
    store: FileStore
    now: dt.datetime
    screen: Screen | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    progress: list[Screen] = field(default_factory=list)
    turns: int = 0

    @property
    def tools(self) -> Tools:
        async def fetch(ref: str) -> bytes:
            return self.files[ref]

        def show(_chat: int, screen: Screen) -> None:
            self.progress.append(screen)

        return Tools(self.database, self.office, self.store, fetch, show)

    def find(self, verb: str, arg: str | None = None) -> Press:
        assert self.screen is not None
        buttons = [button for row in self.screen.rows for button in row]
        for button in buttons:
            if button.press and button.press.verb == verb and arg in (None, button.press.arg):
                return button.press
        raise AssertionError(f"no button {verb} {arg} among {buttons}")

    async def decide(self, answers: dict[str, tuple[str, ...]], **entry: Any) -> None:
        """Stand at the form of an entry for a matter."""
        async with self.database.write() as session:
            person = await session.get_one(Person, self.person.id)
            turn = Turn(self.office, session, self.now, 1, Sender(person.telegram_id), person=person)
            kept = Case(answers=answers).to_json()
            turn.draft = await drafts.begin(session, person, purpose="guide", answers=kept, now=self.now)
            self.screen = await requests.begin_entry(turn)

    async def draft(self) -> Draft | None:
        async with self.database.read() as session:
            return await session.scalar(select(Draft).where(Draft.person_id == self.person.id, Draft.active))

    async def upload(self) -> Screen:
        """Press 〔上传名单〕, wherever the lead has put it."""
        draft = await self.draft()
        assert draft is not None
        return await self.send(Press("bnew", draft.id, draft.version))

    async def press(self, verb: str, arg: str | None = None) -> Screen:
        return await self.send(self.find(verb, arg))

    async def send(self, press: Press) -> Screen:
        decoded = Press.decode(press.encode())
        assert decoded is not None
        return await self.run(PRESSES[decoded.verb], press=decoded)

    async def type(self, text: str) -> Screen:
        draft = await self.draft()
        assert draft is not None
        return await self.run(batch.TYPED[draft.purpose], text=text)

    async def file(self, content: bytes, ref: str = "") -> Screen:
        """Send a file; without a question waiting for it, it is one that nobody asked for."""
        ref = ref or f"file{len(self.files)}"
        self.files[ref] = content
        draft = await self.draft()
        asked = draft is not None and draft.awaiting == "file"
        flow = batch.FILES[draft.purpose] if asked and draft else batch.on_unasked
        return await self.run(flow, file=Incoming(ref, "名单.xlsx", "application/zip", len(content)))

    async def run(self, flow: Any, *, press: Press | None = None, text: str = "", file: Any = None) -> Screen:
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
        assert len(screen.text.encode("utf-16-le")) <= 2 * 4096
        self.screen = screen
        return screen

    async def work(self) -> None:
        """Let the worker do what is recorded; a refusal is raised here and the job is over."""
        while True:
            async with self.database.write() as session:
                row = await work.claim(session, now=self.now)
            if row is None:
                return
            try:
                with speaking(self.person.language):
                    finish = await batch.JOBS[row.kind](self.tools, row.params, self.now)
                async with self.database.write() as session:
                    await finish(session)
                    work.finish(await session.get_one(Work, row.id))
            except Refusal:
                async with self.database.write() as session:
                    (await session.get_one(Work, row.id)).state = WorkState.DONE
                raise

    async def told(self) -> Screen | None:
        """Return the newest notification, rendered now; it is the screen from then on."""
        async with self.database.read() as session:
            row = await session.scalar(select(Outbox).order_by(Outbox.id.desc()).limit(1))
            assert row is not None
            person = await session.get_one(Person, self.person.id)
            with speaking(person.language):
                screen = await batch.NOTICES[row.kind](session, self.office, person, row.params, self.now)
        self.screen = screen or self.screen
        return screen

    async def checked(self, content: bytes) -> Screen:
        """Send a list and return its verdicts."""
        await self.file(content)
        await self.work()
        screen = await self.told()
        assert screen is not None
        return screen

    async def rows(self, table: Any, *where: Any) -> list[Any]:
        async with self.database.read() as session:
            return list(await session.scalars(select(table).where(*where).order_by(table.id)))
