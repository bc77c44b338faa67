"""Reads a pack folder, refuses it with all its faults at once, and restores old policies from snapshots."""

import datetime as dt
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import GenericAlias, MappingProxyType
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from bot.documents import bulletins, letters
from bot.documents.bulletins import Bulletin
from bot.documents.letters import Paper
from bot.policy.checks import Draft, Finding, deep_findings, findings
from bot.policy.content import Content
from bot.policy.entries import Frozen
from bot.policy.model import Policy

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]\]?")
_LINE_OF_SYNTAX = re.compile(r"line (\d+)")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a pack: where, and one plain sentence for its maintainer."""

    file: str
    key: str  # key path, e.g. rules[3].when.triggers
    line: int | None  # line of the enclosing table
    problem: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.problem}" if self.key else f"{place}: {self.problem}"


class PolicyFaults(Exception):
    """A pack that cannot be used, with every fault found.

    Args:
        faults: At least one, in the order of files and lines.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(slots=True)
class _Reading:
    """What the files of a folder said: sections by name, and where each table stands."""

    sections: dict[str, Any] = field(default_factory=dict)
    file_of: dict[str, str] = field(default_factory=dict)
    lines: dict[tuple[str, int], int] = field(default_factory=dict)  # (section, index) -> line
    faults: list[Fault] = field(default_factory=list)
    unread: bool = False

    def fault(self, section: str, index: int | None, keys: str, problem: str) -> Fault:
        """Say where a problem of an entry stands."""
        key = section if index is None else f"{section}[{index}]"
        line = self.lines.get((section, index or 0))
        return Fault(self.file_of.get(section, ""), f"{key}.{keys}" if keys else key, line, problem)


def packaged(name: str) -> Path:
    """Return the folder of a pack that ships with the bot."""
    return Path(__file__).resolve().parent / "packs" / name


def load(folder: Path) -> Policy:
    """Read and check a pack folder (every ``*.toml`` in it; the file names are free) and its letters' templates.

    A letter's template is ``templates/<letter>.docx`` of the folder; where the pack brings none, the one that ships
    with the bot serves, which takes all its names from the pack.

    Raises:
        PolicyFaults: The pack cannot be used; all faults are listed.
    """
    reading = _read(folder)
    draft = _draft(reading)
    templates = _templates(folder, reading)
    reading.faults += [_located(reading, each) for each in findings(draft)]
    return _sound(reading, templates)


def checked(sections: Mapping[str, Any], templates: Mapping[str, bytes]) -> Policy:
    """Return a policy from its sections, checked like a pack that is read from its folder.

    Raises:
        PolicyFaults: It cannot be used; all faults are listed.
    """
    reading = _Reading(sections=dict(sections))
    reading.faults += [_located(reading, each) for each in findings(_draft(reading))]
    return _sound(reading, templates)


def restore(snapshot: str, templates: Mapping[str, bytes] = MappingProxyType({})) -> Policy:
    """Return the policy of a recorded decision from its snapshot; equal to the one that was recorded.

    Args:
        snapshot: Its content.
        templates: The letters of today; a snapshot has none of its own.
    """
    return Policy(Content.model_validate_json(snapshot), templates)


def letters_of(folder: Path) -> dict[str, bytes]:
    """Return the letters' templates that a folder brings, with the shipped one for each that is missing or faulty."""
    return _templates(folder, _Reading())


def _sound(reading: _Reading, templates: Mapping[str, bytes]) -> Policy:
    if reading.faults:
        raise PolicyFaults(_sorted(reading.faults))
    policy = Policy(Content.model_validate(reading.sections), templates)
    reading.faults += [_located(reading, each) for each in deep_findings(policy)]
    if reading.faults:
        raise PolicyFaults(_sorted(reading.faults))
    return policy


def _sorted(faults: Sequence[Fault]) -> list[Fault]:
    return sorted(dict.fromkeys(faults), key=lambda fault: (fault.file, fault.line or 0, fault.key))


def _located(reading: _Reading, finding: Finding) -> Fault:
    return reading.fault(finding.section, finding.index, finding.key, finding.problem)


def _read(folder: Path) -> _Reading:
    reading = _Reading()
    files = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    if not files:
        reading.unread = True
        reading.faults.append(Fault(folder.name, "", None, "There is no policy pack here: no .toml file was found."))
    for path in files:
        _read_file(path, reading)
    return reading


