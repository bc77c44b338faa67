"""A process of its own in which the quarter's papers are made: pictures and books need much memory for a moment."""

import base64
from collections.abc import Mapping
from typing import Any, Final

from bot.documents.bulletins import CHART, Bulletin, Circular, Report, TableRow
from bot.documents.chart import Chart, drawn
from bot.documents.child import serve
from bot.documents.letters import rendered
from bot.documents.tables import Table, workbook

BOOK: Final = "book"
SECONDS: Final = 240  # of processor time: the fullest ledger is our own, and may take its time


def _answer(asked: Mapping[str, Any], template: bytes) -> str:
    return base64.b64encode(_made(asked["make"], asked, template)).decode("ascii")


def _made(what: str, asked: Mapping[str, Any], template: bytes) -> bytes:
    said = asked["said"]
    if what == BOOK:
        return workbook([Table(*sheet) for sheet in said])
    if what == CHART:
        return drawn(Chart(**said))
    pictures = {CHART: base64.b64decode(asked[CHART])} if asked.get(CHART) else {}
    return rendered(template, _paper(Bulletin(what), said), pictures=pictures)


def _paper(bulletin: Bulletin, said: Mapping[str, Any]) -> Report | Circular:
    """Read a paper back from JSON: lists are tuples, rows are rows again."""
    rows = ("matters", "units")
    values: dict[str, Any] = {
        name: tuple(TableRow(**each) for each in value) if name in rows else _plain(value)
        for name, value in said.items()
    }
    return Report(**values) if bulletin is Bulletin.REPORT else Circular(**values)


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


if __name__ == "__main__":
    serve(_answer, seconds=SECONDS)
