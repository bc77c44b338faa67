"""Forms about the office's own affairs: whoever loses the right in the middle of one neither sees nor confirms it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import update

from bot import rule_forms
from bot.issues import IssueKind
from bot.policy.model import CounterpartKind, Policy
from bot.quarters import Quarter
from bot.returns import PushState
from bot.screens.screen import Press, Screen
from bot.summary import summary_to_json
from bot.wording import ADDED
from handlers import access, forms, frame, rule_change, summary
from handlers.flows import merged
from handlers.forms import OfficeForm
from handlers.office import Office
from handlers.turn import Stale, Turn
from storage import quarter_pushes
from storage import quarter_returns as stored
from storage.database import Database
from storage.tables import Audit, Counterpart, Draft, Issue, Outbox, Overlay, Person, Role
from tests.handlers.conftest import NOW
from tests.handlers.desk import Desk, verbs

FORMS: dict[str, OfficeForm] = {name: each for name, each in merged("FORMS").items() if isinstance(each, OfficeForm)}
QUARTER = Quarter(2026, 4)
BASIS = {"basis": "虚构依据"}
NOT_THEIRS = {("return_problems", Role.OFFICER)}
"""A right that the role has, over what its officer does not answer for."""

Subject = Callable[[Database, Office, Person], Awaitable[int]]


async def nothing(_database: Database, _office: Office, _person: Person) -> int:
    return 0


async def _issue(database: Database, _office: Office, person: Person) -> int:
    async with database.write() as session:
        row = Issue(person_id=person.id, unit_id=person.unit_id, year=2026, quarter=4, kind=IssueKind.LATE, text="虚构",
                    created_at=NOW)  # fmt: skip
        session.add(row)
    return row.id


async def _return(database: Database, _office: Office, person: Person) -> int:
    async with database.write() as session:
        return (await stored.ensure(session, person.unit_id, QUARTER)).id


async def _firm(database: Database, _office: Office, _person: Person) -> int:
    async with database.write() as session:
        row = Counterpart(kind=CounterpartKind.ENTERPRISE, name="虚构环保科技有限公司")
        session.add(row)
    return row.id


async def _push(database: Database, office: Office, _person: Person) -> int:
    async with database.write() as session:
        found = await summary.reckon(session, office, QUARTER, now=NOW)
        await quarter_pushes.begin(session, QUARTER)
        row = await stored.push_of(session, QUARTER)
        row.state, row.content = PushState.DRAFTED, summary_to_json(found)
    return row.id


def filled(policy: Policy) -> dict[str, tuple[Subject, dict[str, Any]]]:
    """Return for each form what it is about, and all its lines."""
    matter = policy.matters["m04b"]
    many = [each.offered[0].id for each in policy.questions.values() if each.many and each.offered]
    covers = {f"q{place}": [option] for place, option in enumerate(many)}
    new = {"name": "虚构事项", "category": matter.category, "kinds": ["enterprise"], "why": "虚构理由", **covers}
    return {
        "unit": (nothing, {"short": "虚构", "name": "虚构处", "kind": "division", **BASIS}),
        "matter": (nothing, {**rule_forms.filled_from(policy, matter), "name": "虚构事项", **BASIS}),
        "matter_end": (nothing, {"code": matter.code, "on": "2026-12-31", **BASIS}),
        "setting": (nothing, {"value": 7, **BASIS}),
        "in_force": (nothing, {"by": "虚构处", "on": "2026-11-20", **BASIS}),
        "propose": (nothing, new),
        "issue": (nothing, {"text": "虚构问题", "kind": "late"}),
        "issue_answer": (_issue, {"text": "虚构答复"}),
        "rename": (_firm, {"name": "虚构绿洲生态有限公司"}),
        "legacy_code": (_firm, {"code": "12345678-8"}),
        "quarter_wording": (_push, {"which": ADDED, "text": "虚构文字"}),
        "return_problems": (_return, {"text": "虚构问题"}),
    }


async def _with_role(desk: Desk, role: Role) -> None:
    async with desk.database.write() as session:
        await session.execute(update(Person).where(Person.id == desk.person.id).values(role=role))


async def _begun(desk: Desk, form: OfficeForm, subject: int, values: dict[str, Any]) -> Screen:
    """Let a coordinator fill in a form up to its confirmation."""
    await _with_role(desk, Role.COORDINATOR)

    async def begin(turn: Turn) -> Screen:
        return await forms.begin_office(turn, form, subject, values=values, typed=True)

    return await desk.run(begin)


async def _done(desk: Desk) -> list[int]:
    """Count what a form may leave behind."""
    return [await desk.count(table) for table in (Audit, Overlay, Issue, Outbox)]


async def _meets_nothing(desk: Desk) -> None:
    """The form is there, and whatever is pressed or typed, or brings it back, neither shows nor records it."""
    before, draft = await _done(desk), await desk.draft()
    assert draft is not None
    for verb in forms.Filler({}).presses:
        with pytest.raises(Stale):
            await desk.send(Press(verb, draft.id, draft.version, "text"))
    with pytest.raises(Stale):
        await desk.type("虚构的回答")
    assert (await desk.run(lambda turn: frame.present(turn, Stale()))).name == "home"
    assert await desk.count(Draft) == 0
    assert await _done(desk) == before


@pytest.mark.parametrize("name", FORMS)
async def test_a_form_ends_with_the_right_to_it(desk: Desk, name: str):
    form = FORMS[name]
    subject_of, values = filled(desk.office.policy)[name]
    subject = await subject_of(desk.database, desk.office, desk.person)
    losing = [role for role in Role if not access.may(role, form.right)]
    assert 0 < len(losing) < len(Role)
    for role in losing:
        assert (await _begun(desk, form, subject, values)).name == "form_confirm"
        await _with_role(desk, role)
        await _meets_nothing(desk)
    for role in (each for each in Role if each not in losing and (name, each) not in NOT_THEIRS):
        await _begun(desk, form, subject, values)
        await _with_role(desk, role)
        before = await _done(desk)
        assert "fok" in verbs(await desk.run(lambda turn: frame.present(turn, Stale())))
        await desk.press("fok")
        assert await _done(desk) > before, role


@pytest.mark.parametrize("role", [each for each in Role if not access.may(each, "rules.keep")])
async def test_rules_are_changed_by_nobody_else_whatever_way_they_come(desk: Desk, role: Role):
    await _with_role(desk, role)

    async def put(turn: Turn) -> Screen:
        await rule_change.put(turn, [], basis="虚构依据")
        return Screen("put", "x")

    async def hold(turn: Turn) -> Screen:
        await rule_change.hold(turn, turn.policy, "虚构依据")
        return Screen("held", "x")

    for way in (put, hold):
        with pytest.raises(Stale):
            await desk.run(way)


async def test_a_form_that_was_left_for_a_search_does_not_come_back_without_its_right(desk: Desk):
    _nothing, values = filled(desk.office.policy)["unit"]
    await _begun(desk, FORMS["unit"], 0, values)
    assert (await desk.command("guide", "排污许可证延续")).name == "guide.unfinished"
    await _with_role(desk, Role.OFFICER)
    assert (await desk.press("gkeep")).name == "home"
    assert await desk.count(Draft) == 0
