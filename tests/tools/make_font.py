"""Makes the font of the charts: ``python -m tests.tools.make_font NotoSansCJK-Regular.ttc``. Its output is committed.

A subset of Noto Sans CJK SC (SIL Open Font License 1.1, whose text lies beside it): the characters of GB/T 2312, which
hold every name of a unit, a product or a matter, and Latin letters.
"""

import sys
from pathlib import Path
from typing import Final

from fontTools import subset
from fontTools.ttLib import TTFont

from tests.tools.messages import ROOT

MADE: Final = ROOT / "bot" / "documents" / "fonts" / "NotoSansSC-GB2312.otf"
FACE: Final = 2  # Noto Sans CJK SC in the collection
MORE: Final = "～·—…“”‘’《》〈〉【】〔〕（），。、；：？！％＋－×○●◐△▲↑↓→"


def characters() -> str:
    """Return what the font holds."""
    rows = (bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    chinese = "".join(pair.decode("gb2312", errors="ignore") for pair in rows)
    return "".join(map(chr, range(0x20, 0x7F))) + chinese + MORE


def main() -> None:
    """Make the font."""
    font = TTFont(Path(sys.argv[1]), fontNumber=FACE)
    options = subset.Options(
        layout_features=[], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], notdef_outline=True, hinting=False
    )
    options.drop_tables += ["BASE", "GSUB", "GPOS", "VORG", "vhea", "vmtx"]
    made = subset.Subsetter(options)
    made.populate(text=characters())
    made.subset(font)
    font.save(MADE)


if __name__ == "__main__":
    main()
