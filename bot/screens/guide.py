"""The guide's screens: finding the matter, one question a step, editing, handing over."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.dates import format_day
from bot.guidance import Answered, Ask
from bot.language import _, pgettext
from bot.policy.model import OTHER, Category, Matter, Option
from bot.screens.keys import Keys
from bot.screens.paging import page_line, paged, turning
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines

PAGE: Final = 12  # matters on one screen
_CATEGORIES_IN_A_ROW: Final = 2
_LONGEST_ECHO: Final = 30
_LONGEST_LABEL: Final = 40
_LONGEST_IN_A_ROW_OF: Final = {2: 8, 3: 3}  # options in a row -> characters of a label

Row = tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class View:
    """What the screens of one guide have in common.

    Args:
        keys: The draft's buttons.
        division: Name of the unit that is the legal division, such as 政法处.
        direct: Whether it leads straight to an entry in the ledger.
        what_if: Whether nothing is recorded (试算).
        acts: Whether an entry or a referral may follow.
        notice: A sentence above the rest, such as which answers must be given again.
    """

    keys: Keys
    division: str
    direct: bool = False
    what_if: bool = False
    acts: bool = True
    notice: str | None = None

    def title(self, name: str | None = None, shelf: str = "") -> str:
        """Return the heading: the matter once there is one, its category, and whether anything is recorded."""
        heading = bold(_("[%(title)s]") % {"title": name or self._purpose()}) + esc(shelf)
        return heading + " " + esc(_("Trial run, nothing is recorded")) if self.what_if else heading

    def _purpose(self) -> str:
        return _("Enter in the ledger") if self.direct else _("Choose credit products")

    def told(self) -> str | None:
        """Return the notice as a line of a screen."""
        return esc(self.notice) if self.notice else None


def home(view: View, *, step: str, recent: Sequence[Matter], categories: Sequence[Category], editing: bool) -> Screen:
    """Show the matters last used and the categories.

    Args:
        view: The guide.
        step: Where the officer is, such as 1/4.
        recent: 常用事项, newest first.
        categories: Those that hold a matter.
        editing: Whether a matter was chosen before, to which one may go back.
    """
    text = lines(
        f"{view.title()} {step}",
        view.told(),
        esc(_("Press one of your matters or a category.")) if recent else esc(_("Press a category.")),
        esc(_("Or type a part of the matter's name, its pinyin or initials.")),
    )
    shelves = [view.keys.button(category.name, "gcat", category.id) for category in categories]
    rows = [
        *_matter_rows(view, recent),
        *(
            tuple(shelves[first : first + _CATEGORIES_IN_A_ROW])
            for first in range(0, len(shelves), _CATEGORIES_IN_A_ROW)
        ),
        (_not_found(view),),
        _way_out(view, back=editing),
    ]
    return Screen("guide.home", text, tuple(rows))


def category(view: View, shelf: Category, matters: Sequence[Matter], *, step: str, page: int) -> Screen:
    """Show the matters of a category, twelve a page.

    找不到 stands on the screen before: from there no path takes more presses than the pack allows.
    """
    shown, page, pages = paged(matters, page, size=PAGE)
    text = lines(
        f"{view.title(shelf.name)} {step}",
        view.told(),
        esc(_("Press the matter, or type a part of its name.")),
        page_line(page, pages),
    )
    rows = [
        *_matter_rows(view, shown),
        *turning(page, pages, lambda to: view.keys.press("gcat", f"{shelf.id},{to}")),
        _way_out(view),
    ]
    return Screen("guide.category", text, tuple(rows))


def found(view: View, query: str, matters: Sequence[Matter], *, step: str) -> Screen:
    """Show what a search has found, best first."""
    text = lines(
        f"{view.title()} {step}",
        view.told(),
        esc(_('Found for "%(query)s":') % {"query": shortened(query, _LONGEST_ECHO)}),
        esc(_("Press the matter, or type other words.")),
    )
    rows = [*_matter_rows(view, matters), (_not_found(view),), _way_out(view)]
    return Screen("guide.found", text, tuple(rows))


def nothing_found(query: str) -> str:
    """Return the sentence over the categories when a search has found nothing."""
    return _('No matter was found for "%(query)s". Please try other words, or choose a category.') % {
        "query": shortened(query, _LONGEST_ECHO)
    }


def question(view: View, ask: Ask, *, matter: str, picked: Sequence[str]) -> Screen:
    """Ask one question, one option a row; a multi-select is ticked and then confirmed.

    Args:
        view: The guide.
        ask: The question with its number.
        matter: The matter's name.
        picked: Options that are ticked, or were chosen before.
    """
    text = lines(
        f"{view.title(matter)} {ask.number}/{ask.total}",
        view.told(),
        esc(ask.question.text),
        esc(ask.question.hint) if ask.question.hint else None,
    )
    rows = [
        tuple(_option(view, ask, option.id, option.label, picked) for option in together)
        for together in _side_by_side(ask.question.options)
    ]
    if ask.question.many:
        rows.append((view.keys.button(pgettext("button", "Done"), "gpick", ask.question.id, style=Style.PRIMARY),))
    if view.acts:
        rows.append((refer_button(view),))
    return Screen("guide.question", text, (*rows, _way_out(view)))


def editing(view: View, items: Sequence[Answered], *, matter: str) -> Screen:
    """List the answers given, one button each."""
    text = lines(
        view.title(matter),
        esc(_("Press the answer to change. Later answers that still fit are kept.")),
    )
    rows = [(view.keys.button(_answer_label(item), "gedit", item.question.id),) for item in items]
    return Screen("guide.edit", text, (*rows, _way_out(view)))


def another_date(view: View, *, matter: str, on: dt.date, today: dt.date) -> Screen:
    """Ask for the matter's date, whose rules are to decide."""
    text = lines(
        view.title(matter),
        esc(_("Rules in force on: %(day)s") % {"day": format_day(on, today=today)}),
        esc(_("Please type the matter's date, such as %(example)s.") % {"example": today.isoformat()}),
    )
    rows = [(view.keys.button(_("As of today"), "gtody"),)] if on != today else []
    return Screen("guide.date", text, (*rows, _way_out(view)))


