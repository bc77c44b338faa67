import asyncio
import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from bot.errors import Refusal
from bot.identifiers import ID_NUMBER_MARKER
from bot.language import speaking
from bot.policy.model import Policy
from bot.screens.screen import Press
from handlers.turn import Stale
from storage import audit, types
from storage.tables import (
    Applicant,
    Audit,
    Commitment,
    Counterpart,
    CounterpartAlias,
    Decision,
    Draft,
    Item,
    ItemState,
    PolicySnapshot,
    Reminder,
    ReminderState,
    Request,
    RequestState,
    Role,
)
from tests.handlers.conftest import NOW
from tests.handlers.desk import COMPANY, INSTITUTE, SHOP, SOCIETY, Desk
from tests.sheets import code, company

PERMIT = {"matter": ("m04b",)}  # 排污许可证延续: verification, with the commitment already in the form
FILING = {"matter": ("m11",)}  # 应急预案备案: a commitment only
AWARD = {"matter": ("m22",), "reserved": ("yes",)}  # 绿色企业评选: a batch of enterprises


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


@pytest.fixture
async def desk(database, office, officer):
    return Desk(database, office, officer, NOW)


async def rows(database, table):
    async with database.read() as session:
        return list((await session.scalars(select(table).order_by(*table.__table__.primary_key.columns))).all())


async def count(database, table):
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(table))


async def registered(desk, *, paste=COMPANY, answers=PERMIT, submitted="0"):
    await desk.decide(answers)
    await desk.type(paste)
    await desk.press("rsubm", submitted)
    return await desk.press("rconf")


async def opened(desk, number=1):
    return await desk.send(Press("req", number))


async def test_the_shortest_record_is_paste_today_confirm(desk, database):
    await desk.decide(PERMIT)
    await desk.type(COMPANY)
    await desk.press("rsubm", "0")
    done = await desk.press("rconf")
    [request] = await rows(database, Request)
    assert (request.year, request.seq, request.state, request.matter_code) == (2026, 1, RequestState.OPEN, "m04b")
    assert done.stays
    assert any(button.copy == "大气2026-1" for row in done.rows for button in row)
    assert "Mon 30 Nov" in done.text  # the fifth working day after Monday 23 November
    assert await count(database, Draft) == 0


async def test_an_entry_records_verification_and_the_commitment_that_stands_in_the_form(desk, database):
    await registered(desk)
    verification, commitment = sorted(await rows(database, Item), key=lambda item: item.product_kind, reverse=True)
    assert (verification.state, verification.applicant) == (ItemState.SUBMITTED, Applicant.BUREAU)
    assert (verification.submitted_on, verification.received_on) == (dt.date(2026, 11, 23), None)
    assert (verification.due_on, verification.due_provisional) == (dt.date(2026, 11, 30), False)
    assert commitment.state is ItemState.RECORDED
    [letter] = await rows(database, Commitment)
    assert (letter.letters, letter.in_form, letter.item_id) == (1, True, commitment.id)


async def test_the_decision_is_pinned_with_answers_rules_and_pack(desk, database, policy):
    await registered(desk)
    [decision] = await rows(database, Decision)
    [snapshot] = await rows(database, PolicySnapshot)
    assert decision.policy_hash == snapshot.hash == policy.hash
    assert decision.answers == {"matter": ["m04b"]}
    assert decision.result["verification"] == "named"
    assert set(decision.rule_ids) <= {rule.id for rule in policy.rules} and decision.rule_ids
    [line] = await rows(database, Audit)
    assert (line.verb, line.subject_kind, line.subject_id) == ("request.register", "request", 1)


async def test_the_receipt_question_is_planned_for_the_next_working_morning(desk, database):
    await registered(desk)
    [reminder] = await rows(database, Reminder)
    assert (reminder.kind, reminder.stage, reminder.state) == ("receipt", "ask", ReminderState.PLANNED)
    assert reminder.due_at == dt.datetime(2026, 11, 24, 1, 0, tzinfo=dt.UTC)


async def test_numbers_of_a_unit_follow_one_another_and_begin_anew_each_year(desk, database):
    await registered(desk)
    await registered(desk, paste=SHOP)
    desk.now = dt.datetime(2027, 1, 4, 2, 0, tzinfo=dt.UTC)
    await registered(desk)
    assert [(row.year, row.seq) for row in await rows(database, Request)] == [(2026, 1), (2026, 2), (2027, 1)]


