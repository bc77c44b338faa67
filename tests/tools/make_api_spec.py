"""Reduce the Bot API schema inside aiogram's source distribution to the facts that our checker needs.

    python tests/tools/make_api_spec.py aiogram-3.28.2.tar.gz tests/data/bot_api_10_0.json

Fetch the archive with ``pip download --no-deps --no-binary aiogram aiogram==3.28.2``; the wheel lacks the schema.
Kept are names, types, which fields are required, the members of unions and the fixed value that tells them apart.
Descriptions, which are somebody's text, are left behind.
"""

import json
import re
import sys
import tarfile
from pathlib import Path
from typing import Any

ABOUT = {
    "source": "aiogram 3.28.2, source distribution, .butcher/schema/schema.json: the Telegram Bot API in tables",
    "licence": "aiogram: MIT, Copyright (c) 2017 - present Alex Root Junior; only facts are kept here",
    "made_by": "tests/tools/make_api_spec.py",
    "reading": "field: type; a leading * marks a required field; unions list their members; 'fixed' tells them apart",
}
_MEMBER = re.compile(r"^ - (\w+)", re.MULTILINE)
_FIXED = re.compile(r"(?:always|must be) ['‘’“”]?([a-z][a-z_0-9]*)['‘’“”]?$")


def schema_in(archive: Path) -> dict[str, Any]:
    """Return the schema from the sdist."""
    with tarfile.open(archive) as files:
        name = next(n for n in files.getnames() if n.endswith("/.butcher/schema/schema.json"))
        file = files.extractfile(name)
        assert file is not None
        return dict(json.load(file))


def reduced(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the facts: methods, types, unions and fixed values, each sorted by name."""
    entries = [entry for section in schema["items"] for entry in section["children"]]
    spec: dict[str, Any] = {
        "about": {"bot_api": schema["api"]["version"], **ABOUT},
        "methods": {},
        "types": {},
        "unions": {},
        "fixed": {},
    }
    for entry in sorted(entries, key=lambda entry: entry["name"]):
        _add(spec, entry)
    return spec


def _add(spec: dict[str, Any], entry: dict[str, Any]) -> None:
    name, fields = entry["name"], sorted(entry["annotations"], key=lambda field: field["name"])
    facts = {field["name"]: ("*" if field["required"] else "") + field["type"] for field in fields}
    if entry["category"] == "methods":
        spec["methods"][name] = facts
    elif not fields and (members := _MEMBER.findall(entry["description"])):
        spec["unions"][name] = members
    else:
        spec["types"][name] = facts
        for field in fields:
            fixed = _FIXED.search(field["description"].rstrip("."))
            if fixed and field["name"] in {"type", "source", "status"}:
                spec["fixed"][name] = {field["name"]: fixed[1]}


def written(spec: dict[str, Any]) -> str:
    """Return the file's text: one line per method, type or union, so that a new API version makes a small diff."""
    sections = []
    for title, entries in spec.items():
        lines = ",\n".join(
            f"{json.dumps(name)}:{json.dumps(facts, ensure_ascii=False, separators=(',', ':'))}"
            for name, facts in entries.items()
        )
        sections.append(f"{json.dumps(title)}:{{\n{lines}\n}}")
    return "{\n" + ",\n".join(sections) + "\n}\n"


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(written(reduced(schema_in(Path(sys.argv[1])))), encoding="utf-8")
