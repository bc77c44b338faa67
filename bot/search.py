"""Finding a matter by what an officer types: part of its name, pinyin, initials, with a slip or two."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from rapidfuzz import fuzz

from bot.plaintext import visible

_LONGEST_QUERY: Final = 60  # characters
_NEAR: Final = 66.0  # one wrong character of three still counts as near
_NEAR_SPELLING: Final = 80.0
_SHORTEST_NEAR_SPELLING: Final = 5
_SHORTEST_NEAR_INITIALS: Final = 5

# How well a word fits, best first; the scale is ours, only the order matters.
_SAME, _BEGINS, _CONTAINS, _SAME_SOUND = 100.0, 95.0, 90.0, 82.0
_SKIPS, _SKIPS_BY_SOUND, _SLIP = 75.0, 70.0, 60.0


def read_query(text: str) -> str:
    """Return what was typed into a list as far as it is looked for: longer than that it would only be echoed."""
    return " ".join(visible(text).split())[:_LONGEST_QUERY]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that can be found.

    Attributes:
        key: What ``Index.find`` answers with.
        name: Its name.
        aliases: Further names under which it is looked for.
    """

    key: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Form:
    """A name ready to be compared: its characters and its syllables."""

    text: str
    syllables: tuple[str, ...]

    @property
    def initials(self) -> str:
        """The first letter of each syllable."""
        return "".join(syllable[0] for syllable in self.syllables)


def _plain(text: str) -> str:
    """Return the letters and digits of a text, half-width, lower case, ü as v."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("ü", "v")
    return "".join(character for character in plain if character.isalnum())


def _syllables(text: str) -> tuple[str, ...]:
    """Return the pinyin of a text by syllables; other letters stay together as they are.

    pypinyin costs 100 ms and 55 MB, hence the late import.
    """
    from pypinyin import lazy_pinyin

    return tuple(lazy_pinyin(_plain(text)))


def pinyin_keys(name: str) -> tuple[str, str]:
    """Return the pinyin of a name for storage: in full without spaces, and its initials."""
    form = _form(name)
    return "".join(form.syllables), form.initials


@lru_cache(maxsize=8192)
def _form(text: str) -> _Form:
    """Return a text ready to be compared."""
    return _Form(_plain(text), _syllables(text))


class Index:
    """A catalogue that can be searched; pinyin is worked out at the first search, not before.

    Args:
        entries: In the order in which equals are shown.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = tuple(entries)

    @cached_property
    def _forms(self) -> tuple[tuple[_Form, ...], ...]:
        """The forms of each entry's names."""
        return tuple(tuple(_form(name) for name in (entry.name, *entry.aliases)) for entry in self._entries)

    def find(self, query: str, *, limit: int = 8) -> list[str]:
        """Return the keys of the entries that fit, best first; nothing where nothing is near.

        Args:
            query: One or several words; each must fit the entry, a spaced pinyin counts as one word too.
            limit: Most keys to return.
        """
        words = [word for word in re.split(r"\s+", query[:_LONGEST_QUERY]) if _plain(word)]
        if not words:
            return []
        needles = [_form(word) for word in words]
        whole = _form("".join(words))
        scores = [_score(whole, needles, forms) for forms in self._forms]
        best_first = sorted(zip(scores, self._entries, strict=True), key=lambda pair: -pair[0])
        return [entry.key for score, entry in best_first[:limit] if score]


def _score(whole: _Form, words: Sequence[_Form], forms: Sequence[_Form]) -> float:
    """Return how well an entry fits a query, as one word or word by word; 0 for not at all."""
    best = max(_fit(whole, form) for form in forms)
    if len(words) > 1:
        fits = [max(_fit(word, form) for form in forms) for word in words]
        best = max(best, sum(fits) / len(fits) if all(fits) else 0)
    closeness = max(fuzz.ratio(whole.text, form.text) for form in forms)
    return best + closeness / 25 if best else 0  # up to 4 points: settles equals, never overtakes


def _fit(word: _Form, form: _Form) -> float:
    """Return how well one word fits one name."""
    if word.text in form.text:
        return _SAME if word.text == form.text else _BEGINS if form.text.startswith(word.text) else _CONTAINS
    return _fit_of_spelling(word.text, form) if word.text.isascii() else _fit_of_characters(word, form)


def _fit_of_characters(word: _Form, form: _Form) -> float:
    """Return how well Chinese characters fit that do not stand in the name: by sound, abbreviation or slip."""
    if _contains(form.syllables, word.syllables):
        return _SAME_SOUND
    if len(word.text) < 2:
        return 0
    if _skips_through(word.text, form.text):
        return _SKIPS
    if len(word.text) < 3:
        return 0
    if _skips_through(word.syllables, form.syllables):
        return _SKIPS_BY_SOUND
    ratio = fuzz.partial_ratio(word.text, form.text, score_cutoff=_NEAR)
    return _SLIP * ratio / 100


def _fit_of_spelling(letters: str, form: _Form) -> float:
    """Return how well Latin letters fit a name's pinyin: in full, by initials, mixed, or with a slip."""
    starts = range(len(form.syllables)) if len(letters) > 1 else range(1)
    for start in starts:
        if form.syllables[start][0] == letters[0] and _spells(letters, form.syllables, start):
            return _BEGINS if start == 0 else _CONTAINS
    near = 0.0
    if len(letters) >= _SHORTEST_NEAR_SPELLING:
        near = fuzz.partial_ratio(letters, "".join(form.syllables), score_cutoff=_NEAR_SPELLING)
    if len(letters) >= _SHORTEST_NEAR_INITIALS and len(letters) <= len(form.initials):
        near = max(near, fuzz.partial_ratio(letters, form.initials, score_cutoff=_NEAR_SPELLING))
    return _SLIP * near / 100


def _contains(syllables: Sequence[str], part: Sequence[str]) -> bool:
    """Whether some syllables stand in a name one after another."""
    return any(tuple(syllables[n : n + len(part)]) == tuple(part) for n in range(len(syllables) - len(part) + 1))


def _skips_through(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether all characters or syllables stand in a name in their order, as in an abbreviation."""
    rest = iter(whole)
    return all(element in rest for element in part)


def _spells(letters: str, syllables: Sequence[str], start: int) -> bool:
    """Whether letters spell syllables from one on, each in full or by its beginning."""
    reached = {0}
    for syllable in syllables[start:]:
        reached = {
            at + taken
            for at in reached
            for taken in range(1, len(syllable) + 1)
            if letters.startswith(syllable[:taken], at)
        }
        if len(letters) in reached:
            return True
        if not reached:
            return False
    return False
