"""A question in between: what the officer was doing is put aside for it, and comes back when it is answered."""

from typing import Any, Final

from handlers.guide_draft import PENDING
from handlers.turn import Stale, Turn
from storage import drafts
from storage.tables import Draft

SET_ASIDE: Final = "set_aside"


async def put_aside(turn: Turn, *, purpose: str, answers: dict[str, Any], awaiting: str = "text") -> None:
    """Let a question in between begin.

    Only one thing is ever put aside: a question that comes upon another one takes its place.

    Args:
        turn: The turn.
        purpose: The flow of the question.
        answers: What is known already; JSON values.
        awaiting: What the next message answers, ``text`` or ``file``.
    """
    await take_up(turn)
    kept: dict[str, Any] | None = None
    if (before := turn.draft) is not None:
        rest = {key: value for key, value in before.answers.items() if key != PENDING}
        kept = {"purpose": before.purpose, "answers": rest, "awaiting": before.awaiting}
    answers = {**answers, SET_ASIDE: kept}
    if turn.draft is None:
        turn.draft = await drafts.begin(
            turn.session, turn.officer, purpose=purpose, answers=answers, awaiting=awaiting, now=turn.now
        )
    else:
        drafts.keep(turn.draft, answers=answers, purpose=purpose, awaiting=awaiting, now=turn.now)


def keep(turn: Turn, answers: dict[str, Any], *, awaiting: str = "text") -> None:
    """Keep the answers of a question in between.

    Raises:
        Stale: Nothing is being asked.
    """
    if turn.draft is None:
        raise Stale
    drafts.keep(turn.draft, answers=answers, awaiting=awaiting, now=turn.now)


def is_empty(draft: Draft) -> bool:
    """Say whether a question in between holds nothing yet that would be lost with it."""
    return SET_ASIDE in draft.answers and not draft.answers.get("values")


async def take_up(turn: Turn) -> None:
    """End a question in between and take up again what was put aside for it; nothing where there is no question."""
    draft = turn.draft
    if draft is None or SET_ASIDE not in draft.answers:
        return
    kept = draft.answers[SET_ASIDE]
    if kept is None:
        await _end(turn, draft)
        return
    drafts.keep(draft, answers=kept["answers"], purpose=kept["purpose"], awaiting=kept["awaiting"], now=turn.now)


async def give_up(turn: Turn) -> None:
    """End what the officer is doing, whether it came in between or not."""
    if turn.draft is not None and SET_ASIDE not in turn.draft.answers:
        await _end(turn, turn.draft)
    await take_up(turn)


async def _end(turn: Turn, draft: Draft) -> None:
    await drafts.end(turn.session, draft)
    turn.draft = None
