"""Who may do what: the matrix as data, deny by default.

The gate, the command menus, /help and the queries all read it: a command or a right that has no row is nobody's. How
far a right goes over own and other units' entries stands in the rows of ``bot.roles``; which right a button, a typed
answer, a job or a notification belongs to stands in ``handlers.rights``.
"""

from collections.abc import Mapping
from typing import Final

from bot import roles
from bot.language import pgettext
from bot.roles import Reach, Role, Row

_WORKING: Final = roles.CHANGES
_EVERYBODY: Final[Row] = dict.fromkeys(Role, Reach.OWN)
_COORDINATOR: Final = roles.ADMINISTERS
_RETURNING: Final[Row] = {role: reach for role, reach in roles.READS.items() if reach is not Reach.OWN}

COMMANDS: Final[Mapping[str, Row]] = {
    "start": _EVERYBODY,
    "guide": _EVERYBODY,
    "new": _WORKING,
    "my": _WORKING,
    "later": _WORKING,
    "find": roles.READS,
    "batch": _WORKING,
    "sheet": _WORKING,
    "cover": roles.SETS_COVER,
    "handover": roles.CLEARS_DESKS,
    "feedback": _WORKING,
    "quarter": _RETURNING,
    "stats": roles.COUNTS,
    "calendar": _EVERYBODY,
    "try": _EVERYBODY,
    "study": _EVERYBODY,
    "office": _COORDINATOR,
    "invite": _COORDINATOR,
    "doctor": _COORDINATOR,
    "audit": roles.SEES_ALL,
    "erase": _COORDINATOR,
    "settings": _EVERYBODY,
    "language": _EVERYBODY,
    "help": _EVERYBODY,
    "cancel": _EVERYBODY,
}
"""Command -> who may use it, and how far; the order is that of the menu."""
RIGHTS: Final[Mapping[str, Row]] = {
    "entry.read": roles.READS,
    "entry.change": roles.CHANGES,
    "entry.hand": roles.HANDS_OVER,
    "refer": _WORKING,
    "refer.answer": _COORDINATOR,
    "feedback.answer": _COORDINATOR,
    "quarter.read": roles.READS,
    "quarter.return": roles.HANDS_OVER,
    "group.bind": roles.CLEARS_DESKS,
    "quarter.sum": _COORDINATOR,
    "counterpart.keep": _COORDINATOR,
    "calendar.change": _COORDINATOR,
    "people.answer": _COORDINATOR,
    "people.keep": _COORDINATOR,
    "rules.propose": _WORKING,
    "rules.keep": _COORDINATOR,
}
"""What no command of its own stands for."""
ADOPT: Final = "rules.adopt"
"""The job that lets this process work by rules that have just been put in force."""
MENUS: Final = "menus"
"""The job that brings each chat's command menu up to its owner's role; recorded with every change of a role."""
NOBODYS: Final = "nobody's"
"""The right of work that the assistant does for itself; no role has it."""


def row(right: str) -> Row:
    """Return who has a right, a command's or another, and how far; an unknown one is nobody's."""
    return COMMANDS.get(right) or RIGHTS.get(right) or {}


def may(role: Role, right: str) -> bool:
    """Say whether a role has a right at all."""
    return role in row(right)


def menu(role: Role) -> list[tuple[str, str]]:
    """Return a role's commands with their lines, in the order of the menu."""
    return [(name, describe(name)) for name in COMMANDS if may(role, name)]


def describe(command: str) -> str:
    """Return a command's line in the menu."""
    return {
        "start": pgettext("command", "Begin"),
        "guide": pgettext("command", "Which credit products a matter needs"),
        "new": pgettext("command", "Make a ledger entry"),
        "my": pgettext("command", "My ledger entries"),
        "later": pgettext("command", "Reminders put off"),
        "find": pgettext("command", "Find in the ledger"),
        "batch": pgettext("command", "Check a list of counterparts"),
        "sheet": pgettext("command", "The ledger as a sheet, in or out"),
        "cover": pgettext("command", "Leave cover"),
        "handover": pgettext("command", "Hand over everything of a colleague"),
        "quarter": pgettext("command", "Quarterly returns and summary"),
        "stats": pgettext("command", "Figures of any period"),
        "feedback": pgettext("command", "Feed back a problem or suggestion"),
        "calendar": pgettext("command", "Working calendar"),
        "try": pgettext("command", "Try a matter without recording"),
        "study": pgettext("command", "Cases for study by the legal division"),
        "office": pgettext("command", "People, units, catalogue and settings"),
        "invite": pgettext("command", "Invite a colleague"),
        "doctor": pgettext("command", "State of the bot"),
        "audit": pgettext("command", "Audit record"),
        "erase": pgettext("command", "Erase a natural person's details"),
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
