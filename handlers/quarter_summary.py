"""The bureau's summary with a coordinator: looked over, edited, confirmed, sent on, followed until it has arrived."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Refusal
from bot.figures import Figures
from bot.forms import Field, Filling, Kind, Option, RecordForm
from bot.issues import LONGEST
from bot.language import _, pgettext
from bot.quarters import Quarter, format_quarter
from bot.returns import PushState
from bot.screens import quarter_push as screens
from bot.screens.screen import Screen
from handlers import forms, quarter_draft, quarter_facts, quarter_prompts
from handlers.forms import AnyForm, OfficeForm
from handlers.office import Office
from handlers.quarter_draft import CHANGED, DRAFT, DRAFTED, SEND
from handlers.turn import Flow, Stale, Turn
from storage import chats, quarter_pushes, work
from storage import quarter_returns as stored
from storage.tables import ChatBinding, Person, QuarterPush, QuarterReturn, Role

MOST_WORDS: Final = 2400  # characters of all paragraphs, so that they fit one message with the figures
_NEW: Final = "new"
_RECEIVING: Final = (Role.LIAISON, Role.HEAD, Role.AUDITOR)


async def on_open(turn: Turn) -> Screen:
    """The summary as it stands now."""
    return await shown(turn, await _of_coordinator(turn, turn.pressed.id))


async def on_edit(turn: Turn) -> Screen:
    """〔修改文字〕: sentence by sentence."""
    row = await _pressed(turn, PushState.DRAFTED)
    if isinstance(row, Screen):
        return row
    return await forms.begin_office(turn, WORDING, row.id)


async def on_again(turn: Turn) -> Screen:
    """〔重新汇总〕: the figures of this moment, until the summary is confirmed."""
    row = await _pressed(turn, PushState.DRAFTED, PushState.DRAFTING)
    if isinstance(row, Screen):
        return row
    row.state = PushState.DRAFTING
    turn.note("quarter.redraft", ("quarter_push", row.id))
    await turn.session.flush()
    work.add(turn.session, DRAFT, {"push": row.id}, now=turn.now)
    return await shown(turn, row)


async def on_confirm(turn: Turn) -> Screen:
    """〔确认推送〕: first say whom it goes to."""
    row = await _pressed(turn, PushState.DRAFTED)
    if isinstance(row, Screen):
        return row
    persons, groups = await quarter_draft.receivers(turn.session), await chats.bound(turn.session)
    return screens.to_confirm(await summary_view(turn.session, turn.office, row, turn.now), len(persons), len(groups))


async def on_go(turn: Turn) -> Screen:
    """〔推送〕: from here on the quarter is locked."""
    row = await _pressed(turn, PushState.DRAFTED)
    if isinstance(row, Screen):
        return row
    row.state, row.confirmed_by = PushState.CONFIRMED, turn.officer.id
    turn.note("quarter.confirm_summary", ("quarter_push", row.id), after=Quarter(row.year, row.quarter).code)
    await turn.session.flush()
    work.add(turn.session, SEND, {"push": row.id}, now=turn.now)
    return await shown(turn, row)


async def on_resend(turn: Turn) -> Screen:
    """〔补发〕: the copies that did not arrive leave again, and who has become a head or liaison since gets one."""
    row = await _pressed(turn, PushState.PUSHED)
    if isinstance(row, Screen):
        return row
    await quarter_draft.send_copies(turn.session, row, turn.now)
    turn.note("quarter.resend", ("quarter_push", row.id))
    return replace(await shown(turn, row), toast=_("The copies leave again."))


async def on_file(turn: Turn) -> Screen:
    """One file: for coordinators at any time, for heads, liaisons and auditors once the summary is sent on."""
    row = await quarter_pushes.by_id(turn.session, turn.pressed.id)
    part = turn.pressed.arg
    if row is None or part not in row.files or not _may_have(turn, row):
        raise Stale
    turn.note("quarter.file", ("quarter_push", row.id), after=part)
    return screens.one_file(await summary_view(turn.session, turn.office, row, turn.now), part)


async def shown(turn: Turn, row: QuarterPush, *, said: str | None = None) -> Screen:
    """Return a summary's screen for a coordinator."""
    return screens.shown(await summary_view(turn.session, turn.office, row, turn.now), today=turn.today, said=said)


async def summary_view(session: AsyncSession, office: Office, row: QuarterPush, now: dt.datetime) -> screens.Summary:
    """Return a summary as a screen shows it."""
    quarter = Quarter(row.year, row.quarter)
    drafted = quarter_draft.summary_of(row)
    units = await quarter_prompts.units_of(session, office, quarter, office.today(now))
    returns = await stored.all_of(session, quarter)
    differing, silent = [], []
    for unit in units:
        found = returns.get(unit.id)
        if found is None or not found.state.is_reported:
            silent.append(unit.name)
        elif drafted is not None and _differs(found, drafted.figures(unit.code)):
            differing.append(unit.name)
    return screens.Summary(
        id=row.id,
        version=row.version,
        quarter=quarter,
        state=row.state,
        wording=quarter_draft.sentences_of(office, row, drafted, now) if drafted is not None else (),
        figures=drafted.figures() if drafted is not None else Figures(),
        files=row.files,
        differing=differing,
        silent=silent,
        due=quarter_facts.days_of(office, quarter).summary.on,
        delivery=await quarter_pushes.delivery(session, row.id),
    )


def _differs(row: QuarterReturn, ledger: Figures) -> bool:
    return row.figures is not None and Figures.from_json(row.figures) != ledger


