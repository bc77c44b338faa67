"""An officer who sends lists."""

from pathlib import Path

from bot.errors import Refusal
from bot.screens.screen import Press, Screen
from tests.handlers import desk


class Desk(desk.Desk):
    """A desk at which a list is sent and its verdicts are read."""

    async def upload(self) -> Screen:
        """Press 〔上传名单〕, wherever the lead has put it."""
        draft = await self.draft()
        assert draft is not None
        return await self.send(Press("bnew", draft.id, draft.version))

    async def hand_in(self, content: bytes) -> Path:
        """Send a list through the file page; return where its bytes lie."""
        assert self.store is not None
        kept = self.store.put(content)
        await self.file(content, "名单.csv", ref=f"page:{kept.key}")
        return self.store.path(kept.key)

    async def checked(self, content: bytes) -> Screen:
        """Send a list and return its verdicts.

        Raises:
            Refusal: The worker could not read it.
        """
        await self.file(content)
        for sentence in await self.work():
            raise Refusal(sentence)
        screen = await self.told()
        assert screen is not None
        return screen
