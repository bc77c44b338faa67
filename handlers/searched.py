"""A list that is shown page by page, and in which a typed name finds."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.screens.screen import Screen, is_number
from bot.search import read_query
from handlers import drafts_aside
from handlers.turn import Stale, Turn


@dataclass(frozen=True, slots=True)
class Searched:
    """The three ways in which an officer comes to such a list.

    Args:
        purpose: Of the draft that keeps what was searched.
        listed: Shows a page, counted from 0, of what fits the words; no words fit all.
    """

    purpose: str
    listed: Callable[[Turn, int, str], Awaitable[Screen]]

    async def on_open(self, turn: Turn) -> Screen:
        """Everything, from the page that was pressed."""
        page = turn.pressed.arg.removeprefix("p") if turn.press else ""
        await drafts_aside.put_aside(turn, purpose=self.purpose, answers={"query": ""})
        return await self.listed(turn, int(page) if is_number(page) else 0, "")

    async def on_typed(self, turn: Turn) -> Screen:
        """Part of a name was typed."""
        query = read_query(turn.text)
        if turn.draft is None:
            raise Stale
        drafts_aside.keep(turn, {**turn.draft.answers, "query": query}, entered=False)
        return await self.listed(turn, 0, query)

    async def present(self, turn: Turn) -> Screen:
        """Return the list as it was searched."""
        return await self.listed(turn, 0, turn.draft.answers["query"] if turn.draft else "")
