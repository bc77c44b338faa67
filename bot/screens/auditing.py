"""The audit as auditors and coordinators read it: who did what, when, to what; never what stood in it."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.dates import format_day
from bot.language import _, pgettext
from bot.screens.screen import Button, Press, Screen, bold, esc, lines
from bot.screens.timeline import WORDS

PAGE: Final = 8  # lines on one screen of a phone
_GROUP: Final = 4  # digits of a head that are read out together
SHOWN_HEAD: Final = 16  # digits of a head; as many as tell it from any other


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the audit.

    Args:
        id: Its number in the chain.
        at: Local time.
        who: Who acted; None for the assistant itself.
        verb: What was done.
        subject: To what, in the office's words; empty where there is nothing to name.
    """

    id: int
    at: dt.datetime
    who: str | None
    verb: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """How far the chain of seals has come.

    Args:
        head: Its newest value; None while nothing is sealed.
        lines: How many lines are under it.
    """

    head: str | None
    lines: int


def shown(
    found: Sequence[Line], chain: Chain, *, today: dt.date, about: str, select: str, older: int | None, newest: bool
) -> Screen:
    """A page of the audit, newest first.

    Args:
        found: The lines.
        chain: How far the chain has come.
        today: Local date.
        about: Whose or which lines these are; empty for all.
        select: The same as a button says it; empty for all.
        older: The line before which the next page begins; None where this is the last.
        newest: Whether this page begins with the newest line.
    """
    text = lines(
        bold(_("Audit record")),
        esc(about) if about else None,
        "",
        *([_line(each, today) for each in found] or [esc(_("Nothing is recorded."))]),
        "",
        esc(_("Sealed lines: %(n)d") % {"n": chain.lines}),
        esc(_("Check value: %(head)s") % {"head": spaced(chain.head)}) if chain.head else None,
        esc(_("By entry: /audit %(number)s; by person: /audit and the name")
            % {"number": "大气2026-1"}) if not about else None,
    )  # fmt: skip
    turning = []
    if not newest:
        turning.append(Button(pgettext("button", "Newest"), Press("aud", arg=select)))
    if older is not None:
        turning.append(Button(pgettext("button", "Older"), Press("aud", older, arg=select)))
    everything = (Button(pgettext("button", "All lines"), Press("aud")),) if select else ()
    return Screen("audit", text, tuple(row for row in (tuple(turning), everything) if row))


def posted(head: str, count: int, at: str) -> Screen:
    """The day's value, to be kept outside the database.

    Args:
        head: The newest seal's head.
        count: How many lines are under it.
        at: The moment, as the office writes it.
    """
    text = lines(
        bold(_("Check value of the audit")),
        esc(_("Up to %(at)s, %(n)d lines are sealed") % {"at": at, "n": count}),
        f"<code>{esc(spaced(head))}</code>",
        esc(_("Please keep this message. Maintainers can prove by it that no record was changed or cut off later.")),
    )
    return Screen("audit_head", text, stays=True)


def spaced(head: str) -> str:
    """Return the beginning of a head, in groups that can be read out."""
    short = head[:SHOWN_HEAD]
    return " ".join(short[at : at + _GROUP] for at in range(0, len(short), _GROUP))


def verb_words(verb: str) -> str:
    """Return what was done, in the office's words; what has none of its own is named by its kind."""
    words = WORDS.get(verb) or _MORE.get(verb) or _KINDS.get(verb.partition(".")[0])
    return words() if words is not None else _("did something else")


def knows(verb: str) -> bool:
    """Say whether a verb of the audit can be said, if only by its kind."""
    return verb in WORDS or verb in _MORE or verb.partition(".")[0] in _KINDS


def _line(line: Line, today: dt.date) -> str:
    when = f"{format_day(line.at.date(), today=today)} {line.at:%H:%M}"
    subject = f" · {line.subject}" if line.subject else ""
    who = line.who or _("the assistant")
    return esc(f"{when} {who} {verb_words(line.verb)}{subject}")


_MORE: Final[Mapping[str, Callable[[], str]]] = {
    "request.look": lambda: _("opened the entry"),
    "counterpart.look": lambda: _("looked at a counterpart"),
    "opinion.look": lambda: _("looked at an opinion"),
    "attachment.look": lambda: _("looked at a file"),
    "find.export": lambda: _("exported a list"),
    "ledger.export": lambda: _("exported the ledger"),
    "ledger.import": lambda: _("imported a ledger"),
    "page.open": lambda: _("opened a link to the file page"),
    "page.look": lambda: _("looked at the file page"),
    "page.download": lambda: _("fetched a file from the file page"),
    "page.upload": lambda: _("handed a file in on the file page"),
    "page.refused": lambda: _("was refused by the file page"),
    "person.erase": lambda: _("erased personal details"),
    "person.join": lambda: _("joined"),
    "person.appoint": lambda: _("made a person a coordinator, by the server's settings"),
    "person.suspend": lambda: _("suspended a person"),
    "person.resume": lambda: _("let a person work again"),
    "person.role": lambda: _("changed a person's role"),
    "person.unit": lambda: _("moved a person to another unit"),
    "person.leave": lambda: _("noted that a person has left"),
    "invite.make": lambda: _("made an invitation"),
}
_KINDS: Final[Mapping[str, Callable[[], str]]] = {
    "request": lambda: _("changed the entry"),
    "commitment": lambda: _("worked on a commitment"),
    "report": lambda: _("worked on a credit report"),
    "opinion": lambda: _("worked on an opinion"),
    "attachment": lambda: _("worked on a file"),
    "paper": lambda: _("had a paper made"),
    "counterpart": lambda: _("changed a counterpart's names or codes"),
    "find": lambda: _("searched the ledger"),
    "ledger": lambda: _("worked on a ledger sheet"),
    "batch": lambda: _("worked on a list"),
    "guide": lambda: _("used the guide"),
    "referral": lambda: _("worked on a case for study"),
    "issue": lambda: _("worked on a feedback"),
    "quarter": lambda: _("worked on a quarterly return"),
    "summary": lambda: _("worked on the quarterly summary"),
    "cover": lambda: _("changed leave cover"),
    "calendar": lambda: _("changed the working calendar"),
    "reminder": lambda: _("worked on a reminder"),
    "notice": lambda: _("worked on a notification"),
    "group": lambda: _("worked on a group"),
    "chat": lambda: _("worked on a group"),
    "person": lambda: _("changed a person's record"),
    "invite": lambda: _("worked on an invitation"),
    "unit": lambda: _("changed a unit"),
    "matter": lambda: _("changed the catalogue"),
    "catalogue": lambda: _("changed the catalogue"),
    "pack": lambda: _("changed the policy pack in force"),
    "rules": lambda: _("changed the rules of the bureau"),
    "digest": lambda: _("worked on a reminder"),
    "policy": lambda: _("changed the policy pack in force"),
    "setting": lambda: _("changed a setting"),
    "page": lambda: _("used the file page"),
    "audit": lambda: _("looked at the audit record"),
    "retention": lambda: _("let data go whose time was over"),
    "database": lambda: _("made a copy of the database"),
    "key": lambda: _("changed the encryption key"),
    "clock": lambda: _("noted a step of the clock"),
}
"""Kind of a verb -> its words, for verbs that have none of their own."""