async def test_two_confirms_within_a_moment_make_one_entry(desk, database):
    await desk.decide(PERMIT)
    await desk.type(COMPANY)
    await desk.press("rsubm", "0")
    press = desk.find("rconf")
    outcomes = await asyncio.gather(desk.send(press), desk.send(press), return_exceptions=True)
    assert sorted(type(each).__name__ for each in outcomes) == ["Screen", "Stale"]
    assert await count(database, Request) == 1


async def test_several_organisations_make_one_item_each(desk, database):
    await registered(desk, paste=f"{COMPANY}\n{INSTITUTE}")
    verifications = [item for item in await rows(database, Item) if item.product_kind == "verification"]
    assert [row.code for row in await rows(database, Counterpart)] == ["91410100MA00000T42", "12410100MB0000T3XJ"]
    assert len({item.counterpart_id for item in verifications}) == 2
    assert [row.letters for row in await rows(database, Commitment)] == [1, 1]


async def test_a_known_code_with_another_name_keeps_the_name_as_an_alias(desk, database):
    await registered(desk)
    await registered(desk, paste="虚构环保科技公司 91410100MA00000T42")
    [counterpart] = await rows(database, Counterpart)
    [alias] = await rows(database, CounterpartAlias)
    assert (counterpart.name, alias.name, alias.counterpart_id) == (
        "虚构环保科技有限公司",
        "虚构环保科技公司",
        counterpart.id,
    )
    assert (counterpart.pinyin[:5], counterpart.initials) == ("xugou", "xghbkjyxgs")


async def test_a_code_that_does_not_fit_the_matter_is_refused_with_the_reason(desk, database):
    await desk.decide(PERMIT)
    with pytest.raises(Refusal, match=r"social organisation.*enterprise"):
        await desk.type(SOCIETY)
    assert (await desk.type(COMPANY)).name == "entry_submission"


async def test_a_wrong_code_is_refused_and_the_form_stays_where_it_is(desk):
    await desk.decide(PERMIT)
    with pytest.raises(Refusal, match="18"):
        await desk.type("虚构公司 91410100MA00000T43")
    assert (await desk.type(COMPANY)).name == "entry_submission"


async def test_html_in_a_name_is_shown_as_text(desk):
    await desk.decide(PERMIT)
    await desk.type("虚构<b>公司</b>&合作社 91410100MA00000T42")
    screen = await desk.press("rsubm", "0")
    assert "虚构&lt;b&gt;公司&lt;/b&gt;&amp;合作社" in screen.text


async def test_a_pasted_id_number_is_refused_and_its_message_goes(desk, database):
    await desk.decide(PERMIT)
    with pytest.raises(Refusal):
        await desk.type(f"{COMPANY} {ID_NUMBER_MARKER}")
    assert desk.last.delete_message
    [draft] = await rows(database, Draft)
    assert not draft.answers["entry"]["organisations"]


async def test_an_id_number_in_two_parts_is_refused_and_its_message_goes(desk, database):
    await desk.decide({"matter": ("m42",)})
    with pytest.raises(Refusal, match="An ID number must not be sent here"):
        await desk.type("张 002X 11010519491231")  # a published specimen, its last four first
    assert desk.last.delete_message
    [draft] = await rows(database, Draft)
    assert not draft.answers["entry"]["person"]


async def test_a_future_day_of_submission_is_refused(desk):
    await desk.decide(PERMIT)
    await desk.type(COMPANY)
    with pytest.raises(Refusal, match="future"):
        await desk.type("2026-11-24")
    assert (await desk.type("11月20日")).name == "entry_confirm"


async def test_a_typed_day_of_submission_counts_the_expected_feedback(desk, database):
    await desk.decide(PERMIT)
    await desk.type(COMPANY)
    screen = await desk.type("2026-09-30")
    assert "Tue 13 Oct" in screen.text  # across the long holiday, with the make-up Saturday
    await desk.press("rconf")
    verification = next(item for item in await rows(database, Item) if item.product_kind == "verification")
    assert verification.due_on == dt.date(2026, 10, 13)


async def test_nothing_is_expected_or_reminded_where_the_counterpart_applies(desk, database):
    done = await registered(desk, submitted="cp")
    verification = next(item for item in await rows(database, Item) if item.product_kind == "verification")
    assert (verification.applicant, verification.due_on) == (Applicant.COUNTERPART, None)
    assert {row.kind for row in await rows(database, Reminder)} == {"hand_in"}  # asked, and nobody is chased
    screen = await opened(desk)
    assert [button.press.verb for button in desk.buttons(screen)] == ["rask", "undo", "more", "my"]
    assert "申请人" in done.text


