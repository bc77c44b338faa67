"""The guide's screens as pure values: what stands on them, in either language the same pack text."""

import datetime as dt
from dataclasses import replace

import pytest

from bot.guidance import Answers, Ask, Outcome, next_step
from bot.language import speaking
from bot.policy.loader import load, packaged
from bot.policy.model import MATTER, OTHER, Policy, Strength
from bot.screens import card, guide
from bot.screens.keys import Keys
from bot.screens.screen import Screen

TODAY = dt.date(2026, 11, 23)
VIEW = guide.View(Keys(5, 3), "政法")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load(packaged("zhengzhou"))


def outcome(policy: Policy, answers: Answers, *, on: dt.date = TODAY) -> Outcome:
    step = next_step(policy, answers, on=on)
    assert isinstance(step, Outcome)
    return step


def result(policy: Policy, answers: Answers, *, view: guide.View = VIEW, on: dt.date = TODAY) -> Screen:
    return card.result(view, policy, outcome(policy, answers, on=on), on=on, today=TODAY)


def verbs(screen: Screen) -> list[str]:
    return [button.press.verb for row in screen.rows for button in row if button.press]


def test_card_shows_products_with_marks_strongest_first(policy: Policy) -> None:
    lines = result(policy, {MATTER: ("m15",), "financing": ("yes",)}).text.splitlines()
    marked = [line for line in lines if line[0] in "●◐○"]
    assert [line[0] for line in marked] == ["●", "●", "◐"]
    assert [
        policy.products[name].name in line
        for name, line in zip(("verification", "report", "commitment"), marked, strict=True)
    ]


def test_card_cites_document_clause_and_quote_once(policy: Policy) -> None:
    text = result(policy, {MATTER: ("m04b",)}).text
    assert text.count("郑环文〔2017〕15号") == 1
    assert "郑环文〔2017〕15号 二（二）“行政审批”" in text


def test_card_says_label_and_that_force_is_unconfirmed(policy: Policy) -> None:
    text = result(policy, {MATTER: ("m01",)}).text
    assert policy.label in text
    assert policy.in_force_note is not None
    assert policy.in_force_note in text


def test_confirmed_pack_says_nothing_about_its_force(policy: Policy) -> None:
    about = policy.content.about.model_copy(
        update={"confirmed_in_force_by": "政法处（虚构）", "confirmed_in_force_on": TODAY}
    )
    confirmed = Policy(policy.content.model_copy(update={"about": about}))
    assert policy.content.about.unconfirmed_note not in result(confirmed, {MATTER: ("m01",)}).text


def test_pledge_in_the_form_is_not_collected_again(policy: Policy) -> None:
    note = policy.products["commitment"].in_form_note
    assert note is not None
    screen = result(policy, {MATTER: ("m04b",)})
    assert note in screen.text
    assert all(paper not in screen.text for paper in policy.products["commitment"].materials)
    assert note not in result(policy, {MATTER: ("m01",)}).text


def test_card_of_a_batch_matter_names_the_papers_of_its_own_route(policy: Policy) -> None:
    found = outcome(policy, {MATTER: ("m21",), "reserved": ("yes",)})
    text = card.result(VIEW, policy, found, on=TODAY, today=TODAY).text
    assert all(paper in text for paper in policy.routes[found.route].materials)


def test_papers_of_every_route_stand_behind_the_card(policy: Policy) -> None:
    found = outcome(policy, {MATTER: ("m15",), "financing": ("yes",)})
    text = card.papers(VIEW, policy, found).text
    assert len(found.routes) > 1
    for route in found.routes:
        assert all(paper in text for paper in policy.routes[route].materials)


def test_basis_names_every_reason_with_its_quote(policy: Policy) -> None:
    found = outcome(policy, {MATTER: ("m15",), "financing": ("yes",)})
    text = card.basis(VIEW, policy, found).text
    for reason in (reason for each in found.recommendations for reason in each.reasons):
        assert reason.text in text
        assert f"{reason.citation}“{reason.quote}”" in text
        assert policy.clauses[reason.clause_id].summary in text


def test_the_counterpart_is_called_as_the_matter_calls_it(policy: Policy) -> None:
    assert "由申报单位签署" in result(policy, {MATTER: ("m20",)}).text
    assert "由申请人签署" in result(policy, {MATTER: ("m05",)}).text
    assert "由供应商签署" in card.papers(VIEW, policy, outcome(policy, {MATTER: ("m36",)})).text


@pytest.mark.parametrize("matter", ["m05", "m20", "m36", "m42", "s01"])
def test_no_placeholder_of_the_pack_comes_to_a_screen(policy: Policy, matter: str) -> None:
    found = outcome(policy, {MATTER: (matter,)})
    shown = [card.papers(VIEW, policy, found), card.result(VIEW, policy, found, on=TODAY, today=TODAY)]
    assert all("{" not in screen.text for screen in shown)


