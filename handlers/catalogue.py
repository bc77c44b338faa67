"""The catalogue of matters in the chat: an officer proposes, a coordinator takes up, changes and retires."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from bot import rule_forms
from bot.dates import format_day
from bot.errors import Refusal
from bot.forms import Filling, RecordForm, step
from bot.language import _
from bot.policy.model import Matter
from bot.policy.overlay import Layer, LayerKind
from bot.scope import subject_word
from bot.screens import rules as screens
from bot.screens.screen import Screen
from bot.search import Entry, Index
from handlers import forms, rule_change, rule_history
from handlers.forms import AnyForm, OfficeForm
from handlers.searched import Searched
from handlers.turn import Flow, Stale, Turn
from storage import overlay

PURPOSE: Final = "matters"


async def on_matter(turn: Turn) -> Screen:
    """One matter with its history."""
    return await _shown(turn, _at(turn))


async def on_add(turn: Turn) -> Screen:
    """〔新增事项〕: a matter of the bureau's own."""
    return await forms.begin_office(turn, CHANGE, values={"listed": rule_forms.NO})


async def on_change(turn: Turn) -> Screen:
    """〔修改〕: everything about a matter that the bureau may say itself."""
    return await forms.begin_office(turn, CHANGE, values=rule_forms.filled_from(turn.policy, _at(turn)))


async def on_retire(turn: Turn) -> Screen:
    """〔停办〕, and of a retired one 〔恢复〕."""
    return await forms.begin_office(turn, RETIRE, values={"code": _at(turn).code})


async def _change_form(turn: Turn, _subject: int, filling: Filling) -> RecordForm:
    matter = _meant(turn, filling)
    form = rule_forms.matter_form(turn.policy, matter, None, today=turn.today)
    if step(form, filling) is not None:
        return form
    code = matter.code if matter else _DRAFT
    said = await _effect(turn, lambda: _changed(turn, matter, filling, code))
    return rule_forms.matter_form(turn.policy, matter, said, today=turn.today)


async def _change(turn: Turn, _subject: int, filling: Filling) -> Screen:
    matter = _meant(turn, filling)
    code = matter.code if matter else await _new_code(turn)
    layer = _changed(turn, matter, filling, code)
    await rule_change.put(turn, [layer], basis=filling.values["basis"])
    return screens.done(_("“%(name)s” is in force.") % {"name": layer.content["name"]}, "mats")


async def _retire_form(turn: Turn, _subject: int, filling: Filling) -> RecordForm:
    matter = _known(turn, filling)
    form = rule_forms.retire_form(matter, None)
    if step(form, filling) is not None:
        return form
    said = await _effect(turn, lambda: rule_forms.retired_matter(matter, filling))
    return rule_forms.retire_form(matter, said)


async def _retire(turn: Turn, _subject: int, filling: Filling) -> Screen:
    matter = _known(turn, filling)
    await rule_change.put(turn, [rule_forms.retired_matter(matter, filling)], basis=filling.values["basis"])
    if matter.effective_to is not None:
        return screens.done(_("“%(name)s” is handled again.") % {"name": matter.name}, "mats")
    last = format_day(dt.date.fromisoformat(filling.values["on"]), today=turn.today)
    return screens.done(_("“%(name)s” is handled until %(day)s.") % {"name": matter.name, "day": last}, "mats")


async def _stop(turn: Turn, _subject: int) -> Screen:
    return await _listed(turn, 0, "")


async def _standing(turn: Turn, _subject: int, filling: Filling) -> str:
    """Return the newest version of the matter that the form would replace."""
    code = filling.values.get("code")
    return await rule_history.newest(turn, LayerKind.MATTER, code) if code else ""


_DRAFT: Final = "b0"  # the code under which a matter is tried out before it has one
CHANGE: Final = OfficeForm("matter", "rules.keep", _change_form, _change, _stop, _standing)
RETIRE: Final = OfficeForm("matter_end", "rules.keep", _retire_form, _retire, _stop, _standing)


