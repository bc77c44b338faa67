"""G43: every regular expression of the program is fed what it likes least, and stays quick.

The expressions are found in the source, so that a new one is tried without anybody remembering it. Hostile texts are
made of the pieces that an expression itself is made of: what it nearly matches, over and over, is what makes one slow.
"""

import ast
import collections
import importlib
import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

GOALS = ("G43",)
ROOT: Final = Path(__file__).parents[2]
LENGTH: Final = 100_000  # characters
SLOWEST: Final = 0.05  # seconds of processor time
_FUNCTIONS: Final = frozenset({"search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"})
_NOISE: Final = (
    "0",
    "1",
    "a",
    "x",
    " ",
    "\t",
    "\n",
    "<",
    ">",
    "/",
    ":",
    "(",
    "（",
    "一",
    "年",
    "\u3000",
    "=",
    '"',
    "&",
    ".",
)


@dataclass(frozen=True)
class Found:
    """An expression and how the program uses it."""

    where: str
    expression: "re.Pattern[Any]"
    uses: tuple[str, ...]


def expressions() -> Iterator[Found]:
    """Yield every one in the program: those that modules hold, and those that are written where they are used."""
    for folder in ("bot", "storage", "handlers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" in path.parts or path.name == "__main__.py":
                continue
            tree = ast.parse(path.read_text("utf-8"))
            relative = path.relative_to(ROOT)
            yield from _held(relative, tree)
            for node in ast.walk(tree):
                source = _literal(node)
                if source is not None:
                    yield Found(f"{relative}:{node.lineno}", re.compile(source, _flags(node)), (node.func.attr,))


def hostile(expression: "re.Pattern[Any]", length: int) -> Iterator[Any]:
    """Yield texts that an expression nearly matches, thousands of times over."""
    source = expression.pattern
    is_bytes = isinstance(source, bytes)
    plain = source.decode("latin-1") if is_bytes else source
    pieces = dict.fromkeys([*_NOISE, *_literals(plain)])
    for piece in pieces:
        for end in ("", "!", "\n"):
            text = (piece * (length // len(piece) + 1))[:length] + end
            yield text.encode("utf-8") if is_bytes else text
    for first in _literals(plain):
        for second in ("0", "a", " ", "一"):
            yield _repeated(first + second, length, is_bytes=is_bytes)
            yield _repeated(first, 1, is_bytes=is_bytes) + _repeated(second, length, is_bytes=is_bytes)


def slowest(found: Found, length: int) -> float:
    """Return the most seconds of processor time that an expression takes for one hostile text."""
    most = 0.0
    for text in hostile(found.expression, length):
        for use in found.uses:
            began = time.process_time()
            if use in ("sub", "subn"):
                found.expression.sub(text[:0], text)
            elif use == "finditer":
                collections.deque(found.expression.finditer(text), maxlen=0)
            else:
                getattr(found.expression, use)(text)
            most = max(most, time.process_time() - began)
            if most > SLOWEST * 20:
                return most
    return most


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Try all of them; at a small size with texts that a quadratic expression still takes too long for."""
    length = LENGTH if full else 4_000
    found = {each.where: slowest(each, length) for each in expressions()}
    slow = {where: round(seconds, 3) for where, seconds in found.items() if seconds > SLOWEST}
    return [{"goal": "G43", "n": len(found), "length": length, "slow": slow, "ok": not slow and len(found) > 30}]


def _literal(node: ast.AST) -> str | bytes | None:
    """Return the text of an expression that is compiled or used in a call of ``re``, None for anything else."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return None
    if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and node.func.attr in _FUNCTIONS):
        return None
    value = node.args[0]
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, (str, bytes)) else None


def _held(path: Path, tree: ast.AST) -> Iterator[Found]:
    """Yield the expressions that a module holds under a name, one by one or in a tuple."""
    module = importlib.import_module(".".join(path.with_suffix("").parts))
    for name, value in vars(module).items():
        for each in value if isinstance(value, (tuple, list)) else (value,):
            for one in each if isinstance(each, tuple) else (each,):
                if isinstance(one, re.Pattern):
                    yield Found(f"{path}:{name}", one, _uses(tree, name))


def _uses(tree: ast.AST, name: str) -> tuple[str, ...]:
    """Return how a module uses an expression that it holds; one that it only passes on is searched with."""
    calls = (
        node.func for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    )
    named = {each.attr for each in calls if isinstance(each.value, ast.Name) and each.value.id == name}
    return tuple(sorted(named & _FUNCTIONS)) or ("search", "sub")


def _flags(node: ast.AST) -> int:
    text = ast.unparse(node)
    named = (re.ASCII, re.IGNORECASE, re.DOTALL, re.MULTILINE, re.VERBOSE)
    return sum(int(flag) for flag in named if f"re.{flag.name}" in text)


def _literals(source: str) -> list[str]:
    """Return the runs of plain characters in an expression, and prefixes made of them."""
    runs = [each for each in re.split(r"\\.|[\[\](){}*+?|^$\\]", source) if each][:6]
    joined = ("".join(each) for n in (2, 3) for each in itertools.combinations(runs, n))
    return [*dict.fromkeys([*runs, *joined])]


def _repeated(piece: str, length: int, *, is_bytes: bool) -> Any:
    text = piece if length == 1 else (piece * (length // len(piece) + 1))[:length]
    return text.encode("utf-8") if is_bytes else text
