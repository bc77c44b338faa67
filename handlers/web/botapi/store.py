"""What the served Bot API remembers, in memory: chats, messages, files, presses."""

import mimetypes
import secrets
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from handlers.web.botapi.faults import Faults
from handlers.web.botapi.model import (
    ApiError,
    Callback,
    Chat,
    Clock,
    File,
    InlineQuery,
    Message,
    Pace,
    Signal,
    User,
    Wire,
)
from handlers.web.botapi.rules import bad
from handlers.web.botapi.updates import Updates

_QUERY_SECONDS: Final = 15
_INLINE_SECONDS: Final = 30
_TOO_OLD: Final = "query is too old and response timeout expired or query ID is invalid"


class Store:
    """Chats and what was said in them.

    Args:
        token: The only token that is served; its digits are the bot's id.
        clock: Stamps messages and lets updates and presses grow old.
        pace: Sends to one chat above this are answered 429; None: never.
        name: The bot's name as people see it.
        username: The bot's user name.
        monotonic: Seconds for the pace, which is not moved with the clock.
    """

    def __init__(
        self,
        token: str,
        clock: Clock,
        *,
        pace: Pace | None = None,
        name: str = "信选",
        username: str = "xinxuan_trial_bot",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.token = token
        self.clock = clock
        self.pace = pace
        self.me: Wire = {"id": int(token.split(":")[0]), "is_bot": True, "first_name": name, "username": username}
        self.users: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, File] = {}
        self.callbacks: dict[str, Callback] = {}
        self.inline_queries: dict[str, InlineQuery] = {}
        self.updates = Updates(clock)
        self.faults = Faults()
        self.changed = Signal()
        self._messages: dict[int, dict[int, Message]] = {}
        self._next_message_id = 1
        self._monotonic = monotonic
        self._sent: dict[int, deque[float]] = {}

    def add_user(self, user_id: int, first_name: str, language_code: str = "zh-hans") -> User:
        """Make a fictitious person, who has not yet written to the bot."""
        self.users[user_id] = User(user_id, first_name, language_code)
        self._add_chat(Chat(user_id, first_name))
        return self.users[user_id]

    def add_group(self, chat_id: int, title: str) -> Chat:
        """Make a group (a negative id) that the bot is a member of."""
        return self._add_chat(Chat(chat_id, title, "group"))

    def _add_chat(self, chat: Chat) -> Chat:
        self.chats[chat.id] = chat
        self._messages[chat.id] = {}
        return chat

    def messages(self, chat_id: int) -> list[Message]:
        """Return the messages that stand in a chat, oldest first."""
        return [message for message in self._messages[chat_id].values() if not message.deleted]

    def changes(self, chat_id: int, since: int) -> list[Message]:
        """Return the messages written, edited or deleted after a count of ``changed``, oldest message first."""
        return [message for message in self._messages[chat_id].values() if message.version > since]

    def find(self, chat_id: int, message_id: int) -> Message | None:
        """Return a message that stands in a chat; None where there is none, or no longer."""
        message = self._messages[chat_id].get(message_id)
        return None if message is None or message.deleted else message

    def keep(self, chat: Chat, sender: Wire, body: Wire, keyboard: Wire | None = None) -> Message:
        """Write a message into a chat."""
        message = Message(self._next_message_id, chat, sender, self.clock.now(), body, keyboard)
        self._next_message_id += 1
        self._messages[chat.id][message.id] = message
        self.touch(message)
        return message

    def touch(self, message: Message) -> None:
        """Note that a message has changed."""
        message.version = self.changed.bump()

    def keep_file(self, content: bytes, name: str, mime: str = "") -> File:
        """Keep a file and give it an id."""
        guessed = mime or mimetypes.guess_type(name)[0] or "application/octet-stream"
        file_id = secrets.token_urlsafe(18)
        path = f"documents/file_{len(self.files)}{'.' + name.rsplit('.', 1)[-1] if '.' in name else ''}"
        self.files[file_id] = File(file_id, name, guessed, content, path)
        return self.files[file_id]

    def writable(self, chat_id: str) -> Chat:
        """Return the chat that the bot may write to now.

        Raises:
            ApiError: It is unknown, or the person blocked the bot or never wrote.
        """
        chat = self.known(chat_id)
        if chat.kicked:
            raise ApiError(403, "Forbidden: bot was kicked from the group chat")
        if chat.moved_to is not None:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, words, migrate_to_chat_id=chat.moved_to)
        user = self.users.get(chat.id)
        if user and user.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if user and not user.started:
            raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
        return chat

    def known(self, chat_id: str) -> Chat:
        """Return a chat.

        Raises:
            ApiError: There is none of this id.
        """
        number = int(chat_id) if chat_id.removeprefix("-").isdigit() else 0
        if number not in self.chats:
            raise bad("chat not found")
        return self.chats[number]

    def count_send(self, chat: Chat) -> None:
        """Count a send against the chat's pace.

        Raises:
            ApiError: 429, with the seconds to wait.
        """
        if self.pace is None:
            return
        now = self._monotonic()
        sent = self._sent.setdefault(chat.id, deque())
        while sent and sent[0] <= now - self.pace.seconds:
            sent.popleft()
        if len(sent) >= self.pace.sends:
            wait = max(1, round(sent[0] + self.pace.seconds - now))
            raise ApiError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        sent.append(now)

    def answer(self, query_id: str, text: str, *, alert: bool) -> None:
        """Note the bot's answer to a press.

        Raises:
            ApiError: The press is unknown, already answered or older than 15 seconds.
        """
        query = self.callbacks.get(query_id)
        if query is None or query.answered:
            raise bad(_TOO_OLD)
        if (self.clock.now() - query.at).total_seconds() > _QUERY_SECONDS:
            raise bad(_TOO_OLD)
        query.answered, query.toast, query.alert = True, text, alert
        query.version = self.changed.bump()

    def answer_inline(self, query_id: str, results: list[Wire]) -> None:
        """Note the bot's answer to an inline query.

        Raises:
            ApiError: The query is unknown, already answered or older than 30 seconds.
        """
        query = self.inline_queries.get(query_id)
        if query is None or query.answered:
            raise bad(_TOO_OLD)
        if (self.clock.now() - query.at).total_seconds() > _INLINE_SECONDS:
            raise bad(_TOO_OLD)
        query.answered, query.results = True, results
        self.changed.bump()