async def test_where_the_counterpart_applied_the_day_of_entry_is_said_and_an_earlier_hand_in_moves_it(desk, database):
    await registered(desk, submitted="cp")
    assert "counted in the figures on Mon 23 Nov" in (await opened(desk)).text
    await desk.press("rask", "returned")
    shown = await desk.type("2026-11-20")  # it was handed in before anybody made an entry
    verification = next(item for item in await rows(database, Item) if item.product_kind == "verification")
    assert (verification.submitted_on, verification.returned_on) == (dt.date(2026, 11, 20), dt.date(2026, 11, 20))
    assert "counted in the figures on Fri 20 Nov" in shown.text


async def test_an_opinion_is_not_used_before_it_came(desk, database):
    await registered(desk)
    await opened(desk)
    await desk.press("rdo", "received,0")
    await desk.press("rask", "returned")
    await desk.press("rdo", "returned,0")
    await desk.send(Press("use", 1, (await rows(database, Request))[0].version))
    await desk.press("fset", "used_as,passed")
    await desk.press("fedit", "used_on")
    await desk.type("2026-11-22")
    with pytest.raises(Refusal, match="before the opinion came"):
        await desk.press("fok")
    await desk.press("fedit", "used_on")
    await desk.press("fday", "used_on,0")
    await desk.press("fok")
    assert (await rows(database, Item))[0].used_on == dt.date(2026, 11, 23)


async def test_an_edited_line_returns_to_the_confirmation_with_everything_else_kept(desk):
    await desk.decide(PERMIT)
    await desk.type(COMPANY)
    await desk.press("rsubm", "no")
    await desk.press("redit", "decide")
    before = await desk.type("2027-01-15")
    assert "Thu 7 Jan 2027, provisional" in before.text
    await desk.press("redit", "subject")
    after = await desk.type(SHOP)
    assert after.name == "entry_confirm"
    assert after.text == before.text.replace(COMPANY, SHOP)
    await desk.press("redit", "letters")
    assert "Letters: 3" in (await desk.type("三份")).text


async def test_a_decision_before_the_feedback_gets_one_calm_line(desk):
    await desk.decide(PERMIT)
    await desk.type(COMPANY)
    await desk.press("rsubm", "0")
    await desk.press("redit", "decide")
    early = await desk.type("2026-11-26")
    assert "may come after the planned decision" in early.text
    await desk.press("redit", "decide")
    late = await desk.type("2026-12-25")
    assert "may come after the planned decision" not in late.text
    await desk.press("redit", "decide")
    assert "Planned decision: " not in (await desk.press("rnone")).text


async def test_products_can_be_left_out_but_never_all(desk, database):
    await desk.decide(PERMIT)
    await desk.type(COMPANY)
    await desk.press("rsubm", "0")
    await desk.press("redit", "products")
    await desk.press("rprod", "verification")
    with pytest.raises(Refusal, match="at least one"):
        await desk.press("rprod", "commitment")
    await desk.press("rdone")
    await desk.press("rconf")
    [request] = await rows(database, Request)
    [item] = await rows(database, Item)
    assert (request.state, item.product_kind, item.state) == (
        RequestState.CLOSED,
        "commitment",
        ItemState.RECORDED,
    )


async def test_a_matter_with_a_commitment_only_is_complete_with_a_number_of_letters(desk, database):
    await desk.decide(FILING)
    await desk.press("rway", "letters")
    screen = await desk.type("１２份")
    assert screen.name == "entry_confirm"
    await desk.press("rconf")
    [request] = await rows(database, Request)
    [letter] = await rows(database, Commitment)
    assert (request.state, letter.letters) == (RequestState.CLOSED, 12)
    assert await count(database, Counterpart) == 0
    assert await count(database, Reminder) == 0


async def test_a_list_before_publication_is_entered_as_a_count(desk, database):
    await desk.decide(AWARD)
    await desk.press("rway", "count")
    await desk.type("32家")
    await desk.press("rsubm", "0")
    await desk.press("rconf")
    verification = next(item for item in await rows(database, Item) if item.product_kind == "verification")
    assert (verification.head_count, verification.counterpart_id) == (32, None)


async def test_a_natural_person_is_kept_by_surname_last_four_and_case_number(desk, database):
    await desk.decide({"matter": ("m42",)})
    screen = await desk.type("张 123X 虚构办2026-15")
    assert screen.name == "entry_submission"
    confirm = await desk.press("rsubm", "cp")
    assert confirm.protect
    await desk.press("rconf")
    [person] = await rows(database, Counterpart)
    assert (person.code, person.name) == (None, None)
    assert person.person_label == {"surname": "张", "last4": "123X", "case_number": "虚构办2026-15"}


