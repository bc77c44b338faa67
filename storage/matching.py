"""Which counterparts fit what an officer looks for: exactly, as SQL; by nearness, where nothing fits so."""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, false, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.finding import Words
from bot.identifiers import PERSONAL, SHOWN
from bot.search import Entry, Index, pinyin_keys
from storage.tables import Counterpart, CounterpartAlias

MOST: Final = 200  # counterparts that one search lists; whoever meets more types a longer word
_CANDIDATES: Final = 300  # names that are compared for nearness
_SHORTEST_NEAR: Final = 2  # letters or characters; one alone comes near everything

_Text = InstrumentedAttribute[str | None] | InstrumentedAttribute[str]


def fits(words: Words) -> ColumnElement[bool]:
    """Return the condition that an organisation fits the words: by name, further name, code, pinyin or initials.

    What was typed is taken literally: ``%`` and ``_`` stand for themselves. Natural persons fit nothing; a person in
    business fits a whole code or the end of it that everybody reads, so that nobody finds the rest out by trying.
    """
    aliased = select(CounterpartAlias.counterpart_id).where(_named(CounterpartAlias, words))
    conditions = [_named(Counterpart, words), Counterpart.id.in_(aliased)]
    if words.code is not None:
        conditions += [
            and_(Counterpart.code.contains(words.code, autoescape=True), not_(Counterpart.code.startswith(PERSONAL))),
            Counterpart.code == words.code,
            Counterpart.legacy_code.contains(words.code, autoescape=True),
        ]
        if len(words.code) == SHOWN:
            conditions.append(Counterpart.code.endswith(words.code, autoescape=True))
    return and_(Counterpart.name.is_not(None), or_(*conditions))


def order(words: Words) -> tuple[ColumnElement[Any], ...]:
    """Return how organisations that fit are put in order: the same, begins so, contains it, then all else."""
    best = case(
        (or_(Counterpart.name == words.text, Counterpart.code == words.code), 0),
        (Counterpart.name.istartswith(words.text, autoescape=True), 1),
        (_name_contains(Counterpart.name, words), 2),
        (_spelt(Counterpart, words, begins=True), 3),
        else_=4,
    )
    return best, func.length(Counterpart.name), Counterpart.__table__.c.id


async def near(session: AsyncSession, words: Words, seen: ColumnElement[bool]) -> list[int]:
    """Return the organisations nearest to words that nothing fits exactly: a slip, a sound, an abbreviation.

    Figures are never guessed at: a number that fits nothing comes near nothing.

    Args:
        session: A session.
        words: What was looked for.
        seen: The condition that an organisation may be seen.

    Returns:
        Keys, best first; empty where nothing is near.
    """
    spoken = [character for character in words.text if character.isalnum()]
    if len(spoken) < _SHORTEST_NEAR or any(character.isdecimal() for character in spoken):
        return []
    sound = pinyin_keys(words.text)[0]
    column = Counterpart.pinyin if words.letters is not None else Counterpart.name
    pieces = _pieces(words.letters or "".join(words.parts), 3 if words.letters else 2)
    hits = [column.contains(piece, autoescape=True) for piece in pieces]
    sounds = Counterpart.pinyin.contains(sound, autoescape=True)
    shared = sum((case((hit, 1), else_=0) for hit in hits), start=case((sounds, len(pieces)), else_=0))
    skipping = "%" + "%".join(_literal(character) for character in "".join(words.parts)) + "%"
    abbreviated = Counterpart.name.ilike(skipping, escape="/")
    candidates = (
        select(Counterpart.id, Counterpart.name)
        .where(Counterpart.name.is_not(None), or_(*hits, sounds, abbreviated), seen)
        .order_by(case((abbreviated, 1), else_=0).desc(), shared.desc(), Counterpart.id)
        .limit(_CANDIDATES)
    )
    found = await session.execute(candidates)
    index = Index([Entry(str(key), name or "") for key, name in found])
    return [int(key) for key in index.find(words.text, limit=MOST)]


def _named(table: type[Counterpart] | type[CounterpartAlias], words: Words) -> ColumnElement[bool]:
    return or_(_name_contains(table.name, words), _spelt(table, words))


def _name_contains(column: _Text, words: Words) -> ColumnElement[bool]:
    """Every word stands in the name, with brackets of either width."""
    return and_(*(or_(*(_contains(column, each) for each in words.spellings(part))) for part in words.parts))


def _spelt(
    table: type[Counterpart] | type[CounterpartAlias], words: Words, *, begins: bool = False
) -> ColumnElement[bool]:
    if words.letters is None:
        return false()
    if begins:
        return or_(
            table.initials.startswith(words.letters, autoescape=True),
            table.pinyin.startswith(words.letters, autoescape=True),
        )
    return or_(
        table.initials.contains(words.letters, autoescape=True), table.pinyin.contains(words.letters, autoescape=True)
    )


def _contains(column: _Text, part: str) -> ColumnElement[bool]:
    """Characters without capitals are compared as they stand, which takes half the time."""
    has_capitals = part.lower() != part.upper()
    return column.icontains(part, autoescape=True) if has_capitals else column.contains(part, autoescape=True)


def _literal(character: str) -> str:
    return f"/{character}" if character in "%_/" else character


def _pieces(text: str, length: int) -> Collection[str]:
    """Return the runs of characters that a name with one slip still shares, each once."""
    return dict.fromkeys(text[at : at + length] for at in range(len(text) - length + 1))
