"""Reading lists: what officers send is read as they see it; what could harm is refused with a sentence."""

import datetime as dt
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.documents import containers
from bot.documents.containers import column_index, column_letters, container
from bot.documents.reading import LONGEST_CELL, SheetData, heading, read
from bot.documents.sheet_faults import MOST_BYTES, MOST_ROWS, SheetFault, Trouble
from bot.errors import Refusal
from bot.identifiers import ID_NUMBER_MARKER
from handlers.sheet_reading import read_sheet
from tests.sheets import HEADER, code, company, repacked, row, xlsx

ID_NUMBER = "11010519491231002X"  # the example of GB 11643


def fault(content: bytes) -> Trouble:
    with pytest.raises(SheetFault) as caught:
        read(content, "名单.xlsx")
    assert caught.value.sentence
    return caught.value.trouble


def test_a_list_is_read_as_the_officer_sees_it() -> None:
    found = read(xlsx([(1, company(1), "企业", code(1)), (2.5, " 乙 ", True)]), "名单.xlsx")
    assert found.rows[1][:4] == ("1", company(1), "企业", code(1))
    assert found.rows[2][:3] == ("2.5", "乙", "TRUE")
    assert found.header == HEADER and found.header_at == 0
    assert {(1, 0), (2, 0)} <= found.numeric and (1, 3) not in found.numeric
    assert [index for index, _cells in found.data()] == [1, 2]


def test_what_nobody_can_see_is_not_read() -> None:
    found = read(
        xlsx([row(1, "\u200b 虚构第1环\u200b保\u202e科技\u3164有限公司", f"\ufeff{code(1)}\u2060", note="\u200b")]), "x"
    )
    assert found.rows[1] == row(1)


def test_a_date_cell_is_an_iso_date() -> None:
    target = io.BytesIO()
    import xlsxwriter

    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["代码", "出具日期"])
    sheet.write_datetime(1, 1, dt.date(2026, 3, 5), book.add_format({"num_format": "yyyy/m/d"}))
    book.close()
    assert read(target.getvalue(), "x").rows[1] == ("", "2026-03-05")


def test_the_heading_may_stand_below_a_title_and_a_merged_one() -> None:
    above = [("2026年绿色企业名单",), ("",), ("基本情况", "", "", "", "申报情况")]
    content = xlsx([row(1)], above=above, merged=[(0, 0, 0, 7, "2026年绿色企业名单"), (2, 0, 2, 3, "基本情况")])
    found = read(content, "x")
    assert found.header_at == 3 and found.header == HEADER
    assert next(found.data()) == (4, row(1))


def test_what_stands_above_the_heading_is_not_kept() -> None:
    found = read(xlsx([row(1)], above=[("名单",), ("填表人：张某某", "电话13800000000")]), "x")
    assert found.rows[:2] == (("",) * len(HEADER),) * 2
    assert next(found.data()) == (3, row(1))


def test_the_first_visible_sheet_with_a_heading_counts() -> None:
    found = read(xlsx([row(1)], sheets_before=["填表说明", "旧"], hidden=["旧"]), "x")
    assert found.name == "名单"


def test_merged_cells_stay_blank_and_are_named() -> None:
    found = read(xlsx([row(1), ("2", None, "企业", code(2))], merged=[(1, 1, 2, 1, company(1))]), "x")
    assert found.rows[2][1] == "" and found.merged == {(2, 1)}


def test_formula_cells_are_named() -> None:
    found = read(xlsx([row(1), row(2)], formulas={(2, 3): ("=D2", code(2))}), "x")
    assert found.formulas == {(2, 3)} and found.rows[2][3] == code(2)


