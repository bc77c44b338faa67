import datetime as dt
import json

import pytest

from bot.guidance import Ask, Outcome, answered, asked_again, next_step, rejected, still_valid
from bot.policy.loader import load, packaged, restore
from bot.policy.model import Policy, Strength

ON = dt.date(2026, 11, 22)


@pytest.fixture(scope="module")
def policy():
    return load(packaged("zhengzhou"))


@pytest.fixture(scope="module")
def example():
    return load(packaged("example"))


def changed(policy, change):
    """The same pack with its content changed, as a new version of it."""
    content = json.loads(policy.snapshot)
    change(content)
    return restore(json.dumps(content))


def test_the_first_question_is_the_matter_and_offers_the_catalogue_and_a_way_out(policy):
    step = next_step(policy, {}, on=ON)
    assert isinstance(step, Ask)
    assert step.question.id == "matter"
    assert step.number == 1
    assert [option.id for option in step.question.options][-1] == "other"
    assert len(step.question.options) == len(policy.matters_on(ON)) + 1


def test_a_matter_that_settles_everything_is_answered_in_one_step(policy):
    outcome = next_step(policy, {"matter": ("m04b",)}, on=ON)
    assert isinstance(outcome, Outcome)
    assert [(each.product.id, each.strength) for each in outcome.recommendations] == [
        ("verification", Strength.NAMED),
        ("commitment", Strength.OPTIONAL),
    ]
    check, pledge = outcome.recommendations
    assert check.reasons[0].citation == "郑环文〔2017〕15号 二（二）"
    assert check.reasons[0].quote == "行政审批"
    assert not check.in_form
    assert pledge.in_form
    assert "不另收" in pledge.note
    assert outcome.route == "bureau"
    assert any("不作为受理条件" in caution for caution in outcome.cautions)


def test_the_number_of_a_question_counts_the_matter_and_the_total_shrinks_as_answers_settle_it(policy):
    first = next_step(policy, {"matter": ("m15",)}, on=ON)
    assert (first.question.id, first.number, first.total) == ("financing", 2, 3)
    second = next_step(policy, {"matter": ("m15",), "financing": ("no",)}, on=ON)
    assert (second.question.id, second.number, second.total) == ("report_requested", 3, 3)


def test_an_answer_that_decides_spares_the_next_question(policy):
    outcome = next_step(policy, {"matter": ("m15",), "financing": ("yes",)}, on=ON)
    assert isinstance(outcome, Outcome)
    report = next(each for each in outcome.recommendations if each.product.id == "report")
    assert report.strength is Strength.NAMED


def test_editing_an_earlier_answer_keeps_later_answers_that_still_count(policy):
    answers = {
        "matter": ("other",),
        "triggers": ("funds_application",),
        "counterpart": ("enterprise",),
        "financing": ("no",),
        "report_requested": ("yes",),
    }
    edited = {**answers, "triggers": ("fiscal_fund", "approval")}
    assert still_valid(policy, edited, on=ON) == edited
    assert isinstance(next_step(policy, edited, on=ON), Outcome)


def test_editing_an_earlier_answer_drops_later_answers_that_no_longer_count(policy):
    answers = {"matter": ("m15",), "financing": ("yes",), "report_requested": ("unstated",)}
    assert still_valid(policy, answers, on=ON) == {"matter": ("m15",), "financing": ("yes",)}


def test_taking_back_an_answer_asks_it_again_and_keeps_the_later_one(policy):
    answers = {"matter": ("m15",), "report_requested": ("yes",)}
    step = next_step(policy, answers, on=ON)
    assert step.question.id == "financing"
    assert still_valid(policy, answers, on=ON) == answers


def test_another_matter_drops_answers_that_only_the_old_one_asked(policy):
    answers = {"matter": ("m01",), "financing": ("no",), "counterpart": ("enterprise",)}
    assert still_valid(policy, answers, on=ON) == {"matter": ("m01",)}


