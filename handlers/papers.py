"""An entry's letters and calendar files: asked for by a press, made by the worker, sent as a file of their own."""

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.documents import calendar_file as ics
from bot.documents import letters
from bot.documents.calendar_file import Dated, calendar_file, dates_of
from bot.documents.filling import BLANK, Desk, Facts, file_name, fitting, letter_of, paper_name, product_of
from bot.documents.letters import Paper
from bot.errors import Refusal
from bot.language import _
from bot.ledger import Entry
from bot.policy.loader import restore
from bot.policy.model import Policy
from bot.screens import papers as screens
from bot.screens.screen import File, Screen
from handlers import acts, asking, planning
from handlers.office import Office
from handlers.rights import Renderer
from handlers.turn import Flow, Stale, Turn
from handlers.worker import Chore, Finish, Tools
from storage import audit, ledger, outbox
from storage import papers as stored
from storage.ledger import Opened, open_entry
from storage.tables import Person, PersonState, Priority

KIND: Final = "paper"
DATES: Final = "dates"  # stands where a letter's name would: the calendar file
MOST_ENTRIES: Final = 500  # of one officer in a calendar file; RFC 5545 has no limit, phones do


async def on_papers(turn: Turn) -> Screen:
    """〔生成函件〕: the letters that fit an entry."""
    return await _menu(turn, await acts.reopened(turn, turn.pressed.id))


async def on_make(turn: Turn) -> Screen:
    """A letter was chosen: it is made aside and comes as a file."""
    opened = await acts.reopened(turn, turn.pressed.id)
    if turn.pressed.version != opened.request.version:
        return await _outdated(turn, opened)
    facts, desk = await written_by(turn.session, turn.office, opened, turn.today)
    paper = next((each for each in fitting(facts, desk) if each.value == turn.pressed.arg), None)
    if paper is None:
        raise Stale
    await _record(turn, {"request_id": opened.request.id, "paper": paper.value})
    return screens.making(opened.entry, _titled(paper_name(paper, product_of(paper, facts, desk))))


async def on_dates(turn: Turn) -> Screen:
    """〔日历文件〕 of an entry."""
    opened = await acts.reopened(turn, turn.pressed.id)
    if turn.pressed.version != opened.request.version:
        return await _outdated(turn, opened)
    if not _ahead([opened.entry], turn.today):
        raise Stale
    await _record(turn, {"request_id": opened.request.id, "paper": DATES})
    return screens.making(opened.entry, screens.calendar_name())


async def on_own_dates(turn: Turn) -> Screen:
    """〔日历文件〕 of all of the officer's open entries."""
    if not _ahead(await _own(turn.session, turn.officer), turn.today):
        raise Refusal(_("None of your open entries has a day still to come. Please register an entry first."))
    await _record(turn, {"request_id": None, "paper": DATES})
    return screens.making_own(screens.calendar_name())


