"""A guide's draft as a value: what is answered, and which of its screens the officer is on."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.guidance import Answered, Answers, Ask, Outcome, answered, next_step, still_valid
from bot.policy.model import MATTER
from handlers.turn import Stale, Turn
from storage import drafts
from storage.tables import Draft

PURPOSE: Final = "guide"
PENDING: Final = "pending"  # what the officer wanted while something else was unfinished

# Screens beside the computed step, and what typed text means on them; the part after the first dot is theirs.
HOME, CATEGORY, FOUND, BASIS, EDIT, NOTE, DATE = "home", "cat", "found", "src", "edit", "note", "date"
_AWAITED: Final = {HOME: MATTER, CATEGORY: MATTER, FOUND: MATTER, NOTE: NOTE, DATE: DATE}


@dataclass(frozen=True, slots=True)
class Case:
    """What a guide's draft holds.

    Args:
        answers: Question id -> chosen options.
        at: The screen beside the computed step, such as ``cat.fund.0``; empty = the step itself.
        came: The screen on which the matter was chosen; going back returns to it.
        query: What was searched for last.
        picked: Options of a multi-select that are ticked and not confirmed yet; None = untouched.
        on: The matter's date; None = the day of looking.
        direct: Whether it leads straight to an entry in the ledger (/new).
        what_if: Whether nothing is recorded (/try).
    """

    answers: Answers = field(default_factory=dict)
    at: str = ""
    came: str = HOME
    query: str = ""
    picked: tuple[str, ...] | None = None
    on: dt.date | None = None
    direct: bool = False
    what_if: bool = False

    @property
    def place(self) -> tuple[str, str]:
        """The screen beside the step, and its own part."""
        name, _dot, rest = self.at.partition(".")
        return name, rest

    @property
    def awaited(self) -> str | None:
        """What typed text would answer."""
        return _AWAITED.get(self.place[0])

    def date(self, turn: Turn) -> dt.date:
        """Return the local date whose rules decide."""
        return self.on or turn.today

    def step(self, turn: Turn) -> Ask | Outcome:
        """Return what follows from the answers under the pack of today."""
        return next_step(turn.policy, self.answers, on=self.date(turn))

    def to_json(self) -> dict[str, Any]:
        """Return the case as JSON values."""
        return {
            "answers": {question: list(options) for question, options in self.answers.items()},
            "at": self.at,
            "came": self.came,
            "query": self.query,
            "picked": None if self.picked is None else list(self.picked),
            "on": self.on.isoformat() if self.on else None,
            "direct": self.direct,
            "what_if": self.what_if,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Case":
        """Read a stored case; whatever is missing has its default, so that older drafts can be read."""
        picked, on = data.get("picked"), data.get("on")
        return cls(
            answers={question: tuple(options) for question, options in data.get("answers", {}).items()},
            at=data.get("at", ""),
            came=data.get("came", HOME),
            query=data.get("query", ""),
            picked=None if picked is None else tuple(picked),
            on=dt.date.fromisoformat(on) if on else None,
            direct=data.get("direct", False),
            what_if=data.get("what_if", False),
        )


async def begin(turn: Turn, case: Case) -> Draft:
    """Begin a guide; the officer's older draft is given up."""
    turn.draft = await drafts.begin(
        turn.session,
        turn.officer,
        purpose=PURPOSE,
        answers=case.to_json(),
        awaiting=case.awaited,
        now=turn.now,
    )
    return turn.draft


def keep(turn: Turn, draft: Draft, case: Case) -> None:
    """Keep a case in its draft; what other flows keep beside it stays."""
    rest = {key: value for key, value in draft.answers.items() if key != PENDING}
    drafts.keep(draft, answers={**rest, **case.to_json()}, purpose=PURPOSE, awaiting=case.awaited, now=turn.now)


def drop_pending(turn: Turn, draft: Draft) -> None:
    """Forget what was wanted instead of the draft; its older keyboards stay stale."""
    if PENDING not in draft.answers:
        return
    rest = {key: value for key, value in draft.answers.items() if key != PENDING}
    drafts.keep(draft, answers=rest, awaiting=draft.awaiting, now=turn.now)


def valid(turn: Turn, case: Case) -> Answers:
    """Return the answers that belong to the case's path under the pack of today."""
    return still_valid(turn.policy, case.answers, on=case.date(turn))


def answers_given(turn: Turn, case: Case) -> tuple[Answered, ...]:
    """Return the answers that count, in the order of asking."""
    return answered(turn.policy, case.answers, on=case.date(turn))


def guiding(turn: Turn) -> tuple[Draft, Case]:
    """Return the officer's guide.

    Raises:
        Stale: The officer has none under way.
    """
    if turn.draft is None or turn.draft.purpose != PURPOSE:
        raise Stale
    return turn.draft, Case.from_json(turn.draft.answers)


def pressed(turn: Turn) -> tuple[Draft, Case]:
    """Return the guide whose button was pressed.

    Raises:
        Stale: The button belongs to another draft or an older version of it.
    """
    draft, case = guiding(turn)
    require_present(turn, draft)
    return draft, case


def require_present(turn: Turn, draft: Draft) -> None:
    """Refuse a button that was not made for the draft as it stands.

    Raises:
        Stale: The button belongs to another draft or an older version of it.
    """
    if (turn.pressed.id, turn.pressed.version) != (draft.id, draft.version):
        raise Stale
