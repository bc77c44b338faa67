"""The guide, driven through its flow functions on a real database with the shipped pack."""

import datetime as dt
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.errors import Refusal
from bot.guidance import Outcome, next_step, still_valid
from bot.identifiers import ID_NUMBER_MARKER
from bot.policy.loader import restore
from bot.policy.model import MATTER, OTHER, Policy
from bot.screens.screen import MAX_DATA_BYTES, MAX_TEXT_UNITS, Button, Press, Screen
from handlers import guide, requests
from handlers.office import Office
from handlers.turn import Sender, Stale, Turn
from storage.database import Database
from storage.tables import Audit, Draft, Outbox, Person, PolicySnapshot, RecentMatter, Referral, Role
from tests.handlers.conftest import NOW

FORWARD = ("gcat", "gmat", "gans", "gpick")


@dataclass
class Desk:
    """An officer at the guide: each act is a turn of its own, committed like the real ones."""

    database: Database
    office: Office
    person: Person
    now: dt.datetime = NOW
    turn: Turn | None = None
    screen: Screen = field(default_factory=lambda: Screen("none", ""))
    updates: int = 0

    async def command(self, name: str, text: str = "") -> Screen:
        return await self._run(guide.COMMANDS[name], text=text)

    async def type(self, text: str) -> Screen:
        async with self.database.read() as session:
            draft = await session.scalar(select(Draft).where(Draft.person_id == self.person.id, Draft.active))
        flow = guide.TYPED[draft.purpose] if draft and draft.awaiting else guide.search
        return await self._run(flow, text=text)

    async def press(self, verb: str, arg: str | None = None, *, on: Screen | None = None) -> Screen:
        return await self.press_button(button(on or self.screen, verb, arg))

    async def press_button(self, pressed: Button) -> Screen:
        assert pressed.press is not None
        decoded = Press.decode(pressed.press.encode())
        assert decoded is not None
        return await self._run(guide.PRESSES[decoded.verb], press=decoded)

    async def present(self) -> Screen:
        return await self._run(guide.PRESENT["guide"])

    async def draft(self) -> Draft | None:
        async with self.database.read() as session:
            return await session.scalar(select(Draft).where(Draft.person_id == self.person.id, Draft.active))

    async def count(self, table: Any) -> int:
        async with self.database.read() as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0

    async def _run(self, flow: Any, *, press: Press | None = None, text: str = "") -> Screen:
        self.updates += 1
        async with self.database.write() as session:
            person = await session.get_one(Person, self.person.id)
            draft = await session.scalar(select(Draft).where(Draft.person_id == person.id, Draft.active))
            self.turn = Turn(
                office=self.office,
                session=session,
                now=self.now,
                update_id=self.updates,
                sender=Sender(person.telegram_id),
                person=person,
                draft=draft,
                press=press,
                text=text,
            )
            self.screen = await flow(self.turn)
        return self.screen


@pytest.fixture
def desk(database: Database, office: Office, officer: Person) -> Desk:
    return Desk(database, office, officer)


def presses(screen: Screen) -> list[Press]:
    return [button.press for row in screen.rows for button in row if button.press]


def verbs(screen: Screen) -> set[str]:
    return {press.verb for press in presses(screen)}


def button(screen: Screen, verb: str, arg: str | None = None) -> Button:
    for row in screen.rows:
        for each in row:
            if each.press and each.press.verb == verb and arg in (None, each.press.arg):
                return each
    raise AssertionError(f"no button {verb} {arg} on {screen.name}: {presses(screen)}")


async def to_result(desk: Desk, matter: str, *answers: str) -> Screen:
    """Find a matter by its name and answer what is asked."""
    await desk.command("guide", desk.office.policy.matters[matter].name)
    await desk.press("gmat", matter)
    for answer in answers:
        await desk.press("gans", answer)
    return desk.screen


# --- finding the matter -----------------------------------------------------------------------------------------


async def test_guide_begins_with_the_categories_and_nothing_else_for_a_new_officer(desk: Desk) -> None:
    screen = await desk.command("guide")
    shown = [press.arg for press in presses(screen) if press.verb == "gcat"]
    assert shown == [category.id for category in desk.office.policy.categories]
    assert [press.arg for press in presses(screen) if press.verb == "gmat"] == [OTHER]


