"""Cases for study: the notification to the coordinators, the list, one case, and its answer."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.dates import format_day
from bot.guidance import Answered
from bot.language import _, pgettext
from bot.policy.model import MATTER
from bot.screens.guide import answer_line
from bot.screens.keys import Keys
from bot.screens.paging import page_line, turning
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import labelled

LIST: Final = "study"
_LABEL: Final = 40  # characters of a button

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A case that was handed to the legal division.

    Args:
        number: Its number.
        division: Short name of the legal division.
        unit: The officer's unit.
        officer: The officer's name; may be empty.
        matter: The matter's name.
        answers: What was answered in the guide.
        on: The matter's date.
        today: The reader's date.
        note: What the officer wrote.
        waits: Whether it waits for an answer.
        withdrawn: Whether the officer took it back.
        answer: What was answered; None where it was settled otherwise, or still waits.
        settled_by: Who answered or closed it.
        settled_on: When, local date.
    """

    number: int
    division: str
    unit: str
    officer: str
    matter: str
    answers: Sequence[Answered]
    on: dt.date
    today: dt.date
    note: str | None
    waits: bool = True
    withdrawn: bool = False
    answer: str | None = None
    settled_by: str = ""
    settled_on: dt.date | None = None

    def press(self, verb: str) -> Press:
        """Return a press about this case."""
        return Press(verb, self.number)


@dataclass(frozen=True, slots=True)
class Brief:
    """One line of the list.

    Args:
        number: The case's number.
        matter: The matter's name.
        asker: The officer's unit and name.
        on: When it was handed over, local date.
        waits: Whether it waits for an answer.
        withdrawn: Whether the officer took it back.
    """

    number: int
    matter: str
    asker: str
    on: dt.date
    waits: bool
    withdrawn: bool


def waiting(asked: Asked) -> Screen:
    """Tell a coordinator about a case: who asks, about which matter, with which answers."""
    rest = (Button(pgettext("button", "Cases for study"), Press(LIST)),)
    return Screen("referral.waiting", lines(*_facts(asked)), (*_answering(asked), rest), stays=True)


def shown(asked: Asked, *, answers: bool, owns: bool) -> Screen:
    """Return one case.

    Args:
        asked: The case.
        answers: Whether the reader answers it.
        owns: Whether the reader asked it, and may take it back while it waits.
    """
    rows: Rows = _answering(asked) if answers and asked.waits else ()
    if owns and asked.waits:
        rows = (*rows, (Button(pgettext("button", "Take the case back"), asked.press("sback")),))
    back = (Button(pgettext("button", "Cases for study"), Press(LIST)),)
    return Screen("referral.case", lines(*_facts(asked), *_outcome(asked)), (*rows, back))


def asking(asked: Asked, keys: Keys, *, longest: int) -> Screen:
    """Ask a coordinator for the answer."""
    text = lines(
        *_facts(asked),
        "",
        esc(
            _("Please send the answer, at most %(most)d characters. Names of persons stay outside.") % {"most": longest}
        ),
    )
    return Screen("referral.asking", text, ((keys.button(pgettext("button", "Cancel"), "soff"),),))


def confirming(asked: Asked, answer: str, keys: Keys) -> Screen:
    """Show an answer before it goes to the officer; another text takes its place."""
    text = lines(
        bold(_title(asked)),
        esc(_("Number %(number)d, %(matter)s") % {"number": asked.number, "matter": asked.matter}),
        esc(_("Answer: %(answer)s") % {"answer": answer}),
        esc(_("It goes to %(who)s, and the case is closed. To change it, send another text.") % {"who": _asker(asked)}),
    )
    rows = (
        (keys.button(pgettext("button", "Send the answer"), "sgo", style=Style.SUCCESS),),
        (keys.button(pgettext("button", "Cancel"), "soff"),),
    )
    return Screen("referral.confirm", text, rows)


def closing(asked: Asked) -> Screen:
    """Ask before a case is closed without an answer in words."""
    text = lines(
        *_facts(asked),
        "",
        esc(_("Close the case because it was answered otherwise? The officer is told that it is closed.")),
    )
    rows = (
        (Button(pgettext("button", "Close the case"), asked.press("sshut"), Style.DANGER),),
        (Button(pgettext("button", "Back"), asked.press("scase")),),
    )
    return Screen("referral.closing", text, rows)


