"""What came back: the opinion written down, used for the decision, and followed up where it is adverse."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from bot import opinion_forms as forms_of
from bot.errors import Refusal
from bot.forms import Filling, RecordForm
from bot.language import _, ngettext, pgettext
from bot.opinions import Finding, require_dates, validity
from bot.screens import entry_acts
from bot.screens.ledger import subject_lines
from bot.screens.screen import Screen, is_number
from handlers import acts, forms
from handlers.choosing import fresh
from handlers.forms import FormFlow
from handlers.ledger import take_in
from handlers.timeline import shown, words_of
from handlers.turn import Flow, Stale, Turn
from storage import entry_values, opinions
from storage.entry_values import WAITING
from storage.ledger import Opened
from storage.opinions import NewOpinion
from storage.tables import FollowUp, FollowUpState, Item, ItemState

CHOICES: Final = 8  # counterparts on one screen; more are written down by a sheet


async def on_write(turn: Turn) -> Screen:
    """〔登记意见内容〕: of the one counterpart, of all alike, or of one among several."""
    opened = await fresh(turn)
    open_items = lacking(opened)
    if not open_items:
        return await shown(turn, opened)
    arg = turn.pressed.arg
    if len(open_items) == 1:
        return await _write(turn, opened, open_items[0].id)
    if arg == "all":
        return await _write(turn, opened, 0)
    if is_number(arg) and int(arg) in {item.id for item in open_items}:
        return await _write(turn, opened, int(arg))
    every = pgettext("button", "All alike (%(n)d)") % {"n": len(open_items)}
    names = await entry_values.labels(turn.session, open_items[:CHOICES], whole=opened.identifies)
    return entry_acts.which_subject(opened.entry, list(names.items()), verb="opn", all_label=every)


async def _write(turn: Turn, opened: Opened, item_id: int) -> Screen:
    values = {} if _all_returned(opened, item_id) else {"returned_on": turn.today.isoformat()}
    return await forms.begin(turn, WRITE, opened, item_id, values=values)


async def on_use(turn: Turn) -> Screen:
    """〔登记使用情况〕: what the decision made of the opinion, of all alike or of one among several."""
    opened = await fresh(turn)
    waiting, arg = opened.returned, turn.pressed.arg
    if not waiting:
        return await shown(turn, opened)
    chosen = 0 if len(waiting) == 1 or arg == "all" else None
    if is_number(arg) and int(arg) in {item.id for item in waiting}:
        chosen = int(arg)
    if chosen is not None:
        return await forms.begin(turn, USE, opened, chosen, values={"used_on": turn.today.isoformat()})
    adverse = {each.item_id for each in opened.entry.opinions if each.finding.is_adverse}
    first = sorted(waiting, key=lambda item: (item.id not in adverse, item.id))[:CHOICES]
    names = await entry_values.labels(turn.session, first, whole=opened.identifies)
    choices = [(item.id, names[item.id] or _("Persons of the list")) for item in first]
    every = pgettext("button", "All alike (%(n)d)") % {"n": len(waiting)}
    return entry_acts.which_subject(opened.entry, choices, verb="use", all_label=every)


async def on_tell(turn: Turn) -> Screen:
    """〔告知异议、修复途径〕: the wording for the counterpart, ready to be copied.

    Source: domain.md §2; 国办发〔2025〕22号 names both channels of objection and the one window of repair.
    """
    opened = await acts.changeable(turn, turn.pressed.id)
    said = _(
        "Adverse information was found in the records of the %(centre)s. If you disagree, you may object on the "
        "website 信用中国 or with the body that provided the information. Once the violation is corrected, your duties "
        "are performed and the shortest period of publication is over, you may apply for repair on the website "
        "信用中国, free of charge."
    ) % {"centre": words_of(turn, opened.entry).centre}
    return entry_acts.advice_to_tell(opened.entry, said)


async def on_told(turn: Turn) -> Screen:
    """〔已告知〕: noted with today's date."""
    opened = await fresh(turn)
    rows = [row for row in await _follow_ups(turn, opened) if row.state is FollowUpState.OPEN]
    if rows:
        async with acts.acting(turn, opened, "request.informed", on=turn.today):
            for row in rows:
                row.state, row.informed_on = FollowUpState.INFORMED, turn.today
    return await shown(turn, await acts.reopened(turn, opened.request.id))