async def test_last_five_matters_stand_first_newest_first(desk: Desk) -> None:
    for minute, matter in enumerate(["m01", "m02", "m03", "m05", "m06", "m07", "m01"]):
        desk.now = NOW + dt.timedelta(minutes=minute)
        await to_result(desk, matter)
        await desk.press("gend")
    screen = await desk.command("guide")
    assert [p.arg for p in presses(screen) if p.verb == "gmat"] == ["m01", "m07", "m06", "m05", "m03", OTHER]


async def test_matter_that_the_pack_dropped_leaves_the_last_five(desk: Desk, policy: Policy) -> None:
    await to_result(desk, "m01")
    await desk.press("gend")
    desk.office = replace(desk.office, policy=without_matter(policy, "m01"))
    screen = await desk.command("guide")
    assert [press.arg for press in presses(screen) if press.verb == "gmat"] == [OTHER]


@pytest.mark.parametrize("query", ["排污", "pwxkz", "paiwuxuke", "排物许可"])
async def test_typed_text_finds_the_matter(desk: Desk, query: str) -> None:
    await desk.command("guide")
    screen = await desk.type(query)
    assert "m04b" in [press.arg for press in presses(screen) if press.verb == "gmat"]
    assert OTHER in [press.arg for press in presses(screen) if press.verb == "gmat"]


async def test_words_after_the_command_are_searched_for_at_once(desk: Desk) -> None:
    screen = await desk.command("guide", "排污许可证延续")
    assert presses(screen)[0].arg == "m04b"


async def test_text_typed_anywhere_is_a_search(desk: Desk) -> None:
    screen = await desk.type("危废")
    assert screen.name == "guide.found"


async def test_search_shows_at_most_eight(desk: Desk) -> None:
    screen = await desk.command("guide", "环保")
    assert 2 <= len([press for press in presses(screen) if press.verb == "gmat"]) <= 9


async def test_nothing_found_says_so_over_the_categories(desk: Desk) -> None:
    screen = await desk.command("guide", "<b>xyzzy&</b>")
    assert "&lt;b&gt;xyzzy&amp;" in screen.text
    assert "gcat" in verbs(screen)


async def test_category_lists_its_matters_and_leads_back(desk: Desk) -> None:
    home = await desk.command("guide")
    screen = await desk.press("gcat", "fund")
    held = [m.code for m in desk.office.policy.matters_on(NOW.date()) if m.category == "fund"]
    assert [p.arg for p in presses(screen) if p.verb == "gmat"] == held
    assert (await desk.press("gback")).text == home.text


async def test_back_from_the_first_question_returns_to_where_the_matter_was_chosen(desk: Desk) -> None:
    await desk.command("guide")
    shelf = await desk.press("gcat", "fund")
    await desk.press("gmat", "m15")
    assert (await desk.press("gback")).text == shelf.text
    found = await desk.type("排污许可证延续")
    await desk.press("gmat", "m04b")
    assert (await desk.press("gback")).text == found.text


# --- questions --------------------------------------------------------------------------------------------------


async def test_questions_lead_to_a_card_that_says_which_answers_led_there(desk: Desk) -> None:
    question = await to_result(desk, "m15")
    assert question.name == "guide.question"
    assert "2/3" in question.text
    await desk.press("gans", "financing,no")
    card = await desk.press("gans", "report_requested,yes")
    assert card.name == "guide.result"
    asked = desk.office.policy.questions["report_requested"]
    assert asked.text in card.text
    assert asked.label("yes") in card.text


async def test_back_drops_the_last_answer_only(desk: Desk) -> None:
    await to_result(desk, "m15", "financing,no")
    await desk.press("gans", "report_requested,yes")
    screen = await desk.press("gback")
    assert "gans" in verbs(screen)
    draft = await desk.draft()
    assert draft is not None
    assert draft.answers["answers"] == {MATTER: ["m15"], "financing": ["no"]}