async def test_back_goes_step_by_step_to_the_result_card(desk, database):
    await desk.decide(PERMIT)
    await desk.type(COMPANY)
    await desk.press("rsubm", "0")
    assert (await desk.press("rback")).name == "entry_submission"
    assert (await desk.press("rback")).name == "entry_subject"
    await desk.press("rback")
    [draft] = await rows(database, Draft)
    assert draft.purpose == "guide"
    assert desk.find("reg")
    assert (await desk.press("reg")).name == "entry_subject"


async def test_giving_up_records_nothing(desk, database):
    await desk.decide(PERMIT)
    await desk.press("rstop")
    assert (await count(database, Request), await count(database, Draft)) == (0, 0)


async def test_a_button_of_an_older_screen_is_stale(desk):
    await desk.decide(PERMIT)
    old = desk.find("rway") if any(b.press.verb == "rway" for b in desk.buttons()) else desk.find("rstop")
    await desk.type(COMPANY)
    with pytest.raises(Stale):
        await desk.send(old)


async def test_one_more_entry_begins_the_same_matter_again(desk, database):
    await registered(desk)
    assert (await desk.press("ragn")).name == "entry_subject"
    await desk.type(SHOP)
    await desk.press("rsubm", "0")
    await desk.press("rconf")
    assert [row.matter_code for row in await rows(database, Request)] == ["m04b", "m04b"]


async def test_an_auditor_makes_no_entries(database, office, enrol):
    auditor = Desk(database, office, await enrol(900009, role=Role.AUDITOR), NOW)
    with pytest.raises(Refusal, match="Auditors"):
        await auditor.decide(PERMIT)


async def test_my_lists_eight_open_entries_a_page(desk):
    for _each in range(9):
        await registered(desk)
    first = await desk.command("my")
    assert sum(button.press.verb == "req" for button in desk.buttons()) == 8
    assert "9" in first.text
    turning = next(button.press for button in desk.buttons() if "Next" in button.text)
    await desk.send(turning)
    assert len([button for button in desk.buttons() if button.press.verb == "req"]) == 1


async def test_receipt_makes_the_due_date_exact_and_plans_the_reminders_anew(desk, database):
    await registered(desk)
    desk.now += dt.timedelta(days=1)
    await opened(desk)
    screen = await desk.press("rdo", "received,0")
    verification = next(item for item in await rows(database, Item) if item.product_kind == "verification")
    assert (verification.state, verification.received_on, verification.due_on) == (
        ItemState.RECEIVED,
        dt.date(2026, 11, 24),
        dt.date(2026, 12, 1),
    )
    planned = {(row.kind, row.stage): row.state for row in await rows(database, Reminder)}
    assert planned == {
        ("receipt", "ask"): ReminderState.CANCELLED,
        ("feedback", "t-1"): ReminderState.PLANNED,
        ("feedback", "t-0"): ReminderState.PLANNED,
        ("feedback", "overdue+1"): ReminderState.PLANNED,
    }
    assert "Feedback due: Tue 1 Dec" in screen.text
    effects = [line.verb for line in await rows(database, Audit) if line.verb != "request.look"]
    assert effects == ["request.register", "request.received"]


async def test_a_corrected_receipt_day_may_be_typed_but_not_before_the_submission(desk, database):
    await registered(desk)
    await opened(desk)
    await desk.press("rdo", "received,0")
    desk.now += dt.timedelta(days=2)
    await opened(desk)
    await desk.press("rask", "received")
    for text in ("2026-11-22", "2026-11-26"):
        with pytest.raises(Refusal):
            await desk.type(text)
    await desk.type("11月24日")
    verification = next(item for item in await rows(database, Item) if item.product_kind == "verification")
    assert verification.due_on == dt.date(2026, 12, 1)
    assert await count(database, Draft) == 0


async def test_an_old_question_for_a_day_is_not_asked_again_once_the_entry_has_moved_on(desk, database):
    await registered(desk)
    screen = await opened(desk)
    old = next(each.press for each in desk.buttons(screen) if each.press and each.press.verb == "rask")
    await desk.press("rdo", "received,0")
    assert (await desk.send(old)).toast is not None
    assert await count(database, Draft) == 0


async def test_a_typed_day_gives_an_unfinished_entry_back(desk, database):
    await registered(desk)
    await desk.decide(PERMIT)
    await desk.type(SHOP)
    unfinished = desk.screen
    await opened(desk)
    await desk.press("rask", "received")
    await desk.type("今天")
    [draft] = await rows(database, Draft)
    assert (draft.purpose, draft.awaiting) == ("entry", "entry.submission")
    with pytest.raises(Stale):
        await desk.press("rsubm", "0", on=unfinished)
    assert (await desk.type("今天")).name == "entry_confirm"


