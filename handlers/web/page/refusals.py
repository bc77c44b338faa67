"""Why the file page refuses, and what it says then: what is wrong and what to do next."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from bot.language import DEFAULT_LANGUAGE, _
from storage.tables import Person


class Why(StrEnum):
    """Why the page refuses; the word stands in the audit line."""

    FORGED = "forged"
    EXPIRED = "expired"
    USED = "used"
    FORM = "form"
    SESSION = "session"
    SUSPENDED = "suspended"
    TOO_LARGE = "too_large"
    EMPTY = "empty"
    BROKEN = "broken"
    GONE = "gone"
    NOWHERE = "nowhere"


STATUS: Final[Mapping[Why, int]] = {
    Why.FORGED: 404,
    Why.EXPIRED: 410,
    Why.USED: 410,
    Why.FORM: 403,
    Why.SESSION: 403,
    Why.SUSPENDED: 403,
    Why.TOO_LARGE: 413,
    Why.EMPTY: 400,
    Why.BROKEN: 400,
    Why.GONE: 410,
    Why.NOWHERE: 404,
}
"""The answer's status, as in HTTP."""


class Refused(Exception):
    """The page refuses a request.

    Args:
        why: The reason.
        person: Whose link or session it is, where that is known; the answer is in their language.
    """

    def __init__(self, why: Why, person: Person | None = None) -> None:
        super().__init__(why.value)
        self.why = why
        self.person_id = person.id if person else None  # read now: the transaction that is left takes the row along
        self.language = person.language if person else DEFAULT_LANGUAGE


def sentence(why: Why, megabytes: int) -> str:
    """Return what the officer reads, in the language in force.

    Args:
        why: The reason.
        megabytes: The size of the largest file.
    """
    return {
        Why.FORGED: _("There is no such page. Please open the link in the chat again."),
        Why.EXPIRED: _("The link has expired. Please ask for a new one in the chat."),
        Why.USED: _("The link was used already. Please ask for a new one in the chat."),
        Why.FORM: _("The page is out of date. Please open the link in the chat again."),
        Why.SESSION: _("Your time on this page is over. Please ask for a new link in the chat."),
        Why.SUSPENDED: _("You may not use this page at present. Please ask the coordinator."),
        Why.TOO_LARGE: _("The file is larger than %(megabytes)d MB and was not received. Please send a smaller one.")
        % {"megabytes": megabytes},
        Why.EMPTY: _("No file was received. Please go back, choose a file that is not empty and upload it again."),
        Why.BROKEN: _("The file did not arrive whole. Please go back and upload it again."),
        Why.GONE: _("The file is no longer kept. Please ask for it again in the chat."),
        Why.NOWHERE: _("There is no such page. Please open the link in the chat again."),
    }[why]
