"""「转政法处研究」: a case with its answers is handed to the legal division."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Refusal
from bot.guidance import answered, matter_title
from bot.language import _
from bot.policy.loader import restore
from bot.policy.model import MATTER, Policy
from bot.screens import guide as screens
from bot.screens import referral as referral_screens
from bot.screens.screen import Screen
from handlers import guide_draft
from handlers.guide_draft import NOTE, Case
from handlers.guide_screens import matter_name, present
from handlers.office import Office
from handlers.turn import Defect, Flow, Stale, Turn
from storage import drafts, outbox, people
from storage.policies import ensure_snapshot
from storage.tables import Draft, Person, PolicySnapshot, Priority, Referral, ReferralState, Unit

LONGEST_NOTE: Final = 200  # characters; one line, not a report
NOTICE: Final = "referral"


async def on_refer(turn: Turn) -> Screen:
    """Offer a note before the case is handed over."""
    draft, case = _referable(turn)
    guide_draft.require_present(turn, draft)
    guide_draft.keep(turn, draft, replace(case, at=NOTE))
    return await present(turn)


async def on_send(turn: Turn) -> Screen:
    """Hand the case over without a note."""
    draft, case = _referable(turn)
    guide_draft.require_present(turn, draft)
    return await _hand_over(turn, draft, case, note=None)


async def on_note(turn: Turn) -> Screen:
    """Hand the case over with the typed note.

    Raises:
        Refusal: An ID number stood in it, or it is more than one short line.
    """
    draft, case = _referable(turn)
    note = " ".join(turn.text.split())
    if not note or len(note) > LONGEST_NOTE:
        raise Refusal(
            _("The note has %(count)d characters, at most %(most)d fit. Please shorten it and send it again.")
            % {"count": len(note), "most": LONGEST_NOTE}
        )
    return await _hand_over(turn, draft, case, note=note)


async def render(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Tell a coordinator about a case that waits for them; None once it is no longer open."""
    row = await session.get(Referral, params["referral_id"])
    if row is None or row.state is not ReferralState.OPEN:
        return None
    return referral_screens.waiting(await asked(session, office, row, now))


async def asked(session: AsyncSession, office: Office, row: Referral, now: dt.datetime) -> referral_screens.Asked:
    """Return a case as its screens say it, read with the pack that the officer saw."""
    owner = await session.get_one(Person, row.person_id)
    unit = await session.get_one(Unit, owner.unit_id)
    policy = await policy_of(session, office, row)
    case = Case.from_json(row.answers)
    on = case.on or office.today(row.created_at)
    return referral_screens.Asked(
        number=row.id,
        division=office.policy.legal_division(on=office.today(now)).name,
        unit=unit.name,
        officer=owner.name or "",
        matter=matter_of(policy, case),
        answers=answered(policy, case.answers, on=on),
        on=on,
        today=office.today(now),
        note=row.note,
    )


def _referable(turn: Turn) -> tuple[Draft, Case]:
    """Return the guide; a trial run records nothing and an auditor only reads."""
    draft, case = guide_draft.guiding(turn)
    if case.what_if or not turn.may("refer"):
        raise Stale
    return draft, case


async def _hand_over(turn: Turn, draft: Draft, case: Case, *, note: str | None) -> Screen:
    row = await _record(turn, case, note)
    coordinators = await people.coordinators(turn.session)
    for person in coordinators:
        await outbox.enqueue(
            turn.session,
            person,
            kind=NOTICE,
            params={"referral_id": row.id},
            dedupe=f"{NOTICE}:{row.id}:{person.id}",
            priority=Priority.QUESTION,
            now=turn.now,
        )
    await drafts.end(turn.session, draft)
    turn.draft = None
    division = turn.policy.legal_division(on=turn.today).name
    return screens.handed_over(
        number=row.id, matter=matter_name(turn, case), division=division, heard=bool(coordinators)
    )


async def _record(turn: Turn, case: Case, note: str | None) -> Referral:
    await ensure_snapshot(turn.session, turn.policy, turn.now)
    on = case.date(turn)
    answers = {question: list(given) for question, given in guide_draft.valid(turn, case).items()}
    row = Referral(
        person_id=turn.officer.id,
        policy_hash=turn.policy.hash,
        answers={"answers": answers, "on": on.isoformat()},
        note=note,
        state=ReferralState.OPEN,
        created_at=turn.now,
    )
    turn.session.add(row)
    await turn.session.flush()
    turn.note(
        "referral.hand_over",
        ("referral", row.id),
        after={**row.answers, "note": note},
    )
    return row


def matter_of(policy: Policy, case: Case) -> str:
    """Return the name of a case's matter, or what one outside the catalogue is called."""
    return matter_title(next((policy.matters.get(code) for code in case.answers.get(MATTER, ())), None))


async def policy_of(session: AsyncSession, office: Office, row: Referral) -> Policy:
    """Return the pack that the officer saw."""
    if row.policy_hash == office.policy.hash:
        return office.policy
    kept = await session.get(PolicySnapshot, row.policy_hash)
    if kept is None:
        raise Defect("a referral without its policy")
    return restore(kept.content)


PRESSES: Final[Mapping[str, Flow]] = {"gref": on_refer, "gsend": on_send}
NOTICES: Final = {NOTICE: render}
