"""The one error table: what became of a call to Telegram, and what it says about the person and the screen.

Everybody who calls Telegram asks this table; no other place reads an error's text. Telegram's descriptions are not
a promised interface, so they are matched by their telling words, in any case, and what no row knows is REFUSED for
a plain refusal and UNKNOWN for anything else: the cautious reading of both.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from handlers.logs import redacted
from handlers.telegram.request import NotSent


class Outcome(StrEnum):
    """What became of a call."""

    DELIVERED = "delivered"
    NOT_MODIFIED = "not_modified"  # the screen already shows it: a success
    RETRY_AFTER = "retry_after"  # wait; does not count as an attempt
    NOT_SENT = "not_sent"  # may be sent again without a mark
    UNKNOWN = "unknown"  # may have arrived
    UNREACHABLE = "unreachable"  # the person blocked the bot, left, or never started it
    MUTED = "muted"  # the group took the right to write from us; of a person it is a plain refusal
    MIGRATED = "migrated"  # the group has a new chat id
    SCREEN_GONE = "screen_gone"  # send a new screen
    QUERY_TOO_OLD = "query_too_old"  # the edit is the answer
    BAD_MARKUP = "bad_markup"  # our defect: send once as plain text
    REFUSED = "refused"  # for good
    TOKEN_DEAD = "token_dead"  # noqa: S105 - the name of an outcome
    CONFLICT = "conflict"  # another process polls with the same token


@dataclass(frozen=True, slots=True)
class Verdict:
    """The reading of one error.

    Attributes:
        outcome: What became of the call.
        retry_after: How long Telegram asks to wait; only with ``RETRY_AFTER``.
        new_chat_id: The chat's new id; only with ``MIGRATED``.
        detail: Telegram's words for the log and the attempt, without token and ID numbers.
    """

    outcome: Outcome
    retry_after: dt.timedelta | None = None
    new_chat_id: int | None = None
    detail: str = ""


# In a 400 or a 403, in words or in the name of an error.
_MUTED: Final = tuple(
    (words, Outcome.MUTED)
    for words in (
        "rights to send",
        "write access to the chat",
        "chat_write_forbidden",
        "chat_send_",
        "chat_restricted",
        "topic_closed",
        "topic closed",
    )
)

# "Chat not found" is what Telegram says of a person who has never pressed /start.
_BAD_REQUESTS: Final = (
    ("message is not modified", Outcome.NOT_MODIFIED),
    ("query is too old", Outcome.QUERY_TOO_OLD),
    ("query id is invalid", Outcome.QUERY_TOO_OLD),
    ("message to edit not found", Outcome.SCREEN_GONE),
    ("message can't be edited", Outcome.SCREEN_GONE),
    ("message_id_invalid", Outcome.SCREEN_GONE),
    ("no text in the message to edit", Outcome.SCREEN_GONE),
    ("can't parse entities", Outcome.BAD_MARKUP),
    ("chat not found", Outcome.UNREACHABLE),
    *_MUTED,
)

_FORBIDDEN: Final = (
    ("blocked by the user", Outcome.UNREACHABLE),
    ("user is deactivated", Outcome.UNREACHABLE),
    ("can't initiate conversation", Outcome.UNREACHABLE),
    ("was kicked", Outcome.UNREACHABLE),
    ("not a member of", Outcome.UNREACHABLE),
    ("chat was deleted", Outcome.UNREACHABLE),
    *_MUTED,
)

# Base classes come after their subclasses: BadRequest, NotSent and Unknown are all NetworkErrors.
_CLASSES: Final[tuple[tuple[type[Exception], Outcome], ...]] = (
    (NotSent, Outcome.NOT_SENT),
    (InvalidToken, Outcome.TOKEN_DEAD),
    (Conflict, Outcome.CONFLICT),
    (EndPointNotFound, Outcome.REFUSED),
)


def classify(error: Exception) -> Verdict:
    """Return what became of the call that raised ``error``.

    Never ``DELIVERED``. An error that is not Telegram's leaves the fate of the call unknown.
    """
    detail = _detail(error)
    if isinstance(error, RetryAfter):
        return Verdict(Outcome.RETRY_AFTER, retry_after=_patience(error), detail=detail)
    if isinstance(error, ChatMigrated):
        return Verdict(Outcome.MIGRATED, new_chat_id=error.new_chat_id, detail=detail)
    return Verdict(_outcome(error), detail=detail)


def _outcome(error: Exception) -> Outcome:
    if isinstance(error, BadRequest):
        return _by_words(error.message, _BAD_REQUESTS)
    if isinstance(error, Forbidden):
        return _by_words(error.message, _FORBIDDEN)
    return next((outcome for kind, outcome in _CLASSES if isinstance(error, kind)), Outcome.UNKNOWN)


def _by_words(message: str, table: tuple[tuple[str, Outcome], ...]) -> Outcome:
    said = message.lower()
    return next((outcome for words, outcome in table if words in said), Outcome.REFUSED)


def _patience(error: RetryAfter) -> dt.timedelta:
    # Seconds or a timedelta, depending on PTB_TIMEDELTA in the environment.
    asked: int | dt.timedelta = error.retry_after
    return asked if isinstance(asked, dt.timedelta) else dt.timedelta(seconds=asked)


def _detail(error: Exception) -> str:
    if isinstance(error, InvalidToken):
        return "InvalidToken"  # the library quotes the token in its message
    words = error.message if isinstance(error, TelegramError) else str(error)
    return redacted(f"{type(error).__name__}: {words}")
