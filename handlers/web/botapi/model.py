"""What the served Bot API keeps: people, groups, messages, files, calls."""

import asyncio
import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Protocol

Wire = dict[str, Any]
"""A JSON object as Telegram words it."""


class Clock(Protocol):
    """Whatever tells the time: the machine's clock, the trial's, or a test's."""

    def now(self) -> dt.datetime:
        """Return the present moment, aware, in UTC."""


class ApiError(Exception):
    """A refusal in Telegram's own words.

    Args:
        code: HTTP status and ``error_code``.
        description: Telegram's description, prefix included ("Bad Request: ...").
        parameters: ``retry_after`` or ``migrate_to_chat_id``.
    """

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


@dataclass(slots=True)
class User:
    """A fictitious person with a Telegram account."""

    id: int
    first_name: str
    language_code: str
    started: bool = False  # has written to the bot, so that the bot may write back
    blocked: bool = False

    def wire(self) -> Wire:
        """Return Telegram's User object."""
        return {
            "id": self.id,
            "is_bot": False,
            "first_name": self.first_name,
            "language_code": self.language_code,
        }


@dataclass(slots=True)
class Chat:
    """A private chat (its id is the person's) or a group, with the number of its pinned message."""

    id: int
    name: str
    kind: str = "private"
    pinned: int | None = None
    kicked: bool = False  # the bot was put out of it
    moved_to: int | None = None  # the supergroup that it has become

    def wire(self) -> Wire:
        """Return Telegram's Chat object."""
        named = "first_name" if self.kind == "private" else "title"
        return {"id": self.id, "type": self.kind, named: self.name}


@dataclass(slots=True)
class Message:
    """One message of a chat; a deleted one stays as a gravestone, so that a page can take it away."""

    id: int
    chat: Chat
    sender: Wire
    at: dt.datetime
    body: Wire  # text and entities, or document/photo with caption
    keyboard: Wire | None = None
    edited_at: dt.datetime | None = None
    deleted: bool = False
    version: int = 0  # of the server's signal, at the last change

    @property
    def from_bot(self) -> bool:
        """Whether the bot wrote it."""
        return bool(self.sender["is_bot"])

    @property
    def text(self) -> str:
        """The words people read: the text, or the caption of a file."""
        return str(self.body.get("text") or self.body.get("caption") or "")

    @property
    def buttons(self) -> list[list[Wire]]:
        """The rows of the inline keyboard; none where there is no keyboard."""
        return self.keyboard["inline_keyboard"] if self.keyboard else []

    def wire(self) -> Wire:
        """Return Telegram's Message object."""
        message = {"message_id": self.id, "from": self.sender, "chat": self.chat.wire()}
        message |= {"date": int(self.at.timestamp()), **self.body}
        if self.keyboard:
            message["reply_markup"] = self.keyboard
        if self.edited_at:
            message["edit_date"] = int(self.edited_at.timestamp())
        return message


@dataclass(frozen=True, slots=True)
class File:
    """The bytes behind a ``file_id``, with the name and type that came with them."""

    id: str
    name: str
    mime: str
    content: bytes
    path: str


@dataclass(slots=True)
class Callback:
    """A press on a button, and what the bot answered to it."""

    id: str
    user_id: int
    at: dt.datetime
    answered: bool = False
    toast: str = ""
    alert: bool = False
    version: int = 0


@dataclass(slots=True)
class InlineQuery:
    """What somebody typed behind the bot's name in some chat, and what the bot answered to it."""

    id: str
    user_id: int
    at: dt.datetime
    answered: bool = False
    results: list[Wire] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the bot, as it ended: ``result`` is the whole answer, None where none was given."""

    method: str
    params: Wire
    at: dt.datetime
    status: int
    result: Wire | None


@dataclass(frozen=True, slots=True)
class Pace:
    """At most ``sends`` new messages to one chat in any ``seconds``; more is answered 429."""

    sends: int
    seconds: float


@dataclass(slots=True)
class Signal:
    """A counter that can be waited on."""

    count: int = 0
    _event: asyncio.Event = field(default_factory=asyncio.Event)

    def bump(self) -> int:
        """Count one change, wake whoever waits, and return the new count."""
        self.count += 1
        self._event.set()
        self._event = asyncio.Event()
        return self.count

    async def wait(self, after: int, seconds: float) -> bool:
        """Wait until the count is above ``after``; return False where the time ran out first."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while self.count <= after:
            try:
                await asyncio.wait_for(self._event.wait(), end - loop.time())
            except TimeoutError:
                return self.count > after
        return True