async def on_follow_up(turn: Turn) -> Screen:
    """〔异议与修复〕: what came of it."""
    opened = await fresh(turn)
    return await forms.begin(turn, FOLLOW_UP, opened)


def lacking(opened: Opened) -> list[Item]:
    """Return the verifications that were applied for and whose opinion is not written down."""
    written = {each.item_id for each in opened.entry.opinions}
    states = {*WAITING, ItemState.RETURNED} - {ItemState.DRAFT}
    return [item for item in opened.verifications if item.state in states and item.id not in written]


async def _write_form(turn: Turn, opened: Opened, item_id: int, filling: Filling) -> RecordForm:
    returned_on = opened.entry.returned_on
    days = ((words_of(turn, opened.entry).day(returned_on), returned_on),) if returned_on else ()
    return forms_of.write_form(
        opened.entry,
        await _about(turn, opened, item_id),
        days=tuple((_("On the day it came, %(day)s") % {"day": said}, on) for said, on in days),
        asks_return=not _all_returned(opened, item_id),
        effect=_effect(turn, opened, filling),
    )


def _effect(turn: Turn, opened: Opened, filling: Filling) -> str | None:
    """Return what follows from the dates filled in: until when the opinion holds."""
    if (issued_on := filling.day("issued_on")) is None:
        return None
    if filling.values.get("finding") == Finding.UNKNOWN.value:
        return _("Such an opinion cannot be used again. Please check name and code and apply anew.")
    valid_to, _source = _validity(turn, issued_on, filling.day("valid_to"))
    day = words_of(turn, opened.entry).day(valid_to)
    if valid_to < turn.today:
        return _("It was valid to %(day)s and cannot be used any more.") % {"day": day}
    if filling.day("valid_to") is None:
        said = _("Valid to %(day)s, reckoned by the rule; a day printed on the opinion comes first.")
        return said % {"day": day}
    return _("Valid to %(day)s, as printed.") % {"day": day}


def answering(
    turn: Turn,
    opened: Opened,
    item: Item,
    *,
    finding: Finding,
    issued_on: dt.date,
    printed: dt.date | None = None,
    **more: Any,
) -> NewOpinion:
    """Return the opinion that answers a verification of an entry, whose unit and owner hold it.

    ``printed`` is its last day where one is printed; else the pack says how long it holds. ``more`` is what else stands
    on it, by the names of ``NewOpinion``.
    """
    valid_to, source = _validity(turn, issued_on, printed)
    return NewOpinion(
        counterpart_id=item.counterpart_id,
        item_id=item.id,
        unit_id=opened.request.unit_id,
        holder_id=opened.request.owner_id,
        issued_on=issued_on,
        valid_to=valid_to,
        valid_source=source,
        finding=finding,
        **more,
    )


async def _record(turn: Turn, opened: Opened, item_id: int, filling: Filling) -> Screen:
    """Write the opinion down: for one verification, or alike for all that lack one."""
    issued_on = filling.day("issued_on")
    if issued_on is None:
        raise Stale
    require_dates(issued_on, filling.day("valid_to"), today=turn.today)
    items = [item for item in lacking(opened) if item_id in (0, item.id)]
    new = [
        answering(
            turn,
            opened,
            item,
            finding=Finding(filling.values["finding"]),
            issued_on=issued_on,
            printed=filling.day("valid_to"),
            number=filling.values.get("number"),
            issuer=filling.values.get("issuer"),
            cut_off_on=filling.day("cut_off_on"),
            details=filling.values.get("details"),
        )
        for item in items
    ]
    async with acts.acting(turn, opened, "request.opinion", on=issued_on, after={"n": len(items)}):
        for item in items:
            if item.state is not ItemState.RETURNED:
                take_in(item, filling.day("returned_on") or turn.today, today=turn.today)
        await opinions.record(turn.session, new, now=turn.now)
    return await shown(turn, await acts.reopened(turn, opened.request.id))


