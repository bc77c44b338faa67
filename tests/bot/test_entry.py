import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import entry
from bot.counterparts import read_organisations, read_person
from bot.entry import Form, Step
from bot.errors import Refusal
from bot.guidance import Ask, Outcome, next_step
from bot.language import speaking
from bot.policy.loader import load, packaged
from bot.policy.model import MATTER, CounterpartKind, ProductKind
from bot.scope import Way, scope
from bot.workdays import Calendar

TODAY = dt.date(2026, 11, 23)
POLICY = load(packaged("zhengzhou"))
COMPANY = "虚构环保科技有限公司 91410100MA00000T42"
SOCIETY = "虚构环保协会 51410100MJ0000T47W"


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


def outcomes(code):
    """Every result that the guide reaches for a matter, over all answers."""
    waiting = [{MATTER: (code,)}]
    while waiting:
        answers = waiting.pop()
        step = next_step(POLICY, answers, on=TODAY)
        if isinstance(step, Ask):
            waiting += [answers | {step.question.id: (option.id,)} for option in step.question.offered]
        else:
            yield step


def scope_of(code, **answers):
    step = next_step(POLICY, {MATTER: (code,), **{key: (value,) for key, value in answers.items()}}, on=TODAY)
    assert isinstance(step, Outcome)
    return scope(POLICY, step)


def filled(code="m04b", **changes):
    holds = scope_of(code)
    form = entry.with_subject(Form(), holds, COMPANY)
    form = entry.with_submission(form, changes.pop("on", TODAY), applicant="bureau", today=TODAY)
    return form, holds


def test_every_result_with_products_can_be_entered_in_some_way():
    with speaking("en"):
        for matter in POLICY.matters_on(TODAY):
            for outcome in outcomes(matter.code):
                if not outcome.recommendations:
                    continue
                holds = scope(POLICY, outcome)
                assert holds.ways and holds.usual and holds.applicants
                assert set(holds.usual) <= {each.product.id for each in holds.offered}
                assert entry.step(Form(), holds) is Step.SUBJECT


def test_required_named_and_advised_products_are_recorded_and_optional_ones_only_on_demand():
    holds = scope_of("m01")
    assert [each.product.kind for each in entry.recorded(Form(), holds)] == [ProductKind.VERIFICATION]
    more = entry.toggled(Form(), holds, "commitment")
    assert {each.product.kind for each in entry.recorded(more, holds)} == {
        ProductKind.VERIFICATION,
        ProductKind.COMMITMENT,
    }


def test_an_optional_product_is_recorded_where_there_is_nothing_else():
    assert scope_of("m13").usual == ("commitment",)


def test_a_commitment_in_the_form_is_counted_though_it_is_optional():
    assert set(scope_of("m04b").usual) == {"verification", "commitment"}


@pytest.mark.parametrize(
    ("code", "answers", "ways"),
    [
        ("m04b", {}, (Way.ORGANISATIONS,)),
        ("m11", {}, (Way.ORGANISATIONS, Way.LETTERS)),
        ("m10", {}, (Way.ORGANISATIONS, Way.PERSON, Way.LETTERS)),
        ("m22", {"reserved": "yes"}, (Way.ORGANISATIONS, Way.COUNT)),
        ("m24", {"reserved": "yes", "staff": "public"}, (Way.COUNT, Way.PERSON)),
        ("m42", {}, (Way.PERSON, Way.COUNT)),
    ],
)
def test_only_the_ways_that_fit_the_matter_are_offered(code, answers, ways):
    assert scope_of(code, **answers).ways == ways


def test_the_steps_follow_from_what_is_filled_in():
    holds = scope_of("m04b")
    form = Form()
    assert entry.step(form, holds) is Step.SUBJECT
    form = entry.with_subject(form, holds, COMPANY)
    assert entry.step(form, holds) is Step.SUBMISSION
    form = entry.with_submission(form, TODAY, applicant="bureau", today=TODAY)
    assert entry.step(form, holds) is Step.CONFIRM
    assert entry.without_last(form, holds) == Form(
        organisations=form.organisations, applicant="bureau", submitted_on=None
    )


