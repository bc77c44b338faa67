"""Counterparts under all their names and codes: renamed, merged, and known by the codes of before 2015."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.identifiers import CODE_LENGTH, LEGACY_LENGTH
from bot.search import pinyin_keys
from storage.tables import Counterpart, CounterpartAlias
from storage.upsert import insert_new

_BODY: Final = slice(8, 17)  # 主体标识码: the old organisation code inside a unified one (GB 32100-2015)


async def family(session: AsyncSession, codes: Sequence[str]) -> Mapping[str, set[int]]:
    """Return the counterparts that each code stands for: the same organisation under all its codes.

    A row that is known by an organisation code of the old kind alone is the organisation whose unified code holds it.
    Two unified codes are two organisations until a coordinator merges them.

    Args:
        session: A session.
        codes: Unified social credit codes, or organisation codes of nine characters with or without their hyphen.

    Returns:
        Each code as given -> keys of counterparts; empty where none is known.
    """
    plain = {code: code.replace("-", "") for code in codes}
    rows = await _with_codes(session, set(plain.values()))
    merged = await merges(session)
    found: dict[str, set[int]] = {}
    for given, code in plain.items():
        ids = {row.id for row in (_of_unified(rows, code) if len(code) == CODE_LENGTH else _of_old(rows, code))}
        found[given] = ids.union(*(merged.get(each, set()) for each in ids))
    return found


async def relatives(session: AsyncSession, ids: Collection[int]) -> Mapping[int, set[int]]:
    """Return, for each counterpart, all that were merged with it, itself included."""
    families = await merges(session)
    return {each: families.get(each, {each}) for each in ids}


async def survivors(session: AsyncSession, ids: Collection[int]) -> Mapping[int, int]:
    """Return, for each counterpart, the one under which it is kept today: itself where it was not absorbed."""
    into = await _absorbed(session)
    return {each: _root(each, into) for each in ids}


async def rename(session: AsyncSession, counterpart: Counterpart, name: str) -> None:
    """Give an organisation its new name; the former one stays, so that it is found under both."""
    if counterpart.name is not None:
        before = {"name": counterpart.name, "pinyin": counterpart.pinyin, "initials": counterpart.initials}
        await insert_new(session, CounterpartAlias, [{"counterpart_id": counterpart.id, **before}])
    counterpart.name = name
    counterpart.pinyin, counterpart.initials = pinyin_keys(name)
    await session.flush()


async def merge(session: AsyncSession, counterpart: Counterpart, into: Counterpart) -> bool:
    """Let one counterpart be kept under another from now on; nothing of either is changed or lost.

    Args:
        session: The unit of work.
        counterpart: The one that is absorbed; must not be absorbed already.
        into: The one that stands for both.

    Returns:
        False where both are one already, so that a merge would run in a circle.
    """
    first = select(Counterpart.id).order_by(Counterpart.id).limit(1).with_for_update(key_share=True)
    await session.execute(first)  # one merge at a time: two that cross would make a circle
    absorbed = await _absorbed(session)
    root = _root(into.id, absorbed)
    if counterpart.id in absorbed or root == counterpart.id:
        return False
    counterpart.merged_into_id = root
    await session.flush()
    return True


async def former_names(session: AsyncSession, ids: Collection[int], *, besides: str | None) -> Sequence[str]:
    """Return the further names of one organisation, oldest first: aliases, and the names of what it absorbed."""
    own = await session.scalars(select(Counterpart.name).where(Counterpart.id.in_(ids)).order_by(Counterpart.id))
    others = await session.scalars(
        select(CounterpartAlias.name).where(CounterpartAlias.counterpart_id.in_(ids)).order_by(CounterpartAlias.id)
    )
    names = dict.fromkeys(name for name in (*others, *own) if name is not None and name != besides)
    return list(names)


@dataclass(frozen=True, slots=True)
class _Coded:
    id: int
    code: str | None
    legacy_code: str | None


class _Rows:
    """Counterparts by their codes."""

    def __init__(self, rows: Iterable[_Coded]) -> None:
        self.unified: dict[str, _Coded] = {}
        self.inside: dict[str, list[_Coded]] = defaultdict(list)
        self.old: dict[str, list[_Coded]] = defaultdict(list)
        for row in set(rows):
            if row.code is not None:
                self.unified[row.code] = row
                self.inside[row.code[_BODY]].append(row)
            if row.legacy_code is not None:
                self.old[row.legacy_code].append(row)


def _of_unified(rows: _Rows, code: str) -> list[_Coded]:
    own = [rows.unified[code]] if code in rows.unified else []
    old_codes = {code[_BODY], *(row.legacy_code for row in own if row.legacy_code)}
    return [*own, *(row for old in old_codes for row in rows.old[old] if row.code is None)]


def _of_old(rows: _Rows, code: str) -> list[_Coded]:
    """Return what an old code stands for; where it fits several unified ones it names none of them."""
    unified = {row.code: row for row in (*rows.inside[code], *rows.old[code]) if row.code is not None}
    bare = [row for row in rows.old[code] if row.code is None]
    return [*bare, *unified.values()] if len(unified) == 1 else bare


async def _with_codes(session: AsyncSession, codes: Collection[str]) -> _Rows:
    """Return the counterparts that have one of these codes, as it is or inside another."""
    if not codes:
        return _Rows(())
    given = [code for code in codes if len(code) == LEGACY_LENGTH]
    old = {*given, *(code[_BODY] for code in codes if len(code) == CODE_LENGTH)}
    columns = select(Counterpart.id, Counterpart.code, Counterpart.legacy_code)
    inside = func.substr(Counterpart.code, _BODY.start + 1, LEGACY_LENGTH)
    wanted = [Counterpart.code.in_(codes), Counterpart.legacy_code.in_(old), *([inside.in_(given)] if given else [])]
    found = [_Coded(*row) for row in await session.execute(columns.where(or_(*wanted)))]
    further = {row.legacy_code for row in found if row.legacy_code} - old
    if further:  # a row's own old code may lead to one that is known by nothing else
        found += [_Coded(*row) for row in await session.execute(columns.where(Counterpart.legacy_code.in_(further)))]
    return _Rows(found)


async def _absorbed(session: AsyncSession) -> dict[int, int]:
    """Return which counterpart was absorbed by which; merges are rare, so that all of them are read at once."""
    rows = await session.execute(
        select(Counterpart.id, Counterpart.merged_into_id).where(Counterpart.merged_into_id.is_not(None))
    )
    return {row_id: into for row_id, into in rows if into is not None}


async def merges(session: AsyncSession) -> dict[int, set[int]]:
    """Return the whole family of every counterpart that takes part in a merge."""
    into = await _absorbed(session)
    families: dict[int, set[int]] = {}
    for each in {*into, *into.values()}:
        families.setdefault(_root(each, into), set()).add(each)
    return {each: members for members in families.values() for each in members}


def _root(counterpart_id: int, into: Mapping[int, int]) -> int:
    seen = {counterpart_id}
    while (following := into.get(counterpart_id)) is not None and following not in seen:
        seen.add(following)
        counterpart_id = following
    return counterpart_id