def _templates(folder: Path, reading: _Reading) -> dict[str, bytes]:
    """Return the template of each letter: the pack's own, which is tried now, or the one that ships with the bot."""
    shipped = Path(__file__).resolve().parent / "templates"
    found = {paper.value: (shipped / f"{paper.value}.docx").read_bytes() for paper in (*Paper, *Bulletin)}
    for path in sorted((folder / "templates").glob("[!.~]*")):  # an editor's own files are nobody's template
        if path.stem not in found or path.suffix != ".docx":
            names = ", ".join(f"{name}.docx" for name in found)
            problem = f"There is no letter of this name: templates are called {names}."
            reading.faults.append(Fault(f"templates/{path.name}", "", None, problem))
            continue
        brought = path.read_bytes()
        problems = _problems(path.stem, brought)
        found[path.stem] = found[path.stem] if problems else brought
        reading.faults += [Fault(f"templates/{path.name}", "", None, problem) for problem in problems]
    return found


def _problems(name: str, template: bytes) -> list[str]:
    if name in set(Paper):
        return letters.faults(template, letters.SPECIMENS[Paper(name)])
    specimen = bulletins.SPECIMENS[Bulletin(name)]
    return letters.faults(template, specimen, pictures={bulletins.CHART: bulletins.PIXEL})


def _read_file(path: Path, reading: _Reading) -> None:
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except UnicodeDecodeError:
        reading.unread = True
        reading.faults.append(Fault(path.name, "", None, "The file is not UTF-8 text."))
        return
    except tomllib.TOMLDecodeError as error:
        reading.unread = True
        found = _LINE_OF_SYNTAX.search(str(error))
        line = int(found[1]) if found else None
        reading.faults.append(Fault(path.name, "", line, f"The file is not valid TOML: {error}."))
        return
    for section, value in content.items():
        if section in reading.sections:
            problem = f"The section stands in {reading.file_of[section]} already; keep it in one file."
            reading.faults.append(Fault(path.name, section, None, problem))
            continue
        reading.sections[section] = value
        reading.file_of[section] = path.name
        reading.lines.update(_table_lines(text, section))


def _table_lines(text: str, section: str) -> Iterator[tuple[tuple[str, int], int]]:
    """Find the line of each ``[section]`` or n-th ``[[section]]`` outside multi-line strings."""
    index, quoted = 0, False
    for number, line in enumerate(text.splitlines(), start=1):
        header = None if quoted else _HEADER.match(line)
        if header and header[2] == section:
            yield (section, index), number
            index += 1
        if (line.count('"""') + line.count("'''")) % 2:
            quoted = not quoted


def _draft(reading: _Reading) -> Draft:
    """Validate entry by entry, so that one bad entry does not hide the faults of the others."""
    draft = Draft()
    for name in reading.sections.keys() - Content.model_fields.keys():
        reading.faults.append(reading.fault(name, None, "", "This section is not known."))
    for name, model_field in Content.model_fields.items():
        if name not in reading.sections:
            if model_field.is_required() and not reading.unread:
                reading.faults.append(Fault("", name, None, "The section is missing from the pack."))
            draft.missing.add(name)
            continue
        entry_types = get_args(model_field.annotation)
        value = reading.sections[name]
        if entry_types:
            _validate_list(reading, draft, name, value, entry_types[0])
        else:
            draft.single[name] = _validate(reading, name, None, value, model_field.annotation)
    return draft


def _validate_list(
    reading: _Reading, draft: Draft, name: str, value: object, entry_type: type[Frozen] | GenericAlias
) -> None:
    if not isinstance(value, list):
        reading.faults.append(reading.fault(name, None, "", f"Write it as tables: [[{name}]]."))
        draft.missing.add(name)
        return
    for index, raw in enumerate(value):
        draft.note_id(name, raw)
        entry = _validate(reading, name, index, raw, entry_type)
        if entry is not None:
            draft.lists.setdefault(name, []).append((index, entry))


def _validate(reading: _Reading, name: str, index: int | None, raw: object, model: Any) -> Frozen | None:
    try:
        entry: Frozen = TypeAdapter(model).validate_python(raw)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            keys = ".".join(str(part) for part in each["loc"] if part != "[key]")
            reading.faults.append(reading.fault(name, index, keys, _sentence(each)))
        return None
    return entry


_SENTENCES: Mapping[str, str] = {
    "extra_forbidden": "This key is not known.",
    "missing": "This key is missing.",
    "string_too_short": "The text is empty.",
    "too_short": "It is empty.",
}


def _sentence(error: Mapping[str, Any]) -> str:
    plain = _SENTENCES.get(error["type"])
    if plain:
        return plain
    value = error["input"]
    shown = f" (it is {value!r})" if isinstance(value, str | int | dt.date) else ""
    return f"{error['msg']}{shown}."
