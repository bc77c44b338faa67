"""The screens of the ledger entry's form: what is asked, and what will be recorded."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.dates import format_day
from bot.entry import Dates, Form, Step, applies, letters, offers_reuse, pledges, recorded, step, verifies, way
from bot.guidance import Recommendation
from bot.language import _, ngettext, pgettext
from bot.scope import Scope, Way
from bot.screens.keys import Keys
from bot.screens.reuse import MOST_HELD, held_lines, reuse_lines, warning_lines
from bot.screens.screen import Button, Screen, Style, bold, esc, lines
from bot.screens.words import applied_by, counted, example_day, in_brackets, labelled, shortened, strength_word
from bot.workdays import Reckoned

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form with everything that its screens need.

    Args:
        keys: The keyboard of its draft.
        form: What was filled in.
        scope: What it may hold.
        dates: The dates that follow.
        today: Local date.
        centre: The credit centre's name.
    """

    keys: Keys
    form: Form
    scope: Scope
    dates: Dates
    today: dt.date
    centre: str

    def day(self, on: dt.date, *, provisional: bool = False) -> str:
        """Return a date as the office writes it."""
        return format_day(on, today=self.today, provisional=provisional)


def show(sheet: Sheet) -> Screen:
    """Return the screen that the form stands on."""
    return _SCREENS[step(sheet.form, sheet.scope)](sheet)


def subject_words(form: Form, scope: Scope) -> tuple[str, ...]:
    """Return the subject of an entry line by line: names with codes, a person by what may be kept, or a count."""
    if form.person is not None:
        person = form.person
        return (f"{person.surname}某 {person.last4} {person.case_number}",)
    if form.organisations:
        return shortened(tuple(f"{each.name} {each.code.value}" for each in form.organisations))
    if form.head_count:
        return (counted(form.head_count, of_persons=scope.of_persons),)
    return (_("not named one by one"),)


def _title(sheet: Sheet) -> str:
    return bold(_("[Ledger entry] %(matter)s") % {"matter": sheet.scope.matter_name})


def _place(sheet: Sheet, number: int) -> str | None:
    """Return where the officer is, such as 2/3; nothing while one line is being changed again."""
    if sheet.form.editing is not None:
        return None
    return f"{number}/{3 if applies(sheet.form, sheet.scope) else 2}"


def _last_row(sheet: Sheet) -> tuple[Button, ...]:
    return (
        sheet.keys.button(pgettext("button", "Back"), "rback"),
        sheet.keys.button(pgettext("button", "Give up entry"), "rstop"),
    )


def _subject(sheet: Sheet) -> Screen:
    chosen, word = way(sheet.form, sheet.scope), sheet.scope.subject_word
    said = {
        Way.ORGANISATIONS: _("Please paste the name and unified social credit code of the %(subject)s, one to a line."),
        Way.PERSON: _("Please send surname, last four of the ID number and case number, such as %(example)s."),
        Way.COUNT: _("Please send how many there are, such as 32. The list itself stays outside the chat."),
        Way.LETTERS: _("Please send the number of commitment letters, such as 3."),
    }[chosen]
    hint = {
        Way.PERSON: _("Send neither full names nor ID numbers; they are filled in on paper."),
        Way.ORGANISATIONS: _("Codes are checked; full-width digits and spaces do not matter."),
    }.get(chosen)
    text = lines(
        _title(sheet),
        _place(sheet, 1),
        esc(said % {"subject": word, "example": "张 1234 大气奖2026-15"}),
        esc(hint) if hint else None,
        *(esc(line) for line in sheet.scope.cautions),
    )
    others = tuple((_way_button(sheet, each),) for each in sheet.scope.ways if each is not chosen)
    if sheet.scope.batch:
        others = ((sheet.keys.button(pgettext("button", "Upload a list"), "bnew"),), *others)
    return Screen("entry_subject", text, (*others, _last_row(sheet)))


