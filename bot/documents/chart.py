"""The quarter as a picture, for a phone: what was used each month, and by which unit.

Drawn with the font that lies beside this module, so that a machine without any Chinese font draws Chinese too.
"""

import io
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MEDIA_TYPE: Final = "image/png"
FONT: Final = Path(__file__).resolve().parent / "fonts" / "NotoSansSC-GB2312.otf"
MOST_UNITS: Final = 16  # bars that can be told apart on a phone; the others are added up
_COLOURS: Final = ("#2F5D8A", "#D98E2B", "#5B9E6F", "#8A6BA8")  # told apart in grey, too
_WIDTH, _DPI = 7.2, 150  # inches, and pixels to each: 1080 across
_HEAD, _MONTHS, _BETWEEN, _FOOT = 1.2, 2.9, 0.85, 0.55  # inches of height


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn.

    Args:
        title: Above everything.
        series: The names of what is counted, at most four.
        months: Name of the month and a count for each of the series.
        units: Name of the unit and a count for each of the series, the largest first.
        months_title: Above the upper part.
        units_title: Above the lower part.
        others: What the units beyond ``MOST_UNITS`` are called together.
        note: Below everything.
        empty: Stands where there is nothing to draw.
    """

    title: str
    series: Sequence[str]
    months: Sequence[tuple[str, Sequence[int]]]
    units: Sequence[tuple[str, Sequence[int]]]
    months_title: str
    units_title: str
    others: str
    note: str
    empty: str


def drawn(chart: Chart) -> bytes:
    """Return the picture as PNG; the same chart always gives the same picture."""
    _settle()
    from matplotlib import font_manager
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    face = {size: font_manager.FontProperties(fname=FONT, size=size) for size in (9, 10, 12, 15)}
    units = _shortened(chart)
    bars = 0.34 * max(len(units), 3)
    height = _HEAD + _MONTHS + _BETWEEN + bars + _FOOT
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    figure.suptitle(chart.title, fontproperties=face[15], y=1 - 0.28 / height)
    upper = figure.add_axes((0.05, (_FOOT + bars + _BETWEEN) / height, 0.9, _MONTHS / height))
    lower = figure.add_axes((0.23, _FOOT / height, 0.7, bars / height))
    _months(upper, chart, face)
    _units(lower, chart, units, face)
    handles, names = upper.get_legend_handles_labels()
    if handles:
        figure.legend(
            handles, names, prop=face[10], ncols=len(names), frameon=False, loc="upper center",
            bbox_to_anchor=(0.5, 1 - 0.45 / height),
        )  # fmt: skip
    figure.text(0.5, 0.2 / height, chart.note, fontproperties=face[9], color="#555555", ha="center")
    made = io.BytesIO()
    figure.savefig(made, format="png", metadata={"Software": None})
    return made.getvalue()


def _months(axes: "Axes", chart: Chart, face: dict[int, Any]) -> None:
    axes.set_title(chart.months_title, fontproperties=face[12], loc="left")
    if not any(any(counts) for _month, counts in chart.months):
        _say(axes, chart.empty, face)
        return
    width = 0.8 / len(chart.series)
    for at, name in enumerate(chart.series):
        places = [month - 0.4 + width * (at + 0.5) for month in range(len(chart.months))]
        counts = [values[at] for _month, values in chart.months]
        bars = axes.bar(places, counts, width * 0.92, label=name, color=_COLOURS[at])
        axes.bar_label(bars, [str(each) if each else "" for each in counts], fontproperties=face[9], padding=1)
    axes.set_xticks(range(len(chart.months)), [month for month, _counts in chart.months], fontproperties=face[10])
    axes.margins(y=0.14)
    _plain(axes, face)
    axes.get_yaxis().set_visible(False)


def _units(axes: "Axes", chart: Chart, units: Sequence[tuple[str, Sequence[int]]], face: dict[int, Any]) -> None:
    axes.set_title(chart.units_title, fontproperties=face[12], loc="left")
    if not any(any(counts) for _unit, counts in units):
        _say(axes, chart.empty, face)
        return
    begun = [0] * len(units)
    for at, _name in enumerate(chart.series):
        counts = [values[at] for _unit, values in units]
        axes.barh(range(len(units)), counts, 0.66, left=begun, color=_COLOURS[at])
        begun = [before + count for before, count in zip(begun, counts, strict=True)]
    for place, together in enumerate(begun):
        axes.text(together, place, f" {together}", va="center", fontproperties=face[9])
    axes.set_yticks(range(len(units)), [unit for unit, _counts in units], fontproperties=face[10])
    axes.set_ylim(len(units) - 0.5, -0.5)
    axes.set_xlim(0, max(begun) * 1.08)
    _plain(axes, face)
    axes.get_xaxis().set_visible(False)


def _say(axes: "Axes", said: str, face: dict[int, Any]) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, said, fontproperties=face[12], color="#555555", ha="center", transform=axes.transAxes)


def _plain(axes: "Axes", face: dict[int, Any]) -> None:
    axes.tick_params(length=0)
    axes.spines[["top", "right"]].set_visible(False)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(face[10])


def _shortened(chart: Chart) -> list[tuple[str, Sequence[int]]]:
    """Return the units that can be drawn; those beyond are added up as one."""
    if len(chart.units) <= MOST_UNITS:
        return list(chart.units)
    kept, rest = chart.units[: MOST_UNITS - 1], chart.units[MOST_UNITS - 1 :]
    together = [sum(counts[at] for _unit, counts in rest) for at in range(len(chart.series))]
    return [*kept, (chart.others, together)]


def _settle() -> None:
    """Keep the library from writing into a home and from starting threads; before it is imported."""
    os.environ.setdefault("MPLCONFIGDIR", tempfile.gettempdir())
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
