"""Methods on messages, as the served Bot API answers them."""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

from handlers.web.botapi.html import utf16_length
from handlers.web.botapi.model import Message, Wire
from handlers.web.botapi.people import People
from handlers.web.botapi.rules import articles_of, bad, boolean, caption_of, integer, markup_of, structure, text_of

Method = Callable[[People, Wire, dict[str, tuple[str, bytes]]], Any]
_DOWNLOAD_LIMIT: Final = 20 * 1024 * 1024
_UPLOAD_LIMIT: Final = 50 * 1024 * 1024
_PHOTO_LIMIT: Final = 10 * 1024 * 1024
_DELETABLE: Final = dt.timedelta(hours=48)
_NOT_MODIFIED: Final = (
    "message is not modified: specified new message content and reply markup are exactly the same as "
    "a current content and reply markup of the message"
)
_ACTIONS: Final = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip
_Uploads = dict[str, tuple[str, bytes]]


def _chat_id(params: Wire) -> str:
    if params.get("chat_id") in (None, ""):
        raise bad("chat_id is empty")
    return str(params["chat_id"])


def send_message(api: People, params: Wire, _uploads: _Uploads) -> Wire:
    """Answer sendMessage."""
    chat = api.writable(_chat_id(params))
    text = text_of(params)
    keyboard = markup_of(params)
    api.count_send(chat)
    body: Wire = {"text": text.text} | ({"entities": text.entities} if text.entities else {})
    return api.keep(chat, api.me, body | _reply_to(api, chat.id, params), keyboard).wire()


def _reply_to(api: People, chat_id: int, params: Wire) -> Wire:
    wanted = structure(params, "reply_parameters", dict)
    if wanted is None:
        return {}
    message = api.find(chat_id, integer(wanted, "message_id"))
    if message is None and not boolean(wanted, "allow_sending_without_reply"):
        raise bad("message to be replied not found")
    if message is None:
        return {}
    shown = message.wire()
    shown.pop("reply_to_message", None)
    return {"reply_to_message": shown}


def send_document(api: People, params: Wire, uploads: _Uploads) -> Wire:
    """Answer sendDocument: a file sent along, or the id of one sent before."""
    chat = api.writable(_chat_id(params))
    caption, keyboard = caption_of(params), markup_of(params)
    found = _upload(params, uploads, "document", _UPLOAD_LIMIT)
    if found is None:
        document = api.document_of(_known_file(api, params, "document"))
    else:
        document = api.document(found[1], found[0])
    api.count_send(chat)
    return api.keep(chat, api.me, {"document": document, **caption}, keyboard).wire()


def send_photo(api: People, params: Wire, uploads: _Uploads) -> Wire:
    """Answer sendPhoto: a picture sent along, or the id of one sent before."""
    chat = api.writable(_chat_id(params))
    caption, keyboard = caption_of(params), markup_of(params)
    found = _upload(params, uploads, "photo", _PHOTO_LIMIT)
    if found is None:
        kept = api.files[_known_file(api, params, "photo")]
        found = (kept.name, kept.content)
    photo = api.photo(found[1], found[0])
    api.count_send(chat)
    return api.keep(chat, api.me, {"photo": photo, **caption}, keyboard).wire()


def _upload(params: Wire, uploads: _Uploads, name: str, limit: int) -> tuple[str, bytes] | None:
    # A form names an uploaded part either by the parameter itself or by attach://<part>.
    found = uploads.get(str(params.get(name, "")).removeprefix("attach://"))
    if found is None:
        return None
    if not found[1]:
        raise bad("file must be non-empty")
    if len(found[1]) > limit:
        raise bad("file is too big")
    return found


def _known_file(api: People, params: Wire, name: str) -> str:
    file_id = str(params.get(name, ""))
    if not file_id:
        raise bad(f"there is no {name} in the request")
    if file_id not in api.files:
        raise bad("wrong file identifier/HTTP URL specified")
    return file_id


def _own(api: People, params: Wire) -> Message:
    chat = api.writable(_chat_id(params))
    message = api.find(chat.id, integer(params, "message_id"))
    if message is None:
        raise bad("message to edit not found")
    if not message.from_bot:
        raise bad("message can't be edited")
    return message


