"""The units of the bureau in the chat: added and renamed by a coordinator, laid over those of the installed pack."""

from collections.abc import Mapping
from typing import Any, Final

from bot.errors import Refusal
from bot.forms import Field, Filling, Kind, Option, RecordForm, step
from bot.language import _, pgettext
from bot.policy.model import Unit, UnitKind
from bot.policy.overlay import Layer, LayerKind
from bot.screens import people as screens
from bot.screens import rules as rule_screens
from bot.screens.screen import Screen
from handlers import forms, rule_change, rule_history
from handlers.forms import AnyForm, OfficeForm
from handlers.turn import Flow, Stale, Turn
from storage import overlay, people, staff

_LONGEST_NAME, _LONGEST_SHORT, _LONGEST_BASIS = 30, 8, 100


async def on_units(turn: Turn) -> Screen:
    """〔单位〕: the units and how many people each has."""
    counts = await staff.head_count(turn.session)
    kept = {row.code: row.id for row in await people.units(turn.session)}
    rows = [
        (unit.name, unit.short_name, counts.get(kept[unit.code], 0))
        for unit in turn.policy.units.values()
        if unit.code in kept
    ]
    return screens.units(rows)


async def on_add(turn: Turn) -> Screen:
    """〔新增单位〕."""
    return await forms.begin_office(turn, UNIT)


async def on_rename(turn: Turn) -> Screen:
    """A unit is to be called otherwise; its short name stays, because ledger numbers carry it."""
    units = list(turn.policy.units.values())
    if turn.pressed.id >= len(units):
        raise Stale
    unit = units[turn.pressed.id]
    return await forms.begin_office(turn, UNIT, values={"code": unit.code, "kind": unit.kind.value})


async def _form(turn: Turn, _subject: int, filling: Filling) -> RecordForm:
    unit = _meant(turn, filling)
    form = _asked(unit, None)
    if step(form, filling) is not None:
        return form
    try:
        foreseen = await rule_change.foresee(turn, [_layer(turn, unit, filling, "u0")])
    except Refusal as refusal:
        return _asked(unit, refusal.message)
    return _asked(unit, "\n".join(rule_screens.effect_lines(foreseen.effect, foreseen.policy)))


async def _commit(turn: Turn, _subject: int, filling: Filling) -> Screen:
    unit = _meant(turn, filling)
    layer = _layer(turn, unit, filling, await overlay.next_key(turn.session, "u"))
    await rule_change.put(turn, [layer], basis=filling.values["basis"])
    return rule_screens.done(_("“%(name)s” is in force.") % {"name": layer.content["name"]}, "uni")


async def _stop(turn: Turn, _subject: int) -> Screen:
    return await on_units(turn)


def _asked(unit: Unit | None, effect: str | None) -> RecordForm:
    kinds = {
        UnitKind.DIVISION: pgettext("unit", "division"),
        UnitKind.AFFILIATE: pgettext("unit", "affiliated unit"),
        UnitKind.BRANCH: pgettext("unit", "branch"),
    }
    choices = tuple(Option(kind.value, label) for kind, label in kinds.items())
    only = () if unit is None else (Option(unit.code, unit.code),)
    short = Field("short", _("Short name"), _("Which short name stands in ledger numbers?"), Kind.TEXT,
                  hint=_("It cannot be changed later"), most=_LONGEST_SHORT)  # fmt: skip
    code = Field("code", _("Number of the unit"), _("Which unit?"), Kind.CHOICE, options=only)
    return RecordForm(
        title=_("[Units]"),
        context=(unit.name,) if unit else (),
        fields=(
            short if unit is None else code,
            Field("name", _("Name"), _("What is the unit called?"), Kind.TEXT, most=_LONGEST_NAME),
            Field("kind", _("Kind of unit"), _("Which kind of unit is it?"), Kind.CHOICE, options=choices),
            Field("basis", _("Basis"), _("What does the change rest on, such as a document or a decision?"), Kind.TEXT,
                  most=_LONGEST_BASIS),
        ),
        confirm=pgettext("button", "Put in force"),
        effect=effect,
    )  # fmt: skip


def _layer(turn: Turn, unit: Unit | None, filling: Filling, code: str) -> Layer:
    """Return the unit that the form describes.

    Raises:
        Refusal: Another unit has that short name, so that two entries would carry one number.
    """
    values: Mapping[str, Any] = filling.values
    if unit is not None:
        content = {**unit.model_dump(mode="json"), "name": values["name"], "kind": values["kind"]}
        return Layer(LayerKind.UNIT, unit.code, content)
    if values["short"] in {each.short_name for each in turn.policy.units.values()}:
        raise Refusal(_("Another unit has this short name. Please choose another one."))
    content = {"code": code, "short_name": values["short"], "name": values["name"], "kind": values["kind"]}
    return Layer(LayerKind.UNIT, code, content)


def _meant(turn: Turn, filling: Filling) -> Unit | None:
    if "code" not in filling.values:
        return None
    unit = turn.policy.units.get(filling.values["code"])
    if unit is None:
        raise Stale
    return unit


async def _standing(turn: Turn, _subject: int, filling: Filling) -> str:
    """Return the newest version of the unit that the form would replace."""
    code = filling.values.get("code")
    return await rule_history.newest(turn, LayerKind.UNIT, code) if code else ""


UNIT: Final = OfficeForm("unit", _form, _commit, _stop, _standing)
PRESSES: Final[Mapping[str, Flow]] = {"uni": on_units, "uadd": on_add, "uset": on_rename}
FORMS: Final[Mapping[str, AnyForm]] = {UNIT.name: UNIT}
