"""Checks one call to Telegram against the machine-readable Bot API (``tests/data/bot_api_10_0.json``).

A form carries text only: numbers and truth values as words, objects as JSON. A parameter may also come as the thing
itself (a JSON body). A file is anything that is no text and no JSON: bytes, or an object with a file name.
"""

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SPEC_FILE = Path(__file__).parent / "data" / "bot_api_10_0.json"
_PLAIN = {"String": str, "Integer": int, "Float": (int, float), "Boolean": bool, "True": bool}
_UNTYPED = {"text", "caption"}  # people's words may look like anything


@functools.cache
def spec() -> dict[str, Any]:
    """Return the facts of the Bot API."""
    return dict(json.loads(SPEC_FILE.read_text(encoding="utf-8")))


def check_call(method: str, params: dict[str, Any]) -> list[str]:
    """Return what the call does wrong; an empty list is a call that Telegram can read.

    Args:
        method: As in the address, e.g. ``sendMessage``.
        params: Form fields or JSON members by name; uploaded files by the name of their part.
    """
    facts = spec()["methods"].get(method)
    if facts is None:
        return [f"{method}: no such method"]
    files = {name for name, value in params.items() if _is_file(value)}
    uploads = {name for name in files if name not in facts}
    given, wrong = {}, []
    for name, value in params.items():
        if name in uploads:
            continue
        try:
            given[name] = _decoded(value, facts.get(name, "String"))
        except ValueError:
            wrong.append(f"{method}.{name}: not JSON, though it must be {facts[name].lstrip('*')}")
    attached = set(_attachments(given))
    wrong += [f"{method}: attach://{name} without its file" for name in sorted(attached - files)]
    wrong += [f"{method}.{name}: a file that nothing refers to" for name in sorted(uploads - attached)]
    readable = {name: kind for name, kind in facts.items() if name in given or name not in params}
    return wrong + list(_members(given, readable, method))


def _is_file(value: Any) -> bool:
    return isinstance(value, bytes | bytearray) or hasattr(value, "filename")


def _decoded(value: Any, kind: str) -> Any:
    """Return what a form field stands for."""
    if not isinstance(value, str) or "String" in _alternatives(kind.lstrip("*")):
        return value
    return json.loads(value)


def _alternatives(kind: str) -> list[str]:
    return re.split(r", | and | or ", kind)


def _attachments(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in _UNTYPED:
                yield from _attachments(item)
    elif isinstance(value, list):
        for item in value:
            yield from _attachments(item)
    elif isinstance(value, str) and value.startswith("attach://"):
        yield value.removeprefix("attach://")


def _members(value: dict[str, Any], facts: dict[str, str], where: str) -> Iterator[str]:
    """Compare the members of an object, or the parameters of a method, with what is known of them."""
    for name, kind in facts.items():
        if name in value:
            yield from _value(value[name], kind.lstrip("*"), f"{where}.{name}")
        elif kind.startswith("*"):
            yield f"{where}.{name}: missing"
    for name in value.keys() - facts.keys():
        yield f"{where}.{name}: unknown"


def _value(value: Any, kind: str, where: str) -> Iterator[str]:
    if kind.startswith("Array of "):
        yield from _array(value, kind.removeprefix("Array of "), where)
        return
    tries = [list(_single(value, one, where)) for one in _alternatives(kind)]
    # Of several possible types the best fit speaks: the fewest faults, and those furthest inside.
    yield from min(tries, key=lambda faults: (len(faults), -max(map(len, faults), default=0)))


def _array(value: Any, kind: str, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: not an array"
        return
    for number, item in enumerate(value):
        yield from _value(item, kind, f"{where}[{number}]")


def _single(value: Any, kind: str, where: str) -> Iterator[str]:
    """Compare a value with one type: a plain one, a file, a union or an object."""
    if kind == "InputFile":
        if not _is_file(value) and not (isinstance(value, str) and value.startswith("attach://")):
            yield f"{where}: not a file"
    elif kind in _PLAIN:
        if not _is_plain(value, kind):
            yield f"{where}: {value!r} is not {kind}"
    elif not isinstance(value, dict):
        yield f"{where}: {value!r} is not {kind}"
    elif kind in spec()["unions"]:
        yield from _union(value, kind, where)
    else:
        yield from _object(value, kind, where)


def _is_plain(value: Any, kind: str) -> bool:
    if isinstance(value, bool):  # a bool is an int to Python
        return kind == "Boolean" or (kind == "True" and value)
    return isinstance(value, _PLAIN[kind]) and kind not in {"Boolean", "True"}  # type: ignore[arg-type]


def _union(value: dict[str, Any], kind: str, where: str) -> Iterator[str]:
    fixed = spec()["fixed"]
    members = [name for name in spec()["unions"][kind] if value.items() >= fixed.get(name, {}).items()]
    if not members:
        yield f"{where}: none of the kinds of {kind}"
        return
    yield from min((list(_object(value, name, where)) for name in members), key=len)


def _object(value: dict[str, Any], kind: str, where: str) -> Iterator[str]:
    for name, fixed in spec()["fixed"].get(kind, {}).items():
        if name in value and value[name] != fixed:
            yield f"{where}.{name}: {value[name]!r} is not {fixed!r}"
    yield from _members(value, spec()["types"][kind], where)
