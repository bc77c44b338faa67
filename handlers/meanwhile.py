"""Meanwhile: what became of an entry while an officer was filling in a form about it, in the words of its timeline."""

from typing import Final

from bot.language import _, ngettext
from handlers import acts, timeline
from handlers.turn import Turn
from storage.ledger import Opened

_MOST: Final = 3  # changes that are told one by one, so that what was filled in has room beside them


async def changes(turn: Turn, opened: Opened, seen: int) -> str:
    """Return what has changed since a line of the entry's audit, the newest lines in full; empty where nothing has."""
    rows = await acts.since(turn, opened, seen)
    left = len(rows) - _MOST
    earlier = [ngettext("%(n)d earlier change", "%(n)d earlier changes", left) % {"n": left}] if left > 0 else []
    return "\n".join([*earlier, *await timeline.in_words(turn, rows[-_MOST:])])


async def overtaken(turn: Turn, request_id: int | None, seen: int) -> str:
    """Return why a form fits no more what it is about.

    Args:
        turn: The turn.
        request_id: The entry; None for a form that is about none.
        seen: The newest line of the entry's audit when the form was begun.

    Raises:
        Refusal: The officer may not see the entry any more.
    """
    if request_id is not None and (changed := await changes(turn, await acts.reopened(turn, request_id), seen)):
        return _("This can be recorded no more, because the entry has changed meanwhile:\n%(changes)s") % {
            "changes": changed
        }
    return _("This can be recorded no more, because it was settled or changed meanwhile.")
