import random

import pytest

from bot.id_numbers import cell_without_id_numbers
from bot.identifiers import ID_NUMBER_MARKER, id_number_spans, without_id_numbers
from tests.oracles import identifiers_oracle as oracle

SAMPLE = "11010519491231002X"  # the standard's own example, and so is the next
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
ARABIC_INDIC = str.maketrans("0123456789", "".join(chr(0x660 + n) for n in range(10)))
BEFORE = (
    "",
    "身份证号：",
    "ID",
    "1. ",
    "张某，",
    "<b>",
    "电话13800000000 身份证",
    "联系人王某(",
    "91410100MA00000T42 ",
    "a" * 300 + " ",
)
AFTER = ("", "。", "，请查收", " 郑州", "</b>", ")", "\n第二行", " abc", "号", "！")


def _groups(number, *sizes, by):
    parts, at = [], 0
    for size in sizes:
        parts.append(number[at : at + size])
        at += size
    return by.join([*parts, number[at:]])


DISGUISES = (
    lambda n, rng: n,
    lambda n, rng: n.lower(),
    lambda n, rng: n.translate(FULL_WIDTH),
    lambda n, rng: "".join(rng.choice((c, c.translate(FULL_WIDTH))) for c in n),
    lambda n, rng: n.translate(ARABIC_INDIC),
    lambda n, rng: _groups(
        n, 6, 8, by=rng.choice((" ", "-", "－", "—", "\u3000", "\t", "_", ".", "·", "/", " - ", "\n"))
    ),
    lambda n, rng: _groups(n, 6, 4, 4, by=rng.choice((" ", "-", "  ", "\u00a0"))),
    lambda n, rng: _groups(n, 3, 3, 4, 4, by=" "),
    lambda n, rng: " ".join(n),
    lambda n, rng: "-".join(n),
    lambda n, rng: "\u200b".join(n),
    lambda n, rng: "".join(c + rng.choice(("", "", "\u200d", "\u2060", "\ufeff", "\u202e", "\u00ad")) for c in n),
    lambda n, rng: f"{n[:-1]} {n[-1]}",
    lambda n, rng: "".join(c + "\ufe0f\u20e3" for c in n),
    lambda n, rng: f"\u202d{n}\u202c",
    lambda n, rng: f"`{n}`",
    lambda n, rng: rng.choice("\u3164\uffa0\u115f\u1160\u180e\u2800").join(n),  # blanks that pass for letters or signs
    lambda n, rng: _groups(n, 6, 8, by=rng.choice(("\n\n\u3000\u3000\u3000\u3000", "\r\n\r\n    ", "\u200b" * 9))),
)


def _pasted(rng, number):
    disguised = rng.choice(DISGUISES)(number, rng)
    before, after = rng.choice(BEFORE), rng.choice(AFTER)
    return before, disguised, after


def test_ten_thousand_id_numbers_in_disguise_are_all_struck_out():
    rng, missed = random.Random(44), []
    for _ in range(10_000):
        number = oracle.random_id(rng)
        before, disguised, after = _pasted(rng, number)
        text = before + disguised + after
        cleaned, found = without_id_numbers(text)
        plain = "".join(
            c for c in cleaned.translate(str.maketrans("０１２３４５６７８９", "0123456789")) if c.isdigit()
        )
        if not found or ID_NUMBER_MARKER not in cleaned or number[:17] in plain:
            missed.append(text)
    assert missed == []


def test_ten_thousand_company_codes_raise_no_false_alarm():
    rng = random.Random(44)
    codes = [oracle.random_code(rng, ("91", "92", "93")) for _ in range(8_000)]
    codes += [oracle.random_code(rng, ("12", "51", "52", "53")) for _ in range(2_000)]
    assert sum(code[:17].isdigit() for code in codes) > 2_000
    pasted = [rng.choice(BEFORE[:6]) + code + rng.choice(AFTER) for code in codes]
    assert [text for text in pasted if id_number_spans(text)] == []


@pytest.mark.parametrize("separator", ["\n", " ", "、", ",", "\t"])
def test_list_of_company_codes_raises_no_false_alarm(separator):
    rng = random.Random(15)
    for _ in range(100):
        codes = [oracle.random_code(rng, ("91", "92")) for _ in range(20)]
        assert id_number_spans(separator.join(codes)) == []


def test_spaced_company_codes_raise_no_false_alarm():
    rng = random.Random(16)
    codes = (oracle.random_code(rng, ("91", "92")) for _ in range(5_000))
    spaced = [_groups(code, *rng.choice(((2, 6, 9), (4, 4, 4, 4), (6, 6), (8, 9))), by=" ") for code in codes]
    assert [text for text in spaced if id_number_spans(text)] == []


