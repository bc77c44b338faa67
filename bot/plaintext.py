"""Text as people type it, in one plain form: half-width characters, and numbers in Arabic digits."""

import re
import unicodedata
from typing import Final

_UNSEEN: Final = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""What nobody can see: controls but for tabs and line breaks, directions, fillers, tags, halves of characters.

Source: Unicode, Default_Ignorable_Code_Point, with the controls and what is no character.
"""
# U+3007 is the round zero of 二\u3007二六.
_DIGITS: Final = {c: n for n, c in enumerate("零一二三四五六七八九")} | {
    "\u3007": 0,
    "两": 2,
}
_WORDS: Final = re.compile("[零\u3007一二三四五六七八九十百千两]+")
_BELOW_TEN_THOUSAND: Final = re.compile(
    "(?:(?P<千>[一二三四五六七八九两])千)?零?(?:(?P<百>[一二三四五六七八九两])百)?零?"
    "(?:(?P<十>[一二三四五六七八九]?)十)?零?(?P<one>[一二三四五六七八九]?)"
)


def visible(text: str) -> str:
    """Return text without what nobody can see: what is read is what stands there. Tabs and line breaks stay."""
    return _UNSEEN.sub("", text)


def units(text: str) -> int:
    """Return the length of text as Telegram counts it: in UTF-16 units, of which a rare character or emoji has two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain_character(character: str) -> str:
    """Return a character's plain form: half-width, upper case; nothing for spaces and invisible characters."""
    if character.isspace() or _UNSEEN.match(character) or unicodedata.category(character) in ("Cc", "Cf", "Mn"):
        return ""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return unicodedata.normalize("NFKC", character).upper().strip()


def normalise(text: str) -> str:
    """Return text half-width and in upper case, without spaces, zero-width and direction characters."""
    return "".join(plain_character(character) for character in text)


def _value(word: str) -> str:
    """Return the digits of one Chinese number; what is no number comes back as it is."""
    if not set(word) & set("十百千"):
        return "".join(str(_DIGITS[c]) for c in word)
    match = _BELOW_TEN_THOUSAND.fullmatch(word)
    if match is None or re.search("[百千][一二三四五六七八九]$", word):  # 一百二 may mean 120 or 102
        return word
    tens = match["十"]
    ten = 0 if tens is None else _DIGITS.get(tens, 1)  # 十二 has a silent one
    thousand, hundred, one = (_DIGITS.get(match[name] or "零", 0) for name in ("千", "百", "one"))
    return str(thousand * 1000 + hundred * 100 + ten * 10 + one)


def in_arabic(text: str) -> str:
    """Return text with every Chinese number in Arabic digits: 三十二人 is 32人, 二〇二六年 is 2026年."""
    return _WORDS.sub(lambda match: _value(match[0]), text)
