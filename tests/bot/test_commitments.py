"""The rules of commitments and reports, whatever is filled in."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import credit_reports as reports
from bot.commitments import CommitmentLine, CommitmentStage, require_order, stage_after, values_of
from bot.errors import Refusal
from bot.forms import Filling
from bot.language import speaking
from bot.policy.loader import load, packaged

DAYS = st.dates(dt.date(2017, 2, 22), dt.date(2040, 12, 31))
POLICY = load(packaged("zhengzhou"))
BLOCKS = [block.id for block in POLICY.report_blocks]


@given(st.sampled_from(CommitmentStage), st.none() | DAYS)
def test_a_letter_settles_nothing_and_unsettles_nothing(stage, fulfil_by_on):
    after = stage_after(stage, fulfil_by_on)
    assert after.is_settled is stage.is_settled
    assert after is stage or not stage.is_settled
    if not stage.is_settled:
        assert (after is CommitmentStage.FULFILLING) is (fulfil_by_on is not None)


@given(st.none() | DAYS, st.none() | DAYS)
def test_nothing_comes_before_the_signature(signed_on, later):
    with speaking("en"):
        if signed_on and later and later < signed_on:
            with pytest.raises(Refusal):
                require_order(signed_on, later)
        else:
            require_order(signed_on, later)


@given(st.integers(1, 9999), st.none() | st.sampled_from(["tolerance", "other"]), st.none() | DAYS, st.none() | DAYS)
def test_the_form_of_a_letter_begins_with_what_is_on_record(letters, kind, signed_on, fulfil_by_on):
    line = CommitmentLine(1, "", letters, False, CommitmentStage.SIGNED, kind, signed_on, fulfil_by_on)
    filling = Filling(values_of(line))
    assert (filling.values["letters"], filling.values.get("kind")) == (letters, kind)
    assert (filling.day("signed_on"), filling.day("fulfil_by_on")) == (signed_on, fulfil_by_on)


@given(st.none() | st.sets(st.sampled_from(BLOCKS)), st.booleans())
def test_what_is_on_record_of_a_report_comes_back_from_its_form(missing, same):
    kept = None if missing is None else tuple(each for each in BLOCKS if each in missing)
    line = reports.ReportLine(1, "", "虚构征信有限公司", missing=kept, matches=same)
    filling = Filling(reports.values_of(line))
    assert reports.matches(filling) is same
    if kept is None:
        assert "blocks" not in filling.values
        return
    found = reports.blocks_of(filling, POLICY)
    assert tuple(key for key, said in found.items() if said == reports.MISSING) == kept
    assert set(found) == set(BLOCKS)


def test_the_blocks_are_numbered_as_the_plan_counts_them():
    names = reports.block_names(POLICY)
    assert names["bank"] == "④银行信用记录" and names["judicial"] == "⑦司法信息" and len(names) == 9
