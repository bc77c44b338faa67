"""One counterpart: looked at by whoever may, its names, codes and merges kept right by the coordinator."""

from collections.abc import Mapping
from typing import Any, Final

from bot.errors import Refusal
from bot.identifiers import read_code, read_legacy_code
from bot.language import _
from bot.plaintext import visible
from bot.screens import counterparts as screens
from bot.screens.screen import Screen, is_number
from handlers import drafts_aside
from handlers.sight import sight_of
from handlers.timeline import wording
from handlers.turn import Flow, Stale, Turn
from storage import counterparts, dossiers, finding
from storage.tables import Counterpart

PURPOSE: Final = "counterpart"

_SHORTEST, _LONGEST = 2, 80  # characters of a name
_ACTS: Final[Mapping[str, str]] = {"cren": "rename", "cmrg": "merge", "cleg": "legacy"}


async def on_look(turn: Turn) -> Screen:
    """A counterpart was pressed; every look at one is in the audit."""
    if turn.draft is not None and turn.draft.purpose == PURPOSE:
        await drafts_aside.take_up(turn)
    return await _shown(turn, turn.pressed.id)


async def on_ask(turn: Turn) -> Screen:
    """更名, 合并, 组织机构代码: let the next text be the answer."""
    row = await _kept(turn, turn.pressed.id)
    act = _ACTS[turn.pressed.verb]
    turn.looked("counterpart", row.id)
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers={"id": row.id, "act": act})
    return screens.ask(act, row.name or "", row.id)


async def on_typed(turn: Turn) -> Screen:
    """The new name, the other one's code, or the old code was typed."""
    row, act = await _asked(turn)
    if act == "merge":
        return await _merging(turn, row, turn.text)
    before: dict[str, Any]
    if act == "rename":
        before = {"name": row.name}
        await counterparts.rename(turn.session, row, _name(turn.text, row))
        after = {"name": row.name}
    else:
        before = {"legacy_code": row.legacy_code}
        row.legacy_code = await _legacy_code(turn, row)
        after = {"legacy_code": row.legacy_code}
    turn.note(f"counterpart.{act}", ("counterpart", row.id), before=before, after=after)
    await drafts_aside.take_up(turn)
    return await _shown(turn, row.id, toast=_("Recorded"))


async def present(turn: Turn) -> Screen:
    """Return the question that is open, computed from the draft alone."""
    row, act = await _asked(turn)
    return screens.ask(act, row.name or "", row.id)


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


async def _asked(turn: Turn) -> tuple[Counterpart, str]:
    if turn.draft is None or turn.draft.purpose != PURPOSE:
        raise Stale
    return await _kept(turn, turn.draft.answers["id"]), turn.draft.answers["act"]


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


async def _legacy_code(turn: Turn, row: Counterpart) -> str:
    """Return the organisation code that was typed.

    Raises:
        Refusal: It is none, or another counterpart has it: then the two are to be merged.
    """
    code = read_legacy_code(turn.text)
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


PRESSES: Final[Mapping[str, Flow]] = {
    "cpt": on_look,
    "cren": on_ask,
    "cmrg": on_ask,
    "cleg": on_ask,
    "cmok": on_merge,
    "cpart": on_part,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
