"""Bring the catalogues up to the code: ``python -m tests.tools.messages [FRAGMENT.po ...]``.

Every message in the code is in both catalogues afterwards, messages that the code has dropped are gone, and what is
new in ``zh_CN`` is empty until somebody translates it (the gate in tests/test_locale.py then fails). English is its own
translation. Fragments are merged in first, for work that was done side by side.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from bot.language import DOMAIN, LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
KEYWORDS = {"_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
HEADER = """\
# 信选: messages in LANGUAGE.
# One term per concept: see locale/README.md. Made by: python -m tests.tools.messages"""


def extracted() -> Catalog:
    """Return a catalogue of every message in the code, with the files that use it."""
    catalogue = Catalog(domain=DOMAIN)
    for package in ("bot", "storage", "handlers"):
        found = extract_from_dir(str(ROOT / package), method_map=[("**.py", "python")], keywords=KEYWORDS)
        for file, _line, message, _comments, context in found:
            catalogue.add(message, locations=[(f"{package}/{file}", 1)], context=context)
    return catalogue


def committed(language: str) -> Catalog:
    """Return the catalogue of a language as it stands in the tree; an empty one where there is none."""
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language, domain=DOMAIN)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def po_path(language: str) -> Path:
    """Return where a language's catalogue stands."""
    return ROOT / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def updated(language: str, fragments: list[Path]) -> Catalog:
    """Return a language's catalogue for the code of today."""
    known = {(message.context, _key(message)): message.string for message in _known(language, fragments)}
    fresh = Catalog(locale=language, domain=DOMAIN, header_comment=HEADER.replace("LANGUAGE", language), fuzzy=False)
    for message in sorted(extracted(), key=lambda each: (sorted(each.locations), str(each.id))):
        if message.id:
            translation = message.id if language == "en" else known.get((message.context, _key(message)), "")
            if isinstance(translation, tuple | list) and isinstance(message.id, str):
                translation = ""  # it has lost its plural: the older words may not fit
            if isinstance(translation, str) and isinstance(message.id, tuple):
                translation = (translation,) * fresh.num_plurals
            if language != "en" and isinstance(message.id, tuple):
                translation = tuple(translation or ())[: fresh.num_plurals]
            fresh.add(message.id, translation, locations=sorted(set(message.locations)), context=message.context)
    return fresh


def write(language: str, catalogue: Catalog) -> None:
    """Write a catalogue, without dates or line numbers, so that it differs only where texts do."""
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.mime_headers  # noqa: B018 - filled in before the dates are taken out
    with path.open("wb") as file:
        write_po(file, catalogue, width=0, include_lineno=False, sort_by_file=True, ignore_obsolete=True)
    lines = path.read_text("utf-8").splitlines(keepends=True)
    noise = (
        "POT-Creation-Date",
        "PO-Revision-Date",
        "Generated-By",
        "Last-Translator",
        "Report-Msgid",
        "Language-Team",
    )
    unwanted = tuple(f'"{name}' for name in (*noise, "Project-Id-Version"))
    path.write_text("".join(line for line in lines if not line.startswith(unwanted)), "utf-8")


def _known(language: str, fragments: list[Path]) -> Iterator[Message]:
    yield from (message for message in committed(language) if message.id and message.string)
    if language == "en":
        return
    for fragment in fragments:
        with fragment.open("rb") as file:
            yield from (message for message in read_po(file, locale=language) if message.id and message.string)


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


if __name__ == "__main__":
    for each in LANGUAGES:
        write(each, updated(each, [Path(name) for name in sys.argv[1:]]))
