"""The overlay: what the bureau lays over a pack makes a policy of its own, or is refused with its faults."""

import datetime as dt

import pytest

from bot.guidance import next_step
from bot.policy.difference import difference
from bot.policy.loader import PolicyFaults, load, packaged, restore
from bot.policy.model import MATTER, Policy, Strength
from bot.policy.overlay import Layer, LayerKind, lay, lay_what_fits

ON = dt.date(2026, 11, 23)


@pytest.fixture(scope="module")
def pack() -> Policy:
    return load(packaged("zhengzhou"))


def _matter(pack: Policy, code: str, **changes: object) -> Layer:
    base = pack.matters.get(code)
    content = base.model_dump(mode="json") if base else {}
    return Layer(LayerKind.MATTER, code, {**content, "code": code, **changes})


def _new(pack: Policy, **changes: object) -> Layer:
    facts = {"triggers": ["honour"]}
    given = {"name": "虚构评选", "category": "award", "owner": "air", "kinds": ["enterprise"], "facts": facts}
    return _matter(pack, "b1", subject_word="申请人", **{**given, **changes})


def _setting(path: str, value: object) -> Layer:
    return Layer(LayerKind.SETTING, path, {"value": value})


def test_nothing_laid_over_is_the_pack_itself(pack: Policy):
    assert lay(pack, []) is pack


def test_a_matter_of_the_bureaus_own_is_asked_and_answered_like_any_other(pack: Policy):
    policy = lay(pack, [_new(pack)])
    step = next_step(policy, {MATTER: ("b1",)}, on=ON)
    assert [each.product.id for each in step.recommendations] == ["verification"]
    assert policy.hash != pack.hash
    assert restore(policy.snapshot) == policy  # an old case is replayed from what was kept
    found = difference(pack, policy, on=ON)
    assert [(each.code, each.before, dict(each.after or {})) for each in found.matters] == [
        ("b1", None, {"verification": frozenset({Strength.NAMED})})
    ]


def test_only_a_confirmed_entry_says_required(pack: Policy):
    with pytest.raises(PolicyFaults, match="Only a confirmed entry may require a product"):
        lay(pack, [_matter(pack, "m22", required=["verification"])])
    policy = lay(pack, [_matter(pack, "m22", required=["verification"], source="confirmed")])
    (changed,) = difference(pack, policy, on=ON).matters
    assert changed.code == "m22"
    assert Strength.REQUIRED in (changed.after or {})["verification"]
    assert Strength.REQUIRED not in (changed.before or {})["verification"]


def test_a_retired_matter_is_handled_no_more_from_the_day_after(pack: Policy):
    policy = lay(pack, [_matter(pack, "m22", effective_to=ON.isoformat())])
    assert difference(pack, policy, on=ON).matters == ()
    (gone,) = difference(pack, policy, on=ON + dt.timedelta(days=1)).matters
    assert (gone.code, gone.after) == ("m22", None)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (_setting("settings.feedback_working_days", 0), "greater than or equal to 1"),
        (_setting("settings.validity_end", "never"), "validity_end"),
        (_setting("settings.unheard_of", 1), "not known"),
        (Layer(LayerKind.MATTER, "b1", {"code": "b1"}), "missing"),
    ],
)
def test_what_makes_no_sound_policy_is_refused(pack: Policy, layer: Layer, said: str):
    with pytest.raises(PolicyFaults, match=said):
        lay(pack, [layer])


def test_a_setting_is_a_difference_by_its_path(pack: Policy):
    policy = lay(pack, [_setting("settings.feedback_working_days", 7)])
    found = difference(pack, policy, on=ON)
    assert (found.matters, dict(found.settings)) == ((), {"settings.feedback_working_days": (5, 7)})


def test_what_does_not_fit_a_new_pack_is_left_out_and_the_rest_holds(pack: Policy):
    fits = _new(pack)
    unfit = Layer(LayerKind.MATTER, "b2", {**fits.content, "code": "b2", "category": "dropped"})
    policy, left_out = lay_what_fits(pack, [unfit, fits])
    assert left_out == (unfit,)
    assert "b1" in policy.matters
    assert "b2" not in policy.matters
