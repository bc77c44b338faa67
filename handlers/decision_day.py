"""The planned day of decision: set, moved or taken out while a matter is under way; what hangs on it follows.

It is a plan and no mistake, so that no reason is asked for; the timeline keeps what stood there before.
"""

from collections.abc import Mapping
from typing import Final

from bot.deadlines import latest_submission
from bot.forms import Field, Filling, Kind, RecordForm, When
from bot.language import _, pgettext
from bot.screens.ledger import Wording
from bot.screens.screen import Screen
from bot.workdays import Reckoned
from handlers import acts, forms
from handlers.choosing import fresh
from handlers.forms import FormFlow
from handlers.timeline import shown, words_of
from handlers.turn import Flow, Turn
from storage.ledger import Opened


async def on_plan(turn: Turn) -> Screen:
    """〔拟决定日〕 of an entry."""
    return await forms.begin(turn, PLAN, await fresh(turn))


async def _form(turn: Turn, opened: Opened, _subject: int, filling: Filling) -> RecordForm:
    question = _("On which day is the matter to be decided?")
    day = Field("decide_on", _("Planned day of decision"), question, Kind.DAY, when=When.AHEAD, optional=True)
    return RecordForm(
        _("[Planned decision] %(number)s") % {"number": opened.entry.number},
        (opened.entry.matter,),
        (day,),
        pgettext("button", "Confirm"),
        "\n".join(_effect(turn, opened, filling, words_of(turn, opened.entry))) or None,
    )


async def _record(turn: Turn, opened: Opened, _subject: int, filling: Filling) -> Screen:
    on, request = filling.day("decide_on"), opened.request
    was = request.decide_on.isoformat() if request.decide_on else None
    async with acts.acting(turn, opened, "request.decide", on=on, after={"line": "decide_on", "was": was}):
        latest = _latest(turn, filling)
        request.decide_on = on
        request.submit_by_on = latest.on if latest else None
        request.submit_by_provisional = latest.provisional if latest else False
    return await shown(turn, await acts.reopened(turn, request.id))


def _effect(turn: Turn, opened: Opened, filling: Filling, words: Wording) -> list[str]:
    """Return what follows from a day: until when to submit, and which opinions will have ended by then.

    Source: domain.md A10: an opinion must hold on the day of the decision.
    """
    on, latest = filling.day("decide_on"), _latest(turn, filling)
    if on is None or latest is None:
        return []
    said = []
    if opened.entry.open and opened.entry.submitted_on is None:
        day = words.day(latest.on, provisional=latest.provisional)
        said.append(_("Last day to submit: %(day)s") % {"day": day})
    ended = [each for each in opened.entry.opinions if each.valid_to < on]
    if len(ended) == 1:
        day = words.day(ended[0].valid_to)
        said.append(
            _("Please note: the opinion ends on %(day)s, before the decision; apply anew in time") % {"day": day}
        )
    elif ended:
        said.append(_("Please note: %(n)d opinions end before the decision; apply anew in time") % {"n": len(ended)})
    return said


def _latest(turn: Turn, filling: Filling) -> Reckoned | None:
    on, settings = filling.day("decide_on"), turn.policy.settings
    if on is None:
        return None
    return latest_submission(
        turn.office.calendar,
        on,
        working_days=settings.feedback_working_days,
        margin_working_days=settings.submit_margin_working_days,
    )


PLAN: Final = FormFlow("decide", _form, _record)
FORMS: Final[Mapping[str, FormFlow]] = {PLAN.name: PLAN}
PRESSES: Final[Mapping[str, Flow]] = {"pdec": on_plan}
