"""One counterpart: looked at by whoever may, its names, codes and merges kept right by the coordinator."""

from collections.abc import Mapping
from typing import Final

from bot.errors import Refusal
from bot.forms import Field, Filling, Kind, RecordForm
from bot.identifiers import read_code, read_legacy_code
from bot.language import _, pgettext
from bot.plaintext import visible
from bot.screens import counterparts as screens
from bot.screens.screen import Screen, is_number
from handlers import drafts_aside, forms
from handlers.forms import AnyForm, OfficeForm
from handlers.sight import sight_of
from handlers.timeline import wording
from handlers.turn import Flow, Stale, Turn
from storage import counterparts, dossiers, finding
from storage.tables import Counterpart

PURPOSE: Final = "counterpart"

_SHORTEST, _LONGEST = 2, 80  # characters of a name
_MERGE: Final = "merge"


async def on_look(turn: Turn) -> Screen:
    """A counterpart was pressed; every look at one is in the audit."""
    if turn.draft is not None and turn.draft.purpose in (PURPOSE, forms.PURPOSE):
        await drafts_aside.let_go(turn)
    return await _shown(turn, turn.pressed.id)


async def on_rename(turn: Turn) -> Screen:
    """〔更名〕: ask for the new name."""
    return await _begin(turn, RENAME)


async def on_legacy(turn: Turn) -> Screen:
    """〔组织机构代码〕: ask for the old code."""
    return await _begin(turn, LEGACY)


async def on_ask(turn: Turn) -> Screen:
    """〔合并〕: let the next text be the code of the other one."""
    row = await _kept(turn, turn.pressed.id)
    turn.looked("counterpart", row.id)
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers={"id": row.id, "act": _MERGE})
    return screens.ask(row.name or "", row.id)


async def on_typed(turn: Turn) -> Screen:
    """The other one's code was typed."""
    row = await _asked(turn)
    return await _merging(turn, row, turn.text)


async def present(turn: Turn) -> Screen:
    """Return the question that is open, computed from the draft alone."""
    row = await _asked(turn)
    return screens.ask(row.name or "", row.id)


async def on_merge(turn: Turn) -> Screen:
    """〔合并〕 was confirmed: from now on the one is kept under the other."""
    row = await _kept(turn, turn.pressed.id)
    if not is_number(turn.pressed.arg):
        raise Stale
    into = await _kept(turn, int(turn.pressed.arg))
    if row.merged_into_id is not None or not await counterparts.merge(turn.session, row, into):
        raise Refusal(_("Both are one counterpart already."))
    turn.note("counterpart.merge", ("counterpart", row.id), after={"into": into.id})
    if turn.draft is not None and turn.draft.purpose == PURPOSE:
        await drafts_aside.take_up(turn)
    return await _shown(turn, into.id, toast=_("Recorded"))


async def on_part(turn: Turn) -> Screen:
    """解除合并: both stand for themselves again, as before."""
    row = await _kept(turn, turn.pressed.id)
    if row.merged_into_id is None:
        raise Stale
    before, row.merged_into_id = row.merged_into_id, None
    await turn.session.flush()
    turn.note("counterpart.part", ("counterpart", row.id), before={"into": before})
    return await _shown(turn, before, toast=_("Taken back"))


async def _shown(turn: Turn, counterpart_id: int, toast: str | None = None) -> Screen:
    sight = await sight_of(turn.session, turn.office, turn.officer, turn.today)
    found = await dossiers.dossier(turn.session, sight, counterpart_id)
    if found is None:
        raise Refusal(_("There is no such counterpart that you may see."))
    dossier, ids = found
    entries = await finding.of_counterpart(turn.session, sight, ids)
    turn.looked("counterpart", dossier.id)
    words = wording(turn.office, turn.today)
    return screens.shown(dossier, entries, words, keeps=_keeps(turn), toast=toast)


async def _kept(turn: Turn, counterpart_id: int) -> Counterpart:
    """Return an organisation whose names and codes this officer keeps right.

    Raises:
        Refusal: That is the coordinator's.
        Stale: There is none of that key.
    """
    if not _keeps(turn):
        raise Refusal(_("Names and codes of counterparts are kept by the coordinators."))
    row = await turn.session.get(Counterpart, counterpart_id, populate_existing=True)
    if row is None or row.name is None:
        raise Stale
    return row


def _keeps(turn: Turn) -> bool:
    return turn.may("counterpart.keep")


async def _asked(turn: Turn) -> Counterpart:
    draft = turn.draft
    if draft is None or draft.purpose != PURPOSE or draft.answers["act"] != _MERGE:
        raise Stale  # a new name or an old code was asked here before either was confirmed by a form
    return await _kept(turn, draft.answers["id"])