def _way_button(sheet: Sheet, each: Way) -> Button:
    count = pgettext("button", "Number of persons only")
    if not sheet.scope.of_persons:
        count = pgettext("button", "Number of organisations only")
    label = {
        Way.ORGANISATIONS: pgettext("button", "Name and code"),
        Way.PERSON: pgettext("button", "Natural person"),
        Way.COUNT: count,
        Way.LETTERS: pgettext("button", "Number of letters only"),
    }[each]
    return sheet.keys.button(label, "rway", each.value)


def _reuse(sheet: Sheet) -> Screen:
    held = [sheet.scope.known.reusable[each.code.value] for each in sheet.form.organisations
            if each.code.value in sheet.scope.known.reusable]  # fmt: skip
    left = sheet.form.subjects - len(held)
    text = lines(
        _title(sheet),
        esc(_("A still-valid opinion is there; it may be used again without a new application.")),
        "",
        *(esc(line) for each in held[:MOST_HELD] for line in held_lines(each, sheet.today)),
        esc(_("and %(n)d more") % {"n": len(held) - MOST_HELD}) if len(held) > MOST_HELD else None,
        esc(ngettext("For %(n)d other an application is made.", "For %(n)d others an application is made.", left)
            % {"n": left}) if left else None,
    )  # fmt: skip
    use = sheet.keys.button(pgettext("button", "Use it, no application"), "ruse", "yes", style=Style.SUCCESS)
    anew = sheet.keys.button(pgettext("button", "Apply anew all the same"), "ruse", "no")
    return Screen("entry_reuse", text, ((use,), (anew,), _last_row(sheet)))


def _submission(sheet: Sheet) -> Screen:
    word = sheet.scope.subject_word
    text = lines(
        _title(sheet),
        _place(sheet, 2),
        esc(_("Who applies to the %(centre)s, and when was it submitted?") % {"centre": sheet.centre}),
        esc(_("For another day send the date, such as %(example)s.") % {"example": example_day(sheet.today)}),
    )
    rows: list[tuple[Button, ...]] = []
    if "bureau" in sheet.scope.applicants:
        rows += [
            (sheet.keys.button(pgettext("button", "Submitted today, by this unit"), "rsubm", "0"),),
            (sheet.keys.button(pgettext("button", "Submitted yesterday, by this unit"), "rsubm", "1"),),
            (sheet.keys.button(pgettext("button", "Not submitted yet"), "rsubm", "no"),),
        ]
    if "counterpart" in sheet.scope.applicants:
        label = pgettext("button", "The %(subject)s applies") % {"subject": word}
        rows.append((sheet.keys.button(label, "rsubm", "cp"),))
    return Screen("entry_submission", text, (*rows, _last_row(sheet)))


def _products(sheet: Sheet) -> Screen:
    chosen = recorded(sheet.form, sheet.scope)
    text = lines(_title(sheet), esc(_("Which products does this entry record?")))
    rows: Rows = tuple(
        (sheet.keys.button(("✓ " if each in chosen else "　") + _product(each), "rprod", each.product.id),)
        for each in sheet.scope.offered
    )
    done = (sheet.keys.button(pgettext("button", "Done"), "rdone", style=Style.PRIMARY),)
    return Screen("entry_products", text, (*rows, done, _last_row(sheet)))


def _product(each: Recommendation) -> str:
    return each.product.name + in_brackets(strength_word(each.strength))


def _letters(sheet: Sheet) -> Screen:
    text = lines(_title(sheet), esc(_("Please send the number of commitment letters, such as 3.")))
    return Screen("entry_letters", text, (_last_row(sheet),))


def _decide(sheet: Sheet) -> Screen:
    text = lines(
        _title(sheet),
        esc(_("On which day is the matter to be decided? Please send the date, such as %(example)s.")
            % {"example": (sheet.today + dt.timedelta(days=30)).isoformat()}),
        esc(_("The last day to submit is counted back from it.")),
    )  # fmt: skip
    none = (sheet.keys.button(pgettext("button", "No planned day"), "rnone"),)
    return Screen("entry_decide", text, (none, _last_row(sheet)))


