"""The screens of problems and suggestions (问题与建议): the list, one of them, and what both sides are told."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from bot.dates import format_day
from bot.finding import kind_name as product_name
from bot.issues import IssueState, Problem, kind_name, state_name
from bot.language import _, ngettext, pgettext
from bot.screens.paging import page_count, page_line, turning
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import labelled

PAGE: Final = 6
ANSWERS: Final = 3  # the newest on the screen; all are kept
_SHORT: Final = 24  # characters of a problem in a list


def overview(
    problems: Sequence[Problem], office: str, *, page: int, total: int, today: dt.date, everybody: bool
) -> Screen:
    """The problems of an officer, or of the bureau for a coordinator.

    Args:
        problems: Those of the page.
        office: The credit office's name.
        page: The page, from 0.
        total: How many there are in all.
        today: Local date.
        everybody: Whether they are the bureau's.
    """
    pages = page_count(total, size=PAGE)
    count = ngettext("%(n)d problem in all", "%(n)d problems in all", total) % {"n": total}
    text = lines(
        bold(_("Problems and suggestions")),
        esc(count) if total else esc(_("Nothing was fed back yet.")),
        page_line(page, pages),
        *(_in_list(each, office, today, everybody=everybody) for each in problems),
    )
    rows = [
        tuple(_open_button(each) for each in problems[at : at + 3])
        for at in range(0, len(problems), 3)
    ]  # fmt: skip
    rows += turning(page, pages, lambda to: Press("fbls", arg=str(to)))
    new = Button(pgettext("button", "Feed back a problem"), Press("fbnew"), Style.PRIMARY)
    return Screen("feedback", text, (*rows, (new,)))


def one(
    problem: Problem, office: str, *, today: dt.date, may_act: bool, said: str | None = None, aside: bool = False
) -> Screen:
    """One problem with everything that was answered to it.

    Args:
        problem: The problem.
        office: The credit office's name.
        today: Local date.
        may_act: Whether the reader deals with it.
        said: A sentence that comes last, such as what happens next.
        aside: Whether it is a notification's own message.
    """
    about = [kind_name(problem.kind), problem.matter, product_name(problem.product) if problem.product else None]
    who = {"unit": problem.unit, "officer": problem.officer, "day": format_day(problem.on, today=today)}
    text = lines(
        bold(_("[%(title)s] No. %(number)d") % {"title": _("Problems and suggestions"), "number": problem.id}),
        esc(_("%(unit)s %(officer)s, %(day)s") % who),
        esc(pgettext("list", ", ").join(each for each in about if each)),
        esc(problem.text),
        labelled(pgettext("label", "State"), state_name(problem.state, office)),
        *(
            labelled(_("Answer of %(day)s") % {"day": format_day(each.on, today=today)}, each.text)
            for each in problem.answers[-ANSWERS:]
        ),
        "" if said else None,
        esc(said) if said else None,
    )
    rows = _acts(problem, office) if may_act else ()
    listed = (Button(pgettext("button", "Problems and suggestions"), Press("fbls")),)
    return Screen("feedback_one", text, rows if aside else (*rows, listed), aside=aside)


def _acts(problem: Problem, office: str) -> tuple[tuple[Button, ...], ...]:
    answer = Button(
        pgettext("button", "Answer"), Press("fbans", problem.id, problem.version), Style.PRIMARY
    )  # fmt: skip
    others = [
        Button(state_name(state, office), Press("fbset", problem.id, problem.version, state.value))
        for state in (IssueState.WORKING, IssueState.PASSED_ON, IssueState.CLOSED)
        if state is not problem.state
    ]
    return (answer,), tuple(others[:2]), *((tuple(others[2:]),) if others[2:] else ())


def _in_list(problem: Problem, office: str, today: dt.date, *, everybody: bool) -> str:
    short = problem.text if len(problem.text) <= _SHORT else problem.text[: _SHORT - 1] + "…"
    head = _("No. %(number)d %(state)s, %(day)s") % {
        "number": problem.id,
        "state": state_name(problem.state, office),
        "day": format_day(problem.on, today=today),
    }
    unit = f"{problem.unit} " if everybody else ""
    return lines("", esc(head), esc(f"{unit}{short}"))


def _open_button(problem: Problem) -> Button:
    return Button(_("No. %(number)d") % {"number": problem.id}, Press("fbone", problem.id))
