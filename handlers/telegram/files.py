"""Files coming in: fetched from Telegram, or from the store where the file page has put them."""

import asyncio
from typing import Final

import structlog
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.errors import Refusal
from bot.language import _
from handlers.telegram.outcomes import Outcome, classify
from storage.files import PAGE, FileStore

log = structlog.get_logger()

PAUSES: Final = (1.0, 3.0, 9.0)  # seconds between tries; an officer waits for the answer
LONGEST_WAIT: Final = 30.0  # seconds that Telegram may ask for


class Files:
    """Fetches the files that officers have sent.

    Args:
        bot: The bot.
        store: Where files from the file page are.
    """

    def __init__(self, bot: ExtBot[None], store: FileStore) -> None:
        self._bot = bot
        self._store = store

    async def fetch(self, ref: str) -> bytes:
        """Return a file's bytes, at most 20 MB.

        Args:
            ref: As in ``Incoming.ref``.

        Raises:
            Refusal: It is gone, or Telegram cannot be reached; the officer is asked to send it again.
        """
        if not ref.startswith(PAGE):
            return await self._from_telegram(ref)
        try:
            return await asyncio.to_thread(self._store.read, ref.removeprefix(PAGE))
        except FileNotFoundError:
            raise Refusal(_gone()) from None

    async def _from_telegram(self, file_id: str) -> bytes:
        for pause in (*PAUSES, None):
            try:
                return await self._download(file_id)
            except TelegramError as error:
                verdict = classify(error)
                log.warning("a file could not be fetched", outcome=verdict.outcome, detail=verdict.detail)
                if verdict.outcome in (Outcome.REFUSED, Outcome.UNREACHABLE):
                    raise Refusal(_gone()) from None
                asked = verdict.retry_after.total_seconds() if verdict.retry_after else 0.0
                if pause is None or asked > LONGEST_WAIT:
                    break
                await asyncio.sleep(max(pause, asked))
        raise Refusal(_("The file could not be fetched from the messenger. Please send it again in a few minutes."))

    async def _download(self, file_id: str) -> bytes:
        file = await self._bot.get_file(file_id)
        return bytes(await file.download_as_bytearray())


def _gone() -> str:
    return _("The file cannot be fetched any more. Please send it again.")
