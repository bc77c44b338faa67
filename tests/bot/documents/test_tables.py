import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from bot.documents.tables import Table, workbook
from bot.plaintext import visible

DANGEROUS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "http://x.example", "{=1}", "00012")
CELLS = st.one_of(
    st.sampled_from(
        (*DANGEROUS, "_x0041_", "🏭", "𠮷", "甲\n乙", "<x>&", "\u202e反", "\ud800", "91410100MA00000T42", "")
    ),
    st.text(max_size=30),
)


def read(content):
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def xml(content, name="xl/worksheets/sheet1.xml"):
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return package.read(name).decode()


def test_what_went_in_comes_out():
    table = Table("台账", ("编号", "单位名称"), [("大气2026-1", "虚构公司"), ("大气2026-2", None)])
    assert read(workbook([table])) == {
        "台账": [["编号", "单位名称"], ["大气2026-1", "虚构公司"], ["大气2026-2", ""]],
    }


@pytest.mark.parametrize("value", DANGEROUS)
def test_nothing_is_ever_calculated_linked_or_turned_into_a_number(value):
    content = workbook([Table("表", ("列",), [(value,)])])
    sheet = xml(content)
    assert "<f>" not in sheet and "<hyperlink" not in sheet
    assert 't="s"' in sheet.split('<c r="A2"')[1].split(">")[0]
    assert read(content)["表"][1] == [value.replace("\r", "")]


@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=8))
def test_every_cell_stays_the_text_that_it_was(rows):
    content = workbook([Table("表", ("甲", "乙"), rows)])
    assert "<f>" not in xml(content)
    got = read(content)["表"][1:]
    wanted = [[visible(cell) for cell in row] for row in rows]
    while wanted and not any(wanted[-1]):
        wanted.pop()
    while got and not any(got[-1]):
        got.pop()
    assert [[unix(cell) for cell in row] for row in got] == [[unix(cell) for cell in row] for row in wanted]


def unix(cell):
    return cell.replace("\u0085", "")


def test_equal_tables_are_equal_files():
    table = Table("表", ("列",), [("甲",)])
    assert workbook([table]) == workbook([table])


def test_sheets_with_impossible_or_equal_names_are_told_apart():
    titles = ["一/二:[三]*?\\", "", "甲" * 60, "甲" * 60, "History", "'引'", "A", "a"]
    names = list(read(workbook([Table(title, ("列",), []) for title in titles])))
    assert len(names) == len(titles)
    assert len({name.casefold() for name in names}) == len(titles)
    assert all(0 < len(name) <= 31 for name in names)


def test_a_value_too_long_for_a_cell_is_cut_and_nothing_else_is_lost():
    content = workbook([Table("表", ("甲", "乙"), [("长" * 40_000, "乙")])])
    [row] = read(content)["表"][1:]
    assert row == ["长" * 32_767, "乙"]


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="as long as the headings"):
        workbook([Table("表", ("甲", "乙"), [("甲",)])])


def test_a_sheet_is_ready_to_be_printed():
    sheet = xml(workbook([Table("台账 & 附表", ("编号", "名称"), [("1", "甲" * 60)])]))
    assert 'orientation="landscape"' in sheet and 'paperSize="9"' in sheet and 'fitToHeight="0"' in sheet
    assert '<pane ySplit="1"' in sheet and 'state="frozen"' in sheet
    widths = [float(each.split('"')[0]) for each in sheet.split('width="')[1:3]]
    assert widths[0] < 10 < 40 < widths[1] < 50
