"""The guide, driven through its flow functions on a real database with the shipped pack."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import Refusal
from bot.guidance import Outcome, next_step
from bot.policy.loader import restore
from bot.policy.model import MATTER, OTHER, Policy
from handlers.guide_draft import Case
from handlers.turn import Stale
from tests.handlers.conftest import NOW
from tests.handlers.desk import Desk, button, presses, to_result, verbs, without_matter

# --- finding the matter ------------------------------------------------------------------------------------------


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


# --- questions ---------------------------------------------------------------------------------------------------


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


# --- presses that no longer fit ----------------------------------------------------------------------------------


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
        await desk.send(replace(genuine.press, arg=arg))


@pytest.mark.parametrize(("verb", "arg"), [("gcat", "none"), ("gmat", "m999"), ("gsrc", "all"), ("gtog", "a,b,c,d")])
async def test_forged_press_is_stale(desk: Desk, verb: str, arg: str) -> None:
    home = await desk.command("guide")
    with pytest.raises(Stale):
        await desk.send(replace(presses(home)[0], verb=verb, arg=arg))


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


# --- resuming ----------------------------------------------------------------------------------------------------


async def test_present_screen_after_a_restart_is_the_same(desk: Desk, policy: Policy) -> None:
    for act in (("gcat", "fund"), ("gmat", "m15"), ("gans", "financing,yes"), ("gsrc", "why"), ("gdate", "")):
        if not desk.turns:
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


@pytest.mark.parametrize("way", ["try", "new"])
async def test_other_words_keep_the_way_by_which_the_officer_came(desk: Desk, way: str) -> None:
    await to_result(desk, "m15")
    assert (await desk.command(way, "辐射安全许可证")).name == "guide.unfinished"
    asked = await desk.type("危险废物经营许可")  # a search instead of an answer to 继续 or 放弃
    assert asked.name == "guide.unfinished"
    await desk.press("gnew")
    assert await _came_by(desk) == (way == "try", way == "new", "危险废物经营许可")
    if way == "try":  # the result has been seen: the next words begin anew, and still record nothing
        await desk.press("gmat", "m05")
        await desk.type("排污许可证延续")
        assert await _came_by(desk) == (True, False, "排污许可证延续")


async def test_words_typed_while_an_entry_is_unfinished_are_a_search_and_no_line_of_it(desk: Desk) -> None:
    await desk.command("new", "排污许可证延续")
    entry = await desk.press("gmat", "m04b")
    assert (await desk.command("try", "辐射安全许可证")).name == "guide.unfinished"
    assert (await desk.type("危险废物经营许可")).name == "guide.unfinished"
    assert (await desk.press("gkeep")).text == entry.text
    await desk.command("try", "辐射安全许可证")
    await desk.type("危险废物经营许可")
    await desk.press("gnew")
    assert await _came_by(desk) == (True, False, "危险废物经营许可")


async def _came_by(desk: Desk) -> tuple[bool, bool, str]:
    draft = await desk.draft()
    assert draft is not None
    case = Case.from_json(draft.answers)
    return case.what_if, case.direct, case.query


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


# --- the matter's date -------------------------------------------------------------------------------------------


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