def test_card_names_a_paper_and_the_page_of_papers_says_what_it_must_contain(policy: Policy) -> None:
    paper, _colon, detail = policy.routes["bureau"].materials[0].partition("：")
    found = outcome(policy, {MATTER: ("m01",)})
    short = card.result(VIEW, policy, found, on=TODAY, today=TODAY).text
    assert detail and paper in short and detail not in short
    assert f"{paper}：{detail}" in card.papers(VIEW, policy, found).text


def test_several_cautions_are_numbered_and_a_single_one_is_not(policy: Policy) -> None:
    with speaking("zh_CN"):
        assert "注意2：" in result(policy, {MATTER: ("m01",)}).text
        assert "注意：" in result(policy, {MATTER: ("m42",)}).text


def test_trial_run_keeps_the_category_beside_the_matter(policy: Policy) -> None:
    with speaking("zh_CN"):
        first = result(policy, {MATTER: ("m01",)}, view=replace(VIEW, what_if=True)).text.splitlines()[0]
    assert first == "<b>【建设项目环评报告书审批】</b>行政审批 试查，不作记录"


def test_ticking_moves_no_option_to_another_place(policy: Policy) -> None:
    ask = next_step(policy, {MATTER: (OTHER,)}, on=TODAY)
    assert isinstance(ask, Ask)
    every = [option.id for option in ask.question.options]
    plain, ticked = (guide.question(VIEW, ask, matter="虚构事项", picked=picked) for picked in ((), every))
    assert [len(row) for row in plain.rows] == [len(row) for row in ticked.rows]
    assert max(len(row) for row in plain.rows) == 2


def test_look_alikes_are_told_apart(policy: Policy) -> None:
    text = card.lookalikes(VIEW, policy, outcome(policy, {MATTER: ("m01",)})).text
    assert all(each.title in text for each in policy.lookalikes)


def test_outcome_without_products_gives_advice_and_no_entry(policy: Policy) -> None:
    found = outcome(policy, {MATTER: ("s01",)})
    screen = card.result(VIEW, policy, found, on=TODAY, today=TODAY)
    assert found.advice is not None
    assert found.advice in screen.text
    assert "reg" not in verbs(screen)
    assert "gref" in verbs(screen)


def test_case_under_another_date_says_which(policy: Policy) -> None:
    with speaking("zh_CN"):
        assert "2025年9月1日" in result(policy, {MATTER: ("m01",)}, on=dt.date(2025, 9, 1)).text
        assert "2025" not in result(policy, {MATTER: ("m01",)}).text


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_strength_has_a_mark_and_a_word_of_its_own(language: str) -> None:
    with speaking(language):
        assert len({card.strength_word(strength) for strength in Strength}) == len(Strength)
    assert set(card.MARKS) == set(Strength)


def test_trial_run_offers_neither_entry_nor_referral(policy: Policy) -> None:
    screen = result(policy, {MATTER: ("m01",)}, view=replace(VIEW, what_if=True, acts=False))
    assert not {"reg", "gref"} & set(verbs(screen))


def test_finished_card_has_no_acts_left(policy: Policy) -> None:
    found = outcome(policy, {MATTER: ("m01",)})
    screen = card.finished(VIEW, policy, found, on=TODAY, today=TODAY)
    assert verbs(screen) == ["guide"]


def test_question_says_where_the_officer_is_and_ticks_what_was_chosen(policy: Policy) -> None:
    ask = next_step(policy, {MATTER: (OTHER,)}, on=TODAY)
    assert isinstance(ask, Ask)
    screen = guide.question(VIEW, ask, matter="虚构事项", picked=("approval",))
    assert f"{ask.number}/{ask.total}" in screen.text
    ticked = [button.text for row in screen.rows for button in row if button.text.startswith("✓")]
    assert ticked == ["✓ " + ask.question.label("approval")]


def test_matter_names_and_notices_cannot_break_the_markup(policy: Policy) -> None:
    ask = next_step(policy, {MATTER: ("m15",)}, on=TODAY)
    assert isinstance(ask, Ask)
    text = guide.question(replace(VIEW, notice="<i>&"), ask, matter="<b>事项</b>", picked=()).text
    assert "&lt;b&gt;事项&lt;/b&gt;" in text
    assert "&lt;i&gt;&amp;" in text


def test_large_category_is_paged_and_every_matter_stands_on_one_page(policy: Policy) -> None:
    matters = list(policy.matters.values())
    shelf = policy.categories[0]
    pages = -(-len(matters) // guide.PAGE)
    seen: list[str] = []
    for page in range(pages):
        screen = guide.category(VIEW, shelf, matters, step="1/5", page=page)
        presses = [button.press for row in screen.rows for button in row if button.press]
        seen += [press.arg for press in presses if press.verb == "gmat"]
        turns = [press.arg for press in presses if press.verb == "gcat"]
        neighbours = [number for number in (page - 1, page + 1) if 0 <= number < pages]
        assert turns == [f"{shelf.id},{number}" for number in neighbours]
    assert seen == [matter.code for matter in matters]
    last = guide.category(VIEW, shelf, matters, step="1/5", page=pages - 1)
    assert guide.category(VIEW, shelf, matters, step="1/5", page=99) == last


def test_long_search_words_are_shortened() -> None:
    assert "长" * 31 not in guide.nothing_found("长" * 500)
