"""The wording of the quarter's summary with a coordinator: by paragraphs, since nobody types a page on a phone.

What an edit stands beside is told in ``bot.wording``; the figures below the wording are not changed by it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.errors import require_short
from bot.forms import Field, Filling, Kind, Option, RecordForm
from bot.issues import LONGEST
from bot.language import _, pgettext
from bot.quarters import Quarter, format_quarter
from bot.returns import PushState
from bot.screens.screen import Screen
from bot.wording import ADDED, Edit, Paragraph, edited, edits_from_json, edits_to_json, laid
from handlers import forms, quarter_files, quarter_material, quarter_summary
from handlers.forms import AnyForm, OfficeForm
from handlers.quarter_draft import REWRITE
from handlers.turn import Flow, Stale, Turn
from storage import work
from storage.tables import QuarterPush

MOST_WORDS: Final = 2400  # UTF-16 units of all paragraphs, so that they fit one message with the figures


async def on_edit(turn: Turn) -> Screen:
    """〔修改文字〕: paragraph by paragraph."""
    row = await quarter_summary.pressed(turn, PushState.DRAFTED)
    if isinstance(row, Screen):
        return row
    return await forms.begin_office(turn, WORDING, row.id)


async def on_drafted(turn: Turn) -> Screen:
    """〔恢复自动文字〕: what the figures draft, without any edit."""
    row = await quarter_summary.pressed(turn, PushState.DRAFTED)
    if isinstance(row, Screen):
        return row
    return await _kept(turn, row, {}, said=_("The wording is again as it was drafted."))


async def _form(turn: Turn, push_id: int, _filling: Filling) -> RecordForm:
    row = await quarter_summary.of_coordinator(turn, push_id)
    found = _material(turn, row).paragraphs
    named = list(zip(found, _names(len(found)), strict=True))
    return RecordForm(
        title=pgettext("summary", "Wording of the summary"),
        context=(
            format_quarter(Quarter(row.year, row.quarter)),
            *_texts(found),
        ),
        fields=(
            Field(
                "which",
                pgettext("line", "Paragraph"),
                _("Which paragraph is to be changed?"),
                Kind.CHOICE,
                options=(
                    *(Option(each.key, name) for each, name in named),
                    Option(ADDED, pgettext("line", "A new one")),
                ),
            ),
            Field(
                "text",
                pgettext("line", "Text"),
                _("Please write the paragraph anew; to strike it out, write %(word)s.") % {"word": _struck()},
                Kind.TEXT,
                hint=_("The figures below it come from the ledger and are not changed by it."),
                most=LONGEST,
            ),
        ),
        confirm=pgettext("button", "Keep"),
    )


async def _keep(turn: Turn, push_id: int, filling: Filling) -> Screen:
    row = await quarter_summary.of_coordinator(turn, push_id)
    text = filling.values["text"]
    if row.state is not PushState.DRAFTED:
        late = _("The summary was confirmed meanwhile, so this was not taken over: %(text)s") % {"text": text}
        return await quarter_summary.shown(turn, row, said=late)
    drafted = quarter_files.draft(turn.office, _material(turn, row).summary, turn.now)
    text = None if text == _struck() else text
    after = edited(edits_from_json(row.wording), drafted, filling.values["which"], text)
    require_short(*(each.text for each in laid(drafted, after)), most=MOST_WORDS)
    return await _kept(turn, row, after)


async def _kept(turn: Turn, row: QuarterPush, edits: Mapping[str, Edit], *, said: str | None = None) -> Screen:
    """Let a wording stand, and the report be made anew with it."""
    before = list(_material(turn, row).sentences)
    row.wording = edits_to_json(edits) or None
    row.files = {part: key for part, key in row.files.items() if part != "report"}
    turn.note("quarter.wording", ("quarter_push", row.id), before=before, after=list(_material(turn, row).sentences))
    await turn.session.flush()
    work.add(turn.session, REWRITE, {"push": row.id}, now=turn.now)
    return await quarter_summary.shown(turn, row, said=said)


async def _standing(turn: Turn, push_id: int, _filling: Filling) -> str:
    found = _material(turn, await quarter_summary.of_coordinator(turn, push_id)).paragraphs
    return "\n".join(_texts(found))


def _names(count: int) -> list[str]:
    return [pgettext("line", "Paragraph %(n)d") % {"n": n} for n in range(1, count + 1)]


def _texts(found: Sequence[Paragraph]) -> list[str]:
    """Return the paragraphs as the form shows them, before and after somebody else has changed them."""
    said = zip(_names(len(found)), found, strict=True)
    return [_("%(label)s: %(value)s") % {"label": name, "value": each.text} for name, each in said]


def _struck() -> str:
    """Return the word that strikes a paragraph out."""
    return pgettext("summary", "strike out")


def _material(turn: Turn, row: QuarterPush) -> quarter_material.Material:
    material = quarter_material.of_row(turn.office, row, turn.now)
    if material is None:
        raise Stale
    return material


async def _stopped(turn: Turn, push_id: int) -> Screen:
    return await quarter_summary.shown(turn, await quarter_summary.of_coordinator(turn, push_id))


WORDING: Final = OfficeForm("quarter_wording", "quarter.sum", _form, _keep, _stopped, _standing)

FORMS: Final[Mapping[str, AnyForm]] = {WORDING.name: WORDING}
PRESSES: Final[Mapping[str, Flow]] = {"qedt": on_edit, "qwrd": on_drafted}
