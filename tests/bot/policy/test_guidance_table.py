"""The guide against the oracle: same products, same strengths, same clauses, and no question too many."""

import datetime as dt
from itertools import combinations, product

import pytest

from bot.guidance import Ask, Outcome, next_step
from tests.bot.policy import guidance_oracle as oracle

ON = dt.date(2026, 11, 22)
LETTER = {"verification": "C", "commitment": "A", "report": "R"}
MARK = {"named": "●", "advised": "◐", "optional": "○"}
KINDS = ("enterprise", "institution", "social_org", "natural_person")
TIES = tuple(product(("yes", "no"), ("yes", "no", "unstated"), ("yes", "no", "unstated")))


def result(outcome):
    return {
        LETTER[each.product.id]: (MARK[each.strength], frozenset(reason.clause_id for reason in each.reasons))
        for each in outcome.recommendations
    }


def walk(policy, answers, full):
    """Answer whatever is asked from ``full``; return the outcome and the questions asked."""
    asked = []
    step = next_step(policy, answers, on=ON)
    while isinstance(step, Ask):
        asked.append(step.question.id)
        answers = {**answers, step.question.id: full[step.question.id]}
        step = next_step(policy, answers, on=ON)
    return step, asked


def off_answers(triggers, kind, tie):
    financing, requested, in_tender = tie
    return {
        "matter": ("other",),
        "triggers": tuple(triggers),
        "counterpart": (kind,),
        "financing": (financing,),
        "report_requested": (requested,),
        "report_in_tender": (in_tender,),
    }


def agrees(policy, triggers, kind, tie):
    outcome = next_step(policy, off_answers(triggers, kind, tie), on=ON)
    assert isinstance(outcome, Outcome), (triggers, kind, tie)
    chosen = frozenset(triggers)
    expected = oracle.off_catalogue(chosen, financing=tie[0], requested=tie[1], in_tender=tie[2])
    assert result(outcome) == expected, (triggers, kind, tie)
    assert outcome.route == oracle.default_route(chosen, kind), (triggers, kind)
    assert (outcome.advice is None) == bool(expected), triggers


@pytest.mark.parametrize("kind", KINDS)
def test_every_single_trigger_and_every_pair_with_every_tie_break(zhengzhou, kind):
    sets = [(), *combinations(oracle.TRIGGERS, 1), *combinations(oracle.TRIGGERS, 2)]
    for triggers, tie in product(sets, TIES):
        agrees(zhengzhou, triggers, kind, tie)


@pytest.mark.parametrize("kind", KINDS)
def test_every_set_of_triggers_for_every_kind_of_counterpart(zhengzhou, kind):
    for number in range(2 ** len(oracle.TRIGGERS)):
        triggers = [each for place, each in enumerate(oracle.TRIGGERS) if number >> place & 1]
        agrees(zhengzhou, triggers, kind, TIES[(number + KINDS.index(kind) * 5) % len(TIES)])


def test_the_catalogue_has_the_forty_eight_entries(zhengzhou):
    codes = {matter.code for matter in zhengzhou.matters_on(ON) if not matter.signpost}
    assert codes == oracle.CODES
    assert len(codes) == 48


@pytest.mark.parametrize("code", sorted(oracle.CODES))
def test_every_entry_with_every_combination_of_its_answers(zhengzhou, code):
    questions = oracle.ASKED[code]
    for values in product(*questions.values()):
        given = dict(zip(questions, values, strict=True))
        full = {question: (value,) for question, value in given.items()}
        outcome, asked = walk(zhengzhou, {"matter": (code,)}, full)
        assert result(outcome) == oracle.catalogued(code, given), given
        assert set(asked) <= set(questions)
        pledges = [each.in_form for each in outcome.recommendations if each.product.id == "commitment"]
        assert all(each == (code in oracle.IN_FORM) for each in pledges)


@pytest.mark.parametrize("code", sorted(oracle.CODES))
def test_a_question_is_asked_only_if_some_answer_to_it_changes_what_the_oracle_says(zhengzhou, code):
    questions = oracle.ASKED[code]
    for values in product(*questions.values()):
        full = {question: (value,) for question, value in zip(questions, values, strict=True)}
        _, asked = walk(zhengzhou, {"matter": (code,)}, full)
        for place, question in enumerate(asked):
            before = {key: full[key][0] for key in asked[:place]}
            assert _can_change(code, question, before), (question, before)


def _can_change(code, question, before):
    open_ = {key: values for key, values in oracle.ASKED[code].items() if key not in before}
    others = {key: values for key, values in open_.items() if key != question}
    for rest in product(*others.values()):
        base = before | dict(zip(others, rest, strict=True))
        outcomes = [oracle.catalogued(code, base | {question: value}) for value in open_[question]]
        if any(each != outcomes[0] for each in outcomes):
            return True
    return False


@pytest.mark.parametrize("triggers", [("funds_application", "public_tender"), oracle.TRIGGERS, ("approval",)])
def test_no_path_off_the_catalogue_takes_more_than_six_presses(zhengzhou, triggers):
    for kind, tie in product(KINDS, TIES):
        full = off_answers(triggers, kind, tie)
        _, asked = walk(zhengzhou, {"matter": ("other",)}, full)
        assert 1 + len(asked) <= 6


def test_no_path_through_the_catalogue_takes_more_than_six_presses(zhengzhou):
    for code in oracle.CODES:
        questions = oracle.ASKED[code]
        for values in product(*questions.values()):
            full = {question: (value,) for question, value in zip(questions, values, strict=True)}
            _, asked = walk(zhengzhou, {"matter": (code,)}, full)
            assert 2 + len(asked) <= 6


DOMAINS = {
    "counterpart": KINDS,
    "financing": ("yes", "no"),
    "report_requested": ("yes", "no", "unstated"),
    "report_in_tender": ("yes", "no", "unstated"),
}


def _expected_off(triggers, given):
    kinds = {"financing": "financing", "requested": "report_requested", "in_tender": "report_in_tender"}
    products = oracle.off_catalogue(triggers, **{name: given[key] for name, key in kinds.items()})
    return products, oracle.default_route(triggers, given["counterpart"])


def _can_change_off(triggers, question, before):
    others = {key: values for key, values in DOMAINS.items() if key not in before and key != question}
    for rest in product(*others.values()):
        base = before | dict(zip(others, rest, strict=True))
        results = [_expected_off(triggers, base | {question: value}) for value in DOMAINS[question]]
        if any(each != results[0] for each in results):
            return True
    return False


def test_off_the_catalogue_too_only_questions_that_can_change_the_result_are_asked(zhengzhou):
    for triggers in [*combinations(oracle.TRIGGERS, 1), *combinations(oracle.TRIGGERS, 2)]:
        for tie in TIES:
            full = off_answers(triggers, "enterprise", tie)
            _, asked = walk(zhengzhou, {"matter": ("other",), "triggers": triggers}, full)
            for place, question in enumerate(asked):
                before = {key: full[key][0] for key in asked[:place]}
                assert _can_change_off(frozenset(triggers), question, before), (triggers, question, before)