def test_the_answers_are_listed_in_order_with_their_words(policy):
    answers = {"report_requested": ("unstated",), "financing": ("no",), "matter": ("m15",)}
    items = answered(policy, answers, on=ON)
    assert [item.question.id for item in items] == ["matter", "financing", "report_requested"]
    assert items[2].labels == ("未写",)


def test_one_answer_can_be_edited_in_its_place(policy):
    answers = {"matter": ("m15",), "financing": ("no",), "report_requested": ("unstated",)}
    ask = asked_again(policy, answers, "financing", on=ON)
    assert (ask.question.id, ask.chosen, ask.number, ask.total) == ("financing", ("no",), 2, 3)
    assert asked_again(policy, answers, "auction", on=ON) is None


def test_forged_and_malformed_answers_count_as_not_given(policy):
    for given in [("perhaps",), (), ("yes", "no")]:
        step = next_step(policy, {"matter": ("m15",), "financing": given}, on=ON)
        assert step.question.id == "financing"
    assert next_step(policy, {"matter": ("m99",)}, on=ON).question.id == "matter"
    hidden = next_step(policy, {"matter": ("m01",), "companions": ("auction",)}, on=ON)
    assert isinstance(hidden, Outcome)


def test_a_counterpart_the_matter_does_not_know_is_not_offered(policy):
    step = next_step(policy, {"matter": ("m19",)}, on=ON)
    assert [option.id for option in step.question.options] == ["enterprise", "natural_person"]
    forged = next_step(policy, {"matter": ("m19",), "counterpart": ("institution",)}, on=ON)
    assert forged.question.id == "counterpart"


def test_a_person_goes_the_protected_route(policy):
    given = {"matter": ("other",), "triggers": ("qualification",), "counterpart": ("natural_person",)}
    outcome = next_step(policy, given, on=ON)
    assert outcome.route == "natural_person"
    assert any("不录入证件号码" in caution for caution in outcome.cautions)


def test_staff_awards_go_the_personnel_way_without_a_product(policy):
    given = {"matter": ("m24",), "reserved": ("yes",), "staff": ("staff",)}
    outcome = next_step(policy, given, on=ON)
    assert outcome.recommendations == ()
    assert (outcome.route, outcome.routes) == ("", ())
    assert "干部人事" in outcome.advice


def test_an_award_that_is_not_reserved_goes_to_the_legal_division_at_once(policy):
    for code in ("m21", "m24", "m27"):
        outcome = next_step(policy, {"matter": (code,), "reserved": ("no",)}, on=ON)
        assert outcome.recommendations == ()
        assert "转政法处研究" in outcome.advice


def test_a_certificate_of_no_violations_leads_to_the_special_report(policy):
    outcome = next_step(policy, {"matter": ("s01",)}, on=ON)
    assert outcome.recommendations == ()
    assert "专项信用报告" in outcome.advice


def test_the_special_report_is_a_product_once_the_pack_enables_it(policy):
    def enable(content):
        next(each for each in content["products"] if each["id"] == "special_report")["enabled"] = True

    outcome = next_step(changed(policy, enable), {"matter": ("s01",)}, on=ON)
    assert [each.product.id for each in outcome.recommendations] == ["special_report"]


def test_nothing_ticked_is_referred_to_the_legal_division(policy):
    outcome = next_step(policy, {"matter": ("other",), "triggers": ()}, on=ON)
    assert outcome.recommendations == ()
    assert "转政法处研究" in outcome.advice


@pytest.mark.parametrize("code", ["m35", "m37"])
def test_bidders_are_not_named_before_the_opening(policy, code):
    outcome = next_step(policy, {"matter": (code,), "report_in_tender": ("unstated",)}, on=ON)
    assert any("开标前" in caution for caution in outcome.cautions)
    assert any("125号" in caution for caution in outcome.cautions)


def test_a_caution_holds_from_the_day_of_its_document(policy):
    given = {"matter": ("m36",)}
    before = next_step(policy, given, on=dt.date(2023, 11, 7)).cautions
    after = next_step(policy, given, on=dt.date(2023, 11, 8)).cautions
    assert [("860号" in "".join(cautions)) for cautions in (before, after)] == [False, True]


