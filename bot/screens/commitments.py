"""What an entry says of its commitments, and the buttons with which they are written down."""

from collections.abc import Sequence
from typing import Final

from bot.commitments import CommitmentLine, CommitmentStage, kind_name, stage_name
from bot.language import _, ngettext, pgettext
from bot.ledger import Entry
from bot.screens.ledger import Wording
from bot.screens.screen import Button, Press

MOST_LINES: Final = 3  # commitments said one by one; more are counted


def lines(found: Sequence[CommitmentLine], wording: Wording) -> list[str]:
    """Return what is on record beyond the number of letters: one by one where there are few, else in figures."""
    known = [each for each in found if each.is_written_down or each.stage.is_settled]
    if len(found) <= MOST_LINES:
        return [_said(each, wording, named=len(found) > 1) for each in known]
    if not known:
        return []
    counts = [(stage, sum(each.letters for each in found if each.stage is stage)) for stage in CommitmentStage]
    parts = [
        ngettext("%(n)d: %(stage)s", "%(n)d: %(stage)s", count) % {"n": count, "stage": stage_name(stage)}
        for stage, count in counts
        if count
    ]
    broken = [_said(each, wording, named=True) for each in found if each.stage is CommitmentStage.BREACHED]
    return [_labelled(pgettext("label", "Commitment letters"), parts), *broken[:MOST_LINES]]


def buttons(entry: Entry, found: Sequence[CommitmentLine]) -> tuple[Button, ...]:
    """Return what can be recorded about an entry's commitments; a pledge inside the matter's form has no letter."""
    if entry.withdrawn or not found:
        return ()
    settle = Button(pgettext("button", "Record the fulfilment"), Press("setl", entry.id, entry.version))
    if all(each.in_form for each in found):
        return (settle,)
    return (Button(pgettext("button", "Write the letter down"), Press("let", entry.id, entry.version)), settle)


def _said(each: CommitmentLine, wording: Wording, *, named: bool) -> str:
    parts = [
        _stage(each, wording),
        _("signed on %(day)s") % {"day": wording.day(each.signed_on)} if each.signed_on else None,
        kind_name(each.kind) if each.kind else None,
        _term(each, wording),
        _("evidence: %(said)s") % {"said": each.evidence} if each.evidence else None,
        _("handling: %(said)s") % {"said": each.handling} if each.handling else None,
    ]
    label = each.subject if named and each.subject else pgettext("label", "Commitment letters")
    return _labelled(label, [part for part in parts if part])


def _stage(each: CommitmentLine, wording: Wording) -> str | None:
    """Return how far it is; that it was signed is said with its day."""
    if each.settled_on is None:
        return stage_name(each.stage) if each.stage is CommitmentStage.FULFILLING else None
    said = _("breached, found on %(day)s") if each.stage is CommitmentStage.BREACHED else _("fulfilled on %(day)s")
    return said % {"day": wording.day(each.settled_on)}


def _term(each: CommitmentLine, wording: Wording) -> str | None:
    """Return until when it is to be fulfilled, and that this day has passed."""
    if each.fulfil_by_on is None or each.stage.is_settled:
        return None
    day = {"day": wording.day(each.fulfil_by_on)}
    if each.fulfil_by_on < wording.today:
        return _("was to be fulfilled by %(day)s, please record the fulfilment") % day
    return _("to be fulfilled by %(day)s") % day


def _labelled(label: str, parts: Sequence[str]) -> str:
    return pgettext("label", "%(label)s: %(value)s") % {"label": label, "value": pgettext("list", ", ").join(parts)}
