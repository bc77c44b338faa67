"""What people do in the served chats: write, press, send files, block. No HTTP: the trial page and tests call it."""

import datetime as dt
import re
import secrets
from typing import Final

from handlers.web.botapi.html import utf16_length
from handlers.web.botapi.model import Callback, Chat, InlineQuery, Message, Wire
from handlers.web.botapi.rules import picture_size
from handlers.web.botapi.store import Store

_COMMAND: Final = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,64}(@\w+)?")


class People(Store):
    """The store, as people use it; each act becomes an update for the bot."""

    def type(self, user_id: int, text: str, *, chat_id: int | None = None) -> Message:
        """Send a text, in the private chat or in a group (where the bot sees commands only)."""
        entities = [
            {"type": "bot_command", "offset": utf16_length(text[: found.start()]), "length": len(found[0])}
            for found in _COMMAND.finditer(text)
        ]
        return self._say(user_id, {"text": text, **({"entities": entities} if entities else {})}, chat_id)

    def send_document(self, user_id: int, content: bytes, name: str, caption: str = "", mime: str = "") -> Message:
        """Send a file."""
        return self._say(user_id, {"document": self.document(content, name, mime), **_caption(caption)})

    def send_photo(self, user_id: int, content: bytes, name: str = "photo.jpg", caption: str = "") -> Message:
        """Send a picture (PNG or JPEG)."""
        return self._say(user_id, {"photo": self.photo(content, name), **_caption(caption)})

    def document(self, content: bytes, name: str, mime: str = "") -> Wire:
        """Keep a file and return Telegram's Document object."""
        return self.document_of(self.keep_file(content, name, mime).id)

    def document_of(self, file_id: str) -> Wire:
        """Return Telegram's Document object of a kept file."""
        file = self.files[file_id]
        return _sized(file.id, file.content) | {"file_name": file.name, "mime_type": file.mime}

    def photo(self, content: bytes, name: str) -> list[Wire]:
        """Keep a picture and return Telegram's list of PhotoSize objects, here of one size."""
        width, height = picture_size(content)
        return [_sized(self.keep_file(content, name).id, content) | {"width": width, "height": height}]

    def edit(self, user_id: int, message_id: int, text: str) -> None:
        """Edit one's own message."""
        message = self._standing(user_id, message_id)
        message.body, message.edited_at = {"text": text}, self.clock.now()
        self.touch(message)
        self.updates.put("edited_message", message.wire())

    def press(
        self, user_id: int, message_id: int, data: str, *, chat_id: int | None = None, inaccessible: bool = False
    ) -> Callback:
        """Press a button; ``data`` is not compared with the keyboard, since a client may forge it.

        With ``inaccessible`` the bot learns only the message's number, as Telegram does with old messages.
        """
        message = self._standing(chat_id or user_id, message_id)
        shown = message.wire()
        if inaccessible:
            shown = {"message_id": message.id, "chat": message.chat.wire(), "date": 0}
        query = Callback(str(secrets.randbits(62)), user_id, self.clock.now())
        self.callbacks[query.id] = query
        wire = {"id": query.id, "from": self.users[user_id].wire(), "message": shown, "data": data}
        self.updates.put("callback_query", wire | {"chat_instance": str(message.chat.id)})
        return query

    def inline(self, user_id: int, query: str) -> InlineQuery:
        """Type the bot's name and some words in any chat; the answer comes into ``results``."""
        asked = InlineQuery(str(secrets.randbits(62)), user_id, self.clock.now())
        self.inline_queries[asked.id] = asked
        wire: Wire = {"id": asked.id, "from": self.users[user_id].wire(), "query": query, "offset": ""}
        self.updates.put("inline_query", wire | {"chat_type": "group"})
        return asked

    def block(self, user_id: int) -> None:
        """Block the bot."""
        self.users[user_id].blocked = True
        self._membership(user_id, "member", "kicked")

    def unblock(self, user_id: int) -> None:
        """Unblock the bot."""
        self.users[user_id].blocked = False
        self._membership(user_id, "kicked", "member")

    def put_out(self, user_id: int, chat_id: int) -> None:
        """Put the bot out of a group."""
        self.chats[chat_id].kicked = True
        self._membership(user_id, "member", "kicked", chat_id=chat_id)

    def migrate(self, user_id: int, chat_id: int, new_chat_id: int) -> None:
        """Turn a group into a supergroup that is there already: Telegram says so in the old one."""
        self.chats[chat_id].moved_to = new_chat_id
        message = self.keep(self.chats[chat_id], self.users[user_id].wire(), {"migrate_to_chat_id": new_chat_id})
        self.updates.put("message", message.wire())

    def _membership(self, user_id: int, before: str, after: str, *, chat_id: int | None = None) -> None:
        old, new = (self._member(status) for status in (before, after))
        wire: Wire = {"chat": self.chats[chat_id or user_id].wire(), "from": self.users[user_id].wire()}
        wire |= {"date": _seconds(self.clock.now()), "old_chat_member": old, "new_chat_member": new}
        self.updates.put("my_chat_member", wire)

    def _member(self, status: str) -> Wire:
        return {"status": status, "user": self.me} | ({"until_date": 0} if status == "kicked" else {})

    def _say(self, user_id: int, body: Wire, chat_id: int | None = None) -> Message:
        user = self.users[user_id]
        user.started = True
        chat = self.chats[user_id if chat_id is None else chat_id]
        message = self.keep(chat, user.wire(), body)
        if self._hears(chat, body):
            self.updates.put("message", message.wire())
        return message

    def _hears(self, chat: Chat, body: Wire) -> bool:
        # Privacy mode: in a group a bot sees what is addressed to it.
        return chat.kind == "private" or str(body.get("text", "")).startswith("/")

    def _standing(self, chat_id: int, message_id: int) -> Message:
        message = self.find(chat_id, message_id)
        if message is None:
            raise LookupError(f"no message {message_id} stands in chat {chat_id}")
        return message


def _caption(caption: str) -> Wire:
    return {"caption": caption} if caption else {}


def _sized(file_id: str, content: bytes) -> Wire:
    return {"file_id": file_id, "file_unique_id": file_id[:12], "file_size": len(content)}


def _seconds(at: dt.datetime) -> int:
    return int(at.timestamp())
