"""A question in between: what the officer was doing is put aside for it, and comes back when it is answered."""

from collections.abc import Collection
from typing import Any, Final

from bot.errors import Refusal
from bot.language import _
from handlers import guide_draft
from handlers.guide_draft import PENDING
from handlers.turn import Stale, Turn
from storage import drafts
from storage.tables import Draft

MOST_UNFINISHED: Final = 5  # more than anybody has in mind; each costs every later turn of the officer
SET_ASIDE: Final = "set_aside"
_ENTERED: Final = "entered"
_ABOUT: Final = "about"
_TYPED: Final = "typed"


async def put_aside(
    turn: Turn,
    *,
    purpose: str,
    answers: dict[str, Any],
    about: dict[str, Any] | None = None,
    awaiting: str = "text",
    entered: bool = False,
    typed: Collection[str] = (),
) -> None:
    """Let a question in between begin; one that is half answered already goes on where it stood.

    A question in which nothing was entered yet gives way to whatever comes upon it; any other one waits beneath.

    Args:
        turn: The turn.
        purpose: The flow of the question.
        answers: What is known already; JSON values.
        about: What tells it from other questions of its flow; None = all that is known already.
        awaiting: What the next message answers, ``text`` or ``file``.
        entered: Whether something is known that would be lost with the question.
        typed: Keys of what the officer has typed in their own words.

    Raises:
        Refusal: Too much is unfinished already.
    """
    about = answers if about is None else about
    await let_go(turn)
    before = turn.draft
    if before is not None and before.purpose == purpose and before.answers.get(_ABOUT) == about:
        guide_draft.drop_pending(turn, before)
        return
    if before is not None and _unfinished(before) >= MOST_UNFINISHED:
        raise Refusal(
            _(
                "%(n)d things are not finished yet. "
                "Please go on with the latest of them by /guide, or give it up with /cancel."
            )
            % {"n": MOST_UNFINISHED}
        )
    kept: dict[str, Any] | None = None
    if before is not None:
        rest = {key: value for key, value in before.answers.items() if key != PENDING}
        kept = {"purpose": before.purpose, "answers": rest, "awaiting": before.awaiting}
    marks = {_ENTERED: True, _TYPED: list(typed)} if entered else {}
    answers = {**answers, _ABOUT: about, SET_ASIDE: kept, **marks}
    if before is None:
        turn.draft = await drafts.begin(
            turn.session, turn.officer, purpose=purpose, answers=answers, awaiting=awaiting, now=turn.now
        )
    else:
        drafts.keep(before, answers=answers, purpose=purpose, awaiting=awaiting, now=turn.now)


def keep(
    turn: Turn,
    answers: dict[str, Any],
    *,
    entered: bool = True,
    awaiting: str = "text",
    typed: Collection[str] = (),
) -> None:
    """Keep the answers of a question in between.

    Args:
        turn: The turn.
        answers: All answers.
        entered: Whether one of them would be lost with the question; words to look for and pages would not.
        awaiting: What the next message answers.
        typed: Keys of what the officer has typed in their own words, among the answers or the form's values.

    Raises:
        Stale: Nothing is being asked.
    """
    if turn.draft is None:
        raise Stale
    if entered:
        answers = {**answers, _ENTERED: True, _TYPED: list(dict.fromkeys((*answers.get(_TYPED, ()), *typed)))}
    drafts.keep(turn.draft, answers=answers, awaiting=awaiting, now=turn.now)


def is_empty(draft: Draft) -> bool:
    """Say whether a question in between holds nothing yet that would be lost with it."""
    return SET_ASIDE in draft.answers and _ENTERED not in draft.answers


def words(draft: Draft) -> list[str] | None:
    """Return what the officer typed in their own words into a question in between; None where it holds nothing."""
    if SET_ASIDE not in draft.answers or is_empty(draft):
        return None
    held = {**draft.answers, **draft.answers.get("values", {})}
    return [held[key] for key in draft.answers.get(_TYPED, ()) if held.get(key)]


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


async def let_go(turn: Turn) -> None:
    """End a question in between for what comes now, unless something would be lost with it."""
    if turn.draft is not None and is_empty(turn.draft):
        await take_up(turn)


async def require_free(turn: Turn) -> None:
    """Let something new begin: a question in between that holds nothing ends for it.

    Raises:
        Refusal: Something else is unfinished.
    """
    await let_go(turn)
    if turn.draft is not None:
        raise Refusal(_("Something else is not finished yet. Please finish it first, or give it up with /cancel."))


async def give_up(turn: Turn) -> None:
    """End what the officer is doing, whether it came in between or not."""
    if turn.draft is not None and SET_ASIDE not in turn.draft.answers:
        await _end(turn, turn.draft)
    await take_up(turn)


def _unfinished(draft: Draft) -> int:
    """Count what is half filled in: what is on the screen, and all that waits beneath it."""
    number, beneath = 1, draft.answers.get(SET_ASIDE)
    while beneath is not None:
        number, beneath = number + 1, beneath["answers"].get(SET_ASIDE)
    return number


async def _end(turn: Turn, draft: Draft) -> None:
    await drafts.end(turn.session, draft)
    turn.draft = None
