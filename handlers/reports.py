"""Third-party credit reports: accepted by a short form that warns of what is missing and never blocks."""

from collections.abc import Mapping
from typing import Final

from bot import credit_reports as rules
from bot.credit_reports import ReportLine
from bot.forms import Filling, RecordForm
from bot.guidance import Outcome, next_step
from bot.policy.model import ProductKind
from bot.screens.screen import Screen
from handlers import acts, forms
from handlers.choosing import chosen, fresh
from handlers.forms import FormFlow
from handlers.timeline import shown
from handlers.turn import Flow, Stale, Turn
from storage import credit_reports, entry_values
from storage.ledger import Opened
from storage.tables import Decision


async def on_report(turn: Turn) -> Screen:
    """〔登记信用报告〕: of the one counterpart, or of one among several."""
    opened = await fresh(turn)
    lines = await _lines(turn, opened)
    choices = [(item_id, line.subject) for item_id, line in lines.items()]
    picked = chosen(opened.entry, choices, turn.pressed.arg, verb="rep", all_label=None)
    if isinstance(picked, Screen):
        return picked
    return await forms.begin(turn, REPORT, opened, picked, values=rules.values_of(lines[picked]))


async def _form(turn: Turn, opened: Opened, item_id: int, filling: Filling) -> RecordForm:
    line = await _line(turn, opened, item_id)
    about = (opened.entry.matter, *((line.subject,) if line.subject else ()), *await _cautions(turn, opened))
    blocks = rules.block_names(turn.policy)
    return rules.report_form(opened.entry, about, filling, blocks, corrects=line.is_written_down)


async def _record(turn: Turn, opened: Opened, item_id: int, filling: Filling) -> Screen:
    await _line(turn, opened, item_id)
    on, reason = filling.day("on"), filling.values.get("reason")
    async with acts.acting(turn, opened, "report.record", on=on, after={"item": item_id}, reason=reason):
        for row in await credit_reports.rows(turn.session, [item_id]):
            row.agency, row.on = filling.values["agency"], on
            row.number, row.grade = filling.values.get("number"), filling.values.get("grade")
            row.blocks = rules.blocks_of(filling, turn.policy)
            row.matches = rules.matches(filling)
    return await shown(turn, await acts.reopened(turn, opened.request.id))


async def _lines(turn: Turn, opened: Opened) -> dict[int, ReportLine]:
    items = [item for item in opened.items if item.product_kind == ProductKind.REPORT]
    return await credit_reports.of_items(
        turn.session, await entry_values.labels(turn.session, items, whole=opened.identifies)
    )


async def _line(turn: Turn, opened: Opened, item_id: int) -> ReportLine:
    line = (await _lines(turn, opened)).get(item_id)
    if line is None:
        raise Stale
    return line


async def _cautions(turn: Turn, opened: Opened) -> tuple[str, ...]:
    """Return what the pack of today says is to be heeded on the entry's matter, such as in a tender."""
    decision = await turn.session.get_one(Decision, opened.request.decision_id)
    answers = {question: tuple(options) for question, options in decision.answers.items()}
    step = next_step(turn.policy, answers, on=turn.today)
    return rules.subject_cautions(step) if isinstance(step, Outcome) else ()


REPORT: Final = FormFlow("report", _form, _record)

FORMS: Final[Mapping[str, FormFlow]] = {REPORT.name: REPORT}
PRESSES: Final[Mapping[str, Flow]] = {"rep": on_report}
