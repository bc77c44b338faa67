"""Makes the Word templates of the letters: ``python -m tests.tools.make_templates``. Its output is committed.

Laid out after GB/T 9704-2012: A4, 37 mm above and 28 mm left of a type area of 156 x 225 mm, 22 lines of 28 characters,
body 3号仿宋 (16 pt), title 2号小标宋 (22 pt), levels 黑体 and 楷体, page numbers 4号 (14 pt) with dashes,
on the outer side.
"""

import datetime as dt
import math
from pathlib import Path
from typing import Any, Final

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "bot" / "policy" / "templates"

BODY, TITLE, FIRST, SECOND, FIGURES = "仿宋_GB2312", "方正小标宋简体", "黑体", "楷体_GB2312", "宋体"
INSTEAD: Final = {BODY: "仿宋", TITLE: "小标宋体,华文中宋,宋体", SECOND: "楷体"}  # where the machine lacks the font
SIZE, CHARACTER = 16.0, 156 / 28 / 25.4 * 72  # points
LINE: Final = math.floor(225 / 22 / 25.4 * 72 * 20) / 20  # points, whole twentieths, so that 22 lines fit
BLANK: Final = "（线下填写）"


def faced(run: Any, font: str, size: float | None = None) -> None:
    """Set a run's Chinese font, and the same for Latin letters and figures."""
    properties = run._element.get_or_add_rPr()
    faces = properties.find(qn("w:rFonts"))
    if faces is None:
        faces = OxmlElement("w:rFonts")
        properties.insert(0, faces)
    for where in ("ascii", "hAnsi", "eastAsia", "cs"):
        faces.set(qn(f"w:{where}"), font)
    if size is not None:
        run.font.size = Pt(size)


