"""Routing: PTB's own handlers and filters lead each update to one flow; the gate stands before them all."""

from collections.abc import Callable
from typing import Any, Final

from telegram import Chat, Message, Update
from telegram.ext import (
    Application,
    ApplicationBuilder,
    ApplicationHandlerStop,
    CallbackContext,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ExtBot,
    InlineQueryHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.errors import Refusal
from bot.language import _
from bot.screens import enrolment as enrolment_screens
from bot.screens import frame as screens
from bot.screens.screen import Press, Screen
from handlers import absence, access, enrolment, frame, groups, inline, rights, undelivered
from handlers.turn import Flow, Found, Incoming, Stale, Turn, current_turn
from storage import chats, people
from storage.tables import Person, PersonState

App = Application[Any, Any, Any, Any, Any, Any]
Context = CallbackContext[Any, Any, Any, Any]

GATE: Final = -1
LARGEST_FILE: Final = 20 * 1024 * 1024  # bytes; Bot API, getFile

_GONE: Final = ("kicked", "left")  # what the bot has become in a chat that it can write to no more

_REFUSALS: Final = {
    PersonState.LEFT: screens.refused,
    PersonState.WAITING: enrolment_screens.still_waiting,
    PersonState.SUSPENDED: enrolment_screens.suspended,
}
"""What somebody hears, once a day, who may do nothing here."""


def application(bot: ExtBot[None]) -> App:
    """Return PTB's application with every handler, and without its updater and job queue.

    Updates come from our own inbox and the schedule is a table, because PTB keeps both in memory.
    """
    app: App = ApplicationBuilder().bot(bot).updater(None).job_queue(None).build()
    app.add_handler(TypeHandler(Update, gate), group=GATE)
    for name in frame.COMMANDS:
        callback = _runs(frame.command(name), may=_may_use(name))
        app.add_handler(CommandHandler(name, callback, filters.UpdateType.MESSAGE))
    for verb, flow in frame.PRESSES.items():
        pattern = f"^1:{verb}:"
        app.add_handler(CallbackQueryHandler(_runs(flow, may=_may_press), pattern=pattern))
    app.add_handler(CallbackQueryHandler(_runs(frame.on_unknown_press)))
    app.add_handler(MessageHandler(filters.UpdateType.EDITED_MESSAGE, _runs(frame.on_edited)))
    app.add_handler(MessageHandler(filters.COMMAND, _runs(frame.on_unknown_command)))
    app.add_handler(MessageHandler(filters.TEXT, _runs(frame.on_text, may=_may_type)))
    app.add_handler(MessageHandler(filters.Document.ALL | filters.PHOTO, _runs(frame.on_file, may=_may_send_file)))
    app.add_handler(MessageHandler(filters.ALL, _runs(frame.on_other_content)))
    app.add_handler(InlineQueryHandler(on_inline))
    app.add_handler(ChatMemberHandler(on_membership, ChatMemberHandler.MY_CHAT_MEMBER))
    app.add_handler(TypeHandler(Update, on_anything_else))
    app.add_error_handler(on_error)
    return app


async def gate(update: Update, context: Context) -> None:
    """Let nobody past who is not an active officer in their own private chat.

    Raises:
        ApplicationHandlerStop: The turn has been answered here.
    """
    turn = current_turn.get()
    is_private = update.effective_chat is None or update.effective_chat.type == Chat.PRIVATE
    officer = turn.person if turn.person is not None and turn.person.state is PersonState.ACTIVE else None
    if turn.held_id_number and is_private and officer is not None:
        turn.error = _id_number(turn)  # before all else: in whatever way it came, it does not stay in the chat
    elif _is_indirect(update):
        turn.answer(None)
    elif not is_private:
        turn.answer(await _in_group(turn, update))
    elif officer is None:
        await _meet_stranger(turn, update)
    elif (refusal := _refusal(turn, update)) is not None:
        turn.error = refusal
    else:
        await _greet(turn, officer, update)
    if turn.answered or turn.error is not None:
        raise ApplicationHandlerStop


async def _greet(turn: Turn, officer: Person, update: Update) -> None:
    """Note of an officer who writes that they can be reached again, and what they are called."""
    if not officer.reachable and update.my_chat_member is None:
        await absence.back(turn.session, officer, turn.now)
    elif officer.name is None:
        officer.name = turn.sender.name or None  # the first coordinators come from the settings, by number alone


def _id_number(turn: Turn) -> Refusal:
    """Return what is said of an ID number; where it came in a flood, the one sentence about that stands below."""
    refusal = turn.id_number_refused()
    return Refusal(f"{refusal.message}\n{_too_fast().message}") if turn.too_fast else refusal


def _too_fast() -> Refusal:
    return Refusal(
        _("Too many messages came at once, and some were left out. Please wait a minute and send them again.")
    )


def _refusal(turn: Turn, update: Update) -> Refusal | None:
    """Return why an officer's update has no effect although they may write here: a flood, or somebody else's words."""
    if turn.too_fast:
        return _too_fast()
    message = update.message
    if message is not None and _is_forwarded(message) and message.text is not None:
        return Refusal(_("Forwarded messages are not taken as an entry. Please copy the text and paste it here."))
    return None


def _is_forwarded(message: Message) -> bool:
    """Say whether a message was written by somebody else, or elsewhere; a file in it may be used, its words may not."""
    return message.forward_origin is not None


async def _meet_stranger(turn: Turn, update: Update) -> None:
    if update.inline_query is not None:
        turn.found = Found(update.inline_query.id, ())
    message = update.message
    if message is None or message.text is None or _is_forwarded(message):
        turn.answer(None)
        return
    state = turn.person.state if turn.person else PersonState.LEFT
    command, payload = _split(message.text)
    if state is PersonState.LEFT and command == "/start" and payload.startswith(enrolment.PAYLOAD):
        turn.answer(await enrolment.enrol(turn, payload))
    elif await people.refuse_once(turn.session, turn.sender.telegram_id, now=turn.now):
        turn.answer(_REFUSALS[state]())
    else:
        turn.answer(None)


def _is_indirect(update: Update) -> bool:
    """Say whether an update does not come from a person writing here: channels, anonymous senders, other bots."""
    message = update.effective_message
    if update.callback_query is not None or message is None:
        return False
    user = update.effective_user
    return user is None or user.is_bot or message.sender_chat is not None or message.via_bot is not None


async def _in_group(turn: Turn, update: Update) -> Screen | None:
    """What happens in a group: it is bound, it moves, it puts the bot out; everybody is sent to their private chat."""
    message, change = update.message, update.my_chat_member
    if change is not None and change.new_chat_member.status in _GONE:
        await undelivered.lose_group(turn.session, turn.office, change.chat.id, turn.now)
    if message is None:
        return None
    if message.migrate_to_chat_id is not None:
        await chats.renumber(turn.session, message.chat.id, message.migrate_to_chat_id)
    if message.text is None or not message.text.startswith("/") or _is_forwarded(message):
        return None
    return await groups.on_command(turn, message.chat.id, message.text)


def _runs(flow: Flow, *, may: Callable[[Turn], bool] | None = None) -> Any:
    """Return a PTB callback that runs a flow on the current turn, where the matrix permits it.

    Args:
        flow: The flow.
        may: What the matrix says; None for the last words on what was not understood, which are everybody's.
    """

    async def callback(update: Update, context: Context) -> None:
        turn = current_turn.get()
        _fill(turn, update)
        if may is not None and not may(turn):
            turn.answer(screens.unknown_command())
            return
        turn.answer(await flow(turn))

    return callback


def _may_use(command: str) -> Callable[[Turn], bool]:
    return lambda turn: access.may(turn.officer.role, command)


def _may_press(turn: Turn) -> bool:
    return rights.may_press(turn.officer, turn.pressed.verb)


def _may_type(turn: Turn) -> bool:
    """Typed text answers what is awaited; where nothing is, it looks a matter up."""
    if turn.draft is not None and turn.draft.awaiting and turn.draft.purpose in frame.TYPED:
        return rights.may_answer(turn.officer, turn.draft.purpose)
    return access.may(turn.officer.role, "guide")


def _may_send_file(turn: Turn) -> bool:
    """A file is what the draft awaits; where nothing is awaited, it is taken for a list."""
    if turn.draft is not None and turn.draft.awaiting == "file":
        return rights.may_answer(turn.officer, turn.draft.purpose)
    return access.may(turn.officer.role, "batch")


def _fill(turn: Turn, update: Update) -> None:
    """Put what was pressed or typed on the turn.

    Raises:
        Refusal: An ID number was typed.
    """
    if update.callback_query is not None:
        turn.press = Press.decode(update.callback_query.data or "")
        if turn.press is None:
            raise Stale  # an older form of button, or a forged one
        return
    message = update.message
    if message is None:
        return
    if message.text is not None:
        turn.hear(_split(message.text)[1] if message.text.startswith("/") else message.text)
        return
    turn.file = _incoming(message)
    said = " ".join(part for part in (message.caption, turn.file.name if turn.file else None) if part)
    turn.hear(said, typed=not _is_forwarded(message))
    if turn.file is not None and turn.file.size > LARGEST_FILE:
        limit = LARGEST_FILE // 1024 // 1024
        raise Refusal(_("Files up to %(limit)d MB can be received. Please send a smaller one.") % {"limit": limit})


def _split(text: str) -> tuple[str, str]:
    """Return a command, and what stands behind it on its line or on the next."""
    command, *rest = text.split(maxsplit=1) or [""]
    return command, "".join(rest).rstrip()


def _incoming(message: Message) -> Incoming | None:
    """Return the file of a message: a document, or a photo in its largest size."""
    if message.document is not None:
        sent = message.document
        return Incoming(sent.file_id, sent.file_name or "", sent.mime_type or "", sent.file_size or 0)
    if message.photo:
        photo = max(message.photo, key=lambda size: size.width * size.height)
        # Telegram makes every photo a JPEG without a name.
        return Incoming(photo.file_id, "photo.jpg", "image/jpeg", photo.file_size or 0)
    return None


async def on_inline(update: Update, context: Context) -> None:
    """The catalogue was asked from some chat; the gate has let an officer past."""
    turn, asked = current_turn.get(), update.inline_query
    if asked is not None:
        turn.found = Found(asked.id, await inline.find(turn, asked.query))
    turn.answer(None)


async def on_membership(update: Update, context: Context) -> None:
    """An officer blocked the bot, or let it write again."""
    turn = current_turn.get()
    change = update.my_chat_member
    if change is not None and turn.person is not None:
        if change.new_chat_member.status in _GONE:
            people.lose(turn.person, turn.now)
        elif not turn.person.reachable:
            await absence.back(turn.session, turn.person, turn.now)
    turn.answer(None)


async def on_anything_else(update: Update, context: Context) -> None:
    """Updates that need no screen still end their turn."""
    current_turn.get().answer(None)


async def on_error(update: object, context: Context) -> None:
    """PTB swallows what a callback raises; the turn keeps it for the dispatcher."""
    current_turn.get().error = context.error