async def _effect(turn: Turn, layer: Any) -> str:
    """Return what the change would do, or why it cannot be made; what was filled in stays either way."""
    try:
        foreseen = await rule_change.foresee(turn.session, turn.office, [layer()], turn.now)
    except Refusal as refusal:
        return refusal.message
    return "\n".join(screens.effect_lines(foreseen.effect, foreseen.policy))


def _changed(turn: Turn, matter: Matter | None, filling: Filling, code: str) -> Layer:
    return rule_forms.changed_matter(turn.policy, matter, code, filling, subject_word=subject_word(None))


async def _new_code(turn: Turn) -> str:
    return await overlay.next_key(turn.session, "b")


def _at(turn: Turn) -> Matter:
    """Return the matter of a press.

    Raises:
        Stale: The catalogue has changed since.
    """
    matters = list(turn.policy.matters.values())
    if turn.pressed.version != turn.policy.stamp or turn.pressed.id >= len(matters):
        raise Stale
    return matters[turn.pressed.id]


def _meant(turn: Turn, filling: Filling) -> Matter | None:
    """Return the matter that a form is about; None for a new one."""
    return _known(turn, filling) if "code" in filling.values else None


def _known(turn: Turn, filling: Filling) -> Matter:
    matter = turn.policy.matters.get(filling.values.get("code", ""))
    if matter is None:
        raise Stale
    return matter


async def _listed(turn: Turn, page: int, query: str) -> Screen:
    rows = {
        matter.code: (place, matter.name, _mark(matter, turn))
        for place, matter in enumerate(turn.policy.matters.values())
        if not matter.signpost
    }
    if query:
        index = Index(Entry(matter.code, matter.name, matter.aliases) for matter in turn.policy.matters.values())
        rows = {code: rows[code] for code in index.find(query, limit=len(rows)) if code in rows}
    waiting = await overlay.proposed(turn.session)
    return screens.catalogue(list(rows.values()), turn.policy.stamp, page=page, query=query, waiting=waiting)


def _mark(matter: Matter, turn: Turn) -> str:
    if not matter.in_force(turn.today):
        return _(" (retired)")
    return _(" (confirmed)") if matter.source == "confirmed" else ""


async def _shown(turn: Turn, matter: Matter) -> Screen:
    policy = turn.policy
    facts = [
        (_("Number in the catalogue"), matter.code),
        (_("Category"), next(each.name for each in policy.categories if each.id == matter.category)),
        (_("Unit in charge"), policy.units[matter.owner].name),
        (_("On the confirmed list"), _("yes") if matter.source == "confirmed" else _("no")),
    ]
    if matter.required:
        required = _(", ").join(policy.products[each].short_name for each in matter.required)
        facts.append((_("Required products"), required))
    if matter.opinion_age_months is not None:
        facts += [(_("Oldest opinion, months"), str(matter.opinion_age_months)),
                  (_("Basis of that limit"), matter.opinion_age_basis or "")]  # fmt: skip
    if matter.effective_to is not None:
        facts.append((_("Last day"), format_day(matter.effective_to, today=turn.today)))
    place = list(policy.matters).index(matter.code)
    versions = await rule_history.versions(turn, LayerKind.MATTER, matter.code)
    retired = matter.effective_to is not None
    return screens.matter(matter.name, facts, (place, policy.stamp), versions, retired=retired)


_LIST: Final = Searched(PURPOSE, _listed)
PRESSES: Final[Mapping[str, Flow]] = {
    "mats": _LIST.on_open,
    "mat": on_matter,
    "madd": on_add,
    "mchg": on_change,
    "mret": on_retire,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: _LIST.on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: _LIST.present}
FORMS: Final[Mapping[str, AnyForm]] = {each.name: each for each in (CHANGE, RETIRE)}
