"""Methods on the bot's own profile: who it is, its command menus and descriptions, chats, the webhook's setting."""

import json
from collections.abc import Callable
from typing import Any, Final

from handlers.web.botapi.html import utf16_length
from handlers.web.botapi.model import Wire
from handlers.web.botapi.people import People
from handlers.web.botapi.rules import bad, boolean, commands_of, structure

_SCOPES: Final = {
    "default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat", "chat_administrators",
    "chat_member",
}  # fmt: skip


class Profile:
    """The bot's card: command menus by scope and language, descriptions by language, menu buttons by chat."""

    def __init__(self) -> None:
        self.commands: dict[tuple[str, str], list[Wire]] = {}
        self.texts: dict[tuple[str, str], str] = {}
        self.menu_buttons: dict[str, Wire] = {}

    def commands_for(self, user_id: int, language_code: str) -> list[Wire]:
        """Return the menu that a person sees in the private chat: the narrowest scope, their language first."""
        own = {"type": "chat", "chat_id": user_id}
        for scope in (own, {"type": "all_private_chats"}, {"type": "default"}):
            for language in (language_code.split("-")[0].lower(), ""):
                if found := self.commands.get((_key(scope), language)):
                    return found
        return []

    def methods(self, api: People) -> dict[str, Callable[[Wire], Any]]:
        """Return the methods by name, bound to a server."""
        return {
            "getMe": lambda _: _me(api),
            "setMyCommands": self._set_commands,
            "getMyCommands": lambda params: self.commands.get(_place(params), []),
            "deleteMyCommands": self._delete_commands,
            "setMyDescription": lambda params: self._set_text(params, "description", 512),
            "getMyDescription": lambda params: self._text(params, "description"),
            "setMyShortDescription": lambda params: self._set_text(params, "short_description", 120),
            "getMyShortDescription": lambda params: self._text(params, "short_description"),
            "setChatMenuButton": lambda params: self._set_menu(api, params),
            "getChatMenuButton": self._menu,
            "getChat": lambda params: _chat(api, params),
            "setWebhook": lambda params: _set_webhook(api, params),
            "deleteWebhook": lambda params: _delete_webhook(api, params),
            "getWebhookInfo": lambda _: _webhook(api),
            "logOut": lambda _: True,
        }

    def _set_commands(self, params: Wire) -> bool:
        self.commands[_place(params)] = commands_of(params)
        return True

    def _delete_commands(self, params: Wire) -> bool:
        self.commands.pop(_place(params), None)
        return True

    def _set_text(self, params: Wire, name: str, limit: int) -> bool:
        text = str(params.get(name) or "")
        if utf16_length(text) > limit:
            raise bad(f"{name.replace('_', ' ')} is too long")
        self.texts[name, _language(params)] = text
        return True

    def _text(self, params: Wire, name: str) -> Wire:
        fallback = self.texts.get((name, ""), "")
        return {name: self.texts.get((name, _language(params)), fallback)}

    def _set_menu(self, api: People, params: Wire) -> bool:
        button = structure(params, "menu_button", dict) or {"type": "default"}
        if button.get("type") not in {"default", "commands", "web_app"}:
            raise bad("unsupported menu button type")
        if "chat_id" in params:
            api.known(str(params["chat_id"]))
        self.menu_buttons[str(params.get("chat_id", ""))] = button
        return True

    def _menu(self, params: Wire) -> Wire:
        return self.menu_buttons.get(str(params.get("chat_id", "")), {"type": "default"})


def _key(scope: Wire) -> str:
    return json.dumps(scope, sort_keys=True)


def _language(params: Wire) -> str:
    language = str(params.get("language_code") or "")
    if language and not (len(language) == 2 and language.isascii() and language.isalpha()):
        raise bad("invalid language code specified")  # two letters: "zh", not "zh-hans"
    return language


def _place(params: Wire) -> tuple[str, str]:
    scope = structure(params, "scope", dict) or {"type": "default"}
    if scope.get("type") not in _SCOPES:
        raise bad("unsupported scope of bot commands")
    number = str(scope.get("chat_id", ""))
    if number.removeprefix("-").isdigit():
        scope = {**scope, "chat_id": int(number)}
    return _key(scope), _language(params)


def _me(api: People) -> Wire:
    told = dict.fromkeys(("can_read_all_group_messages", "has_main_web_app"), False)
    return api.me | {"can_join_groups": True, "supports_inline_queries": True} | told


def _chat(api: People, params: Wire) -> Wire:
    chat = api.known(str(params.get("chat_id", "")))
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    wire = chat.wire() | {"accent_color_id": 0, "max_reaction_count": 11}
    wire["accepted_gift_types"] = dict.fromkeys(gifts, False)
    pinned = api.find(chat.id, chat.pinned) if chat.pinned else None
    return wire | ({"pinned_message": pinned.wire()} if pinned else {})


def _set_webhook(api: People, params: Wire) -> bool:
    url = str(params.get("url") or "")
    if url and not url.startswith("https://"):
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    api.updates.webhook = url
    allowed = structure(params, "allowed_updates", list)
    if allowed is not None:
        api.updates.allowed = frozenset(allowed)
    if boolean(params, "drop_pending_updates"):
        api.updates.forget()
    return True


def _delete_webhook(api: People, params: Wire) -> bool:
    api.updates.webhook = ""
    if boolean(params, "drop_pending_updates"):
        api.updates.forget()
    return True


def _webhook(api: People) -> Wire:
    waiting = len(api.updates.pending())
    return {"url": api.updates.webhook, "has_custom_certificate": False, "pending_update_count": waiting}
