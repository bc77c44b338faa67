"""What is answered in the message about an opinion that runs out: apply anew, let it lapse, be told of it alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from bot.counterparts import Organisation
from bot.entry import Form
from bot.errors import Refusal
from bot.guidance import Outcome
from bot.identifiers import read_code
from bot.language import _
from bot.notices import OpinionNotice
from bot.screens import expiry as screens
from bot.screens.screen import Screen
from handlers import drafts_aside, expiry, reminders, requests
from handlers import reminder_access as access
from handlers.entry_draft import PURPOSE
from handlers.guide_draft import Case
from handlers.turn import Flow, Turn
from storage import cover, drafts, expiring
from storage.expiring import Expiring
from storage.tables import Decision, Opinion, Request

MOST: Final = 20  # organisations that an entry's own form is prefilled with; longer lists have theirs


async def on_again(turn: Turn) -> Screen:
    """重新申请: a new entry, prefilled with the matter and whom the opinion is about.

    Where a matter is to be decided after the opinion has run out it is that one, with its day of decision.

    Raises:
        Refusal: Something else is unfinished, the rules have changed, or the list is too long for one form.
    """
    reminder, opinion = await access.of_opinion(turn)
    notice = await access.described(turn, reminder)
    if not isinstance(notice, OpinionNotice):
        return await access.present_state(turn, reminder)
    await drafts_aside.require_free(turn)
    request = await _request(turn, notice)
    case = await _case(turn, request)
    form = Form(
        organisations=await _organisations(turn, opinion),
        decide_on=request.decide_on if notice.matters else None,
        reuse=False,
    )
    turn.draft = await drafts.begin(
        turn.session,
        turn.officer,
        purpose=PURPOSE,
        answers={**case.to_json(), "entry": form.to_json()},
        awaiting=None,
        now=turn.now,
    )
    await access.acknowledge(turn, reminder)
    return await requests.begin_entry(turn)


async def on_lapse(turn: Turn) -> Screen:
    """届时不再使用: its own officer is reminded no more, who else relies on it is; the same button takes it back."""
    reminder, opinion = await access.of_opinion(turn)
    each = await _to_decide(turn, opinion)
    notice = await access.described(turn, reminder)
    lapses = turn.pressed.arg == "1"
    if lapses and not isinstance(notice, OpinionNotice):
        return await access.present_state(turn, reminder)
    before = each.together or (opinion,)
    told = before if lapses else await _lapsed_with(turn, each)
    for row in told:
        row.let_lapse = lapses
    if lapses:
        await access.acknowledge(turn, reminder)
    turn.note("opinion.lapse" if lapses else "opinion.keep", ("opinion", opinion.id), after={"n": len(told)})
    await expiry.ensure(turn.session, turn.office, told, turn.now)
    if isinstance(notice, OpinionNotice) and lapses:
        return screens.lapsed(notice, reminders.words_for(turn.office, notice, turn.today))
    return replace(await access.again(turn, reminder), toast=_("You will be reminded again"))


async def on_watch(turn: Turn) -> Screen:
    """单独提醒: told in messages of its own and more often, or in the digest only."""
    reminder, opinion = await access.of_opinion(turn)
    each = await _to_decide(turn, opinion)
    watched = turn.pressed.arg == "1"
    for row in each.together or (opinion,):
        row.watched = watched
    turn.note("opinion.watch", ("opinion", opinion.id), after={"watched": watched})
    await expiry.ensure(turn.session, turn.office, [opinion], turn.now)
    said = _("You will be told of it in a message of its own") if watched else _("You will be told of it in the digest")
    return replace(await access.again(turn, reminder), toast=said)


async def _expiring(turn: Turn, opinion: Opinion) -> Expiring:
    return (await expiring.of_opinions(turn.session, [opinion]))[0]


async def _to_decide(turn: Turn, opinion: Opinion) -> Expiring:
    """Return an opinion that is this officer's work, so that they decide whether it is told.

    Raises:
        Refusal: They only rely on it; others would no longer be reminded.
    """
    each = await _expiring(turn, opinion)
    if each.charge is None or not await cover.may_act(turn.session, turn.officer, [each.charge], turn.today):
        raise Refusal(_("Only the handling officer and the coordinators change this entry."))
    return each


async def _lapsed_with(turn: Turn, each: Expiring) -> Sequence[Opinion]:
    """Return the opinions that were let lapse together with one."""
    rows = [each.opinion]
    if each.request_id is not None:
        rows = [row for row in await expiring.of_request(turn.session, each.request_id) if row.let_lapse]
    return [row for row in rows if row.valid_to == each.opinion.valid_to]


async def _request(turn: Turn, notice: OpinionNotice) -> Request:
    """Return the entry whose matter is applied for anew: what is to be decided first, else the opinion's own.

    Raises:
        Refusal: The opinion was taken over from an older ledger that names no matter.
    """
    request_id = notice.matters[0].request_id if notice.matters else notice.entry_id
    if request_id is None:
        raise Refusal(_("The matter of this opinion is not known. Please begin with /new."))
    return await turn.session.get_one(Request, request_id)


async def _case(turn: Turn, request: Request) -> Case:
    """Return the answers that an entry rests on, under the rules of today.

    Raises:
        Refusal: They lead to nothing any more.
    """
    decision = await turn.session.get_one(Decision, request.decision_id)
    case = Case.from_json({"answers": decision.answers})
    if not isinstance(case.step(turn), Outcome):
        raise Refusal(_("The rules for this matter have changed. Please begin with /new."))
    return case


async def _organisations(turn: Turn, opinion: Opinion) -> tuple[Organisation, ...]:
    """Return whom to apply for: the organisations that run out together and were not applied for since.

    Raises:
        Refusal: There are too many for one form.
    """
    known = await expiry.known_to(turn.session, turn.officer, await _expiring(turn, opinion), turn.today)
    rows = await expiring.organisations(turn.session, await expiring.not_renewed(turn.session, known))
    if len(rows) > MOST:
        raise Refusal(_("These are %(n)d organisations. Please send them as a list with /batch.") % {"n": len(rows)})
    return tuple(Organisation(row.name or "", read_code(row.code)) for row in rows if row.code)


PRESSES: Final[Mapping[str, Flow]] = {"nrea": on_again, "nlap": on_lapse, "nwat": on_watch}
