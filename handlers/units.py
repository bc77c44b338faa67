"""The units of the bureau in the chat, as a coordinator keeps them: added, renamed, dissolved.

What is said here is laid over the installed pack. A unit that is dissolved is not taken out of it: its entries, its
letters and its figures stay, but nobody can be put into it and no return is asked of it any more.
"""

from collections.abc import Mapping
from typing import Any, Final

from bot.errors import Refusal
from bot.forms import Field, Filling, Kind, Option, RecordForm, step
from bot.language import _, ngettext, pgettext
from bot.policy.model import Unit, UnitKind
from bot.policy.overlay import Layer, LayerKind
from bot.screens import people as screens
from bot.screens import rules as rule_screens
from bot.screens.screen import Screen, is_number
from handlers import forms, rule_change, rule_history
from handlers.forms import AnyForm, OfficeForm
from handlers.turn import Flow, Stale, Turn
from storage import overlay, people, staff

_LONGEST_NAME, _LONGEST_SHORT, _LONGEST_BASIS = 30, 8, 100


async def on_units(turn: Turn) -> Screen:
    """〔单位〕, a page of them: the units and how many people each has."""
    counts = await staff.head_count(turn.session)
    kept = {row.code: row.id for row in await people.units(turn.session)}
    rows = [
        (unit.name, unit.short_name, counts.get(kept[unit.code], 0), unit.dissolved_on)
        for unit in turn.policy.units.values()
    ]
    page = turn.press.arg if turn.press and turn.press.verb == "uni" else ""
    return screens.units(rows, page=int(page) if is_number(page) else 0, today=turn.today)


async def on_add(turn: Turn) -> Screen:
    """〔新增单位〕."""
    return await forms.begin_office(turn, UNIT)


async def on_change(turn: Turn) -> Screen:
    """A unit is called otherwise, or is dissolved; its short name stays, because ledger numbers carry it."""
    units = list(turn.policy.units.values())
    if turn.pressed.id >= len(units):
        raise Stale
    unit = units[turn.pressed.id]
    values = {"code": unit.code, "name": unit.name, "kind": unit.kind.value}
    if unit.dissolved_on is not None:
        values["gone"] = unit.dissolved_on.isoformat()
    return await forms.begin_office(turn, UNIT, values=values)


async def _form(turn: Turn, _subject: int, filling: Filling) -> RecordForm:
    unit = _meant(turn, filling)
    form = _asked(unit, None)
    if step(form, filling) is not None:
        return form
    try:
        staying = await _staying(turn, unit, filling)
        foreseen = await rule_change.foresee(turn.session, turn.office, [_layer(turn, unit, filling, "u0")], turn.now)
    except Refusal as refusal:
        return _asked(unit, refusal.message)
    return _asked(unit, "\n".join([*staying, *rule_screens.effect_lines(foreseen.effect, foreseen.policy)]))


async def _commit(turn: Turn, _subject: int, filling: Filling) -> Screen:
    unit = _meant(turn, filling)
    await _staying(turn, unit, filling)
    layer = _layer(turn, unit, filling, await overlay.next_key(turn.session, "u"))
    await rule_change.put(turn, [layer], basis=filling.values["basis"])
    if filling.day("gone") is not None:
        return rule_screens.done(_("“%(name)s” is noted as dissolved.") % {"name": layer.content["name"]}, "uni")
    return rule_screens.done(_("“%(name)s” is in force.") % {"name": layer.content["name"]}, "uni")


async def _staying(turn: Turn, unit: Unit | None, filling: Filling) -> list[str]:
    """Return what stays behind when a unit is dissolved, line by line.

    Raises:
        Refusal: People, invitations or matters still stand on it, or the bureau's summary is its task.
    """
    if unit is None or filling.day("gone") is None:
        return []
    kept = await people.unit_by_code(turn.session, unit.code)
    if kept is None:
        raise Stale
    if unit == turn.policy.legal_division(on=turn.today):
        raise Refusal(_("This unit sums up for the whole bureau. Please have the installed rules name another first."))
    held = await staff.held(turn.session, kept.id, now=turn.now)
    matters = sum(each.owner == unit.code for each in turn.policy.matters_on(turn.today))
    counted = (
        (held.people, ngettext("%(n)d person", "%(n)d persons", held.people)),
        (held.invitations, ngettext("%(n)d unused invitation", "%(n)d unused invitations", held.invitations)),
        (matters, ngettext("%(n)d matter in its charge", "%(n)d matters in its charge", matters)),
    )
    if standing := [said % {"n": n} for n, said in counted if n]:
        raise Refusal(
            _("This unit still has %(what)s. Please move, take back or reassign them first, then dissolve it.")
            % {"what": pgettext("list", ", ").join(standing)}
        )
    said = ngettext(
        "%(n)d open entry stays in its ledger, with the officer who handles it",
        "%(n)d open entries stay in its ledger, with the officers who handle them",
        held.open_entries,
    )
    return [said % {"n": held.open_entries}] if held.open_entries else []


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
    gone = Field("gone", _("Dissolved on"), _("From which day on is the unit dissolved?"), Kind.DAY, optional=True,
                 asked=False)  # fmt: skip
    return RecordForm(
        title=_("[Units]"),
        context=(unit.name,) if unit else (),
        fields=(
            short if unit is None else code,
            Field("name", _("Name"), _("What is the unit called?"), Kind.TEXT, most=_LONGEST_NAME),
            Field("kind", _("Kind of unit"), _("Which kind of unit is it?"), Kind.CHOICE, options=choices),
            *(() if unit is None else (gone,)),
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
        said = {"name": values["name"], "kind": values["kind"], "dissolved_on": values.get("gone")}
        content = {**unit.model_dump(mode="json"), **said}
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


UNIT: Final = OfficeForm("unit", "people.keep", _form, _commit, _stop, _standing)
PRESSES: Final[Mapping[str, Flow]] = {"uni": on_units, "uadd": on_add, "uset": on_change}
FORMS: Final[Mapping[str, AnyForm]] = {UNIT.name: UNIT}