def test_company_code_that_is_also_an_id_number_by_its_digits_stays():
    rng = random.Random(3)
    both = set()
    while len(both) < 5:  # the region ends in 19, so that the next eight digits may be a date of birth
        born = f"{oracle.random_birthday(rng):%Y%m%d}"
        code = oracle.code_with_check("914101" + born + f"{rng.randrange(1000):03}")
        if code == oracle.id_with_check(code[:17]):
            both.add(code)
    assert [code for code in both if id_number_spans(code)] == []


def test_person_whose_number_is_also_a_valid_code_is_still_struck_out():
    rng = random.Random(4)
    numbers = set()
    while len(numbers) < 5:
        number = oracle.id_with_check(f"512301{oracle.random_birthday(rng):%Y%m%d}{rng.randrange(1000):03}")
        if number == oracle.code_with_check(number[:17]):
            numbers.add(number)
    assert [number for number in numbers if not id_number_spans(number)] == []


def test_old_id_numbers_are_struck_out():
    rng = random.Random(15)
    for _ in range(1_000):
        number = oracle.random_old_id(rng)
        for text in (number, f"身份证{number}。", _groups(number, 6, 6, by=" "), number.translate(FULL_WIDTH)):
            assert without_id_numbers(text)[1], text


@pytest.mark.parametrize(
    "cell",
    [
        SAMPLE,
        f"法人 {SAMPLE}",
        "110105194912310000",  # as a spreadsheet keeps it that took it for a number
        "110105194912310992",
        "1.10105194912310E+17",
        "1.1010519491231e17",
        "110105194912310021",  # a wrong check character
        "１１０１０５ 19491231 0021",
        "11010519491231002",
    ],
)
def test_a_cell_that_holds_an_id_number_alone_needs_no_check_character(cell: str):
    assert ID_NUMBER_MARKER in cell_without_id_numbers(cell) and "1949" not in cell_without_id_numbers(cell)


@pytest.mark.parametrize(
    "cell",
    [
        oracle.code_with_check("12410119900101123"),  # the code of an institution: 410119 is its region
        "914101194912300000",  # of a company, its last digits lost
        "1.24101E+17",
        "410105202603050001",  # a case: area, day, serial
        "41010520260305001",
        "110105194913310021",  # no 13th month
        "案号 110105194912310021",
        "",
    ],
)
def test_codes_and_cases_that_stand_alone_in_a_cell_are_left_alone(cell: str):
    assert cell_without_id_numbers(cell) == cell


@pytest.mark.parametrize("cross", "XxＸｘⅩⅹ×✕✖✗✘╳❌\u0425\u0445\u03a7\u03c7\u1d61")
def test_whatever_looks_like_an_x_closes_a_number(cross: str):
    assert without_id_numbers(f"身份证{SAMPLE[:17]}{cross}，请核对")[0] == f"身份证{ID_NUMBER_MARKER}，请核对"


def test_spans_are_those_of_the_original_text():
    text = f"张某 {SAMPLE}，李某 4405 2418 8001 0100 14"
    assert [text[start:end] for start, end in id_number_spans(text)] == [SAMPLE, "4405 2418 8001 0100 14"][:1]
    text = f"甲 {SAMPLE}；乙 \u200b{SAMPLE[:6]}-{SAMPLE[6:]}"
    assert [text[start:end] for start, end in id_number_spans(text)] == [SAMPLE, f"{SAMPLE[:6]}-{SAMPLE[6:]}"]


def test_two_numbers_side_by_side_are_both_struck_out():
    assert without_id_numbers(SAMPLE + " " + SAMPLE)[0] == f"{ID_NUMBER_MARKER} {ID_NUMBER_MARKER}"
    cleaned, found = without_id_numbers(SAMPLE[:17] + "X" + SAMPLE)
    assert (cleaned, found) == (ID_NUMBER_MARKER * 2, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "今天提交32家，电话0371-67180000",
        "110105194912310021",  # wrong check character
        "11010519491331002X",  # no 13th month
        "2026-03-05 2026-03-06 2026-03-07 2026-03-08 2026-03-09 2026-03-10",
        "20260305 20260306 20260307 20260308",
        "郑环罚〔2026〕15号 大气2026-17 张 1234",
        "13800000000 13900000000 13700000000 13600000000",
        "订单 123456789012345678901234",
        "410100123456789",  # 15 digits, but month 34
    ],
)
def test_other_numbers_are_left_alone(text):
    assert without_id_numbers(text) == (text, False)


def test_ordinary_long_text_is_searched_quickly_enough_to_finish():
    text = "1 " * 2000 + "9" * 4000
    assert id_number_spans(text) == []
