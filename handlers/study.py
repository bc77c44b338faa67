"""Cases for study: the list, one case, and the coordinator's answer, which goes to whoever asked and closes it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Refusal
from bot.language import _
from bot.screens import referral as screens
from bot.screens.frame import with_sentence
from bot.screens.keys import Keys
from bot.screens.screen import Screen, is_number
from handlers import drafts_aside, referral
from handlers.colleagues import named
from handlers.guide_draft import Case
from handlers.office import Office
from handlers.turn import Flow, Stale, Turn
from storage import audit, outbox, referrals
from storage.tables import Draft, Person, Priority, Referral, ReferralState, Unit

PURPOSE: Final = "study"
NOTICE: Final = "referral.settled"
PAGE: Final = 8
LONGEST: Final = 500  # characters of an answer
_CLOSE: Final = "referral.close"
_ANSWER: Final = "referral.answer"


async def on_list(turn: Turn) -> Screen:
    """/study: the cases that the officer asked; for coordinators all of them, those that wait first."""
    waiting, total = await referrals.counted(turn.session, turn.officer)
    pages = max(1, -(-total // PAGE))
    arg = turn.press.arg if turn.press else ""
    page = min(int(arg) if is_number(arg) else 0, pages - 1)
    rows = await referrals.listed(turn.session, turn.officer, limit=PAGE, offset=page * PAGE)
    briefs = [await _brief(turn, row) for row in rows]
    return screens.listing(briefs, waiting=waiting, total=total, page=page, pages=pages, today=turn.today)


async def on_open(turn: Turn) -> Screen:
    """One case."""
    row = await _seen(turn, turn.pressed.id)
    await drafts_aside.let_go(turn)
    return await _shown(turn, row)


async def on_answer(turn: Turn) -> Screen:
    """〔答复〕: the next text is the answer; what the coordinator was doing comes back afterwards."""
    row = await _seen(turn, turn.pressed.id)
    if not _answers(turn, row):
        return await _present_state(turn, row)
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers={"referral": row.id, "values": {}})
    return await present(turn)


async def on_typed(turn: Turn) -> Screen:
    """The answer was typed.

    Raises:
        Refusal: It is empty or too long.
    """
    draft, row = await _under_way(turn)
    said = "\n".join(line.rstrip() for line in turn.text.strip().splitlines())
    if not said or len(said) > LONGEST:
        raise Refusal(
            _("The answer has %(count)d characters, at most %(most)d fit. Please shorten it and send it again.")
            % {"count": len(said), "most": LONGEST}
        )
    drafts_aside.keep(turn, {**draft.answers, "values": {"text": said}})
    return await _asking(turn, draft, row)


async def present(turn: Turn) -> Screen:
    """Return the answer as far as it is written, computed from the draft alone."""
    draft, row = await _under_way(turn)
    return await _asking(turn, draft, row)


async def on_send(turn: Turn) -> Screen:
    """〔发送答复〕: the case is closed and the officer is told; of two coordinators the first one's answer counts."""
    draft, row = await _under_way(turn, to_change=True)
    said = draft.answers["values"].get("text")
    if (turn.pressed.id, turn.pressed.version) != (draft.id, draft.version) or not said:
        raise Stale
    await drafts_aside.take_up(turn)
    if not _answers(turn, row):
        words = _("The case was closed meanwhile; your answer was not sent: %(answer)s") % {"answer": said}
        return with_sentence(words, await _shown(turn, row))
    return await _settle(turn, row, answer=said)


async def on_close(turn: Turn) -> Screen:
    """〔已另行答复，办结〕: asked once more, because the officer is told."""
    row = await _seen(turn, turn.pressed.id)
    if not _answers(turn, row):
        return await _present_state(turn, row)
    return screens.closing(await _asked(turn.session, turn.office, row, turn.now))


async def on_closed(turn: Turn) -> Screen:
    """The case is closed without an answer in words."""
    row = await _seen(turn, turn.pressed.id, to_change=True)
    if not _answers(turn, row):
        return await _present_state(turn, row)
    return await _settle(turn, row, answer=None)


async def on_take_back(turn: Turn) -> Screen:
    """〔撤回〕: the officer needs no answer any more; the case stays in the list."""
    row = await _seen(turn, turn.pressed.id, to_change=True)
    if row.state is not ReferralState.OPEN or row.person_id != turn.officer.id:
        return await _present_state(turn, row)
    row.state = ReferralState.WITHDRAWN
    turn.note("referral.withdraw", ("referral", row.id))
    await turn.session.flush()
    return replace(await _shown(turn, row), toast=_("Taken back"))


