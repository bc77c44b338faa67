"""An answer on its way from the transaction that made it to the chat that is to show it."""

from dataclasses import dataclass
from typing import Any

from bot.screens.screen import Screen


@dataclass(frozen=True, slots=True)
class Delivery:
    """One answer on its way: kept with the update until it has been shown.

    Args:
        chat_id: The private chat.
        screen: What to show; None where only the press is to be answered.
        edit: The message that was pressed, to be edited; None for a new message.
        query: The press to be answered.
        delete: The officer's own message to take away, because an ID number stood in it.
        language: The officer's language, for the label of a repetition.
    """

    chat_id: int
    screen: Screen | None
    edit: int | None = None
    query: str | None = None
    delete: int | None = None
    language: str = "zh_CN"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON for the inbox row."""
        return {
            "chat_id": self.chat_id,
            "screen": self.screen.to_json() if self.screen else None,
            "edit": self.edit,
            "query": self.query,
            "delete": self.delete,
            "language": self.language,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Delivery":
        """Read a kept answer back."""
        screen = Screen.from_json(data["screen"]) if data["screen"] else None
        return cls(**(data | {"screen": screen}))
