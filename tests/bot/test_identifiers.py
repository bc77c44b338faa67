import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.identifiers import BadCode, normalise, read_code, read_legacy_code
from bot.language import speaking
from tests.oracles import identifiers_oracle as oracle

# Fictitious, valid by their check characters only.
COMPANY, SHOP, INSTITUTION, SOCIETY = (
    "91410100MA00000T42",
    "92410100MA00000T4Y",
    "12410100MB0000T3XJ",
    "51410100MJ0000T47W",
)
SEEDS = st.integers(0, 2**32).map(random.Random)


@pytest.fixture(autouse=True)
def _english():
    with speaking("en"):
        yield


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("９１４１ ０１００ｍａ", "91410100MA"),
        ("\u200b91\u202e41\u3000\t0\ufeff1", "914101"),
        ("\u0669\u0661", "91"),
        ("甲（乙）公司", "甲(乙)公司"),
    ],
)
def test_normal_form_is_half_width_upper_case_and_without_spaces(text, plain):
    assert normalise(text) == plain


@pytest.mark.parametrize(
    ("text", "kind", "personal"),
    [
        (COMPANY, "enterprise", False),
        (SHOP, "enterprise", True),
        (INSTITUTION, "institution", False),
        (SOCIETY, "social_org", False),
    ],
)
def test_code_tells_what_the_counterpart_is(text, kind, personal):
    code = read_code(text)
    assert (code.value, code.kind, code.personal) == (text, kind, personal)


@pytest.mark.parametrize(
    "text",
    [
        "91410100ma00000t42",
        "9141 0100 MA00 000T 42",
        "９１４１０１００ＭＡ０００００Ｔ４２",
        " 91410100-MA00000T4-2\n",
        "\u202a91410100MA00000T42\u202c",
    ],
)
def test_code_is_read_in_any_dress(text):
    assert read_code(text).value == COMPANY


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("91410100MAO0000T42", 11, "Is it the digit 0?"),
        ("9141 0100 MA00 000I 42", 16, "Is it the digit 1?"),
        ("9141O100MA00000T42", 5, "Is it the digit 0?"),
        ("91410100MA00000S42", 16, '"S"'),
        ("91410A00MA00000T42", 6, "positions 3 to 8"),
        ("91410100MA00000T4号", 18, '"号"'),
        ("Z1410100MA00000T42", 1, '"Z"'),
        ("C1410100MA00000T42", 1, '"C"'),
    ],
)
def test_wrong_character_is_pointed_at(text, position, words):
    with pytest.raises(BadCode) as refusal:
        read_code(text)
    assert refusal.value.position == position
    assert words in refusal.value.message


@pytest.mark.parametrize("text", ["91410100MA00000T4", "91410100MA00000T422", ""])
def test_wrong_length_says_how_many_were_read(text):
    with pytest.raises(BadCode) as refusal:
        read_code(text)
    assert f"{len(text)} were read" in refusal.value.message
    assert refusal.value.position is None


def test_check_character_that_does_not_fit_names_no_position():
    with pytest.raises(BadCode, match="position 18 does not fit") as refusal:
        read_code("91410100MA00000T43")
    assert refusal.value.position is None


def test_organs_are_not_counterparts():
    with pytest.raises(BadCode, match="state organs"):
        read_code(oracle.code_with_check("11410100005252060"))


@given(rng=SEEDS)
def test_every_valid_code_is_read(rng):
    code = oracle.random_code(rng)
    assert read_code(code).value == code


@given(rng=SEEDS, place=st.integers(8, 17), other=st.sampled_from(oracle.ALPHABET))
def test_one_wrong_character_is_always_noticed(rng, place, other):
    code = oracle.random_code(rng)
    mistyped = code[:place] + other + code[place + 1 :]
    if mistyped == code:
        assert read_code(mistyped).value == code
    else:
        with pytest.raises(BadCode):
            read_code(mistyped)


@given(body=st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=8, max_size=8))
def test_legacy_code_is_read_with_and_without_hyphen(body):
    code = oracle.legacy_with_check(body)
    assert read_legacy_code(code) == code
    assert read_legacy_code(f" {code[:8]}-{code[8].lower()} ") == code


@pytest.mark.parametrize("text", ["12345678-9", "1234567-8", "1234567字8", "", "ＡＢ"])
def test_wrong_legacy_code_is_refused(text):
    with pytest.raises(BadCode):
        read_legacy_code(text)


def test_the_example_of_a_legacy_code_is_valid():
    assert read_legacy_code("12345678-8") == "123456788"