async def make(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Make what was asked for, if the officer may still see it and it still fits.

    Raises:
        Refusal: The entry has changed since, or is not theirs to see any more.
    """
    office, today = tools.office, tools.office.today(now)
    async with tools.database.read() as session:
        person = await session.get_one(Person, params["person_id"])
        opened = await _visible(session, person, params["request_id"], today)
        if params["paper"] != DATES and opened is not None:
            facts, desk = await written_by(session, office, opened, today)
            name, build = _letter(Paper(params["paper"]), facts, desk)
            kind, ending = letters.MEDIA_TYPE, "docx"
        else:
            entries = [opened.entry] if opened is not None else await _own(session, person)
            name, build = screens.calendar_name(), _calendar(entries, office, now)
            kind, ending = ics.MEDIA_TYPE, "ics"
    kept = await asyncio.to_thread(lambda: tools.store.put(build()))
    number = opened.entry.number if opened is not None else None
    file = {"key": kept.key, "name": file_name(name, number or f"{today:%Y-%m-%d}", ending), "media_type": kind}
    notice = {"file": file, "title": name, **params}

    async def finish(session: AsyncSession) -> None:
        owner = await session.get_one(Person, params["person_id"])
        await outbox.enqueue(
            session, owner, kind=KIND, params=notice, dedupe=f"{KIND}:{kept.key}", priority=Priority.QUESTION, now=now
        )
        subject = ("request", params["request_id"]) if opened is not None else ("person", owner.id)
        audit.note(
            session, at=now, actor_id=owner.id, verb="paper.make", subject=subject, after={"paper": params["paper"]}
        )

    return finish


async def render(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Return what was made with its file; None where the officer may not see the entry any more."""
    file = File(**params["file"])
    number = None
    if params["request_id"] is not None:
        opened = await open_entry(session, person, params["request_id"], on=office.today(now))
        if opened is None:
            return None
        number = opened.entry.number
    if params["paper"] == DATES:
        return screens.dates_made(number, file)
    return screens.made(_titled(params["title"]), number, file)


async def _menu(turn: Turn, opened: Opened) -> Screen:
    facts, desk = await written_by(turn.session, turn.office, opened, turn.today)
    named = [(each.value, paper_name(each, product_of(each, facts, desk))) for each in fitting(facts, desk)]
    blanks = facts.of_persons or BLANK in facts.subjects
    return screens.menu(opened.entry, named, has_dates=bool(_ahead([opened.entry], turn.today)), blanks=blanks)


async def _outdated(turn: Turn, opened: Opened) -> Screen:
    screen = await _menu(turn, opened)
    return replace(screen, toast=_("The entry has changed since; this is its present state."))


async def _record(turn: Turn, wanted: Mapping[str, Any]) -> None:
    """Record the work, once for a button tapped twice."""
    params = {"person_id": turn.officer.id, **wanted}
    if not await stored.is_being_made(turn.session, KIND, params):
        await asking.ask(turn, KIND, wanted)


async def written_by(session: AsyncSession, office: Office, opened: Opened, today: dt.date) -> tuple[Facts, Desk]:
    """Return what an entry's letters are written from, and the desk that writes them."""
    facts = await stored.facts_of(session, opened, office.policy)
    decided = await _decided(session, office, opened)
    return facts, Desk(office.policy, decided, office.calendar, today)


async def _decided(session: AsyncSession, office: Office, opened: Opened) -> Policy:
    snapshot = await stored.snapshot_of(session, opened)
    return office.policy if snapshot.hash == office.policy.hash else restore(snapshot.content)


async def _visible(session: AsyncSession, person: Person, request_id: int | None, on: dt.date) -> Opened | None:
    """Return the entry that something is made for, None where it is made for all of them.

    Raises:
        Refusal: The officer may not see it any more.
    """
    opened = await open_entry(session, person, request_id, on=on) if request_id is not None else None
    if person.state is not PersonState.ACTIVE or (request_id is not None and opened is None):
        raise Refusal(_("This entry is not open to you any more. Please ask the unit's liaison."))
    return opened


def _letter(paper: Paper, facts: Facts, desk: Desk) -> tuple[str, Callable[[], bytes]]:
    if paper not in fitting(facts, desk):
        raise Refusal(_("The entry has changed and the letter does not fit it any more. Please open the entry again."))
    letter, template = letter_of(paper, facts, desk), desk.policy.templates[paper.value]
    return paper_name(paper, product_of(paper, facts, desk)), lambda: letters.rendered(template, letter)


def _calendar(entries: list[Entry], office: Office, now: dt.datetime) -> Callable[[], bytes]:
    days = _ahead(entries, office.today(now))
    return lambda: calendar_file(days, of=office.policy.id, hour=planning.hour(office), now=now)


async def _own(session: AsyncSession, person: Person) -> list[Entry]:
    return list(await ledger.opened_by(session, person.id, limit=MOST_ENTRIES, offset=0))


def _ahead(entries: list[Entry], today: dt.date) -> list[Dated]:
    """Return the days from today on: an alarm for a day past helps nobody."""
    return [day for entry in entries for day in dates_of(entry) if day.on >= today]


def _titled(name: str) -> str:
    return _("“%(name)s”") % {"name": name}


PRESSES: Final[Mapping[str, Flow]] = {
    "paper": on_papers,
    "pmake": on_make,
    "pics": on_dates,
    "icsme": on_own_dates,
}
JOBS: Final[Mapping[str, Chore]] = {KIND: make}
NOTICES: Final[Mapping[str, Renderer]] = {KIND: render}
