"""Names that may stand for the same organisation: brackets, spaces, a full and a short form, one character off."""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

_NEAR: Final = 90.0  # one character of ten; below that most pairs are different organisations
_SHORTEST_CORE: Final = 4  # characters of a short name that may be the beginning of a full one
_LONGEST_SHARE: Final = 1.25  # names whose lengths differ more never reach the limit
_ENDINGS: Final = re.compile(r"(集团)?(股份|责任)?(有限)?(责任)?(公司|集团|厂)$")
_PLACES: Final = re.compile(r"^(中国|河南省?|郑州市?)+")
_NUMERALS: Final = re.compile(r"[0-9零\u3007一二三四五六七八九十百甲乙丙丁]+")


def plain_name(name: str) -> str:
    """Return a name without what only the typing made different: width, case, spaces, brackets, points."""
    plain = unicodedata.normalize("NFKC", name).upper()
    return "".join(character for character in plain if character.isalnum())


def near_names(names: Sequence[str]) -> dict[int, tuple[int, ...]]:
    """Return for each name the others that may stand for the same organisation.

    Names that differ in their numerals (第一, 第二) are never near.

    Args:
        names: As written.

    Returns:
        Position -> positions of the others, ascending; names without any are missing.
    """
    positions: dict[str, list[int]] = defaultdict(list)
    for position, name in enumerate(names):
        positions[plain_name(name)].append(position)
    forms = list(positions)
    numerals = [_NUMERALS.findall(form) for form in forms]
    related: dict[int, set[int]] = defaultdict(set)
    for one, other in [*_alike(forms), *_same_core(forms)]:
        if numerals[one] == numerals[other]:
            related[one].add(other)
            related[other].add(one)
    found: dict[int, tuple[int, ...]] = {}
    for at, form in enumerate(forms):
        family = {each for near in (at, *related[at]) for each in positions[forms[near]]}
        found |= {position: tuple(sorted(family - {position})) for position in positions[form] if len(family) > 1}
    return found


def are_near(one: str, other: str) -> bool:
    """Say whether two names may stand for the same organisation."""
    return bool(near_names((one, other)))


def _alike(plain: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs that are nearly the same letter for letter; only names of similar length are compared."""
    from rapidfuzz import fuzz, process

    order = sorted(range(len(plain)), key=lambda position: len(plain[position]))
    ordered = [plain[position] for position in order]
    lengths = [len(text) for text in ordered]
    pairs = []
    for at, text in enumerate(ordered):
        end = bisect_left(lengths, len(text) * _LONGEST_SHARE + 1, lo=at)
        hits = process.extract(text, ordered[at + 1 : end], scorer=fuzz.ratio, score_cutoff=_NEAR, limit=None)
        pairs += [(order[at], order[at + 1 + where]) for _text, _score, where in hits]
    return pairs


def _same_core(plain: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs whose names agree without place and legal form, or where one begins the other."""
    cores = sorted((_core(text), position) for position, text in enumerate(plain))
    pairs = []
    for at, (core, position) in enumerate(cores):
        for longer, other in cores[at + 1 :]:
            if not longer.startswith(core) or (len(core) < _SHORTEST_CORE and longer != core):
                break
            pairs.append((position, other))
    return pairs


def _core(plain: str) -> str:
    return _ENDINGS.sub("", _PLACES.sub("", plain)) or plain
