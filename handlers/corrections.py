"""Corrections: one line of an entry put right afterwards, with the reason; what stood there stays in the audit."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from sqlalchemy import select

from bot.deadlines import valid_until
from bot.errors import Refusal
from bot.forms import Field, Filling, Kind, Option, RecordForm, When
from bot.language import _, pgettext
from bot.ledger import Entry
from bot.opinion_forms import LIMITS, USES
from bot.opinions import BY_POLICY, LONGEST_NUMBER, PRINTED, Finding, finding_name, require_dates, used_name
from bot.screens import entry_acts
from bot.screens.screen import Screen, is_number
from bot.screens.timeline import line_name
from handlers import acts, forms, planning
from handlers.forms import FormFlow
from handlers.timeline import shown
from handlers.turn import Flow, Stale, Turn
from storage.ledger import Opened
from storage.tables import Applicant, FollowUp, FollowUpState, Item, Opinion

CHOICES: Final = 8
_DAYS: Final = ("submitted_on", "received_on", "returned_on", "used_on")
_OF_OPINION: Final = ("issued_on", "valid_to", "number", "finding")


async def on_correct(turn: Turn) -> Screen:
    """〔更正〕: of the entry, and of one opinion where there are several."""
    opened = await acts.changeable(turn, turn.pressed.id)
    if turn.pressed.version != opened.request.version:
        raise Stale
    own = [each for each in opened.entry.opinions if not each.reused]
    arg = turn.pressed.arg
    if len(own) < 2 or arg == "all":
        return await forms.begin(turn, CORRECT, opened, own[0].item_id if len(own) == 1 else 0)
    if is_number(arg) and int(arg) in {each.item_id for each in own}:
        return await forms.begin(turn, CORRECT, opened, int(arg))
    names = [(each.item_id, each.subject) for each in own[:CHOICES]]
    dates = pgettext("button", "The entry's own dates")
    return entry_acts.which_subject(opened.entry, names, verb="corr", all_label=dates)


async def _form(turn: Turn, opened: Opened, item_id: int, filling: Filling) -> RecordForm:
    entry = opened.entry
    opinion = next((each for each in entry.opinions if each.item_id == item_id and not each.reused), None)
    lines = [Option(each, line_name(each)) for each in _DAYS if getattr(entry, each) is not None]
    lines += [Option(each, line_name(each)) for each in _OF_OPINION if opinion is not None]
    if _of_use(opened, item_id):
        lines.append(Option("used_as", line_name("used_as")))
    ahead = filling.values.get("line") == "valid_to"
    fields = (
        Field("line", _("Line"), _("Which line is wrong?"), Kind.CHOICE, tuple(lines)),
        Field("day", _("Right day"), _("Which day is right?"), Kind.DAY,
              when=When.EITHER if ahead else When.PAST, only_if={"line": (*_DAYS, "issued_on", "valid_to")}),
        Field("number", _("Right number"), _("Please send the right number."), Kind.TEXT, most=LONGEST_NUMBER,
              only_if={"line": ("number",)}),
        Field("finding", _("Right result"), _("Which result is right?"), Kind.CHOICE,
              tuple(Option(each.value, finding_name(each)) for each in Finding), only_if={"line": ("finding",)}),
        Field("used_as", _("Right use"), _("Which use is right?"), Kind.CHOICE,
              tuple(Option(each, used_name(each)) for each in USES), only_if={"line": ("used_as",)}),
        Field("basis", _("Basis of the measure"), _("Which law or document is the limit based on?"), Kind.TEXT,
              only_if={"used_as": LIMITS}),
        Field("reason", _("Reason"), _("Why is it corrected? The reason stays in the ledger."), Kind.TEXT),
    )  # fmt: skip
    return RecordForm(
        _("[Correction] %(number)s") % {"number": entry.number},
        (entry.matter,),
        fields,
        pgettext("button", "Confirm"),
        _("What stood there before stays in the timeline."),
    )


async def _record(turn: Turn, opened: Opened, item_id: int, filling: Filling) -> Screen:
    """Put the line right: dates that follow from it are reckoned again, reminders planned anew."""
    line, on = filling.values["line"], filling.day("day")
    opinion = await _opinion(turn, item_id)
    _require_order(opened.entry, line, on)
    used = _of_use(opened, item_id) if line == "used_as" else []
    was = used[0].used_as if used else _was(opened.entry, opinion, line)
    after = {"line": line, "item": item_id, "was": was, "is": filling.values.get(line)}
    async with acts.acting(turn, opened, "request.correct", on=on, after=after, reason=filling.values["reason"]):
        if line in _OF_OPINION:
            await _correct_opinion(turn, opinion, line, filling)
        elif line == "used_as":
            for item in used:
                item.used_as, item.basis = filling.values["used_as"], filling.values.get("basis")
        elif on is not None:
            for item in opened.verifications:
                _correct_day(turn, item, line, on)
    return await shown(turn, await acts.reopened(turn, opened.request.id))


def _of_use(opened: Opened, item_id: int) -> list[Item]:
    """Return the one verification whose use can be put right; among several one has to be chosen first."""
    items = [item for item in opened.verifications if item_id in (0, item.id)]
    return items if len(items) == 1 and items[0].used_as else []


def _correct_day(turn: Turn, item: Item, line: str, on: dt.date) -> None:
    before: dt.date | None = getattr(item, line)
    if before is None:
        return
    setattr(item, line, on)
    if line == "returned_on" and item.applicant is Applicant.COUNTERPART and item.submitted_on is not None:
        item.submitted_on = min(item.submitted_on, on)
    if (line == "received_on" and item.resumed_on is None) or (line == "submitted_on" and item.received_on is None):
        planning.reckon(turn.office, item, on)
    if line == "received_on" and item.supplement_left is not None:
        _correct_pause(turn, item, later=turn.office.calendar.between(before, on))


def _correct_pause(turn: Turn, item: Item, *, later: int) -> None:
    """The period began some working days later: as many more of it were left when it was stopped.

    It matters where the pack only pauses the clock for a supplement; where it begins anew nothing follows from it.
    """
    item.supplement_left = max(0, (item.supplement_left or 0) + later)
    if item.resumed_on is not None:
        planning.resume_clock(turn.office, item, item.resumed_on)


async def _correct_opinion(turn: Turn, opinion: Opinion | None, line: str, filling: Filling) -> None:
    if opinion is None:
        raise Stale
    on = filling.day("day")
    match line:
        case "number":
            opinion.number = filling.values["number"]
        case "finding":
            opinion.result = filling.values["finding"]
            await _follow_up(turn, opinion, is_adverse=Finding(filling.values["finding"]).is_adverse)
        case "valid_to" if on is not None:
            require_dates(opinion.issued_on, on, today=turn.today)
            opinion.valid_to, opinion.valid_source = on, PRINTED
        case _ if on is not None:
            opinion.issued_on = on
            if opinion.valid_source == BY_POLICY:
                settings = turn.policy.settings
                opinion.valid_to = valid_until(on, months=settings.validity_months, end=settings.validity_end)
            require_dates(on, opinion.valid_to, today=turn.today)


async def _follow_up(turn: Turn, opinion: Opinion, *, is_adverse: bool) -> None:
    """Open the side task of a finding that turned out to be adverse; end it where it turned out not to be."""
    task = await turn.session.scalar(select(FollowUp).where(FollowUp.opinion_id == opinion.id))
    if task is None:
        if is_adverse:
            turn.session.add(FollowUp(opinion_id=opinion.id, created_at=turn.now))
    elif is_adverse and task.state is FollowUpState.CLOSED:
        task.state, task.closed_on = FollowUpState.INFORMED if task.informed_on else FollowUpState.OPEN, None
    elif not is_adverse:
        task.state, task.closed_on = FollowUpState.CLOSED, turn.today


def _was(entry: Entry, opinion: Opinion | None, line: str) -> str | None:
    """Return what stood in a line before, for the timeline."""
    before = getattr(opinion if line in _OF_OPINION else entry, "result" if line == "finding" else line)
    return before.isoformat() if isinstance(before, dt.date) else before


async def _opinion(turn: Turn, item_id: int) -> Opinion | None:
    wanted = select(Opinion).where(
        Opinion.item_id == item_id, Opinion.undone_at.is_(None), Opinion.superseded_at.is_(None)
    )
    opinion: Opinion | None = await turn.session.scalar(wanted)
    return opinion


def _require_order(entry: Entry, line: str, on: dt.date | None) -> None:
    """Refuse a day that would turn the entry's life around.

    Raises:
        Refusal: The day does not fit between its neighbours.
    """
    order: tuple[str, ...] = ("submitted_on", "received_on", "returned_on", "used_on")
    if entry.applicant == "counterpart" and line == "returned_on":
        order = order[2:]  # the day on which it is counted says nothing about when they applied; it moves with this one
    if line not in order or on is None:
        return
    at = order.index(line)
    before = [day for each in order[:at] if (day := getattr(entry, each)) is not None]
    later = [day for each in order[at + 1 :] if (day := getattr(entry, each)) is not None]
    if any(on < day for day in before) or any(on > day for day in later):
        raise Refusal(_("The day does not fit the other dates of the entry. Please check them and send it again."))


CORRECT: Final = FormFlow("correct", _form, _record)
FORMS: Final[Mapping[str, FormFlow]] = {CORRECT.name: CORRECT}
PRESSES: Final[Mapping[str, Flow]] = {"corr": on_correct}
