"""Values inside papers and sheets: what cannot be seen, and what XML cannot hold, stays out."""

import re
from typing import Final

_UNSEEN: Final = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)
_BLANKS: Final = re.compile(r"\s+")


def seen(value: str) -> str:
    """Return a value without control, direction and zero-width characters; line breaks and tabs stay."""
    return _UNSEEN.sub("", value)


def one_line(value: str) -> str:
    """Return a value on one line, without anything that cannot be seen."""
    return seen(_BLANKS.sub(" ", value)).strip()