def test_an_older_ods_of_another_programme_or_csv_in_any_encoding() -> None:
    text = "序号,主体名称,统一社会信用代码\r\n1,虚构公司,91410100MA00000T42\r\n"
    for content in (
        text.encode("utf-8"), text.encode("utf-8-sig"), text.encode("gb18030"), text.encode("utf-16"),
        text.replace(",", "\t").encode("gbk"), text.replace(",", ";").encode(),
    ):  # fmt: skip
        found = read(content, "x.csv")
        assert found.rows[1] == ("1", "虚构公司", "91410100MA00000T42")


def test_csv_text_marks_are_taken_off() -> None:
    assert read('名称,代码\n甲,"=""0123456"""\n'.encode(), "x.csv").rows[1] == ("甲", "0123456")


def test_too_long_cells_are_cut_and_named() -> None:
    found = read(xlsx([row(1, note="长" * 600)]), "x")
    assert found.cut == {(1, 7)} and len(found.rows[1][7]) == LONGEST_CELL


@pytest.mark.parametrize("note", [ID_NUMBER, f"法人 {ID_NUMBER}", "长" * (LONGEST_CELL - 8) + ID_NUMBER])
def test_an_id_number_is_struck_out_of_its_cell_before_anybody_reads_it(note: str) -> None:
    found = read(xlsx([row(1, note=note)], (*HEADER[:-1], f"备注 {ID_NUMBER}"), name=ID_NUMBER), "x")
    assert ID_NUMBER[:8] not in str(found.to_json())
    assert ID_NUMBER_MARKER in found.header[-1] and found.rows[1][:7] == row(1)[:7]


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (b"", Trouble.EMPTY),
        (b" \r\n", Trouble.EMPTY),
        (xlsx([]), Trouble.EMPTY),
        (b"%PDF-1.7\x00\x01binary", Trouble.WRONG_TYPE),
        (b"PK\x05\x06" + bytes(18), Trouble.WRONG_TYPE),
        (b"PK\x03\x04broken", Trouble.BROKEN),
        (xlsx([row(1)])[:-200], Trouble.BROKEN),
        (xlsx([row(1)], header=("一", "二", "三")), Trouble.NO_HEADING),
        ("甲,乙\n1,2\n".encode(), Trouble.NO_HEADING),
        (b"\xff\xfe\x00\xd8" * 3 + b"\x00", Trouble.ENCODING),
        (b"\x81\x20\xff,\xfe\n", Trouble.ENCODING),
        (repacked(xlsx([row(1)]), {"xl/vbaProject.bin": b"macro"}), Trouble.MACROS),
        (repacked(xlsx([row(1)]), {"xl/macrosheets/sheet1.xml": b"<x/>"}), Trouble.MACROS),
        (xlsx([("",) * 70 + ("x",)]), Trouble.TOO_MANY_COLUMNS),
        (xlsx([row(n) for n in range(MOST_ROWS + 1)]), Trouble.TOO_MANY_ROWS),
        (b"x" * (MOST_BYTES + 1), Trouble.TOO_BIG),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600) + "EncryptedPackage".encode("utf-16-le"), Trouble.PASSWORD),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600) + "_VBA_PROJECT".encode("utf-16-le"), Trouble.MACROS),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), Trouble.WRONG_TYPE),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600) + "Workbook".encode("utf-16-le"), Trouble.BROKEN),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(content: bytes, trouble: Trouble) -> None:
    assert fault(content) is trouble


def test_two_thousand_rows_are_read() -> None:
    assert len(list(read(xlsx([row(n) for n in range(MOST_ROWS)]), "x").data())) == MOST_ROWS


def test_a_docx_is_no_list() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("word/document.xml", "<x/>")
    assert fault(target.getvalue()) is Trouble.WRONG_TYPE


def test_a_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = repacked(xlsx([row(1)]), {"xl/worksheets/sheet9.xml": bytes(20_000_000)})
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_args: pytest.fail("it was unpacked"))
    monkeypatch.setattr(zipfile.ZipFile, "testzip", lambda *_args: pytest.fail("it was unpacked"))
    assert fault(bomb) is Trouble.TOO_HEAVY