def _validity(turn: Turn, issued_on: dt.date, printed: dt.date | None) -> tuple[dt.date, str]:
    settings = turn.policy.settings
    return validity(issued_on, printed, months=settings.validity_months, end=settings.validity_end)


async def _use_form(turn: Turn, opened: Opened, item_id: int, _filling: Filling) -> RecordForm:
    items = _used(opened, item_id)
    names = await entry_values.labels(turn.session, items[:1], whole=opened.identifies)
    count = sum(item.head_count or 1 for item in items)
    every = ngettext("for %(n)d counterpart alike", "for %(n)d counterparts alike", count) % {"n": count}
    said = every if count > 1 else next(iter(names.values()), "")
    return forms_of.use_form(opened.entry, (opened.entry.matter, *([said] if said else [])))


def _used(opened: Opened, item_id: int) -> list[Item]:
    """Return the verifications whose use is written down.

    Raises:
        Stale: That was done meanwhile.
    """
    items = [item for item in opened.returned if item_id in (0, item.id)]
    if not items:
        raise Stale
    return items


async def _record_use(turn: Turn, opened: Opened, item_id: int, filling: Filling) -> Screen:
    on, items = filling.day("used_on") or turn.today, _used(opened, item_id)
    came = max((item.returned_on for item in items if item.returned_on), default=on)
    if on < came:
        day = words_of(turn, opened.entry).day(came)
        raise Refusal(
            _("The day lies before the opinion came on %(day)s. Please check it and send it again.") % {"day": day}
        )
    async with acts.acting(turn, opened, "request.used", on=on, after={"as": filling.values["used_as"]}):
        for item in items:
            item.state, item.used_on = ItemState.USED, on
            item.used_as, item.basis = filling.values["used_as"], filling.values.get("basis")
    return await shown(turn, await acts.reopened(turn, opened.request.id))


async def _follow_up_form(_turn: Turn, opened: Opened, _item_id: int, _filling: Filling) -> RecordForm:
    return forms_of.follow_up_form(opened.entry)


async def _record_follow_up(turn: Turn, opened: Opened, _item_id: int, filling: Filling) -> Screen:
    state = FollowUpState(filling.values["state"])
    async with acts.acting(turn, opened, "request.follow_up", on=turn.today, after={"state": state.value}):
        for row in await _follow_ups(turn, opened):
            if row.state is not FollowUpState.CLOSED:
                row.state, row.outcome = state, filling.values.get("outcome") or row.outcome
                row.closed_on = turn.today if state is FollowUpState.CLOSED else None
    return await shown(turn, await acts.reopened(turn, opened.request.id))


def _all_returned(opened: Opened, item_id: int) -> bool:
    return all(item.state is ItemState.RETURNED for item in lacking(opened) if item_id in (0, item.id))


async def _about(turn: Turn, opened: Opened, item_id: int) -> tuple[str, ...]:
    if item_id:
        chosen = [item for item in lacking(opened) if item.id == item_id]
        named = await entry_values.labels(turn.session, chosen, whole=opened.identifies)
        return (opened.entry.matter, *(name for name in named.values() if name))
    count = len(lacking(opened))
    every = ngettext("for %(n)d counterpart alike", "for %(n)d counterparts alike", count) % {"n": count}
    return (
        opened.entry.matter,
        *((every,) if count > 1 else subject_lines(opened.entry, words_of(turn, opened.entry))),
    )


async def _follow_ups(turn: Turn, opened: Opened) -> Sequence[FollowUp]:
    ids = [each.opinion_id for each in opened.entry.opinions if not each.reused]
    rows = await turn.session.scalars(select(FollowUp).where(FollowUp.opinion_id.in_(ids)))
    return rows.all()


WRITE: Final = FormFlow("opinion", _write_form, _record)
USE: Final = FormFlow("use", _use_form, _record_use)
FOLLOW_UP: Final = FormFlow("follow_up", _follow_up_form, _record_follow_up)

FORMS: Final[Mapping[str, FormFlow]] = {each.name: each for each in (WRITE, USE, FOLLOW_UP)}
PRESSES: Final[Mapping[str, Flow]] = {
    "opn": on_write,
    "use": on_use,
    "tell": on_tell,
    "told": on_told,
    "fol": on_follow_up,
}
