"""The screens of finding: what was found page by page, the officer's own ledger with its counts, and the filters."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.dossier import Brief
from bot.finding import FINISHED, PAGE, Standing, View, kind_name, standing_name
from bot.language import _, pgettext
from bot.ledger import Entry
from bot.policy.model import ProductKind
from bot.screens.ledger import Wording, next_date, phase_words
from bot.screens.paging import page_count, page_line, turning
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import labelled, shortened

FIND: Final = "find"
MINE: Final = "my"
_MARK: Final = "● "
_LABEL: Final = 40  # characters of a button

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list.

    Args:
        verb: ``FIND`` or ``MINE``.
        draft_id: The search that it belongs to; 0 where nothing was typed.
        version: Of that search.
        view: What is shown of it.
        total: How many there are in all.
        entries: The entries of this page.
        unit: Name of the unit that it is narrowed to.
    """

    verb: str
    view: View
    total: int
    entries: Sequence[Entry]
    draft_id: int = 0
    version: int = 0
    unit: str | None = None

    @property
    def pages(self) -> int:
        """How many pages it has, at least one."""
        return page_count(self.total, size=PAGE)

    def press(self, view: View, verb: str | None = None) -> Press:
        """Return the press that leads to another part of the list."""
        return Press(verb or self.verb, self.draft_id, self.version, view.encode())


def ask() -> Screen:
    """Ask what is looked for."""
    text = lines(
        bold(_("Find in the ledger")),
        esc(_("Please send part of a name, a code, the number of an entry or of an opinion, pinyin or initials.")),
        esc(_("For example: %(examples)s") % {"examples": "环保科技、大气2026-17、hbkj"}),
    )
    browse = Button(pgettext("button", "Browse the ledger"), Press(FIND, arg=View().encode()))
    return Screen("find_ask", text, ((browse,), _home()))


def found(words: str, briefs: Sequence[Brief], listed: Listed, wording: Wording, *, near: bool, more: bool) -> Screen:
    """What was found: counterparts first, then entries.

    Args:
        words: What was looked for; empty = everything.
        briefs: The counterparts of this page.
        listed: The page; its total counts counterparts and entries.
        wording: The words of the pack.
        near: Whether nothing fits exactly and these only come near.
        more: Whether there are more counterparts than a search lists.
    """
    nothing = _("Nothing was found that you may see. Please try fewer characters or another part of the name.")
    text = lines(
        bold(_("Find: %(words)s") % {"words": words} if words else _("Ledger")),
        *_narrowed(listed),
        esc(_counted(listed.total)) if listed.total else esc(nothing),
        esc(_("Nothing fits exactly; these come near.")) if near and listed.total else None,
        esc(_("There are more counterparts; please type more of the name.")) if more else None,
        page_line(listed.view.page, listed.pages),
        *("\n" + _brief(brief, wording) for brief in briefs),
        *("\n" + _entry(entry, wording, named=True) for entry in listed.entries),
    )
    firms = tuple((Button(brief.name[:_LABEL], Press("cpt", brief.id)),) for brief in briefs)
    last = (
        Button(pgettext("button", "New search"), Press("fask")),
        Button(pgettext("button", "My ledger"), Press(MINE)),
    )
    tools = _tools(listed, filters="ffl", export="fex")
    return Screen("found", text, (*firms, *_entries(listed), *_turning(listed), *tools, last))


def mine(listed: Listed, counts: Mapping[Standing, int], wording: Wording) -> Screen:
    """The officer's own ledger: how many entries are how far, and those that ask for something, nearest date first."""
    pending = {each: n for each, n in counts.items() if each not in FINISHED}
    said = _(", ").join(
        _("%(name)s %(count)s") % {"name": standing_name(each), "count": counts[each]}
        for each in Standing
        if each in pending
    )
    text = lines(
        bold(_("My ledger")),
        *_narrowed(listed),
        esc(_counted(listed.total)) if listed.total else esc(_("No entries here.")),
        esc(said) if said else None,
        page_line(listed.view.page, listed.pages),
        *("\n" + _entry(entry, wording, named=False) for entry in listed.entries),
    )
    last = (
        Button(pgettext("button", "New entry"), Press("new")),
        Button(pgettext("button", "Find"), Press("fask")),
        Button(pgettext("button", "Calendar file"), Press("icsme")),
    )
    tools = _tools(listed, filters="mfl", export="mex")
    return Screen("ledger", text, (*_counts(listed, counts), *_entries(listed), *_turning(listed), *tools, last))


def filters(listed: Listed, *, filters_verb: str, by_unit: bool) -> Screen:
    """What a list can be narrowed to.

    Args:
        listed: The list; its entries are not shown here.
        filters_verb: The verb of this screen's own menus.
        by_unit: Whether this officer sees several units.
    """
    view = replace(listed.view, page=0)
    text = lines(
        bold(_("Narrow the list")),
        *_narrowed(listed, otherwise=_("Nothing chosen; all are shown.")),
        esc(_("Please choose; what is marked ● is chosen, and pressing it again shows all.")),
    )
    standing = _choices(
        listed, [(standing_name(each), replace(view, standing=each), view.standing is each) for each in Standing],
        without=replace(view, standing=None),
    )  # fmt: skip
    kinds = _choices(
        listed, [(kind_name(each), replace(view, kind=each), view.kind is each) for each in ProductKind],
        without=replace(view, kind=None),
    )  # fmt: skip
    menus = [Button(pgettext("button", "Month of submission"), _menu(listed, filters_verb, "m"))]
    if by_unit:
        menus.append(Button(pgettext("button", "Unit"), _menu(listed, filters_verb, "u")))
    clear = Button(pgettext("button", "Show all"), listed.press(View()))
    back = Button(pgettext("button", "Back"), listed.press(listed.view))
    return Screen("find_filters", text, (*_paired(standing), tuple(kinds), tuple(menus), (clear, back)))