def test_a_size_that_lies_is_refused() -> None:
    content = bytearray(repacked(xlsx([row(1)]), {"xl/media/big.bin": bytes(range(256)) * 4_000}))
    at = content.rindex(b"xl/media/big.bin") - 46  # its central directory entry; the size stands at 24
    content[at + 24 : at + 28] = (10).to_bytes(4, "little")
    assert fault(bytes(content)) is Trouble.BROKEN


def test_an_encrypted_ods_and_an_encrypted_zip_want_their_password() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<x/>")
        archive.writestr("META-INF/manifest.xml", "<manifest:encryption-data/>")
    assert fault(target.getvalue()) is Trouble.PASSWORD


async def test_the_reading_process_answers_like_the_reader() -> None:
    content = xlsx([row(1), row(2)], formulas={(1, 3): ("=D3", code(2))}, merged=[(1, 4, 2, 4, "区")])
    assert await read_sheet(content, "x") == read(content, "x")
    with pytest.raises(Refusal, match="macros"):
        await _in_english(repacked(content, {"xl/vbaProject.bin": b"x"}))
    with pytest.raises(Refusal, match="10 MB"):
        await _in_english(bytes(30_000_000))


async def test_a_sheet_that_would_take_all_memory_kills_only_its_own_process() -> None:
    far = io.BytesIO()
    import xlsxwriter

    book = xlsxwriter.Workbook(far)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    sheet.write(1_048_575, 45, "远")  # 48 million cells between the two: 1.5 GB for the library
    book.close()
    with pytest.raises(Refusal, match="unpacks"):  # without the limit the rows would be counted and named
        await _in_english(far.getvalue())


async def test_the_reading_process_sees_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    from handlers import sheet_reading

    monkeypatch.setenv("XINXUAN_TOKEN", "secret")
    assert not any(name.startswith("XINXUAN") for name in sheet_reading._environment())


async def _in_english(content: bytes) -> SheetData:
    from bot.language import speaking

    with speaking("en"):
        return await read_sheet(content, "x")


@pytest.mark.parametrize(
    ("written_as", "plain"),
    [
        ("统一社会信用代码（18位）", "统一社会信用代码"),
        (" *主体 名称：", "主体名称"),
        ("备注\n[可空]", "备注"),
        ("ｃｏｄｅ", "CODE"),
    ],
)
def test_headings_are_compared_in_their_plain_form(written_as: str, plain: str) -> None:
    assert heading(written_as) == plain


@given(st.integers(0, 16_383))
def test_columns_are_lettered_and_back(index: int) -> None:
    assert column_index(column_letters(index)) == index


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1"), b"\xff\xfe"]))
def test_no_bytes_bring_the_reader_down(tail: bytes, head: bytes) -> None:
    try:
        read(head + tail, "x")
    except SheetFault as wrong:
        assert wrong.sentence


def test_json_carries_a_list_whole() -> None:
    found = read(xlsx([row(1), row(2)], merged=[(1, 1, 2, 1, "甲")]), "x")
    assert SheetData.from_json(found.to_json()) == found


def test_the_limits_stand() -> None:
    assert containers.MOST_UNPACKED == 100_000_000 and containers.MOST_RATIO == 200
    assert container(xlsx([row(1)])) == "xlsx"


def test_a_list_with_a_damaged_byte_is_refused_or_read_and_never_ends_otherwise() -> None:
    """Bytes of packed streams too: an invalid one is no fault of the archive's directory."""
    whole, refused = xlsx([row(number) for number in range(1, 30)]), 0
    part = next(each for each in zipfile.ZipFile(io.BytesIO(whole)).infolist() if "sheet1" in each.filename)
    stream = part.header_offset + 30 + len(part.filename)
    for place in (stream, *range(0, len(whole), 97)):
        bitten = bytearray(whole)
        bitten[place] ^= 0xFF
        try:
            container(bytes(bitten))
        except SheetFault:
            refused += 1
    assert refused > 10
