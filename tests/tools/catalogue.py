"""What the gates of the catalogues share: reading them, their house rules and the code's own calls."""

import ast
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from tests.tools.messages import ROOT

PLACEHOLDER = re.compile(r"%\((\w+)\)[#0\- +]*\d*(?:\.\d+)?[a-z]")
TAG = re.compile(r"</?[a-z][a-z-]*(?: [^<>]*)?>")
GETTEXT = {"_": (0,), "ngettext": (0, 1), "pgettext": (0, 1)}  # function -> arguments that are messages
PACKAGES = ("bot", "storage", "handlers")


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """Yield every module of the house with its syntax tree."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text("utf-8"))


def calls(*functions: str) -> Iterator[tuple[Path, ast.Call]]:
    """Yield the house's calls of functions or methods with these names, each with its module."""
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if called in functions:
                    yield path, node


def said_in(node: ast.expr) -> set[tuple[str | None, str]]:
    """Return the (context, msgid) pairs that an expression says, values of placeholders left aside."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mod, ast.Add)):
        return said_in(node.left) | (said_in(node.right) if isinstance(node.op, ast.Add) else set())
    if isinstance(node, ast.IfExp):
        return said_in(node.body) | said_in(node.orelse)
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GETTEXT):
        return set()
    words = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    return {(words[0], words[1]) if node.func.id == "pgettext" else (None, words[0])}


def forms(message) -> tuple[str, ...]:
    """Return the msgid of a message and, where it counts, its plural."""
    return message.id if isinstance(message.id, tuple) else (message.id,)


def strings(message) -> tuple[str, ...]:
    """Return the translations of a message: one, or one for each plural form."""
    return tuple(message.string) if isinstance(message.string, (tuple, list)) else (message.string,)


def without_placeholders(text: str, stand_in: str = "") -> str:
    """Return a text as it is read, each value replaced by the same stand-in."""
    return PLACEHOLDER.sub(stand_in, text).replace("%%", "%")


def cells(text: str) -> int:
    """Return how wide a text is on a phone: a Chinese character takes two cells."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def table(document: str, heading: str) -> list[tuple[str, ...]]:
    """Return the rows of the first Markdown table under a heading, without its head."""
    section = document.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip().strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in row) for row in rows[2:]]