def _confirm(sheet: Sheet) -> Screen:
    form, scope = sheet.form, sheet.scope
    applying = applies(form, scope)
    place = _place(sheet, 3 if applying else 2)
    names = "、".join(
        each.product.name + (in_brackets(_("already in the form")) if each.in_form else "")
        for each in recorded(form, scope)
    )
    subject = subject_words(form, scope)
    text = lines(
        _title(sheet),
        place,
        labelled(scope.subject_word, subject[0]),
        *(esc(line) for line in subject[1:]),
        esc(_("Products: %(products)s") % {"products": names}),
        *(esc(line) for line in reuse_lines(form, scope, sheet.today)),
        esc(_application(sheet)) if applying else None,
        esc(_("Letters: %(n)d") % {"n": letters(form)}) if pledges(form, scope) else None,
        *(esc(line) for line in _date_lines(sheet)),
        *(esc(line) for line in warning_lines(scope, sheet.today)),
    )
    confirm = (sheet.keys.button(pgettext("button", "Confirm entry"), "rconf", style=Style.SUCCESS),)
    return Screen(
        "entry_confirm", text, (confirm, *_edit_rows(sheet), _last_row(sheet)), protect=form.person is not None
    )


def _application(sheet: Sheet) -> str:
    form = sheet.form
    if form.applicant == "counterpart" and form.submitted_on is not None:
        return applied_by(sheet.scope.subject_word, sheet.day(form.submitted_on))
    if form.submitted_on is None:
        return _("Application: by this unit, not submitted yet")
    return _("Application: by this unit, submitted %(day)s") % {"day": sheet.day(form.submitted_on)}


def _date_lines(sheet: Sheet) -> list[str]:
    form, dates = sheet.form, sheet.dates
    said = []
    if dates.due:
        day = sheet.day(dates.due.on, provisional=dates.due.provisional)
        said.append(_("Expected feedback: %(day)s, once receipt is confirmed it is exact") % {"day": day})
    if form.decide_on:
        said.append(_("Planned decision: %(day)s") % {"day": sheet.day(form.decide_on)})
    if dates.latest and form.submitted_on is None:
        said.append(latest_line(sheet, dates.latest))
    if dates.late:
        said.append(_("The feedback may come after the planned decision; you may plan a later day or ask early."))
    return said


def latest_line(sheet: Sheet, latest: Reckoned) -> str:
    """Return the line of the last day to submit."""
    return _("Last day to submit: %(day)s") % {"day": sheet.day(latest.on, provisional=latest.provisional)}


def _edit_rows(sheet: Sheet) -> Rows:
    """Return a button for each line; those that this entry does not have are left out."""
    form, scope = sheet.form, sheet.scope
    applying = applies(form, scope)
    offered: Mapping[Step, tuple[str, bool]] = {
        Step.SUBJECT: (scope.subject_word, True),
        Step.PRODUCTS: (pgettext("button", "Products"), len(scope.offered) > 1),
        Step.SUBMISSION: (pgettext("button", "Application and date"), applying),
        Step.REUSE: (pgettext("button", "Use of valid opinions"), offers_reuse(form, scope)),
        Step.LETTERS: (pgettext("button", "Letters"), pledges(form, scope) and form.subjects <= 1),
        Step.DECIDE: (pgettext("button", "Planned decision"), verifies(form, scope)),
    }
    buttons = [
        sheet.keys.button(pgettext("button", "Change: %(what)s") % {"what": label}, "redit", each.value)
        for each, (label, shown) in offered.items()
        if shown
    ]
    return tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))


_SCREENS: Mapping[Step, Callable[[Sheet], Screen]] = {
    Step.SUBJECT: _subject,
    Step.REUSE: _reuse,
    Step.SUBMISSION: _submission,
    Step.PRODUCTS: _products,
    Step.LETTERS: _letters,
    Step.DECIDE: _decide,
    Step.CONFIRM: _confirm,
}
