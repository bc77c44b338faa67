"""What is said in a unit's group: counts, numbers and dates; never a name or a code, nothing to press."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.language import _, ngettext, pgettext
from bot.screens.screen import Screen, bold, esc, lines
from bot.screens.words import and_more

MOST_NUMBERS: Final = 8


@dataclass(frozen=True, slots=True)
class Standing:
    """How a unit's entries stand.

    Args:
        open: How many are open.
        due_today: Numbers of those whose feedback is due today.
        overdue: Numbers of those whose feedback is overdue.
        to_submit: Numbers of those that must be submitted within the next working days.
        not_submitted: Numbers of those whose last day to submit has passed.
    """

    open: int
    due_today: Sequence[str]
    overdue: Sequence[str]
    to_submit: Sequence[str]
    not_submitted: Sequence[str]


def bound(unit: str) -> Screen:
    """The group is bound."""
    text = lines(
        bold(_("Group bound")),
        esc(_("Unit: %(unit)s") % {"unit": unit}),
        esc(_("On working mornings with something due, the unit's figures come here; never names or codes")),
        esc(_("To end it, send /unbind here. Everything else is done in the private chat")),
    )
    return Screen("group_bound", text, stays=True)


def unbound() -> Screen:
    """The group is bound no more."""
    return Screen("group_unbound", esc(_("This group gets no digests any more.")), stays=True)


def not_bound() -> Screen:
    """There was nothing to end."""
    return Screen("group_not_bound", esc(_("This group is bound to no unit.")), stays=True)


def of_another() -> Screen:
    """Another unit's group."""
    said = _("This group is bound to another unit. Please ask that unit's liaison or a coordinator.")
    return Screen("group_of_another", esc(said), stays=True)


def digest(unit: str, on: str, standing: Standing) -> Screen:
    """The unit's figures of a morning.

    Args:
        unit: Its name.
        on: The day, as the office writes it.
        standing: How its entries stand.
    """
    text = lines(
        bold(_("Figures of the day")),
        esc(pgettext("list", ", ").join((unit, on))),
        esc(ngettext("%(n)d entry open", "%(n)d entries open", standing.open) % {"n": standing.open}),
        _row(_("Feedback due today"), standing.due_today),
        _row(_("Feedback overdue"), standing.overdue),
        _row(_("To be submitted in these days"), standing.to_submit),
        _row(_("Not submitted, last day passed"), standing.not_submitted),
    )
    return Screen("group_digest", text, stays=True, silent=True)


def _row(label: str, numbers: Sequence[str]) -> str | None:
    if not numbers:
        return None
    more = and_more(len(numbers) - MOST_NUMBERS)
    shown = [*numbers[:MOST_NUMBERS], *([more] if more else [])]
    joined = pgettext("list", ", ").join(shown)
    return esc(_("%(label)s %(n)d: %(numbers)s") % {"label": label, "n": len(numbers), "numbers": joined})