async def test_editing_one_answer_keeps_the_later_one_that_still_fits(desk: Desk) -> None:
    await to_result(desk, "m15", "financing,no", "report_requested,yes")
    await desk.press("gedit", "")
    await desk.press("gedit", "report_requested")
    card = await desk.press("gans", "report_requested,no")
    assert card.name == "guide.result"
    await desk.press("gedit", "")
    await desk.press("gedit", MATTER)
    await desk.type("省级大气污染防治资金项目")
    card = await desk.press("gmat", "m16")
    assert card.name == "guide.result"
    draft = await desk.draft()
    assert draft is not None
    assert draft.answers["answers"] == {MATTER: ["m16"], "financing": ["no"], "report_requested": ["no"]}


async def test_leaving_an_edit_changes_nothing(desk: Desk) -> None:
    card = await to_result(desk, "m15", "financing,no", "report_requested,yes")
    await desk.press("gedit", "")
    listing = desk.screen
    await desk.press("gedit", "financing")
    assert (await desk.press("gback")).text == listing.text
    assert (await desk.press("gback")).text == card.text
    await desk.press("gedit", "")
    await desk.press("gedit", MATTER)
    await desk.press("gcat", "award")
    await desk.press("gback")
    assert (await desk.press("gback")).text == card.text


async def test_multi_select_keeps_ticks_until_confirmed(desk: Desk) -> None:
    await desk.command("guide")
    await desk.press("gmat", OTHER)
    await desk.press("gtog", "triggers,approval,1")
    screen = await desk.press("gtog", "triggers,commitment,1")
    assert {p.arg for p in presses(screen) if p.arg.endswith(",0")} == {"triggers,approval,0", "triggers,commitment,0"}
    await desk.press("gtog", "triggers,approval,0")
    await desk.press("gpick", "triggers")
    draft = await desk.draft()
    assert draft is not None
    assert draft.answers["answers"]["triggers"] == ["commitment"]


async def test_two_quick_ticks_on_one_keyboard_both_count(desk: Desk) -> None:
    await desk.command("guide")
    first = await desk.press("gmat", OTHER)
    await desk.press("gtog", "triggers,approval,1", on=first)
    await desk.press("gtog", "triggers,honour,1", on=first)
    await desk.press("gtog", "triggers,honour,1", on=first)
    draft = await desk.draft()
    assert draft is not None
    assert draft.answers["picked"] == ["approval", "honour"]
    with pytest.raises(Stale):
        await desk.press("gpick", "triggers", on=first)


async def test_nothing_ticked_is_refused(desk: Desk) -> None:
    await desk.command("guide")
    await desk.press("gmat", OTHER)
    with pytest.raises(Refusal):
        await desk.press("gpick")


# --- presses that no longer fit ---------------------------------------------------------------------------------


async def test_second_press_on_the_same_keyboard_is_stale(desk: Desk) -> None:
    await desk.command("guide")
    first = await desk.press("gmat", OTHER)
    home = await desk.press("gback")
    await desk.press("gcat", "fund")
    with pytest.raises(Stale):
        await desk.press("gcat", "award", on=home)
    with pytest.raises(Stale):
        await desk.press("gpick", "triggers", on=first)


@pytest.mark.parametrize(
    "arg", ["financing,perhaps", "nothing,yes", "report_requested,yes", "", ",", "triggers,approval"]
)
async def test_forged_answer_is_stale(desk: Desk, arg: str) -> None:
    screen = await to_result(desk, "m15")
    genuine = button(screen, "gans")
    assert genuine.press is not None
    with pytest.raises(Stale):
        await desk.press_button(Button("", replace(genuine.press, arg=arg)))


@pytest.mark.parametrize(("verb", "arg"), [("gcat", "none"), ("gmat", "m999"), ("gsrc", "all"), ("gtog", "a,b,c,d")])
async def test_forged_press_is_stale(desk: Desk, verb: str, arg: str) -> None:
    home = await desk.command("guide")
    with pytest.raises(Stale):
        await desk.press_button(Button("", replace(presses(home)[0], verb=verb, arg=arg)))


async def test_press_without_a_draft_is_stale(desk: Desk) -> None:
    home = await desk.command("guide")
    await desk.press("gend")
    with pytest.raises(Stale):
        await desk.press("gcat", "fund", on=home)