def settled(asked: Asked) -> Screen:
    """Tell the officer what was answered, or that the case is closed."""
    text = lines(
        bold(_title(asked)),
        esc(_("Number %(number)d, %(matter)s") % {"number": asked.number, "matter": asked.matter}),
        *_outcome(asked),
    )
    rows = (
        (
            Button(pgettext("button", "Open"), asked.press("scase")),
            Button(pgettext("button", "Find products"), Press("guide"), Style.PRIMARY),
        ),
    )
    return Screen("referral.settled", text, rows, stays=True)


def listing(briefs: Sequence[Brief], *, waiting: int, total: int, page: int, pages: int, today: dt.date) -> Screen:
    """Return a page of the cases that the reader sees.

    Args:
        briefs: The cases of this page.
        waiting: How many wait for an answer.
        total: How many there are.
        page: From 0.
        pages: How many pages there are.
        today: Local date.
    """
    count = _("%(n)d in all, %(waiting)d to be answered") % {"n": total, "waiting": waiting}
    text = lines(
        bold(_("Cases for study")),
        esc(count) if total else esc(_("There are no cases here.")),
        page_line(page, pages),
        *("\n" + _brief(each, today) for each in briefs),
    )
    rows = tuple((Button(f"{each.number} {each.matter}"[:_LABEL], Press("scase", each.number)),) for each in briefs)
    return Screen("referral.list", text, (*rows, *turning(page, pages, lambda to: Press(LIST, arg=str(to)))))


def _brief(each: Brief, today: dt.date) -> str:
    day = format_day(each.on, today=today)
    parts = [each.asker, day, _state(waits=each.waits, withdrawn=each.withdrawn)]
    first = _("Number %(number)d, %(matter)s") % {"number": each.number, "matter": each.matter}
    return lines(esc(first), esc(pgettext("list", ", ").join(part for part in parts if part)))


def _state(*, waits: bool, withdrawn: bool) -> str:
    if waits:
        return pgettext("referral", "to be answered")
    return pgettext("referral", "taken back") if withdrawn else pgettext("referral", "closed")


def _title(asked: Asked) -> str:
    return _("[%(title)s]") % {"title": _("For study by %(division)s") % {"division": asked.division}}


def _asker(asked: Asked) -> str:
    return f"{asked.unit} {asked.officer}".strip()


def _facts(asked: Asked) -> list[str]:
    asker = {"number": asked.number, "unit": asked.unit, "officer": asked.officer}
    said = [
        bold(_title(asked)),
        esc(_("Number %(number)d, %(unit)s %(officer)s") % asker).strip(),
        bold(asked.matter),
        *(esc(answer_line(item)) for item in asked.answers if item.question.id != MATTER),
        esc(_("Matter's date: %(day)s") % {"day": format_day(asked.on, today=asked.today)}),
    ]
    return [*said, esc(_("Note: %(note)s") % {"note": asked.note})] if asked.note else said


def _outcome(asked: Asked) -> list[str]:
    """Return what became of a case: its answer and who gave it."""
    if asked.waits:
        return [esc(_("State: %(state)s") % {"state": _state(waits=True, withdrawn=False)})]
    if asked.withdrawn:
        return [esc(_("State: %(state)s") % {"state": _state(waits=False, withdrawn=True)})]
    day = format_day(asked.settled_on, today=asked.today) if asked.settled_on else ""
    by = labelled(_("Answered by"), pgettext("list", ", ").join(part for part in (asked.settled_by, day) if part))
    if asked.answer is None:
        return [esc(_("Closed; it was answered otherwise.")), by]
    return [esc(_("Answer: %(answer)s") % {"answer": asked.answer}), by]


def _answering(asked: Asked) -> Rows:
    return (
        (Button(pgettext("button", "Answer"), asked.press("sans"), Style.PRIMARY),),
        (Button(pgettext("button", "Answered otherwise, close"), asked.press("sclos")),),
    )
