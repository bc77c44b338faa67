"""Commitments: the letter written down, and what became of it. The assistant records, it never punishes."""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from bot import commitments as rules
from bot.commitments import CommitmentLine, CommitmentStage, stage_after
from bot.forms import Filling, RecordForm
from bot.language import ngettext, pgettext
from bot.policy.model import ProductKind
from bot.screens.screen import Screen
from handlers import acts, forms
from handlers.choosing import ALL, chosen, fresh
from handlers.forms import FormFlow
from handlers.timeline import shown
from handlers.turn import Flow, Stale, Turn
from storage import commitments, entry_values
from storage.ledger import Opened
from storage.tables import CommitmentState

Lines = Mapping[int, CommitmentLine]


async def on_letter(turn: Turn) -> Screen:
    """〔登记承诺书〕: of the one counterpart, of one among several, or of all that are not written down alike."""
    opened = await fresh(turn)
    lines = _letters(await _lines(turn, opened))
    picked = _chosen(turn, opened, lines, _blank(lines), "let")
    if isinstance(picked, Screen):
        return picked
    values = rules.values_of(lines[picked]) if picked else {}
    return await forms.begin(turn, LETTER, opened, picked, values=values)


async def on_settle(turn: Turn) -> Screen:
    """〔登记履行情况〕: fulfilled, or breached with its evidence."""
    opened = await fresh(turn)
    lines = await _lines(turn, opened)
    picked = _chosen(turn, opened, lines, _unsettled(lines), "setl")
    if isinstance(picked, Screen):
        return picked
    return await forms.begin(turn, SETTLE, opened, picked)


async def _letter_form(turn: Turn, opened: Opened, item_id: int, _filling: Filling) -> RecordForm:
    lines = _meant(_letters(await _lines(turn, opened)), item_id, _blank)
    corrects = any(each.is_written_down for each in lines.values())
    return rules.letter_form(opened.entry, _about(opened, lines), each=item_id != ALL, corrects=corrects)


async def _record_letter(turn: Turn, opened: Opened, item_id: int, filling: Filling) -> Screen:
    lines = _meant(_letters(await _lines(turn, opened)), item_id, _blank)
    signed_on, fulfil_by_on = filling.day("signed_on"), filling.day("fulfil_by_on")
    rules.require_order(signed_on, fulfil_by_on)
    for line in lines.values():
        rules.require_order(signed_on, line.settled_on)
    until = fulfil_by_on.isoformat() if fulfil_by_on else None
    after, reason = {"items": list(lines), "fulfil_by_on": until}, filling.values.get("reason")
    async with acts.acting(turn, opened, "commitment.letter", on=signed_on, after=after, reason=reason):
        for row in await commitments.rows(turn.session, lines):
            row.signed_on, row.fulfil_by_on, row.kind = signed_on, fulfil_by_on, filling.values.get("kind")
            row.letters = filling.values.get("letters", row.letters)
            row.state = CommitmentState(stage_after(CommitmentStage(row.state.value), fulfil_by_on).value)
    return await shown(turn, await acts.reopened(turn, opened.request.id))


async def _settle_form(turn: Turn, opened: Opened, item_id: int, filling: Filling) -> RecordForm:
    lines = _meant(await _lines(turn, opened), item_id, _unsettled)
    corrects = any(each.stage.is_settled for each in lines.values())
    return rules.settle_form(opened.entry, _about(opened, lines), filling, each=item_id != ALL, corrects=corrects)


async def _record_settlement(turn: Turn, opened: Opened, item_id: int, filling: Filling) -> Screen:
    lines = _meant(await _lines(turn, opened), item_id, _unsettled)
    on, outcome = filling.day("settled_on"), CommitmentState(filling.values["outcome"])
    for line in lines.values():
        rules.require_order(line.signed_on, on)
    after, reason = {"as": outcome.value, "items": list(lines)}, filling.values.get("reason")
    async with acts.acting(turn, opened, "commitment.settle", on=on, after=after, reason=reason):
        for row in await commitments.rows(turn.session, lines):
            row.state, row.settled_on = outcome, on
            row.evidence, row.handling = filling.values.get("evidence"), filling.values.get("handling")
    return await shown(turn, await acts.reopened(turn, opened.request.id))


async def _lines(turn: Turn, opened: Opened) -> Lines:
    items = [item for item in opened.items if item.product_kind == ProductKind.COMMITMENT]
    return await commitments.of_items(
        turn.session, await entry_values.labels(turn.session, items, whole=opened.identifies)
    )


def _letters(lines: Lines) -> Lines:
    """Return the commitments that have a letter of their own: a pledge inside the matter's form has none."""
    return {item_id: line for item_id, line in lines.items() if not line.in_form}


def _blank(lines: Lines) -> Lines:
    return {item_id: line for item_id, line in lines.items() if not line.is_written_down}


def _unsettled(lines: Lines) -> Lines:
    return {item_id: line for item_id, line in lines.items() if not line.stage.is_settled}


def _chosen(turn: Turn, opened: Opened, lines: Lines, alike: Collection[int], verb: str) -> int | Screen:
    """Return the commitment meant, or the screen that asks; all alike are those that nothing is on record of yet."""
    every = pgettext("button", "All alike (%(n)d)") % {"n": len(alike)} if len(alike) > 1 else None
    choices = [(item_id, line.subject) for item_id, line in lines.items()]
    return chosen(opened.entry, choices, turn.pressed.arg, verb=verb, all_label=every)


def _meant(lines: Lines, item_id: int, alike: Callable[[Lines], Lines]) -> Lines:
    """Return the commitments that a form is about.

    Raises:
        Stale: There is none any more, because it was recorded meanwhile.
    """
    meant = alike(lines) if item_id == ALL else {key: line for key, line in lines.items() if key == item_id}
    if not meant:
        raise Stale
    return meant


def _about(opened: Opened, lines: Lines) -> tuple[str, ...]:
    if len(lines) > 1:
        every = ngettext("for %(n)d counterpart alike", "for %(n)d counterparts alike", len(lines))
        return (opened.entry.matter, every % {"n": len(lines)})
    return (opened.entry.matter, *(line.subject for line in lines.values() if line.subject))


LETTER: Final = FormFlow("commitment", _letter_form, _record_letter)
SETTLE: Final = FormFlow("settle", _settle_form, _record_settlement)

FORMS: Final[Mapping[str, FormFlow]] = {each.name: each for each in (LETTER, SETTLE)}
PRESSES: Final[Mapping[str, Flow]] = {"let": on_letter, "setl": on_settle}