async def test_a_received_opinion_closes_the_entry_and_ends_its_reminders(desk, database):
    await registered(desk)
    await opened(desk)
    await desk.press("rask", "returned")
    await desk.press("rdo", "returned,0")
    [request] = await rows(database, Request)
    assert request.state is RequestState.CLOSED
    unended = {row.kind for row in await rows(database, Reminder) if row.state is not ReminderState.CANCELLED}
    assert unended == {"use"}  # the centre owes nothing more; the opinion still waits to be used
    assert "opinion to be written down 1" in (await desk.command("my")).text


async def test_the_day_of_an_opinion_can_be_corrected_after_the_entry_is_complete(desk, database):
    await registered(desk)
    await opened(desk)
    desk.now += dt.timedelta(days=3)
    await desk.press("rask", "returned")
    await desk.press("rdo", "returned,0")
    await desk.press("more")
    await desk.press("rask", "returned")
    screen = await desk.press("rdo", "returned,1")
    verification = next(item for item in await rows(database, Item) if item.product_kind == "verification")
    [request] = await rows(database, Request)
    assert (verification.returned_on, request.state) == (dt.date(2026, 11, 25), RequestState.CLOSED)
    assert "Opinion received: Wed 25 Nov" in screen.text


async def test_a_stale_button_of_an_entry_shows_its_present_state(desk, database):
    await registered(desk)
    old = await opened(desk)
    await desk.press("rdo", "received,0")
    screen = await desk.press("rdo", "received,0", on=old)
    assert screen.toast and "changed" in screen.toast
    [request] = await rows(database, Request)
    assert request.basis_version == 2


async def test_overdue_follows_only_from_a_confirmed_receipt(desk):
    await registered(desk)
    desk.now += dt.timedelta(days=30)
    assert "outstanding" not in (await opened(desk)).text
    await desk.press("rask", "received")
    submitted = next(b.press.arg for b in desk.buttons() if b.press and "2026-11-23" in b.press.arg)
    assert "outstanding" in (await desk.press("rdo", submitted)).text


async def test_a_withdrawn_entry_stays_in_the_ledger_and_is_not_watched(desk, database):
    await registered(desk)
    await opened(desk)
    await desk.press("more")
    await desk.press("rwd")
    screen = await desk.press("rwdok")
    [request] = await rows(database, Request)
    assert request.state is RequestState.WITHDRAWN
    assert {row.state for row in await rows(database, Reminder)} == {ReminderState.CANCELLED}
    assert "withdrawn" in screen.text


async def test_an_application_that_has_not_gone_out_is_submitted_later(desk, database):
    await desk.decide(PERMIT)
    await desk.type(COMPANY)
    await desk.press("rsubm", "no")
    await desk.press("redit", "decide")
    await desk.type("2026-12-25")
    await desk.press("rconf")
    assert {(row.kind, row.stage) for row in await rows(database, Reminder)} == {
        ("submit_by", "t-3"),
        ("submit_by", "t-1"),
        ("submit_by", "t-0"),
        ("decide", "t-1"),
        ("decide", "t-0"),
    }
    await opened(desk)
    await desk.press("rdo", "submitted,0")
    planned = [row.kind for row in await rows(database, Reminder) if row.state is ReminderState.PLANNED]
    assert sorted(planned) == ["decide", "decide", "receipt"]


@pytest.mark.parametrize(
    ("role", "unit", "sees", "acts"),
    [
        (Role.COORDINATOR, "legal", True, True),
        (Role.LIAISON, "air", True, False),
        (Role.HEAD, "air", True, False),
        (Role.AUDITOR, "legal", True, False),
        (Role.OFFICER, "air", False, False),
        (Role.LIAISON, "water", False, False),
    ],
)
async def test_who_sees_and_who_changes_an_entry(desk, database, office, enrol, role, unit, sees, acts):
    await registered(desk)
    mine = await opened(desk)
    other = Desk(database, office, await enrol(900002, unit=unit, role=role), NOW)
    if not sees:
        with pytest.raises(Refusal, match="no such entry"):
            await opened(other)
    else:
        screen = await opened(other)
        assert any(button.press.verb == "rdo" for button in desk.buttons(screen)) == acts
    if acts:
        assert (await other.press("rdo", "received,0", on=mine)).toast
    else:
        with pytest.raises(Refusal):
            await other.press("rdo", "received,0", on=mine)


