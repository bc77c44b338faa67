"""Who may do what: the matrix as data, deny by default.

The gate, the command menu and /help all read this table; a command or a button that is not in it is refused.
"""

from typing import Final

from bot.language import pgettext
from storage.tables import Role

_WORKING: Final = frozenset({Role.OFFICER, Role.LIAISON, Role.HEAD, Role.COORDINATOR})
_EVERYBODY: Final = _WORKING | {Role.AUDITOR}
_COORDINATOR: Final = frozenset({Role.COORDINATOR})
_HANDING_OVER: Final = frozenset({Role.LIAISON, Role.HEAD, Role.COORDINATOR})
_RETURNING: Final = frozenset({Role.LIAISON, Role.HEAD, Role.COORDINATOR, Role.AUDITOR})

COMMANDS: Final = {
    "start": _EVERYBODY,
    "guide": _EVERYBODY,
    "new": _WORKING,
    "my": _WORKING,
    "find": _EVERYBODY,
    "batch": _WORKING,
    "sheet": _WORKING,
    "cover": _WORKING,
    "handover": _HANDING_OVER,
    "feedback": _WORKING,
    "quarter": _RETURNING,
    "calendar": _EVERYBODY,
    "try": _EVERYBODY,
    "study": _EVERYBODY,
    "invite": _COORDINATOR,
    "doctor": _COORDINATOR,
    "settings": _EVERYBODY,
    "language": _EVERYBODY,
    "help": _EVERYBODY,
    "cancel": _EVERYBODY,
}
"""Command -> roles; the order is that of the menu."""


def may(role: Role, command: str) -> bool:
    """Say whether a role may use a command."""
    return role in COMMANDS.get(command, frozenset())


def describe(command: str) -> str:
    """Return a command's line in the menu."""
    return {
        "start": pgettext("command", "Begin"),
        "guide": pgettext("command", "Which credit products a matter needs"),
        "new": pgettext("command", "Make a ledger entry"),
        "my": pgettext("command", "My ledger entries"),
        "find": pgettext("command", "Find in the ledger"),
        "batch": pgettext("command", "Check a list of counterparts"),
        "sheet": pgettext("command", "The ledger as a sheet, in or out"),
        "cover": pgettext("command", "Leave cover"),
        "handover": pgettext("command", "Hand over everything of a colleague"),
        "quarter": pgettext("command", "Quarterly returns and summary"),
        "feedback": pgettext("command", "Feed back a problem or suggestion"),
        "calendar": pgettext("command", "Working calendar"),
        "try": pgettext("command", "Try a matter without recording"),
        "study": pgettext("command", "Cases for study by the legal division"),
        "invite": pgettext("command", "Invite a colleague"),
        "doctor": pgettext("command", "State of the bot"),
        "settings": pgettext("command", "Settings"),
        "language": pgettext("command", "Language"),
        "help": pgettext("command", "How to use"),
        "cancel": pgettext("command", "Give up what was begun"),
    }[command]


def role_name(role: Role) -> str:
    """Return a role in the office's words."""
    return {
        Role.OFFICER: pgettext("role", "handling officer"),
        Role.LIAISON: pgettext("role", "unit liaison"),
        Role.HEAD: pgettext("role", "head of unit"),
        Role.COORDINATOR: pgettext("role", "coordinator"),
        Role.AUDITOR: pgettext("role", "auditor, read only"),
    }[role]