async def on_stop(turn: Turn) -> Screen:
    """Give the answer up; the case waits on."""
    draft, row = await _under_way(turn)
    if (turn.pressed.id, turn.pressed.version) != (draft.id, draft.version):
        raise Stale
    await drafts_aside.take_up(turn)
    return await _shown(turn, row)


async def render(
    session: AsyncSession, office: Office, _person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Tell whoever asked what was answered."""
    row = await session.get(Referral, params["referral_id"], populate_existing=True)
    if row is None or row.state is not ReferralState.ANSWERED:
        return None
    return screens.settled(await _asked(session, office, row, now))


async def _settle(turn: Turn, row: Referral, *, answer: str | None) -> Screen:
    row.state, row.answer, row.answered_by = ReferralState.ANSWERED, answer, turn.officer.id
    turn.note(_CLOSE if answer is None else _ANSWER, ("referral", row.id), after={"answer": answer})
    await turn.session.flush()
    if row.person_id != turn.officer.id:
        await outbox.enqueue(
            turn.session,
            await turn.session.get_one(Person, row.person_id),
            kind=NOTICE,
            params={"referral_id": row.id},
            dedupe=f"{NOTICE}:{row.id}",
            priority=Priority.QUESTION,
            now=turn.now,
        )
    return replace(await _shown(turn, row), toast=_("Recorded"))


def _answers(turn: Turn, row: Referral) -> bool:
    return row.state is ReferralState.OPEN and turn.may("refer.answer")


async def _seen(turn: Turn, referral_id: int, *, to_change: bool = False) -> Referral:
    row = await referrals.look(turn.session, turn.officer, referral_id, to_change=to_change)
    if row is None:
        raise Refusal(_("There is no such case among yours."))
    return row


async def _under_way(turn: Turn, *, to_change: bool = False) -> tuple[Draft, Referral]:
    if turn.draft is None or turn.draft.purpose != PURPOSE:
        raise Stale
    return turn.draft, await _seen(turn, turn.draft.answers["referral"], to_change=to_change)


async def _asking(turn: Turn, draft: Draft, row: Referral) -> Screen:
    asked = await _asked(turn.session, turn.office, row, turn.now)
    keys, said = Keys(draft.id, draft.version), draft.answers["values"].get("text")
    return screens.confirming(asked, said, keys) if said else screens.asking(asked, keys, longest=LONGEST)


async def _shown(turn: Turn, row: Referral) -> Screen:
    asked = await _asked(turn.session, turn.office, row, turn.now)
    answers = turn.may("refer.answer")
    return screens.shown(asked, answers=answers, owns=row.person_id == turn.officer.id)


async def _present_state(turn: Turn, row: Referral) -> Screen:
    return replace(await _shown(turn, row), toast=_("This is the present state of the case."))


async def _brief(turn: Turn, row: Referral) -> screens.Brief:
    owner = await turn.session.get_one(Person, row.person_id)
    unit = await turn.session.get_one(Unit, owner.unit_id)
    policy = await referral.policy_of(turn.session, turn.office, row)
    return screens.Brief(
        number=row.id,
        matter=referral.matter_of(policy, Case.from_json(row.answers)),
        asker=f"{unit.short_name} {owner.name or ''}".strip(),
        on=turn.office.today(row.created_at),
        waits=row.state is ReferralState.OPEN,
        withdrawn=row.state is ReferralState.WITHDRAWN,
    )


async def _asked(session: AsyncSession, office: Office, row: Referral, now: dt.datetime) -> screens.Asked:
    asked = await referral.asked(session, office, row, now)
    lines = await audit.timeline(session, ("referral", row.id))
    return replace(
        asked,
        waits=row.state is ReferralState.OPEN,
        withdrawn=row.state is ReferralState.WITHDRAWN,
        answer=row.answer,
        settled_by=named(await session.get_one(Person, row.answered_by)) if row.answered_by else "",
        settled_on=_settled_on(office, [line for line in lines if line.verb in (_ANSWER, _CLOSE)]),
    )


def _settled_on(office: Office, lines: Sequence[Any]) -> dt.date | None:
    return office.today(lines[-1].at) if lines else None


COMMANDS: Final[Mapping[str, Flow]] = {"study": on_list}
PRESSES: Final[Mapping[str, Flow]] = {
    screens.LIST: on_list,
    "scase": on_open,
    "sans": on_answer,
    "sgo": on_send,
    "soff": on_stop,
    "sclos": on_close,
    "sshut": on_closed,
    "sback": on_take_back,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
NOTICES: Final = {NOTICE: render}