async def test_officer_cannot_press_on_another_officers_keyboard(desk: Desk, enrol: Any) -> None:
    other = Desk(desk.database, desk.office, await enrol(900002))
    await other.command("guide")
    home = await desk.command("guide")
    with pytest.raises(Stale):
        await other.press("gcat", "fund", on=home)


# --- resuming ---------------------------------------------------------------------------------------------------


async def test_present_screen_after_a_restart_is_the_same(desk: Desk, policy: Policy) -> None:
    for act in (("gcat", "fund"), ("gmat", "m15"), ("gans", "financing,yes"), ("gsrc", "why"), ("gdate", "")):
        if not desk.updates:
            await desk.command("guide")
        elif act[0] == "gdate":
            await desk.press("gback")
        before = await desk.press(*act)
        desk.office = replace(desk.office, policy=restore(policy.snapshot))
        assert await desk.present() == before


async def test_new_guide_asks_before_an_answer_is_given_up(desk: Desk) -> None:
    question = await to_result(desk, "m15", "financing,no")
    screen = await desk.command("guide")
    assert verbs(screen) == {"gkeep", "gnew"}
    assert desk.office.policy.matters["m15"].name in screen.text
    assert await desk.present() == screen
    assert (await desk.press("gkeep")).text == question.text
    await desk.command("guide", "危险废物经营许可")
    screen = await desk.press("gnew")
    assert "m05" in [press.arg for press in presses(screen)]


async def test_new_guide_does_not_ask_when_nothing_was_answered(desk: Desk) -> None:
    await desk.command("guide")
    await desk.press("gcat", "fund")
    assert (await desk.command("guide")).name == "guide.home"


async def test_typed_search_asks_during_a_question_and_not_after_a_result(desk: Desk) -> None:
    await to_result(desk, "m15")
    assert (await desk.type("危险废物经营许可")).name == "guide.unfinished"
    await desk.press("gnew")
    await desk.press("gmat", "m05")
    assert (await desk.type("绿色企业")).name == "guide.found"


async def test_answers_that_a_new_pack_no_longer_knows_are_named_and_asked_again(desk: Desk, policy: Policy) -> None:
    await to_result(desk, "m15", "financing,no", "report_requested,unstated")
    content = policy.content.model_copy(
        update={
            "questions": tuple(
                question.model_copy(update={"options": tuple(o for o in question.options if o.id != "unstated")})
                if question.id == "report_requested"
                else question
                for question in policy.content.questions
            )
        }
    )
    desk.office = replace(desk.office, policy=Policy(content))
    screen = await desk.present()
    asked = policy.questions["report_requested"]
    assert screen.text.count(asked.text) == 2
    card = await desk.press("gans", "report_requested,no")
    assert card.name == "guide.result"
    assert (await desk.present()).text == card.text


async def test_matter_that_a_new_pack_dropped_is_asked_again(desk: Desk, policy: Policy) -> None:
    await to_result(desk, "m15", "financing,no")
    desk.office = replace(desk.office, policy=without_matter(policy, "m15"))
    screen = await desk.present()
    assert screen.name == "guide.home"
    assert policy.off_catalogue.question in screen.text


# --- the matter's date ------------------------------------------------------------------------------------------


async def test_rule_in_force_on_the_matters_date_decides(desk: Desk, policy: Policy) -> None:
    today = await to_result(desk, "s01")
    await desk.press("gdate")
    earlier = await desk.type("2025-09-01")
    later, before = (
        next_step(policy, {MATTER: ("s01",)}, on=on) for on in (dt.date(2026, 11, 23), dt.date(2025, 9, 1))
    )
    assert isinstance(later, Outcome) and isinstance(before, Outcome)
    assert later.advice != before.advice
    assert str(later.advice) in today.text
    assert str(before.advice) in earlier.text
    await desk.press("gdate")
    assert (await desk.press("gtody")).text == today.text


async def test_date_before_the_rules_or_no_date_is_refused(desk: Desk) -> None:
    await to_result(desk, "m01")
    await desk.press("gdate")
    for text in ("2017-02-21", "2月30日", "哪天"):
        with pytest.raises(Refusal):
            await desk.type(text)
    assert (await desk.type("2017-02-22")).name == "guide.result"


