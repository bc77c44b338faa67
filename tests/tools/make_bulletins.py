"""Makes the Word templates of the quarter's papers: ``python -m tests.tools.make_bulletins``. Its output is committed.

Laid out as the letters are, after GB/T 9704-2012; drafts without a red head or a seal.
"""

from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table

from tests.tools.make_templates import FIRST, SECOND, Letter, celled

HEADINGS = (
    "承诺份数",
    "核查申请（次/家）",
    "直接使用有效意见（家）",
    "超期反馈（家）",
    "有不良（家）",
    "信用报告份数",
    "备注",
)
FIELDS = ("name", "letters", "applied", "reused", "overdue", "adverse", "reports", "note")
WIDTHS = (Mm(37), Mm(15), Mm(20), Mm(21), Mm(16), Mm(14), Mm(15), Mm(18))
UNITS = "单位：份、次、家"
SMALL = 10.5  # 五号, so that eight columns fit the type area


def close(table: Table) -> None:
    """Let the lines of a table take their own height instead of the page's grid."""
    for paragraph in (cell.paragraphs[0] for row in table.rows for cell in row.cells):
        paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        paragraph.paragraph_format.line_spacing = Pt(14)
        grid = OxmlElement("w:snapToGrid")
        grid.set(qn("w:val"), "0")
        properties = paragraph._p.get_or_add_pPr()
        properties.insert_element_before(grid, "w:spacing", "w:ind", "w:jc", "w:rPr")


def tabled(letter: Letter, rows: str, first: str) -> None:
    """Add a table of eight columns, its heading repeated on every page."""
    table = letter.document.add_table(rows=4, cols=len(FIELDS), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, WIDTHS, strict=True):
        column.width = width
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, width in zip(row.cells, WIDTHS, strict=True):
            cell.width = width
    for cell, text in zip(table.rows[0].cells, (first, *HEADINGS), strict=True):
        celled(cell, text, FIRST, size=SMALL)
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    celled(table.rows[1].cells[0], f"{{%tr for each in {rows} %}}", size=SMALL)
    for at, (cell, name) in enumerate(zip(table.rows[2].cells, FIELDS, strict=True)):
        side = WD_ALIGN_PARAGRAPH.LEFT if at == 0 else WD_ALIGN_PARAGRAPH.CENTER
        celled(cell, f"{{{{ each.{name} }}}}", align=side, size=SMALL)
    celled(table.rows[3].cells[0], "{%tr endfor %}", size=SMALL)
    close(table)
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), "40")
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    table._tbl.tblPr.append(margins)


def listed(letter: Letter, name: str, otherwise: str) -> None:
    """Add paragraphs of the paper, or what stands where there are none."""
    letter.control(f"if {name}")
    letter.control(f"for each in {name}")
    letter.line("{{ each }}")
    letter.control("endfor")
    letter.control("else")
    letter.line(otherwise)
    letter.control("endif")


def headed(letter: Letter, text: str) -> None:
    """Add a heading of the first level, which stays with what follows."""
    letter.line(text, font=FIRST).paragraph_format.keep_with_next = True


def small(letter: Letter, text: str) -> None:
    """Add a line below a table."""
    line = letter.line(indent=0)
    line.add_run(text).font.size = Pt(SMALL)
    line.paragraph_format.line_spacing_rule, line.paragraph_format.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(16)
    line.paragraph_format.keep_with_next = text == UNITS


def report() -> None:
    """季度汇总: sentences, the table by matter, the table by unit, the picture, problems, and who filled it in."""
    letter = Letter("{{ quarter }}信用产品使用情况汇总")
    letter.line("（统计区间：{{ period }}）", font=SECOND, align=WD_ALIGN_PARAGRAPH.CENTER, indent=0)
    letter.line("", indent=0)
    headed(letter, "一、总体情况")
    listed(letter, "paragraphs", "本季度无信用产品使用记录。")
    headed(letter, "二、各事项使用情况")
    small(letter, UNITS)
    tabled(letter, "matters", "事项")
    small(letter, "核对：{{ check }}")
    headed(letter, "三、各单位使用情况")
    small(letter, UNITS)
    tabled(letter, "units", "单位")
    letter.control("if has_chart")
    letter.line("", indent=0)
    picture = letter.line("{{ chart }}", align=WD_ALIGN_PARAGRAPH.CENTER, indent=0)
    picture.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    letter.control("endif")
    headed(letter, "四、存在问题与建议")
    listed(letter, "problems", "无。")
    letter.line("", indent=0)
    for text in ("{{ bureau }}{{ unit }}", "{{ date }}"):
        line = letter.line(text, align=WD_ALIGN_PARAGRAPH.RIGHT, indent=0, right=4)
        line.paragraph_format.keep_with_next = True
    letter.line("", indent=0)
    letter.line("填报单位（盖章）：", indent=0)
    letter.line("填报人：　　　　　　　审核人：", indent=0)
    letter.line("联系电话：　　　　　　填报日期：", indent=0)
    small(letter, "统计依据：{{ basis }}")
    letter.save("summary")


def circular() -> None:
    """通报 after domain.md §4.5: overall, unit by unit, good practice, problems, next steps."""
    letter = Letter("关于{{ quarter }}\n信用产品使用情况的通报")
    letter.line("机关各处室、局属各单位：", indent=0)
    letter.line("根据{{ basis }}，现将{{ quarter }}信用产品使用情况通报如下。")
    headed(letter, "一、总体情况")
    listed(letter, "paragraphs", "本季度无信用产品使用记录。")
    headed(letter, "二、各单位使用情况")
    small(letter, UNITS)
    tabled(letter, "units", "单位")
    for number, (name, heading) in enumerate(
        (("practice", "主要做法"), ("problems", "存在问题"), ("steps", "下步要求")), start=3
    ):
        headed(letter, f"{'一二三四五'[number - 1]}、{heading}")
        listed(letter, name, "（请补充）")
    letter.line("", indent=0)
    for text in ("{{ bureau }}", "{{ date }}"):
        letter.line(text, align=WD_ALIGN_PARAGRAPH.RIGHT, indent=0, right=4)
    letter.line("", indent=0)
    small(letter, "（草稿，由{{ unit }}修改、审核后按程序印发；未勾选的单位不具名，不列自然人）")
    letter.save("circular")


def main() -> None:
    """Make both."""
    report()
    circular()


if __name__ == "__main__":
    main()