async def test_the_timeline_tells_who_did_what_in_words(desk):
    await registered(desk)
    await opened(desk)
    screen = await desk.press("rdo", "received,0")
    timeline = screen.text.split("Timeline")[1]
    assert "虚构1 entered in the ledger" in timeline
    assert "虚构1 recorded the centre's receipt, Mon 23 Nov" in timeline
    assert "{" not in screen.text


async def test_what_a_long_timeline_has_no_place_for_stands_on_pages(desk, database):
    await registered(desk)
    assert not [each for each in desk.buttons(await opened(desk)) if each.press.verb == "tline"]
    async with database.write() as session:
        for n in range(30):
            audit.note(session, at=NOW + dt.timedelta(minutes=n), actor_id=None, verb="paper.make",
                       subject=("request", 1), reason=f"line {n}")  # fmt: skip
    await opened(desk)
    first = await desk.press("tline")
    assert "line 29" in first.text and "line 22" in first.text and "line 21" not in first.text
    await desk.press("tline", "1")
    await desk.press("tline", "2")
    last = await desk.press("tline", "3")
    assert "entered in the ledger" in last.text and "Page 4 of 4" in last.text
    assert (await desk.send(Press("tline", 1, arg="99"))).text == last.text


def corrected(session, n: int, reason: str) -> None:
    numbers = {"was": "郑信核查意见（虚构）字号" + "补" * 48, "is": "郑信核查意见（虚构）字号" + "正" * 48}
    audit.note(session, at=NOW + dt.timedelta(minutes=n), actor_id=1, verb="request.correct", subject=("request", 1),
               before={"rows": {}}, after={"line": "number", **numbers}, reason=reason)  # fmt: skip


@pytest.mark.parametrize(("letter", "count"), [("据", 190), ("𠮷", 95)])
async def test_an_entry_that_was_corrected_often_and_at_length_is_still_shown(desk, database, letter, count):
    """A dozen reasons of 200 characters would be more than one message takes; they stand in the whole timeline."""
    await registered(desk, paste=f"{COMPANY}\n{INSTITUTE}")
    async with database.write() as session:
        for n in range(14):
            corrected(session, n, f"第{n}次：" + letter * count)
    screen = await opened(desk)
    said = screen.text.split("Timeline")[1].splitlines()[1:]
    assert len(said) <= 12 and "第13次" in said[-1]
    assert all(line.endswith(letter + "…") for line in said)
    assert f"第13次：{letter * count}" in (await desk.press("tline")).text
    assert (await desk.press("tline", "1")).name == "ledger_timeline"


async def test_the_whole_timeline_is_offered_where_a_reason_was_cut(desk, database):
    await registered(desk)
    async with database.write() as session:
        corrected(session, 1, "据" * 61)
    await opened(desk)
    assert "据" * 61 in (await desk.press("tline")).text


async def test_of_many_bases_three_are_named_and_the_others_counted(desk, database):
    """A list of forty may have forty bases of 200 characters each."""
    firms = "\n".join(f"{company(n)} {code(n)}" for n in range(1, 31))
    await registered(desk, paste=firms, answers=AWARD)
    async with database.write() as session:
        checks = select(Item).where(Item.product_kind == "verification").order_by(Item.id)
        for n, item in enumerate(await session.scalars(checks)):
            item.state, item.used_as, item.basis = ItemState.USED, "limited", f"虚构办法第{n}条" + "款" * 190
    said = (await opened(desk)).text
    assert [f"虚构办法第{n}条" in said for n in range(4)] == [True, True, True, False]
    assert "\nand 27 more\n" in said


async def test_of_many_changes_by_somebody_else_the_newest_are_told_and_the_others_counted(desk, database, enrol):
    await registered(desk, submitted="1")
    await opened(desk)
    await desk.press("more")
    await desk.press("corr")
    await desk.press("fset", "line,submitted_on")
    await desk.type("11月20日")
    await desk.type("笔误")
    async with database.write() as session:
        for n in range(16):
            corrected(session, n, f"第{n}次：" + "据" * 190)
    asked = await desk.press("fok")
    assert asked.name == "form_confirm" and "has changed while you were filling" in asked.text
    assert [f"第{n}次" in asked.text for n in range(16)] == [False] * 13 + [True] * 3
    assert "13 earlier changes" in asked.text
    assert (await desk.press("fok")).name == "ledger_entry"


