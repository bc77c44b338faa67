"""ID numbers in an update: struck out before it is stored, and known afterwards by what stands in their place."""

from typing import Any, Final

from bot.identifiers import ID_NUMBER_MARKER, without_id_numbers

NOT_WRITTEN: Final = frozenset(
    {"id", "file_id", "file_unique_id", "chat_instance", "custom_emoji_id", "inline_message_id", "media_group_id"}
)
"""Texts of an update that Telegram makes; all others people can write."""
_SENT: Final = ("message", "edited_message")
_NOT_IN_IT: Final = frozenset({"from", "chat", "reply_to_message", "pinned_message"})
"""What stands beside a message's content: whose it is, and other messages, which its deletion would leave."""


def scrub(value: Any, key: str = "") -> Any:
    """Return an update with every valid ID number in what people can write replaced by a marker.

    Halves of characters, which JSON can carry and no database can keep, become question marks.
    """
    if isinstance(value, dict):
        return {name: scrub(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [scrub(inner, key) for inner in value]
    if not isinstance(value, str):
        return value
    whole = value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    return whole if key in NOT_WRITTEN else without_id_numbers(whole)[0]


def held_id_number(update: dict[str, Any]) -> bool:
    """Say whether an ID number was struck out of what a message, or an edited one, says in whatever way."""
    return any(
        ID_NUMBER_MARKER in str(said)
        for kind in _SENT
        for part, said in update.get(kind, {}).items()
        if part not in _NOT_IN_IT
    )