class Letter:
    """A template in the making."""

    def __init__(self, title: str) -> None:
        self.document = Document()
        for paragraph in list(self.document.element.body.iterchildren(qn("w:p"))):
            self.document.element.body.remove(paragraph)
        self._fonts()
        self._page()
        about = self.document.core_properties
        about.title = about.author = about.last_modified_by = about.comments = about.keywords = ""
        about.created = about.modified = dt.datetime(2026, 11, 1, tzinfo=dt.UTC).replace(tzinfo=None)
        about.language = "zh-CN"
        self.line(title, font=TITLE, size=22, align=WD_ALIGN_PARAGRAPH.CENTER, indent=0)
        self.line("", indent=0)

    def _fonts(self) -> None:
        normal = self.document.styles["Normal"]
        faced(normal, BODY, SIZE)
        closer = OxmlElement("w:spacing")
        closer.set(qn("w:val"), str(math.floor((CHARACTER - SIZE) * 20)))
        normal._element.get_or_add_rPr().find(qn("w:sz")).addprevious(closer)  # the schema has an order
        languages = OxmlElement("w:lang")
        languages.set(qn("w:val"), "zh-CN")
        languages.set(qn("w:eastAsia"), "zh-CN")
        normal._element.get_or_add_rPr().append(languages)
        table = next(
            part for part in self.document.part.package.iter_parts() if part.partname.endswith("fontTable.xml")
        )
        added = "".join(
            f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/></w:font>'
            for name, other in INSTEAD.items()
        )
        table._blob = table._blob.replace(b"</w:fonts>", added.encode() + b"</w:fonts>")

    def _page(self) -> None:
        section = self.document.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.left_margin = Mm(37), Mm(28)
        section.bottom_margin, section.right_margin = Mm(297 - 37 - 225), Mm(210 - 28 - 156)
        section.footer_distance = Mm(35 - 7 - 5)  # the figures stand 7 mm below the type area
        grid = section._sectPr.find(qn("w:docGrid"))
        if grid is None:
            grid = OxmlElement("w:docGrid")
            section._sectPr.append(grid)
        grid.set(
            qn("w:type"), "lines"
        )  # a grid of characters comes out doubled in LibreOffice; the style condenses them
        grid.set(qn("w:linePitch"), str(round(LINE * 20)))
        self.document.settings.odd_and_even_pages_header_footer = True
        self._figures(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
        self._figures(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)

    def _figures(self, paragraph: Paragraph, side: WD_ALIGN_PARAGRAPH) -> None:
        paragraph.alignment = side
        paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Pt(14)
        for text in ("— ", None, " —"):
            run = paragraph.add_run(text)
            faced(run, FIGURES, 14)
            if text is None:
                for kind in ("begin", None, "end"):
                    part = OxmlElement("w:fldChar" if kind else "w:instrText")
                    if kind:
                        part.set(qn("w:fldCharType"), kind)
                    else:
                        part.text = "PAGE"
                    run._element.append(part)

    def line(
        self,
        *parts: str | tuple[str, str],
        font: str = BODY,
        size: float | None = None,
        align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.JUSTIFY,
        indent: float = 2,
        right: float = 0,
    ) -> Paragraph:
        """Add a paragraph; a part may bring its own font, indents count characters."""
        paragraph = self.document.add_paragraph()
        layout = paragraph.paragraph_format
        layout.alignment = align
        layout.space_before = layout.space_after = Pt(0)
        layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(LINE if (size or 0) < 20 else 32)
        layout.first_line_indent, layout.right_indent = Pt(SIZE * indent), Pt(SIZE * right)
        for part in parts:
            text, face = part if isinstance(part, tuple) else (part, font)
            faced(paragraph.add_run(text), face, size)
        return paragraph

    def control(self, tag: str) -> None:
        """Add a paragraph that only steers the template and does not stand in the letter."""
        self.document.add_paragraph(f"{{%p {tag} %}}")

    def headed(self, heading: str, text: str) -> None:
        """Add a numbered paragraph with its heading in 黑体."""
        self.line((heading, FIRST), text)

    def signed(self, *, contact: bool = True) -> None:
        """Add the bureau's name, the date, and whom to ask."""
        self.line("", indent=0)
        for text in ("{{ bureau }}", "{{ date }}"):
            line = self.line(text, align=WD_ALIGN_PARAGRAPH.RIGHT, indent=0, right=4)
            line.paragraph_format.keep_with_next = text == "{{ bureau }}"
        if contact:
            self.line("（联系人：　　　　　联系电话：　　　　　　　）")
            self.line("（承办：{{ unit }}；台账编号：{{ number }}）")

    def save(self, name: str) -> None:
        """Write the template."""
        FOLDER.mkdir(exist_ok=True)
        self.document.save(FOLDER / f"{name}.docx")


def celled(
    cell: Any,
    text: str,
    font: str = BODY,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.CENTER,
    size: float = 12,
) -> None:
    """Fill a cell of a list: 小四 (12 pt) unless said otherwise, so that a long name keeps to few lines."""
    paragraph = cell.paragraphs[0]
    paragraph.alignment = align
    layout = paragraph.paragraph_format
    layout.space_before = layout.space_after = Pt(3)
    faced(paragraph.add_run(text), font, size)


def listing(letter: Letter) -> None:
    """Add the annexed list on a page of its own, its heading repeated on every page."""
    letter.control("if subjects|length > 1")
    letter.document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    letter.line("附件", font=FIRST, indent=0)
    letter.line("{{ product }}名单", font=TITLE, size=22, align=WD_ALIGN_PARAGRAPH.CENTER, indent=0)
    letter.line("", indent=0)
    widths = (Mm(16), Mm(64), Mm(56), Mm(20))
    table = letter.document.add_table(rows=4, cols=4, style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = width
        keep = OxmlElement("w:cantSplit")
        row._tr.get_or_add_trPr().append(keep)
    for cell, text in zip(table.rows[0].cells, ("序号", "单位名称", "统一社会信用代码", "备注"), strict=True):
        celled(cell, text, FIRST)
    heading = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(heading)
    celled(table.rows[1].cells[0], "{%tr for each in subjects %}")
    values = (
        "{{ loop.index }}", f"{{{{ each.name or '{BLANK}' }}}}", f"{{{{ each.code or '{BLANK}' }}}}", "{{ each.note }}"
    )  # fmt: skip
    for at, (cell, text) in enumerate(zip(table.rows[2].cells, values, strict=True)):
        celled(cell, text, align=WD_ALIGN_PARAGRAPH.LEFT if at == 1 else WD_ALIGN_PARAGRAPH.CENTER)
    celled(table.rows[3].cells[0], "{%tr endfor %}")
    letter.control("endif")


def application() -> None:
    """核查申请函."""
    letter = Letter("{{ product }}申请函")
    letter.line("{{ centre }}：", indent=0)
    letter.line("我局正在办理“{{ matter }}”，现申请对有关对象进行{{ product }}，请予支持。")
    letter.headed("一、申请事项：", "{{ matter }}")
    letter.headed("二、依据：", "{{ basis }}")
    letter.headed("三、用途：", "{% if purpose %}{{ purpose }}，{% endif %}仅供我局办理上述事项参考")
    letter.headed(
        "四、对象：",
        "{% if subjects|length == 1 %}"
        f"{{{{ subjects[0].name or '{BLANK}' }}}}，"
        "{% if of_persons %}证件号码{% else %}统一社会信用代码{% endif %}："
        f"{{{{ subjects[0].code or '{BLANK}' }}}}"
        "{% else %}共{{ count }}{% if of_persons %}人{% else %}家{% endif %}"
        "{% if subjects %}，名单附后{% else %}，名单" + BLANK + "{% endif %}{% endif %}"
        "{% if persons %}；另有自然人{{ persons }}名" + BLANK + "{% endif %}",
    )
    letter.headed("五、希望反馈日期：", "{{ wish_date }}")
    letter.line("{{ product }}结果请反馈我局{{ unit }}。")
    letter.line("请予办理并函复。")
    letter.control("if subjects|length > 1")
    letter.line("", indent=0)
    letter.line("附件：{{ product }}名单")
    letter.control("endif")
    letter.signed()
    listing(letter)
    letter.save("application")


def commitment() -> None:
    """信用承诺书, with the three elements of the Plan 二（一）; publication only if the signatory agrees."""
    letter = Letter("{{ product }}书")
    letter.line("{{ bureau }}：", indent=0)
    self_ = "{% if of_person %}本人{% else %}本单位{% endif %}"
    letter.line(self_ + "申请办理“{{ matter }}”，自愿作出以下承诺：")
    letter.headed(
        "一、信用状况。",
        "{% if of_person %}本人具有完全民事行为能力{% else %}本单位依法设立、合法存续{% endif %}，"
        "所说明的自身信用状况属实，没有隐瞒失信信息。",
    )
    letter.headed("二、材料真实。", "本次提交的全部材料真实、准确、完整、有效，复印件与原件一致。")
    letter.headed("三、依法履行。", "遵守法律法规，履行法定义务和本承诺，接受行业主管部门的监督。")
    letter.headed("四、违背承诺的责任。", "如违背上述承诺，自愿承担违背承诺的责任和相应的法律责任。")
    letter.headed("五、公开。", "□同意　□不同意　向社会公开本承诺书。")
    letter.line("", indent=0)
    letter.control("if of_person")
    for text in (f"承诺人：{BLANK}", f"证件号码：{BLANK}", "签字："):
        letter.line(text)
    letter.control("else")
    for text in (
        f"承诺单位（盖章）：{{{{ subject.name or '{BLANK}' }}}}",
        f"统一社会信用代码：{{{{ subject.code or '{BLANK}' }}}}",
        "法定代表人或负责人（签字）：",
    ):
        letter.line(text)
    letter.control("endif")
    letter.line("承诺日期：　　　　年　　月　　日")
    letter.line("（台账编号：{{ number }}）")
    letter.save("commitment")


def notice() -> None:
    """委托报告告知单, with what a report contains in general (the Plan 二（三）: nine blocks)."""
    letter = Letter("委托出具{{ product }}告知单")
    letter.line("{{ subject.name or '　　　　　　　　' }}：", indent=0)
    letter.line("办理“{{ matter }}”可以使用{{ product }}。根据{{ basis }}，现将有关事项告知如下：")
    letter.headed("一、委托。", "原则上由你单位委托第三方信用服务机构出具。")
    letter.control("if blocks")
    letter.headed("二、内容。", "一般包括以下{{ blocks|length }}项：")
    letter.control("for each in blocks")
    letter.line("{{ loop.index }}. {{ each }}")
    letter.control("endfor")
    letter.control("else")
    letter.headed("二、内容。", "载明信用等级和风险提示。")
    letter.control("endif")
    letter.headed(
        "三、核对。",
        "报告所载单位名称、统一社会信用代码应与申请材料一致，并载明出具机构、报告编号、出具日期、信用等级和风险提示。"
        "{% if subject.code %}你单位统一社会信用代码：{{ subject.code }}。{% endif %}",
    )
    letter.headed("四、费用和时间。", "费用：{{ fee }}。时间：{{ time }}。")
    letter.headed("五、提交。", "请于　　　　年　　月　　日前将报告提交我局{{ unit }}。")
    letter.signed()
    letter.save("notice")


def inquiry() -> None:
    """商请函: polite to an outside body, calm about a period that is over."""
    letter = Letter("关于商请反馈{{ product }}结果的函")
    letter.line("{{ centre }}：", indent=0)
    letter.line(
        "我局于{{ submitted_date }}就“{{ matter }}”向贵单位申请{{ product }}，"
        "{% if subject.name %}涉及{{ subject.name }}{% if count > 1 %}等{{ count }}家{% endif %}"
        "{% elif count > 1 %}涉及{{ count }}{% if of_persons %}人{% else %}家{% endif %}"
        "{% else %}对象" + BLANK + "{% endif %}"
        "{% if persons %}，以及自然人{{ persons }}名{% endif %}。"
        "贵单位已于{{ received_date }}收件。"
    )
    letter.line(
        "根据{{ basis }}，反馈期限为{{ due_date }}。"
        "{% if overdue %}截至{{ date }}，我局尚未收到反馈。{% else %}现期限临近。{% endif %}"
    )
    letter.line(
        "为不影响该事项办理，商请贵单位予以支持，及早反馈{{ product }}结果。如需补充材料，请告知我局，我局将及时提供。"
    )
    letter.line("专此致函。")
    letter.signed()
    letter.save("inquiry")


def main() -> None:
    """Make all templates; those of the quarter's papers stand in ``make_bulletins``."""
    for make in (application, commitment, notice, inquiry):
        make()


if __name__ == "__main__":
    main()