@pytest.fixture
def long_lines(desk, database, monkeypatch):
    """An entry whose acts kept as much as those on a long list do; returns how much of it was read when."""
    read: list[str] = []
    plain = types.decrypt
    monkeypatch.setattr(types, "decrypt", lambda token: read.append(plain(token)) or read[-1])

    async def begin(verb="request.received"):
        await registered(desk)
        at = desk.now - dt.timedelta(minutes=5)
        gone = {"999": {"district": "长" * 10_000}}  # stands for the many rows of a list
        async with database.write() as session:
            for n in range(20):
                rows = {"request": {"1": {"matter_name": f"虚构事项{n}"}}, "item": gone}
                audit.note(session, at=at, actor_id=desk.person.id, verb=verb,
                           subject=("request", 1), before={"rows": rows}, after={"on": "2026-11-23"})  # fmt: skip
        read.clear()

    def kept():
        return sum(b"\xe9\x95\xbf" * 1000 in each for each in read)

    return begin, kept


async def test_a_turn_on_an_entry_reads_nothing_of_what_earlier_acts_have_kept(desk, long_lines):
    begin, kept = long_lines
    await begin()
    await opened(desk)
    await desk.press("tline")
    await desk.at("corr", 1)
    await desk.press("fset", "line,submitted_on")
    await desk.press("fday", "day,1")
    await desk.type("录入有误")
    await desk.press("fok")
    assert desk.screen.name == "ledger_entry" and "corrected the entry" in desk.screen.text
    assert kept() == 0


async def test_taking_back_reads_what_the_one_act_has_kept(desk, database, long_lines):
    begin, kept = long_lines
    await begin()
    await opened(desk)
    await desk.press("undo")
    assert kept() == 1
    assert (await rows(database, Request))[0].matter_name == "虚构事项19"
    await desk.press("undo")
    assert (await rows(database, Request))[0].matter_name == "虚构事项18"


async def test_what_a_line_keeps_of_a_reminder_or_a_calendar_is_no_act_to_take_back(desk, database):
    await registered(desk)
    await desk.at("rdo", 1, "received,0")
    async with database.write() as session:
        audit.note(session, at=NOW, actor_id=desk.person.id, verb="reminder.snooze", subject=("request", 1),
                   before=NOW.isoformat(), after={"on": "2026-11-25"})  # fmt: skip
    await opened(desk)
    await desk.press("undo")
    assert "took back the last step" in desk.screen.text
    assert (await rows(database, Item))[0].received_on is None
    async with database.write() as session:
        audit.note(session, at=NOW, actor_id=desk.person.id, verb="calendar.recompute", subject=("request", 1),
                   before={"due_on": None}, after={"due_on": None})  # fmt: skip
    assert not [each for each in desk.buttons(await opened(desk)) if each.press.verb == "undo"]


async def test_a_form_that_was_overtaken_says_what_has_come_and_nothing_older(desk, database):
    await registered(desk)
    await desk.at("rdo", 1, "received,0")
    await desk.at("corr", 1)
    await desk.press("fset", "line,submitted_on")
    await desk.press("fday", "day,1")
    await desk.type("录入有误")
    async with database.write() as session:
        audit.note(session, at=NOW, actor_id=desk.person.id, verb="request.decide", subject=("request", 1),
                   before={"rows": {}}, after={"on": "2026-12-01"})  # fmt: skip
        audit.note(session, at=NOW, actor_id=None, verb="reminder.queue", subject=("request", 1))
    said = (await desk.press("fok")).text
    assert "set the planned day of decision" in said
    assert "recorded the centre's receipt" not in said and "reminder sent out" not in said


async def test_the_planned_day_of_decision_is_set_moved_and_taken_out_later(desk, database):
    await registered(desk, submitted="no")
    await opened(desk)
    await desk.press("more")
    await desk.press("pdec")
    confirm = await desk.type("2026-12-14")
    assert "Last day to submit: Fri 4 Dec" in confirm.text
    shown = await desk.press("fok")
    assert "Planned day of decision from nothing to Mon 14 Dec" in shown.text
    [request] = await rows(database, Request)
    assert (request.decide_on, request.submit_by_on) == (dt.date(2026, 12, 14), dt.date(2026, 12, 4))
    planned = [each for each in await rows(database, Reminder) if each.state is ReminderState.PLANNED]
    assert {each.kind for each in planned} == {"submit_by", "decide"}
    await desk.press("more")
    await desk.press("pdec")
    await desk.press("fpass", "decide_on")
    assert "from Mon 14 Dec to nothing" in (await desk.press("fok")).text
    [request] = await rows(database, Request)
    assert (request.decide_on, request.submit_by_on) == (None, None)
    assert not [each for each in await rows(database, Reminder) if each.state is ReminderState.PLANNED]