def months(listed: Listed, today: dt.date) -> Screen:
    """The last twelve months, to be chosen by the day of submission."""
    firsts, first = [], today.replace(day=1)
    for _n in range(12):
        firsts.append(first)
        first = (first - dt.timedelta(days=1)).replace(day=1)
    view = replace(listed.view, page=0)
    chosen = [(_month(each), replace(view, month=each), view.month == each) for each in firsts]
    return _menu_screen(listed, _choices(listed, chosen, without=replace(view, month=None)), "find_months")


def units(listed: Listed, names: Mapping[int, str]) -> Screen:
    """The units, to be chosen."""
    view = replace(listed.view, page=0)
    chosen = [(name, replace(view, unit_id=key), view.unit_id == key) for key, name in names.items()]
    return _menu_screen(listed, _choices(listed, chosen, without=replace(view, unit_id=None)), "find_units")


def _menu_screen(listed: Listed, buttons: Sequence[Button], name: str) -> Screen:
    back = Button(pgettext("button", "Back"), listed.press(listed.view))
    return Screen(name, lines(bold(_("Narrow the list")), esc(_("Please choose."))), (*_paired(buttons), (back,)))


def _menu(listed: Listed, verb: str, menu: str) -> Press:
    press = listed.press(listed.view, verb)
    return replace(press, arg=f"{menu},{press.arg}")


def _choices(listed: Listed, values: Sequence[tuple[str, View, bool]], *, without: View) -> list[Button]:
    return [
        Button(f"{_MARK}{name}" if is_chosen else name, listed.press(without if is_chosen else view))
        for name, view, is_chosen in values
    ]


def _paired(buttons: Sequence[Button]) -> Rows:
    return tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))


def _counts(listed: Listed, counts: Mapping[Standing, int]) -> Rows:
    """Return a button for each group that has entries; the chosen one leads back to all that ask for something."""
    buttons = []
    for each in Standing:
        is_chosen = listed.view.standing is each
        if counts.get(each) or is_chosen:
            label = f"{_MARK if is_chosen else ''}{standing_name(each)} {counts.get(each, 0)}"
            buttons.append(Button(label, listed.press(View() if is_chosen else View(standing=each))))
    return tuple(tuple(buttons[at : at + 3]) for at in range(0, len(buttons), 3))


def _entries(listed: Listed) -> Rows:
    return tuple(
        (Button(f"{entry.number} {entry.matter}"[:_LABEL], Press("req", entry.id)),) for entry in listed.entries
    )


def _tools(listed: Listed, *, filters: str, export: str) -> Rows:
    narrow = Button(pgettext("button", "Narrow"), listed.press(listed.view, filters))
    if not listed.total:
        return ((narrow,),)
    return ((narrow, Button(pgettext("button", "Export as a sheet"), listed.press(listed.view, export))),)


def _turning(listed: Listed) -> Rows:
    return turning(listed.view.page, listed.pages, lambda to: listed.press(replace(listed.view, page=to)))


def _counted(total: int) -> str:
    return _("%(n)d lines in all") % {"n": total}


def _narrowed(listed: Listed, otherwise: str | None = None) -> tuple[str, ...]:
    """Return the line that says what a list is narrowed to."""
    view = listed.view
    said = [
        standing_name(view.standing) if view.standing else None,
        kind_name(view.kind) if view.kind else None,
        listed.unit,
        _month(view.month) if view.month else None,
    ]
    chosen = _(", ").join(part for part in said if part)
    if not chosen:
        return (esc(otherwise),) if otherwise else ()
    return (labelled(_("Only"), chosen),)


def _month(first: dt.date) -> str:
    return _("%(year)d-%(month)d") % {"year": first.year, "month": first.month}


def _brief(brief: Brief, wording: Wording) -> str:
    until = (
        _("valid opinion, to %(day)s") % {"day": wording.day(brief.valid_to)}
        if brief.valid_to is not None
        else _("no valid opinion")
    )
    return lines(esc(brief.name), esc(pgettext("list", ", ").join(part for part in (brief.code, until) if part)))


def _entry(entry: Entry, wording: Wording, *, named: bool) -> str:
    """Return an entry's lines; a natural person is not named in a list."""
    subjects = shortened(entry.subjects)[:1] if named and not entry.of_person else ()
    parts = [phase_words(entry, wording), next_date(entry, wording)]
    return lines(
        esc(f"{entry.number} {entry.matter}"),
        *(esc(subject) for subject in subjects),
        esc(pgettext("list", ", ").join(part for part in parts if part)),
    )


def _home() -> tuple[Button, ...]:
    return (Button(pgettext("button", "My ledger"), Press(MINE), Style.PRIMARY),)
