"""What the coordinators have laid over the pack for one matter, unit or setting, the newest first, in words."""

from typing import Final

from bot.dates import format_day
from bot.language import _
from bot.policy.overlay import LayerKind
from handlers.colleagues import named
from handlers.turn import Turn
from storage import overlay
from storage.tables import Overlay, OverlayState, Person

_MOST: Final = 5  # versions on a screen


async def versions(turn: Turn, kind: LayerKind, key: str) -> list[str]:
    """Return a line for each of the newest versions: when, by whom, what became of it and on which basis."""
    rows = (await overlay.history(turn.session, kind, key))[:_MOST]
    return [await _version(turn, row) for row in rows]


async def newest(turn: Turn, kind: LayerKind, key: str) -> str:
    """Return the newest version's line as it stands in this transaction; empty where the pack alone speaks.

    A form that replaces it says so first when the line is another one than at the form's beginning.
    """
    return next(iter(await versions(turn, kind, key)), "")


async def _version(turn: Turn, row: Overlay) -> str:
    words = {
        OverlayState.PROPOSED: _("proposed"),
        OverlayState.IN_FORCE: _("in force"),
        OverlayState.REFUSED: _("not taken up"),
        OverlayState.REPLACED: _("replaced"),
    }
    by_id = row.answered_by or row.proposed_by
    by = await turn.session.get(Person, by_id) if by_id else None
    on = format_day(turn.office.today(row.answered_at or row.created_at), today=turn.today)
    said = f"{on} {named(by) if by else ''} {words[row.state]}"
    return _("%(label)s: %(value)s") % {"label": said, "value": row.basis} if row.basis else said