def handing_over(view: View, *, matter: str) -> Screen:
    """Offer a line of explanation before the case goes to the legal division."""
    text = lines(
        view.title(matter),
        esc(_("The case goes to %(division)s with the answers given so far.") % {"division": view.division}),
        esc(_("You may type one line about it. Leave out names and ID numbers of persons.")),
    )
    rows = (
        (view.keys.button(_("Hand over without a note"), "gsend", style=Style.PRIMARY),),
        _way_out(view),
    )
    return Screen("guide.refer", text, rows)


def handed_over(*, number: int, matter: str, division: str, heard: bool) -> Screen:
    """Say that the case was handed over; it stays in the history.

    Args:
        number: The referral's number.
        matter: The matter's name.
        division: Name of the unit that is the legal division today.
        heard: Whether anybody of that division uses the bot.
    """
    text = lines(
        bold(_("[%(title)s]") % {"title": matter}),
        esc(_("Handed over to %(division)s for study, number %(number)d.") % {"division": division, "number": number}),
        None if heard else esc(_("Nobody there uses this bot yet: please tell them by telephone as well.")),
    )
    return Screen("guide.referred", text, ((begin_button(),),), stays=True)


def unfinished(keys: Keys, *, what: str) -> Screen:
    """Ask whether to continue what is under way or to give it up."""
    text = lines(
        bold(_("[%(title)s]") % {"title": _("Unfinished")}),
        esc(_("You have not finished: %(what)s") % {"what": what}),
        esc(_("Continue with it, or give it up and begin anew?")),
    )
    rows = (
        (keys.button(_("Continue"), "gkeep", style=Style.PRIMARY),),
        (keys.button(_("Give up and begin anew"), "gnew"),),
    )
    return Screen("guide.unfinished", text, rows)


def cancelled() -> Screen:
    """Say that nothing was recorded."""
    return Screen("guide.cancelled", esc(_("Given up; nothing was recorded.")), ((begin_button(),),))


def begin_button() -> Button:
    """Return the button that begins a guide of its own, whatever stood before."""
    return Button(_("Choose credit products"), Press("guide"))


def refer_button(view: View) -> Button:
    """Return the button that hands the case to the legal division."""
    return view.keys.button(_("Hand over to %(division)s for study") % {"division": view.division}, "gref")


def answer_line(item: Answered) -> str:
    """Return a question with its answer, in plain text."""
    return _("%(question)s %(answer)s") % {
        "question": item.question.text,
        "answer": _(", ").join(item.labels) or _("none of them"),
    }


def shortened(text: str, limit: int) -> str:
    """Return a text of at most ``limit`` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _side_by_side(options: Sequence[Option]) -> list[tuple[Option, ...]]:
    """Put short options next to each other, so that a question fits on a phone; ticking one moves none of them."""
    rows: list[tuple[Option, ...]] = []
    for option in options:
        together = (*rows[-1], option) if rows else ()
        if together and max(len(each.label) for each in together) <= _LONGEST_IN_A_ROW_OF.get(len(together), 0):
            rows[-1] = together
        else:
            rows.append((option,))
    return rows


def _answer_label(item: Answered) -> str:
    return shortened(answer_line(item), _LONGEST_LABEL)


def _matter_rows(view: View, matters: Sequence[Matter]) -> list[Row]:
    return [(view.keys.button(matter.name, "gmat", matter.code),) for matter in matters]


def _not_found(view: View) -> Button:
    return view.keys.button(_("My matter is not here"), "gmat", OTHER)


def _option(view: View, ask: Ask, option: str, label: str, picked: Sequence[str]) -> Button:
    text = f"✓ {label}" if option in picked else label
    if not ask.question.many:
        return view.keys.button(text, "gans", f"{ask.question.id},{option}")
    # It says the wanted state instead of "the other one": quick presses and repeats then do no harm.
    return view.keys.button(text, "gtog", f"{ask.question.id},{option},{int(option not in picked)}")


def _way_out(view: View, *, back: bool = True) -> Row:
    cancel = view.keys.button(pgettext("button", "Cancel"), "gend")
    return (view.keys.button(pgettext("button", "Back"), "gback"), cancel) if back else (cancel,)
