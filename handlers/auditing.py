"""/audit: the record of who did what, for auditors and coordinators; and its day's value, posted each morning."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.dates import format_day
from bot.deadlines import due_at
from bot.errors import Refusal
from bot.finding import read_words
from bot.language import _
from bot.screens import auditing as screens
from bot.screens.auditing import PAGE, Chain, Line
from bot.screens.screen import Screen, is_number
from handlers import access, hours, planning
from handlers.office import Office
from handlers.turn import Flow, Stale, Turn
from storage import (
    attachments,
    audit,
    dossiers,
    entry_values,
    finding,
    opinions,
    outbox,
    people,
    periodic,
    seal_mark,
    seals,
)
from storage.tables import Audit, Person, Request, Unit

HEAD: Final = seal_mark.POSTED
_REQUEST, _PERSON = "r", "p"


@dataclass(frozen=True, slots=True)
class _About:
    """Which lines are shown: those of an entry, of a person, or all."""

    request_id: int | None = None
    person_id: int | None = None
    words: str = ""

    @property
    def select(self) -> str:
        if self.request_id is not None:
            return f"{_REQUEST}{self.request_id}"
        return f"{_PERSON}{self.person_id}" if self.person_id is not None else ""


async def on_command(turn: Turn) -> Screen:
    """/audit, with an entry's number or a person's name, or with nothing.

    Raises:
        Refusal: There is no such entry or person, or more than one.
    """
    return await _page(turn, await _asked(turn.session, turn.text), None)


async def on_page(turn: Turn) -> Screen:
    """Another page, or all lines again.

    Raises:
        Stale: The officer may not, or the button is none of ours.
    """
    if not access.may(turn.officer.role, "audit"):
        raise Stale
    kind, key = turn.pressed.arg[:1], turn.pressed.arg[1:]
    if turn.pressed.arg and (kind not in (_REQUEST, _PERSON) or not is_number(key)):
        raise Stale
    about = _About()
    if kind == _REQUEST:
        about = await _about_entry(turn.session, int(key))
    elif kind == _PERSON:
        about = await _about_person(turn.session, int(key))
    return await _page(turn, about, turn.pressed.id or None)


async def post_head(session: AsyncSession, office: Office, now: dt.datetime) -> int:
    """Queue the day's value for the coordinators once on each working day; it proves later that nothing was cut off."""
    today = office.today(now)
    opening = due_at(today, planning.hour(office), office.zone)
    if not hours.in_office_hours(office, now) or now < opening:
        return 0
    newest = await seals.last(session)
    if newest is None or not await periodic.begins(session, HEAD, today.isoformat(), now=now):
        return 0
    params = {"head": newest.head, "lines": await audit.count(session, up_to=newest.to_id), "at": now.isoformat()}
    coordinators = [each for each in await people.coordinators(session) if each.reachable]  # the next value covers all
    for person in coordinators:
        dedupe = f"{HEAD}:{today.isoformat()}:{person.id}"
        await outbox.enqueue(session, person, kind=HEAD, params=params, dedupe=dedupe, now=now)
    return len(coordinators)


async def render_head(
    _session: AsyncSession, office: Office, _person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Return the day's value."""
    at = dt.datetime.fromisoformat(params["at"]).astimezone(office.zone)
    said = f"{format_day(at.date(), today=office.today(now))} {at:%H:%M}"
    return screens.posted(params["head"], params["lines"], said)


async def _asked(session: AsyncSession, text: str) -> _About:
    if not text:
        return _About()
    number = read_words(text).number
    if number is not None:
        ids = list(await session.scalars(finding.of_number(number)))
        if len(ids) == 1:
            return await _about_entry(session, ids[0])
    named = [each for each in await people.named(session, text) if each.name]
    if number is not None or len(named) != 1:
        raise Refusal(_("No single entry or person fits this. Please send the whole number or the whole name."))
    return await _about_person(session, named[0].id)


async def _about_entry(session: AsyncSession, request_id: int) -> _About:
    request = await session.get(Request, request_id)
    if request is None:
        raise Stale
    [entry] = await entry_values.entries_of(session, [request])
    return _About(request_id=request_id, words=f"{entry.number} {entry.matter}")


async def _about_person(session: AsyncSession, person_id: int) -> _About:
    person = await session.get(Person, person_id)
    if person is None:
        raise Stale
    return _About(person_id=person_id, words=person.name or str(person.id))


async def _page(turn: Turn, about: _About, before: int | None) -> Screen:
    subject = ("request", about.request_id) if about.request_id is not None else None
    rows = await audit.page(turn.session, limit=PAGE + 1, before=before, subject=subject, actor_id=about.person_id)
    shown = rows[:PAGE]
    newest = await seals.last(turn.session)
    sealed = await audit.count(turn.session, up_to=newest.to_id) if newest else 0
    turn.note("audit.look", subject or ("person", about.person_id))
    return screens.shown(
        await _lines(turn, shown),
        Chain(newest.head if newest else None, sealed),
        today=turn.today,
        about=about.words,
        select=about.select,
        older=shown[-1].id if len(rows) > PAGE else None,
        newest=before is None,
    )


async def _lines(turn: Turn, rows: Sequence[Audit]) -> list[Line]:
    actors = {row.actor_id for row in rows if row.actor_id is not None}
    names = {each: (await turn.session.get_one(Person, each)).name for each in actors}
    subjects = await _subjects(turn.session, rows)
    return [
        Line(
            id=row.id,
            at=row.at.astimezone(turn.office.zone),
            who=None if row.actor_id is None else names[row.actor_id] or str(row.actor_id),
            verb=row.verb,
            subject="" if _is_oneself(row) else subjects.get((row.subject_kind, row.subject_id or 0), ""),
        )
        for row in rows
    ]


def _is_oneself(row: Audit) -> bool:
    return row.subject_kind == "person" and row.subject_id == row.actor_id


async def _subjects(session: AsyncSession, rows: Sequence[Audit]) -> dict[tuple[str, int], str]:
    """Return what the lines are about, as far as it has a name that may be shown; natural persons have none."""
    ids: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row.subject_id is not None:
            ids[row.subject_kind].add(row.subject_id)
    held = await opinions.subjects(session, ids["opinion"])
    kept = await attachments.requests_of(session, ids["attachment"])
    entries = {*ids["request"], *kept.values(), *(entry for _whose, entry in held.values() if entry)}
    numbers = await entry_values.numbers(session, entries)
    whose = {each for each, _entry in held.values() if each is not None}
    names = await dossiers.names(session, ids["counterpart"] | whose)
    found = {("request", key): number for key, number in numbers.items()}
    found |= {("counterpart", key): name for key, name in names.items()}
    found |= {("attachment", key): numbers.get(entry, "") for key, entry in kept.items()}
    found |= {
        ("opinion", key): names.get(each or 0) or numbers.get(entry or 0, "") for key, (each, entry) in held.items()
    }
    for key in ids["person"]:
        person = await session.get(Person, key)
        found["person", key] = (person.name or str(key)) if person is not None else ""
    for key in ids["unit"]:
        unit = await session.get(Unit, key)
        found["unit", key] = unit.short_name if unit is not None else ""
    return found


COMMANDS: Final[Mapping[str, Flow]] = {"audit": on_command}
PRESSES: Final[Mapping[str, Flow]] = {"aud": on_page}
READING: Final = frozenset({"aud"})
"""Presses that only show; an auditor may use them."""
NOTICES: Final = {HEAD: render_head}
QUIET: Final = dict.fromkeys((HEAD,))
