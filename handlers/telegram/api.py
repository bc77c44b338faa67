"""Calls to the Bot API that skip PTB's building of objects nobody reads.

The Bot API takes method names in any case, and ``do_api_request`` warns where a name is that of one of its own
methods; in lower case it is not. The answer stays plain JSON: on the way of every press that saves a fifth of the work.
"""

from typing import Any

from telegram.error import EndPointNotFound, InvalidToken
from telegram.ext import ExtBot


async def call(bot: ExtBot[None], method: str, /, **params: Any) -> Any:
    """Call a method of the Bot API.

    Args:
        bot: The bot.
        method: Its documented name, such as ``editMessageText``.
        **params: Its parameters; those that are None are left out.

    Returns:
        The ``result`` field of the answer.

    Raises:
        telegram.error.TelegramError: See ``outcomes.classify``.
    """
    try:
        return await bot.do_api_request(method.lower(), api_kwargs=params)
    except EndPointNotFound:
        raise InvalidToken from None  # PTB takes the answer to a dead token for an unknown method; ours all exist


async def poll(bot: ExtBot[None], *, read_timeout: float, **params: Any) -> list[dict[str, Any]]:
    """Call ``getUpdates`` and return the raw updates, so that one which PTB cannot read blocks no other.

    Args:
        bot: The bot.
        read_timeout: Seconds to wait for the answer; longer than the long poll itself.
        **params: The method's parameters.
    """
    updates: list[dict[str, Any]]
    try:
        updates = await bot.do_api_request("getupdates", api_kwargs=params, read_timeout=read_timeout)
    except EndPointNotFound:
        raise InvalidToken from None
    return updates
