"""What an entry says of its credit reports, and the button with which one is written down."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.credit_reports import ReportLine
from bot.language import _, ngettext, pgettext
from bot.ledger import Entry
from bot.screens.ledger import Wording
from bot.screens.screen import Button, Press

MOST_LINES: Final = 3  # reports said one by one; more are counted


def lines(found: Sequence[ReportLine], blocks: Mapping[str, str], wording: Wording) -> list[str]:
    """Return what is on record of the reports: one by one where there are few, else in figures.

    Args:
        found: The entry's reports.
        blocks: Id -> name of the blocks.
        wording: The words of the pack.
    """
    known = [each for each in found if each.is_written_down]
    if len(found) <= MOST_LINES:
        return [line for each in known for line in _said(each, blocks, wording, named=len(found) > 1)]
    if not known:
        return []
    lacking, other = sum(bool(each.missing) for each in known), sum(each.matches is False for each in known)
    parts = [ngettext("%(n)d written down", "%(n)d written down", len(known)) % {"n": len(known)}]
    if lacking:
        parts.append(ngettext("%(n)d with blocks missing", "%(n)d with blocks missing", lacking) % {"n": lacking})
    if other:
        parts.append(
            ngettext("%(n)d with another name or code", "%(n)d with another name or code", other) % {"n": other}
        )
    return [_labelled(pgettext("label", "Credit reports"), pgettext("list", ", ").join(parts))]


def buttons(entry: Entry, found: Sequence[ReportLine]) -> tuple[Button, ...]:
    """Return what can be recorded about an entry's reports."""
    if entry.withdrawn or not found:
        return ()
    return (Button(pgettext("button", "Write the report down"), Press("rep", entry.id, entry.version)),)


def _said(each: ReportLine, blocks: Mapping[str, str], wording: Wording, *, named: bool) -> list[str]:
    """Return the report in one line, and a second one where it is about somebody else."""
    about = [each.agency, each.number, wording.day(each.on) if each.on else None, each.grade]
    value = " ".join(part for part in about if part)
    if each.missing is not None:
        value += pgettext("list", "; ") + _contents(each.missing, blocks)
    label = each.subject if named and each.subject else pgettext("label", "Credit report")
    said = [_labelled(label, value)]
    if each.matches is False:
        said.append(_("Please note: name or code in the report differ from the ledger"))
    return said


def _contents(missing: Sequence[str], blocks: Mapping[str, str]) -> str:
    if not missing:
        return pgettext("report", "complete")
    return _("missing: %(blocks)s") % {
        "blocks": pgettext("blocks", ", ").join(blocks.get(each, each) for each in missing)
    }


def _labelled(label: str, value: str) -> str:
    return pgettext("label", "%(label)s: %(value)s") % {"label": label, "value": value}
