"""The bot as PTB knows it, on a connection of our own."""

from telegram.ext import ExtBot

from handlers.settings import Settings
from handlers.telegram.request import AiohttpRequest


def make_bot(settings: Settings) -> ExtBot[None]:
    """Return PTB's bot on our own request, which tells what was certainly not sent from what may have arrived."""
    return ExtBot(
        settings.token.get_secret_value(),
        base_url=f"{settings.api_base}/bot",
        base_file_url=f"{settings.file_base or settings.api_base}/file/bot",
        request=AiohttpRequest(proxy=settings.proxy, connection_limit=256),
        get_updates_request=AiohttpRequest(proxy=settings.proxy, connection_limit=2),
    )