def test_the_submission_is_not_asked_for_where_nothing_is_verified():
    holds = scope_of("m11")
    assert entry.step(entry.with_subject(Form(), holds, COMPANY), holds) is Step.CONFIRM


def test_letters_alone_are_enough_only_while_nothing_else_is_recorded():
    holds = scope_of("m11")
    form = entry.with_subject(Form(), holds, "12")
    assert (form.letters, entry.step(form, holds)) == (12, Step.CONFIRM)
    assert entry.step(form, scope_of("m01")) is Step.SUBJECT


def test_a_code_of_the_wrong_kind_is_refused_by_name():
    with pytest.raises(Refusal) as refused:
        entry.with_subject(Form(), scope_of("m04b"), SOCIETY)
    assert "虚构环保协会" in refused.value.message


def test_the_counterpart_that_the_officer_chose_narrows_the_kinds():
    reached = {scope(POLICY, outcome).kinds for outcome in outcomes("m19") if outcome.recommendations}
    assert frozenset({CounterpartKind.NATURAL_PERSON}) in reached


def test_a_future_submission_and_a_past_decision_are_refused():
    form, _holds = filled()
    with pytest.raises(Refusal):
        entry.with_submission(form, TODAY + dt.timedelta(days=1), applicant="bureau", today=TODAY)
    with pytest.raises(Refusal):
        entry.with_decision(form, TODAY - dt.timedelta(days=1), today=TODAY)


def test_dates_count_forward_to_the_feedback_and_back_to_the_last_submission():
    form, holds = filled()
    form = entry.with_decision(form, dt.date(2027, 1, 15), today=TODAY)
    found = entry.dates(form, holds, POLICY, Calendar())
    assert (found.due.on, found.due.provisional) == (dt.date(2026, 11, 30), False)
    assert (found.latest.on, found.latest.provisional) == (dt.date(2027, 1, 7), True)
    assert not found.late


@given(ahead=st.integers(0, 40))
def test_late_is_said_exactly_when_the_submission_lies_after_the_last_day(ahead):
    with speaking("en"):
        form, holds = filled()
        form = entry.with_decision(form, TODAY + dt.timedelta(days=ahead), today=TODAY)
        found = entry.dates(form, holds, POLICY, Calendar())
        assert found.late == (found.latest.on < TODAY)


def test_nothing_is_expected_where_the_counterpart_applies():
    form, holds = filled()
    form = entry.with_submission(form, TODAY, applicant="counterpart", today=TODAY)
    assert entry.dates(form, holds, POLICY, Calendar()).due is None


def test_one_letter_for_each_counterpart_unless_the_officer_says_more():
    [first] = read_organisations(COMPANY)
    [second] = read_organisations(SOCIETY)
    assert entry.letters(Form(organisations=(first,))) == 1
    assert entry.letters(Form(organisations=(first,), letters=3)) == 3
    assert entry.letters(Form(organisations=(first, second), letters=3)) == 2
    assert entry.letters(Form(head_count=32)) == 32


FORMS = st.builds(
    Form,
    organisations=st.sampled_from([(), read_organisations(COMPANY), read_organisations(f"{COMPANY}\n{SOCIETY}")]),
    person=st.sampled_from([None, read_person("张 123X 虚构办2026-15")]),
    head_count=st.none() | st.integers(1, 9999),
    letters=st.none() | st.integers(1, 9999),
    products=st.none() | st.sampled_from([("verification",), ("verification", "commitment")]),
    applicant=st.sampled_from([None, "bureau", "counterpart"]),
    submitted_on=st.none() | st.dates(),
    not_submitted=st.booleans(),
    decide_on=st.none() | st.dates(),
    way=st.none() | st.sampled_from(Way),
    editing=st.none() | st.sampled_from(Step),
)


@given(form=FORMS)
def test_a_form_survives_being_kept_as_json(form):
    import json

    with speaking("en"):
        assert Form.from_json(json.loads(json.dumps(form.to_json()))) == form


def test_toggling_twice_changes_nothing():
    form, holds = filled()
    for first, second in itertools.permutations(("verification", "commitment")):
        left = entry.toggled(form, holds, first)
        assert [each.product.id for each in entry.recorded(left, holds)] == [second]
        assert entry.recorded(entry.toggled(left, holds, first), holds) == entry.recorded(form, holds)
