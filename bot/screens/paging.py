"""Turning the pages of a list."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from bot.language import _, pgettext
from bot.screens.screen import Button, Press, esc

PAGE: Final = 8  # rows that a phone shows without scrolling
UNITS: Final = 30  # units on a page, two or three to a row: most bureaus have fewer

_Row = TypeVar("_Row")


def paged(rows: Sequence[_Row], page: int, *, size: int = PAGE) -> tuple[Sequence[_Row], int, int]:
    """Return the rows of a page, its number from 0, and how many pages there are; beyond the ends is the nearest."""
    pages = page_count(len(rows), size=size)
    page = max(0, min(page, pages - 1))
    return rows[page * size : (page + 1) * size], page, pages


def page_count(total: int, *, size: int = PAGE) -> int:
    """Return how many pages so many rows fill, at least one."""
    return max(1, -(-total // size))


def page_line(page: int, pages: int) -> str | None:
    """Return which page it is, escaped; None where there is one only."""
    return esc(_("Page %(page)d of %(pages)d") % {"page": page + 1, "pages": pages}) if pages > 1 else None


def turning(page: int, pages: int, press: Callable[[int], Press]) -> tuple[tuple[Button, ...], ...]:
    """Return the row that leads to the pages beside this one; none where there are none.

    Args:
        page: From 0.
        pages: How many there are.
        press: What the button to a page says.
    """
    row: tuple[Button, ...] = ()
    if page > 0:
        row += (Button(pgettext("button", "Previous page"), press(page - 1)),)
    if page + 1 < pages:
        row += (Button(pgettext("button", "Next page"), press(page + 1)),)
    return (row,) if row else ()