# --- what is recorded -------------------------------------------------------------------------------------------


async def test_result_is_remembered_and_audited(desk: Desk) -> None:
    await to_result(desk, "m04b")
    assert await desk.count(RecentMatter) == 1
    async with desk.database.read() as session:
        line = await session.scalar(select(Audit).where(Audit.verb == "guide.result"))
    assert line is not None
    assert line.actor_id == desk.person.id
    assert line.after["matter"] == "m04b"


async def test_trial_run_records_nothing_and_offers_no_entry(desk: Desk) -> None:
    await desk.command("try", "排污许可证延续")
    card = await desk.press("gmat", "m04b")
    assert card.name == "guide.result"
    assert not verbs(card) & {"reg", "gref"}
    forged = replace(presses(card)[0], verb="gsend", arg="")
    with pytest.raises(Stale):
        await desk.press_button(Button("", forged))
    for table in (RecentMatter, Audit, Referral, PolicySnapshot, Outbox):
        assert await desk.count(table) == 0


async def test_auditor_reads_results_and_records_no_case(desk: Desk, enrol: Any) -> None:
    auditor = Desk(desk.database, desk.office, await enrol(900003, role=Role.AUDITOR))
    card = await to_result(auditor, "m04b")
    assert not verbs(card) & {"reg", "gref"}


