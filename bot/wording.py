"""The wording of a quarter's summary: what the ledger drafts, and what a coordinator has made of it.

A coordinator changes paragraphs, and figures go on changing below them. So an edit is kept beside what was drafted when
it was made: paragraphs that nobody touched are drafted anew each time, and an edit whose paragraph would say something
else by now is shown together with that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

ADDED: Final = "added"  # beginning of the key of a paragraph that no figure drafts


@dataclass(frozen=True, slots=True)
class Edit:
    """What a coordinator has made of a paragraph.

    Args:
        text: What it says instead; None where it is struck out.
        was: What had been drafted then; "" for a paragraph that was added.
    """

    text: str | None
    was: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph as it stands.

    Args:
        key: Which one it is, whatever its place.
        text: What it says.
        outdated_by: What the figures of now would draft in its place, where that is not what it was edited from; ""
            where they draft none any more.
    """

    key: str
    text: str
    outdated_by: str | None = None


def edits_from_json(data: Mapping[str, Any] | None) -> dict[str, Edit]:
    """Read the edits back as they are stored: key -> its text, and what had been drafted."""
    return {key: Edit(*pair) for key, pair in (data or {}).items()}


def edits_to_json(edits: Mapping[str, Edit]) -> dict[str, Any]:
    """Return the edits as they are stored."""
    return {key: [edit.text, edit.was] for key, edit in edits.items()}


def edited(edits: Mapping[str, Edit], drafted: Mapping[str, str], key: str, text: str | None) -> dict[str, Edit]:
    """Return the edits with one paragraph changed, struck out (text None), or added (an unknown key).

    Args:
        edits: What was changed so far.
        drafted: Key -> what the figures draft.
        key: The paragraph; ``ADDED`` for a new one.
        text: What it is to say.
    """
    if key == ADDED:
        key = f"{ADDED}{sum(each.startswith(ADDED) for each in edits)}"
    return {**edits, key: Edit(text, drafted.get(key, ""))}


def laid(drafted: Mapping[str, str], edits: Mapping[str, Edit]) -> tuple[Paragraph, ...]:
    """Return the paragraphs as they stand: those drafted, in their order, then what has none any more or was added.

    Args:
        drafted: Key -> what the figures draft.
        edits: What was changed.
    """
    found = []
    for key in (*drafted, *(each for each in edits if each not in drafted)):
        edit = edits.get(key)
        if edit is None:
            found.append(Paragraph(key, drafted[key]))
        elif edit.text is not None:
            now = drafted.get(key, "")
            found.append(Paragraph(key, edit.text, None if now == edit.was else now))
    return tuple(found)