async def test_an_opinion_that_ends_before_the_planned_decision_is_said(desk, database):
    await registered(desk)
    await opened(desk)
    await desk.press("rdo", "received,0")
    await desk.press("rask", "returned")
    await desk.press("rdo", "returned,0")
    await desk.press("opn")
    await desk.press("fset", "finding,clean")
    await desk.press("fday", "issued_on,0")
    await desk.press("fpass", "number")
    await desk.press("fok")
    await desk.press("more")
    await desk.press("pdec")
    assert "ends on" not in (await desk.type("2027-11-22")).text
    await desk.press("fedit", "decide_on")
    assert "the opinion ends on Mon 22 Nov 2027, before the decision" in (await desk.type("2027-11-23")).text


@pytest.mark.parametrize("rule", ["restart", "pause"])
async def test_a_supplement_restarts_or_pauses_the_clock_as_the_pack_says(database, office, officer, policy, rule):
    """Source: domain.md A8; reckoned by hand over the working days, none of which is a holiday here."""
    content = policy.content.model_copy(
        update={"settings": policy.content.settings.model_copy(update={"supplement": rule})}
    )
    desk = Desk(database, replace(office, policy=Policy(content)), officer, NOW)

    async def verification():
        return next(item for item in await rows(database, Item) if item.product_kind == "verification")

    await registered(desk)
    await opened(desk)
    await desk.press("rdo", "received,0")  # Monday 23 November: due on Monday the 30th
    desk.now = NOW + dt.timedelta(days=2)
    await desk.press("more")
    await desk.press("rask", "supplement")
    await desk.press("rdo", "supplement,0")  # on Wednesday: Thursday, Friday and Monday were left
    desk.now = NOW + dt.timedelta(days=7)
    await desk.press("rask", "resumed")
    await desk.press("rdo", "resumed,0")  # on Monday the 30th
    due = {"restart": dt.date(2026, 12, 7), "pause": dt.date(2026, 12, 3)}
    assert (await verification()).due_on == due[rule]
    await desk.press("more")
    await desk.press("corr")
    await desk.press("fset", "line,received_on")
    await desk.type("2026-11-24")  # a day later than was thought: one working day more was left
    await desk.type("回执看错")
    await desk.press("fok")
    due = {"restart": dt.date(2026, 12, 7), "pause": dt.date(2026, 12, 4)}
    assert (await verification()).due_on == due[rule]


async def test_of_several_each_may_be_used_otherwise_and_a_use_is_put_right_with_a_reason(desk, database):
    others = "虚构甲环保有限公司 91410100MA00000P2Q\n虚构乙环保有限公司 91410100MA0000001X"
    await registered(desk, paste=f"{COMPANY}\n{others}", answers=AWARD)
    await opened(desk)
    await desk.press("rdo", "received,0")
    await desk.press("rask", "returned")
    await desk.press("rdo", "returned,0")

    async def write(whose: str, finding: str) -> None:
        await desk.press("opn")
        await desk.press("opn", whose)
        await desk.press("fset", f"finding,{finding}")
        await desk.press("fday", "issued_on,0")
        await desk.press("fpass", "number")
        await desk.press("fok")

    second = [item for item in await rows(database, Item) if item.product_kind == "verification"][1]
    await write(str(second.id), "adverse")
    await write("all", "clean")
    asked = await desk.press("use")
    assert [each.press.arg for each in desk.buttons(asked) if each.press.verb == "use"][:2] == ["all", str(second.id)]
    await desk.press("use", str(second.id))
    await desk.press("fset", "used_as,cancelled")
    assert "虚构甲环保有限公司" in (await desk.type("虚构条例第3条")).text
    shown = await desk.press("fok")
    assert "Used: cancelled\n" in shown.text and "Basis of the measure: 虚构条例第3条" in shown.text
    assert desk.find("use")  # the others are still to be used
    await desk.press("use")
    await desk.press("use", "all")
    await desk.press("fset", "used_as,passed")
    shown = await desk.press("fok")
    assert "Used: passed 2, cancelled 1, Mon 23 Nov" in shown.text
    checks = [item for item in await rows(database, Item) if item.product_kind == "verification"]
    assert [item.used_as for item in checks] == ["passed", "cancelled", "passed"]

    await desk.press("more")
    await desk.press("corr")
    await desk.press("corr", str(second.id))
    await desk.press("fset", "line,used_as")
    await desk.press("fset", "used_as,warned")
    await desk.type("按会议纪要更正")
    shown = await desk.press("fok")
    assert "Used: passed 2, warned 1" in shown.text and "Basis of the measure" not in shown.text
    assert "Use of the opinion from cancelled to warned, 按会议纪要更正" in shown.text