async def _begin(turn: Turn, flow: OfficeForm) -> Screen:
    row = await _kept(turn, turn.pressed.id)
    turn.looked("counterpart", row.id)
    return await forms.begin_office(turn, flow, row.id)


def _asking(title: str, row: Counterpart, line: Field) -> RecordForm:
    return RecordForm(title, (row.name or "",), (line,), pgettext("button", "Confirm"))


async def _rename_form(turn: Turn, counterpart_id: int, filling: Filling) -> RecordForm:
    row = await _kept(turn, counterpart_id)
    if "name" in filling.values:
        _name(filling.values["name"], row)
    asked = _("Please send the new full name. It is still found under its former one.")
    return _asking(_("[Counterpart] new name"), row, Field("name", _("New name"), asked, Kind.TEXT))


async def _rename(turn: Turn, counterpart_id: int, filling: Filling) -> Screen:
    row = await _kept(turn, counterpart_id)
    before = row.name
    await counterparts.rename(turn.session, row, _name(filling.values["name"], row))
    turn.note("counterpart.rename", ("counterpart", row.id), before={"name": before}, after={"name": row.name})
    return await _shown(turn, row.id, toast=_("Recorded"))


async def _present_name(turn: Turn, counterpart_id: int, _filling: Filling) -> str:
    return (await _kept(turn, counterpart_id)).name or ""


async def _legacy_form(turn: Turn, counterpart_id: int, filling: Filling) -> RecordForm:
    row = await _kept(turn, counterpart_id)
    if "code" in filling.values:
        await _legacy_code(turn, row, filling.values["code"])
    asked = _("Please send the organisation code of nine characters, with or without its hyphen.")
    line = Field("code", _("Organisation code"), asked, Kind.TEXT)
    return _asking(_("[Counterpart] organisation code"), row, line)


async def _put_legacy(turn: Turn, counterpart_id: int, filling: Filling) -> Screen:
    row = await _kept(turn, counterpart_id)
    before = row.legacy_code
    row.legacy_code = await _legacy_code(turn, row, filling.values["code"])
    await turn.session.flush()
    after = {"legacy_code": row.legacy_code}
    turn.note("counterpart.legacy", ("counterpart", row.id), before={"legacy_code": before}, after=after)
    return await _shown(turn, row.id, toast=_("Recorded"))


async def _present_code(turn: Turn, counterpart_id: int, _filling: Filling) -> str:
    return (await _kept(turn, counterpart_id)).legacy_code or ""


def _name(text: str, row: Counterpart) -> str:
    name = " ".join(visible(text).split())
    if not _SHORTEST <= len(name) <= _LONGEST:
        raise Refusal(
            _("The name has %(count)d characters; 2 to 80 are possible. Please send the full name only.")
            % {"count": len(name)}
        )
    if name == row.name:
        raise Refusal(_("This is the present name already. Please send the new one."))
    return name


async def _legacy_code(turn: Turn, row: Counterpart, text: str) -> str:
    """Return the organisation code that was typed.

    Raises:
        Refusal: It is none, or another counterpart has it: then the two are to be merged.
    """
    code = read_legacy_code(text)
    own = (await counterparts.relatives(turn.session, [row.id]))[row.id]
    for other in (await counterparts.family(turn.session, [code]))[code] - own:
        name = (await dossiers.names(turn.session, [other]))[other]
        raise Refusal(
            _("%(name)s has this code already. Where both are the same organisation, please merge them.")
            % {"name": name}
        )
    return code


async def _merging(turn: Turn, row: Counterpart, text: str) -> Screen:
    """Show whom a code names, before anything is merged."""
    code = read_code(text).value
    known = (await counterparts.family(turn.session, [code]))[code]
    if not known:
        raise Refusal(_("No counterpart with this code is in the ledger. Please check and send it again."))
    into = (await counterparts.survivors(turn.session, known))[min(known)]
    if row.id in known or into == row.id:
        raise Refusal(_("Both are one counterpart already."))
    name = (await dossiers.names(turn.session, [into]))[into]
    return screens.merging(row.id, row.name or "", into, name)


RENAME: Final = OfficeForm("rename", "counterpart.keep", _rename_form, _rename, _shown, _present_name)
LEGACY: Final = OfficeForm("legacy_code", "counterpart.keep", _legacy_form, _put_legacy, _shown, _present_code)

FORMS: Final[Mapping[str, AnyForm]] = {each.name: each for each in (RENAME, LEGACY)}
PRESSES: Final[Mapping[str, Flow]] = {
    "cpt": on_look,
    "cren": on_rename,
    "cmrg": on_ask,
    "cleg": on_legacy,
    "cmok": on_merge,
    "cpart": on_part,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
