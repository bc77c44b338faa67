"""An entry's screen with its timeline, read from the audit."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from bot.language import _
from bot.ledger import Entry
from bot.policy.model import CounterpartKind
from bot.scope import subject_word
from bot.screens import entry as screens
from bot.screens import entry_timeline as pages
from bot.screens.cover import on_behalf
from bot.screens.ledger import Wording
from bot.screens.screen import Screen
from bot.screens.timeline import Event, event_words
from handlers import acts
from handlers.entry_parts import parts_of
from handlers.office import Office
from handlers.sight import sight_of
from handlers.turn import Turn
from storage import audit, opinions
from storage.audit import Line
from storage.ledger import Opened
from storage.tables import Person


async def shown(turn: Turn, opened: Opened, *, aside: bool = False) -> Screen:
    """Return an entry's screen with its timeline; that it was looked at is on record.

    Args:
        turn: The turn.
        opened: The entry as it is now.
        aside: Whether it answers on a reminder's own message.
    """
    turn.looked("request", opened.request.id)
    await turn.session.flush()  # this turn's own line belongs to the timeline
    subject = ("request", opened.request.id)
    rows = await audit.timeline(turn.session, subject, limit=pages.MOST_EVENTS + 1)
    events = await _events(turn, rows[-pages.MOST_EVENTS :])
    takes_back = await acts.last_act(turn, opened) is not None
    words = words_of(turn, opened.entry)
    parts = await parts_of(turn, opened, words)
    screen = screens.opened(
        await _with_uses(turn, opened.entry),
        events,
        words,
        may_act=opened.may_act,
        has_more=len(rows) > len(events),
        takes_back=takes_back,
        more=parts.lines,
        products=parts.products,
    )
    return replace(on_behalf(screen, opened.on_behalf_of), aside=aside)


async def whole(turn: Turn, opened: Opened, *, page: int) -> Screen:
    """Return a page of an entry's whole timeline, the newest lines first."""
    turn.looked("request", opened.request.id)
    subject = ("request", opened.request.id)
    last = max(1, -(-await audit.length(turn.session, subject) // pages.ON_A_PAGE))
    at = min(page, last - 1)
    rows = await audit.timeline(turn.session, subject, limit=pages.ON_A_PAGE, offset=at * pages.ON_A_PAGE)
    return pages.timeline(opened.entry, await _events(turn, rows), today=turn.today, page=at, pages=last)


async def further(turn: Turn, opened: Opened) -> Screen:
    """Return what else can be done with an entry: corrections, papers, files, hand-over, withdrawal."""
    words = words_of(turn, opened.entry)
    parts = await parts_of(turn, opened, words)
    hands_over = opened.may_act or turn.may("handover")
    rows = (*parts.products, *parts.papers)
    return screens.further(opened.entry, words, rows, may_act=opened.may_act, hands_over=hands_over)


async def in_words(turn: Turn, rows: Sequence[Line]) -> list[str]:
    """Return lines of the audit as an officer reads them."""
    return [event_words(event, today=turn.today) for event in await _events(turn, rows)]


def wording(office: Office, today: dt.date, matter_code: str | None = None) -> Wording:
    """Return the words of the pack that the ledger's screens are written with."""
    matter = office.policy.matters.get(matter_code or "")
    return Wording(
        today=today,
        centre=office.policy.term("credit_centre", on=today),
        products={product.id: product.name for product in office.policy.products.values()},
        subject_word=subject_word(matter),
        of_persons=matter is not None and CounterpartKind.NATURAL_PERSON in matter.kinds,
    )


def words_of(turn: Turn, entry: Entry) -> Wording:
    """Return the words for one entry's screens."""
    return wording(turn.office, turn.today, entry.matter_code)


async def _with_uses(turn: Turn, entry: Entry) -> Entry:
    """Return an entry whose opinions say how often they were used again, as far as this officer may learn of it."""
    if not entry.opinions:
        return entry
    sight = await sight_of(turn.session, turn.office, turn.officer, turn.today)
    uses = await opinions.uses(turn.session, [each.opinion_id for each in entry.opinions], sight=sight)
    return replace(entry, opinions=tuple(replace(each, uses=uses.get(each.opinion_id, 0)) for each in entry.opinions))


async def _events(turn: Turn, rows: Sequence[Line]) -> list[Event]:
    names: dict[int, str] = {}
    for actor_id in {row.actor_id for row in rows if row.actor_id is not None}:
        actor = await turn.session.get_one(Person, actor_id)
        names[actor_id] = actor.name or _("the handling officer")
    return [
        Event(
            at=row.at.astimezone(turn.office.zone),
            who=names.get(row.actor_id) if row.actor_id else None,
            verb=row.verb,
            day=dt.date.fromisoformat(said["on"]) if said.get("on") else None,
            reason=row.reason,
            line=said.get("line") if "was" in said else None,
            was=said.get("was"),
            now=said.get("is"),
        )
        for row in rows
        for said in (row.after if isinstance(row.after, dict) else {},)
    ]