def test_a_matter_exists_from_its_own_day(policy):
    assert next_step(policy, {"matter": ("m47",)}, on=dt.date(2021, 2, 28)).question.id == "matter"
    assert next_step(policy, {"matter": ("m47",)}, on=dt.date(2021, 3, 1)).question.id == "eligibility"


def test_the_rule_in_force_on_the_day_decides(example):
    given = {"matter": ("g1",), "night": ("no",)}
    old = next_step(example, given, on=dt.date(2025, 12, 31))
    new = next_step(example, given, on=dt.date(2026, 1, 1))
    assert [each.recommendations[0].strength for each in (old, new)] == [Strength.ADVISED, Strength.NAMED]


def test_only_a_confirmed_entry_says_required(example):
    outcome = next_step(example, {"matter": ("g2",)}, on=ON)
    assert [each.strength for each in outcome.recommendations] == [Strength.REQUIRED]


def test_another_bureau_has_its_own_question_products_and_numbers(example):
    step = next_step(example, {"matter": ("g1",)}, on=ON)
    assert step.question.id == "night"
    outcome = next_step(example, {"matter": ("g1",), "night": ("yes",)}, on=ON)
    assert {each.product.name for each in outcome.recommendations} == {"信用信息审查", "信用评价报告"}
    assert example.settings.feedback_working_days == 3
    assert example.fictitious


def test_an_old_case_is_replayed_from_its_snapshot_after_the_pack_has_changed(policy):
    given = {"matter": ("m15",), "financing": ("no",), "report_requested": ("yes",)}
    decided = next_step(policy, given, on=ON)

    def weaken(content):
        next(each for each in content["rules"] if each["id"] == "report.requested")["strength"] = "optional"

    today = changed(policy, weaken)
    assert today.hash != policy.hash
    assert next_step(today, given, on=ON) != decided
    assert next_step(restore(policy.snapshot), given, on=ON) == decided
    assert "report.requested" in decided.rule_ids


def test_answers_a_new_pack_no_longer_knows_are_named_and_asked_again(policy):
    given = {"matter": ("m15",), "financing": ("no",), "report_requested": ("unstated",)}

    def drop(content):
        question = next(each for each in content["questions"] if each["id"] == "report_requested")
        question["options"] = [each for each in question["options"] if each["id"] != "unstated"]

    today = changed(policy, drop)
    assert rejected(policy, given, on=ON) == ()
    assert rejected(today, given, on=ON) == ("report_requested",)
    assert next_step(today, given, on=ON).question.id == "report_requested"
    assert rejected(policy, {"matter": ("m99",)}, on=ON) == ("matter",)


def test_the_order_of_the_rules_means_nothing(policy):
    backwards = changed(policy, lambda content: content["rules"].reverse())
    for given in [{"matter": ("m33",)}, {"matter": ("m15",), "financing": ("yes",)}]:
        there, back = (next_step(each, given, on=ON) for each in (policy, backwards))
        assert [(each.product.id, each.strength) for each in there.recommendations] == [
            (each.product.id, each.strength) for each in back.recommendations
        ]
        assert [set(each.reasons) for each in there.recommendations] == [
            set(each.reasons) for each in back.recommendations
        ]


def test_a_product_that_follows_from_every_answer_is_recommended_without_asking(example):
    def whatever(content):
        rule = next(each for each in content["rules"] if each["id"] == "assessment.night")
        content["rules"].append({**rule, "id": "assessment.day", "when": {**rule["when"], "night": ["no"]}})

    outcome = next_step(changed(example, whatever), {"matter": ("g1",)}, on=ON)
    assert isinstance(outcome, Outcome)
    assert {each.product.id for each in outcome.recommendations} == {"review", "assessment"}


def test_policies_with_the_same_content_are_one(policy):
    again = restore(policy.snapshot)
    assert isinstance(again, Policy)
    assert again == policy
    assert again.hash == policy.hash
    assert hash(again) == hash(policy)
    assert len(policy.hash) == 64
