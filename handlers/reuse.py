"""〔查有效意见〕: whether a still-valid opinion is there, before anybody applies."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from bot.deadlines import months_before
from bot.finding import read_words
from bot.policy.model import MATTER, Matter
from bot.screens import reuse as screens
from bot.screens.screen import Screen
from handlers import drafts_aside, onward
from handlers.sight import sight_of
from handlers.turn import Flow, Turn
from storage import counterparts, finding, known, opinions

PURPOSE: Final = "look"
MOST: Final = 6  # counterparts of one answer


def earliest_issue(matter: Matter | None, on: dt.date) -> dt.date | None:
    """Return the oldest day of issue that is accepted for a matter; None where the coordinator set no limit.

    Source: domain.md A9: without a limit of the coordinator, validity alone decides.
    """
    if matter is None or matter.opinion_age_months is None:
        return None
    return months_before(on, matter.opinion_age_months)


async def on_look(turn: Turn) -> Screen:
    """Ask whose opinion is looked for; the result card comes back afterwards."""
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers={})
    return screens.asking()


async def on_typed(turn: Turn) -> Screen:
    """A code or a part of a name was typed.

    Only those are named whom the officer may see: a list before its publication betrays nobody here either.
    """
    sight = await sight_of(turn.session, turn.office, turn.officer, turn.today)
    ids, _near = await finding.counterparts(turn.session, sight, read_words(turn.text))
    standing = (await counterparts.survivors(turn.session, ids)).values()
    named = await known.coded(turn.session, list(dict.fromkeys(standing))[:MOST])
    limit = earliest_issue(_matter(turn), turn.today)
    codes = [code for _key, code, _name in named]
    held = await opinions.reusable(turn.session, codes, sight=sight, on=turn.today, earliest_issue=limit)
    unit = await turn.unit()
    own = {code: each.unit == unit.short_name for code, each in held.items()}
    for key, code, _name in named:
        if code in held:
            turn.looked("opinion", held[code].opinion_id)
        else:
            turn.looked("counterpart", key)
    return screens.found([(code, name) for _key, code, name in named], held, own, turn.today)


def _matter(turn: Turn) -> Matter | None:
    """Return the matter of the result card from which the question came."""
    kept = (turn.draft.answers.get(drafts_aside.SET_ASIDE) if turn.draft else None) or {}
    chosen = kept.get("answers", {}).get("answers", {}).get(MATTER, ())
    return next((turn.policy.matters[code] for code in chosen if code in turn.policy.matters), None)


async def on_end(turn: Turn) -> Screen:
    """Back to what the officer was doing."""
    return await onward.back(turn)


async def present(turn: Turn) -> Screen:
    """Return the question."""
    return screens.asking()


PRESSES: Final[Mapping[str, Flow]] = {"look": on_look, "lkend": on_end}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
