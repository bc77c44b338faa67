"""Colleagues on a screen: named, and found by what an officer types."""

from collections.abc import Sequence

from bot.language import _
from bot.screens.colleagues import Colleague
from bot.search import Entry, Index
from storage.tables import Person


def named(person: Person) -> str:
    """Return how a person is called on the screens of their colleagues."""
    return person.name or _("Officer")


def matching(rows: Sequence[tuple[Person, str]], query: str) -> list[Colleague]:
    """Return the colleagues that fit what was typed, best first; all of them where nothing was.

    Args:
        rows: People with their unit's short name.
        query: Part of a name, its pinyin or initials.
    """
    everybody = {str(person.id): Colleague(person.id, named(person), unit) for person, unit in rows}
    if not query:
        return list(everybody.values())
    index = Index(Entry(key, each.name) for key, each in everybody.items())
    return [everybody[key] for key in index.find(query, limit=len(everybody))]
