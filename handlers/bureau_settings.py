"""The settings of the pack that the bureau may change, each with its bounds, its basis and its effect seen before."""

from collections.abc import Mapping
from typing import Final

from bot import rule_forms
from bot.errors import Refusal
from bot.forms import Filling, RecordForm, step
from bot.language import _
from bot.policy.overlay import Layer, LayerKind
from bot.rule_forms import Adjustable
from bot.screens import rules as screens
from bot.screens.screen import Screen
from handlers import forms, rule_change, rule_history
from handlers.forms import AnyForm, OfficeForm
from handlers.turn import Flow, Stale, Turn
from storage import overlay
from storage.overlay import values_of

CONFIRMED: Final = "about.confirmed_in_force_by"


async def on_settings(turn: Turn) -> Screen:
    """〔参数设置〕: what stands, and which of it is the bureau's own."""
    return await _overview(turn)


async def on_set(turn: Turn) -> Screen:
    """One of them is to be changed; the last button confirms that the rules are in force."""
    found = rule_forms.adjustables()
    if turn.pressed.id < len(found):
        return await forms.begin_office(turn, SETTING, turn.pressed.id)
    if turn.pressed.id == len(found):
        return await forms.begin_office(turn, IN_FORCE)
    raise Stale


async def _setting_form(turn: Turn, subject: int, filling: Filling) -> RecordForm:
    each = _of(subject)
    form = rule_forms.setting_form(each, turn.policy, None)
    if step(form, filling) is not None:
        return form
    return rule_forms.setting_form(each, turn.policy, await _effect(turn, each, filling))


async def _setting(turn: Turn, subject: int, filling: Filling) -> Screen:
    each = _of(subject)
    value = each.value(filling.values["value"])
    await rule_change.put(turn, [Layer(LayerKind.SETTING, each.path, {"value": value})], basis=filling.values["basis"])
    said = _("%(name)s: %(value)s is in force.") % {"name": each.label, "value": each.shown(value)}
    return screens.done(said, "sets")


async def _effect(turn: Turn, each: Adjustable, filling: Filling) -> str:
    try:
        layer = Layer(LayerKind.SETTING, each.path, {"value": each.value(filling.values["value"])})
        foreseen = await rule_change.foresee(turn.session, turn.office, [layer], turn.now)
    except Refusal as refusal:
        return refusal.message
    return "\n".join(screens.effect_lines(foreseen.effect, foreseen.policy))


async def _standing(turn: Turn, subject: int, _filling: Filling) -> str:
    """Return what the setting says in this transaction; the rules in force may follow a moment later."""
    each = _of(subject)
    own = {layer.key: layer.content["value"] for layer in await overlay.layers(turn.session) if layer.key == each.path}
    value = each.shown(own.get(each.path, rule_forms.standing(turn.office.pack, each.path)))
    return _("%(label)s: %(value)s") % {"label": each.label, "value": value}


async def _confirmed_form(turn: Turn, _subject: int, _filling: Filling) -> RecordForm:
    return rule_forms.confirmed_form(turn.policy, None)


async def _confirmed(turn: Turn, _subject: int, filling: Filling) -> Screen:
    values = filling.values
    layers = values_of({CONFIRMED: values["by"], "about.confirmed_in_force_on": values["on"]})
    await rule_change.put(turn, layers, basis=values["basis"])
    return screens.done(_("The rules are confirmed in force by %(by)s.") % {"by": values["by"]}, "sets")


async def _who_confirmed(turn: Turn, _subject: int, _filling: Filling) -> str:
    """Return by whom the rules are confirmed in force, as the form would replace it."""
    return await rule_history.newest(turn, LayerKind.SETTING, CONFIRMED)


async def _stop(turn: Turn, _subject: int) -> Screen:
    return await _overview(turn)


async def _overview(turn: Turn) -> Screen:
    own = {layer.key for layer in await overlay.layers(turn.session)}
    found = rule_forms.adjustables()
    rows = [
        (place, each.label, each.shown(rule_forms.standing(turn.policy, each.path)), each.path in own)
        for place, each in enumerate(found)
    ]
    confirmed = turn.policy.content.about.confirmed_in_force_by or _("not yet")
    rows.append((len(found), _("Confirmed in force"), confirmed, CONFIRMED in own))
    return screens.settings(rows)


def _of(subject: int) -> Adjustable:
    found = rule_forms.adjustables()
    if subject >= len(found):
        raise Stale
    return found[subject]


SETTING: Final = OfficeForm("setting", "rules.keep", _setting_form, _setting, _stop, _standing)
IN_FORCE: Final = OfficeForm("in_force", "rules.keep", _confirmed_form, _confirmed, _stop, _who_confirmed)
PRESSES: Final[Mapping[str, Flow]] = {"sets": on_settings, "sset": on_set}
FORMS: Final[Mapping[str, AnyForm]] = {each.name: each for each in (SETTING, IN_FORCE)}