async def render_draft(
    session: AsyncSession, office: Office, _person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Show a coordinator the draft with its picture; None once somebody has confirmed it."""
    said = _("The summary has drafted itself. Please look it over, edit its wording, and confirm it.")
    return await _to_confirm(session, office, params["push"], now, said=said)


async def render_changed(
    session: AsyncSession, office: Office, _person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Tell a coordinator that the register has changed since the draft that was confirmed."""
    said = _("The ledger has changed since the draft, so nothing was sent. Please check the new draft and confirm it.")
    return await _to_confirm(session, office, params["push"], now, said=said)


async def _to_confirm(session: AsyncSession, office: Office, key: int, now: dt.datetime, *, said: str) -> Screen | None:
    row = await quarter_pushes.by_id(session, key)
    if row is None or row.state is not PushState.DRAFTED:
        return None
    return screens.drafted(await summary_view(session, office, row, now), today=office.today(now), said=said)


async def render_copy(
    session: AsyncSession, office: Office, _person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Return a head's or liaison's copy."""
    return await _copy(session, office, params, now, in_group=False)


async def render_group_copy(
    session: AsyncSession, office: Office, _binding: ChatBinding, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Return a group's copy: counts only, and no button, since the bot acts in no group."""
    return await _copy(session, office, params, now, in_group=True)


async def _copy(
    session: AsyncSession, office: Office, params: Mapping[str, Any], now: dt.datetime, *, in_group: bool
) -> Screen | None:
    row = await quarter_pushes.by_id(session, params["push"])
    if row is None or row.state is not PushState.PUSHED:
        return None
    return screens.received(await summary_view(session, office, row, now), in_group=in_group)


def _may_have(turn: Turn, row: QuarterPush) -> bool:
    role = turn.officer.role
    return role is Role.COORDINATOR or (role in _RECEIVING and row.state is PushState.PUSHED)


async def _wording_form(turn: Turn, push_id: int, _filling: Filling) -> RecordForm:
    row = await _of_coordinator(turn, push_id)
    said = await _sentences(turn, row)
    label = pgettext("line", "Paragraph %(n)d")
    options = [Option(str(n), label % {"n": n + 1}) for n in range(len(said))]
    return RecordForm(
        title=pgettext("summary", "Wording of the summary"),
        context=(
            format_quarter(Quarter(row.year, row.quarter)),
            *(
                _("%(label)s: %(value)s") % {"label": label % {"n": n + 1}, "value": each}
                for n, each in enumerate(said)
            ),
        ),
        fields=(
            Field(
                "which",
                pgettext("line", "Paragraph"),
                _("Which paragraph is to be changed?"),
                Kind.CHOICE,
                options=(*options, Option(_NEW, pgettext("line", "A new one"))),
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


async def _keep_wording(turn: Turn, push_id: int, filling: Filling) -> Screen:
    row = await _of_coordinator(turn, push_id)
    if row.state is not PushState.DRAFTED:
        return await shown(turn, row)
    before = list(await _sentences(turn, row))
    which, text = filling.values["which"], filling.values["text"]
    after = [*before]
    if which == _NEW:
        after.append(text)
    elif int(which) < len(after):
        after[int(which)] = text
    after = [each for each in after if each != _struck()]
    if (total := sum(map(len, after))) > MOST_WORDS:
        raise Refusal(
            _("The text has %(n)d characters, at most %(most)d fit. Please shorten it and send it again.")
            % {"n": total, "most": MOST_WORDS}
        )
    row.wording = after
    turn.note("quarter.wording", ("quarter_push", row.id), before=before, after=after)
    await turn.session.flush()
    return await shown(turn, row)


async def _standing(turn: Turn, push_id: int, _filling: Filling) -> str:
    said = await _sentences(turn, await _of_coordinator(turn, push_id))
    return "\n".join(f"{n}. {each}" for n, each in enumerate(said, 1))  # one of them is changed by its place


def _struck() -> str:
    """Return the word that strikes a paragraph out."""
    return pgettext("summary", "strike out")


async def _sentences(turn: Turn, row: QuarterPush) -> tuple[str, ...]:
    drafted = quarter_draft.summary_of(row)
    if drafted is None:
        raise Stale
    return quarter_draft.sentences_of(turn.office, row, drafted, turn.now)


async def _stopped(turn: Turn, push_id: int) -> Screen:
    return await shown(turn, await _of_coordinator(turn, push_id))


async def _of_coordinator(turn: Turn, push_id: int) -> QuarterPush:
    """Return a summary for whoever may deal with it.

    Raises:
        Stale: The officer is no coordinator, or there is none of that id.
    """
    row = await quarter_pushes.by_id(turn.session, push_id, lock=True)
    if row is None or turn.officer.role is not Role.COORDINATOR:
        raise Stale
    return row


async def _pressed(turn: Turn, *states: PushState) -> QuarterPush | Screen:
    """Return the summary of a press that was made from its present state, else the screen of that state."""
    row = await _of_coordinator(turn, turn.pressed.id)
    if row.version != turn.pressed.version or row.state not in states:
        return replace(await shown(turn, row), toast=_("This is the present state."))
    return row


WORDING: Final = OfficeForm("quarter_wording", _wording_form, _keep_wording, _stopped, _standing)

FORMS: Final[Mapping[str, AnyForm]] = {WORDING.name: WORDING}
PRESSES: Final[Mapping[str, Flow]] = {
    "qsum": on_open,
    "qedt": on_edit,
    "qagn": on_again,
    "qok": on_confirm,
    "qgo": on_go,
    "qres": on_resend,
    "qfil": on_file,
}
JOBS: Final = {DRAFT: quarter_draft.draft, SEND: quarter_draft.send}
NOTICES: Final = {DRAFTED: render_draft, CHANGED: render_changed, quarter_pushes.KIND: render_copy}
GROUP_NOTICES: Final = {quarter_pushes.KIND: render_group_copy}
