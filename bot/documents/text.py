"""Values inside papers: each on one line."""

import re
from typing import Final

from bot.plaintext import visible

_BLANKS: Final = re.compile(r"\s+")


def one_line(value: str) -> str:
    """Return a value on one line, without anything that cannot be seen, which XML could not always hold."""
    return visible(_BLANKS.sub(" ", value)).strip()