async def test_new_goes_straight_to_the_entry(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    async def begin_entry(turn: Turn) -> Screen:
        assert turn.draft is not None
        seen.append(turn.draft.answers["answers"])
        return Screen("entry", "")

    monkeypatch.setattr(requests, "begin_entry", begin_entry)
    await desk.command("new", "排污许可证延续")
    assert (await desk.press("gmat", "m04b")).name == "entry"
    assert seen == [{MATTER: ["m04b"]}]


async def test_new_shows_the_advice_where_no_product_follows(desk: Desk) -> None:
    await desk.command("new", "企业申请开具无违法违规证明")
    card = await desk.press("gmat", "s01")
    assert card.name == "guide.result"
    assert "reg" not in verbs(card)
    assert "gref" in verbs(card)


async def test_finished_card_stays_and_cancelled_question_does_not(desk: Desk) -> None:
    card = await to_result(desk, "m04b")
    finished = await desk.press("gend")
    assert finished.stays
    assert finished.text == card.text
    assert await desk.draft() is None
    await to_result(desk, "m15")
    assert not (await desk.press("gend")).stays


# --- handing over to the legal division -------------------------------------------------------------------------


async def test_case_is_handed_over_with_its_answers_and_note(desk: Desk, enrol: Any, policy: Policy) -> None:
    coordinators = [await enrol(900010 + n, unit="legal", role=Role.COORDINATOR) for n in range(2)]
    await to_result(desk, "m15", "financing,no")
    await desk.press("gref")
    done = await desk.type("两家  单位联合申报，\n如何核查")
    assert done.stays
    async with desk.database.read() as session:
        row = await session.scalar(select(Referral))
        assert row is not None
        assert str(row.id) in done.text
        assert row.answers == {"answers": {MATTER: ["m15"], "financing": ["no"]}, "on": "2026-11-23"}
        assert row.note == "两家 单位联合申报， 如何核查"
        assert await session.get(PolicySnapshot, row.policy_hash) is not None
        sent = (await session.scalars(select(Outbox))).all()
        assert sorted(each.person_id for each in sent) == [person.id for person in coordinators]
        assert await session.scalar(select(Audit).where(Audit.verb == "referral.hand_over")) is not None
        other_pack = replace(desk.office, policy=without_matter(policy, "m15"))
        for office in (desk.office, other_pack):
            notice = await guide.NOTICES["referral"](session, office, coordinators[0], sent[0].params, NOW)
            assert notice is not None
            for words in (policy.units["air"].name, "虚构1", policy.matters["m15"].name, "联合申报"):
                assert words in notice.text
    assert await desk.draft() is None


async def test_case_can_be_handed_over_without_a_note_from_a_question(desk: Desk) -> None:
    await desk.command("guide")
    await desk.press("gmat", OTHER)
    await desk.press("gref")
    await desk.press("gsend")
    assert await desk.count(Referral) == 1


async def test_second_press_hands_nothing_over_twice(desk: Desk) -> None:
    await to_result(desk, "m15")
    offer = await desk.press("gref")
    await desk.press("gsend", on=offer)
    with pytest.raises(Stale):
        await desk.press("gsend", on=offer)
    assert await desk.count(Referral) == 1


async def test_notice_of_a_closed_case_is_no_longer_needed(desk: Desk, enrol: Any) -> None:
    coordinator = await enrol(900010, unit="legal", role=Role.COORDINATOR)
    async with desk.database.read() as session:
        assert await guide.NOTICES["referral"](session, desk.office, coordinator, {"referral_id": 99}, NOW) is None


@pytest.mark.parametrize("text", [f"当事人{ID_NUMBER_MARKER}", "长" * 201])
async def test_unfit_note_is_refused_and_the_case_stays(desk: Desk, text: str) -> None:
    await to_result(desk, "m15")
    offer = await desk.press("gref")
    with pytest.raises(Refusal):
        await desk.type(text)
    assert desk.turn is not None
    assert desk.turn.delete_message is (ID_NUMBER_MARKER in text)
    assert await desk.count(Referral) == 0
    assert await desk.present() == offer


async def test_pasted_id_number_is_not_searched_for(desk: Desk) -> None:
    with pytest.raises(Refusal):
        await desk.type(f"查 {ID_NUMBER_MARKER}")
    assert desk.turn is not None
    assert desk.turn.delete_message
    assert await desk.draft() is None


# --- the whole pack ---------------------------------------------------------------------------------------------


def without_matter(policy: Policy, code: str) -> Policy:
    kept = tuple(matter for matter in policy.content.matters if matter.code != code)
    return Policy(policy.content.model_copy(update={"matters": kept}))


def require_sound(screen: Screen) -> None:
    payloads = [press.encode() for press in presses(screen)]
    assert len(payloads) == len(set(payloads)), screen
    assert all(len(payload.encode()) <= MAX_DATA_BYTES and Press.decode(payload) for payload in payloads), screen
    assert len(screen.text.encode("utf-16-le")) // 2 <= MAX_TEXT_UNITS, screen.name
    assert {"gback", "gend", "gkeep"} & verbs(screen), screen
    assert all(press.verb in guide.PRESSES or press.verb == "reg" for press in presses(screen)), screen
    assert all(button.text.strip() for row in screen.rows for button in row), screen


@dataclass
class Walk:
    """Presses every button of every screen once, each time from the state that the screen stands for.

    Toggles are followed up to two ticks; which products follow from more is the guidance's own table test.
    """

    turn: Turn
    draft: Draft
    outcomes: set[tuple[Any, ...]] = field(default_factory=set)
    presses_to_result: dict[str, int] = field(default_factory=dict)

    async def show(self, answers: dict[str, Any]) -> Screen:
        self.draft.answers, self.draft.purpose = answers, "guide"
        self.turn.draft, self.turn.press = self.draft, None
        return await guide.PRESENT["guide"](self.turn)

    async def follow(self, answers: dict[str, Any], press: Press) -> tuple[Screen, dict[str, Any]]:
        self.draft.answers, self.draft.purpose = answers, "guide"
        self.turn.draft = self.draft
        self.turn.press = replace(press, version=self.draft.version)
        screen = await guide.PRESSES[press.verb](self.turn)
        return screen, self.draft.answers

    async def run(self, start: dict[str, Any], *, skipped: frozenset[str]) -> int:
        seen = {repr(start)}
        waiting = deque([(start, 0)])
        while waiting:
            answers, pressed = waiting.popleft()
            screen = await self.show(answers)
            require_sound(screen)
            if screen.name == "guide.result":
                self.note(answers, pressed)
            for press in presses(screen):
                if press.verb in skipped or (press.verb == "gtog" and self.ticked(answers, press)):
                    continue
                if press == Press("gedit", press.id, press.version, MATTER):
                    continue  # any matter after any other: too many to walk, tested above
                if press.verb == "gpick" and self.nothing_ticked(screen):
                    continue  # refused, and the screen stays
                after, then = await self.follow(answers, press)
                assert after == await self.show(then)
                if repr(then) not in seen:
                    seen.add(repr(then))
                    waiting.append((then, pressed + (press.verb in FORWARD)))
        return len(seen)

    def nothing_ticked(self, screen: Screen) -> bool:
        return not any(press.verb == "gtog" and press.arg.endswith(",0") for press in presses(screen))

    def ticked(self, answers: dict[str, Any], press: Press) -> bool:
        return press.arg.endswith(",0") or len(answers["picked"] or ()) >= 2

    def note(self, answers: dict[str, Any], pressed: int) -> None:
        given = answers["answers"]
        self.outcomes.add(tuple(sorted((question, tuple(options)) for question, options in given.items())))
        self.presses_to_result[given[MATTER][0]] = max(pressed, self.presses_to_result.get(given[MATTER][0], 0))


BESIDE = frozenset({"gsrc", "gedit", "gdate", "gref"})
ENDS = frozenset({"gend", "gsend", "reg"})


async def walk(desk: Desk, session: Any) -> Walk:
    person = await session.get_one(Person, desk.person.id)
    turn = Turn(desk.office, session, NOW, 1, Sender(person.telegram_id), person=person)
    await guide.COMMANDS["guide"](turn)
    assert turn.draft is not None
    return Walk(turn, turn.draft)


async def test_every_path_through_the_shipped_pack_ends_in_a_result_within_six_presses(desk: Desk) -> None:
    policy = desk.office.policy
    async with desk.database.write() as session:
        walker = await walk(desk, session)
        start = walker.draft.answers
        await walker.run(start, skipped=BESIDE | ENDS | {"gback"})
    assert max(walker.presses_to_result.values()) <= policy.settings.press_limit == 6
    assert set(walker.presses_to_result) == {*(m.code for m in policy.matters_on(NOW.date())), OTHER}


async def test_matter_found_by_search_or_used_lately_is_at_most_three_presses_from_its_result(desk: Desk) -> None:
    async with desk.database.write() as session:
        walker = await walk(desk, session)
        start = walker.draft.answers
        for matter in desk.office.policy.matters_on(NOW.date()):
            found = {**start, "at": "found", "query": matter.name}
            screen = await walker.show(found)
            chosen = button(screen, "gmat", matter.code).press
            assert chosen is not None
            _screen, answers = await walker.follow(found, chosen)
            await walker.run(answers, skipped=BESIDE | ENDS | {"gback"})
    assert 1 + max(walker.presses_to_result.values()) <= 3


async def test_every_button_of_every_catalogued_path_leads_to_a_sound_screen(desk: Desk) -> None:
    async with desk.database.write() as session:
        walker = await walk(desk, session)
        await walker.run(walker.draft.answers, skipped=ENDS | {"gtog"})
    expected = 0
    for matter in desk.office.policy.matters_on(NOW.date()):
        expected += results_of(desk.office.policy, {MATTER: (matter.code,)})
    assert len(walker.outcomes) == expected


def results_of(policy: Policy, answers: dict[str, tuple[str, ...]]) -> int:
    """Count the results below some answers, straight from the guidance."""
    step = next_step(policy, answers, on=NOW.date())
    if isinstance(step, Outcome):
        return 1
    return sum(results_of(policy, {**answers, step.question.id: (o.id,)}) for o in step.question.options)


async def test_screens_behind_the_fullest_result_fit_a_message(desk: Desk) -> None:
    policy = desk.office.policy
    every = tuple(option.id for option in policy.questions["triggers"].offered)
    answers = {MATTER: (OTHER,), "triggers": every}
    while not isinstance(step := next_step(policy, answers, on=NOW.date()), Outcome):
        answers = {**answers, step.question.id: (step.question.options[0].id,)}
    assert still_valid(policy, answers, on=NOW.date()) == answers
    async with desk.database.write() as session:
        walker = await walk(desk, session)
        given = {question: list(options) for question, options in answers.items()}
        start = {**walker.draft.answers, "answers": given, "at": ""}
        for page in ("", "src.why", "src.papers", "src.alike", "edit", "edit.triggers", "note", "date"):
            require_sound(await walker.show({**start, "at": page}))