def _change(api: People, message: Message, body: Wire, keyboard: Wire | None) -> Wire:
    if (message.body, message.keyboard) == (body, keyboard):
        raise bad(_NOT_MODIFIED)
    message.body, message.keyboard, message.edited_at = body, keyboard, api.clock.now()
    api.touch(message)
    return message.wire()


def edit_message_text(api: People, params: Wire, _uploads: _Uploads) -> Wire:
    """Answer editMessageText; as with Telegram, a call without a keyboard takes the keyboard away."""
    message = _own(api, params)
    if "text" not in message.body:
        raise bad("there is no text in the message to edit")
    text = text_of(params)
    body = {name: value for name, value in message.body.items() if name not in {"text", "entities"}}
    body |= {"text": text.text} | ({"entities": text.entities} if text.entities else {})
    return _change(api, message, body, markup_of(params, editing=True))


def edit_message_reply_markup(api: People, params: Wire, _uploads: _Uploads) -> Wire:
    """Answer editMessageReplyMarkup."""
    message = _own(api, params)
    return _change(api, message, message.body, markup_of(params, editing=True))


def delete_message(api: People, params: Wire, _uploads: _Uploads) -> bool:
    """Answer deleteMessage: anybody's message in a private chat, its own in a group, for 48 hours."""
    chat = api.known(_chat_id(params))
    message = api.find(chat.id, integer(params, "message_id"))
    if message is None:
        raise bad("message to delete not found")
    mine = message.from_bot or chat.kind == "private"
    if not mine or api.clock.now() - message.at > _DELETABLE:
        raise bad("message can't be deleted")
    message.deleted = True
    if chat.pinned == message.id:
        chat.pinned = None
    api.touch(message)
    return True


def answer_callback_query(api: People, params: Wire, _uploads: _Uploads) -> bool:
    """Answer answerCallbackQuery."""
    text = str(params.get("text") or "")
    if utf16_length(text) > 200:
        raise bad("MESSAGE_TOO_LONG")
    api.answer(str(params.get("callback_query_id", "")), text, alert=boolean(params, "show_alert"))
    return True


def answer_inline_query(api: People, params: Wire, _uploads: _Uploads) -> bool:
    """Answer answerInlineQuery, whose results are articles here."""
    results = articles_of(params)
    integer(params, "cache_time", 300)
    api.answer_inline(str(params.get("inline_query_id", "")), results)
    return True


def get_file(api: People, params: Wire, _uploads: _Uploads) -> Wire:
    """Answer getFile: files up to 20 MB have a path for download."""
    file = api.files.get(str(params.get("file_id", "")))
    if file is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if len(file.content) > _DOWNLOAD_LIMIT:
        raise bad("file is too big")
    wire: Wire = {"file_id": file.id, "file_unique_id": file.id[:12], "file_size": len(file.content)}
    return wire | {"file_path": file.path}


def send_chat_action(api: People, params: Wire, _uploads: _Uploads) -> bool:
    """Answer sendChatAction."""
    api.writable(_chat_id(params))
    if params.get("action") not in _ACTIONS:
        raise bad("wrong parameter action in request")
    return True


def pin_chat_message(api: People, params: Wire, _uploads: _Uploads) -> bool:
    """Answer pinChatMessage; the newest pin is the one that shows."""
    chat = api.writable(_chat_id(params))
    message = api.find(chat.id, integer(params, "message_id"))
    if message is None:
        raise bad("message to pin not found")
    chat.pinned = message.id
    api.touch(message)
    return True


def unpin_chat_message(api: People, params: Wire, _uploads: _Uploads) -> bool:
    """Answer unpinChatMessage."""
    chat = api.writable(_chat_id(params))
    if chat.pinned is None or integer(params, "message_id", chat.pinned) != chat.pinned:
        raise bad("message to unpin not found")
    chat.pinned = None
    api.changed.bump()
    return True


MESSAGE_METHODS: Final[dict[str, Method]] = {
    "sendMessage": send_message,
    "sendDocument": send_document,
    "sendPhoto": send_photo,
    "editMessageText": edit_message_text,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "answerCallbackQuery": answer_callback_query,
    "answerInlineQuery": answer_inline_query,
    "getFile": get_file,
    "sendChatAction": send_chat_action,
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": unpin_chat_message,
}
