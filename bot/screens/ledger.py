"""The screens of the ledger: the open entries, one entry with its timeline, and the dates that are recorded."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.dates import format_day
from bot.language import _, ngettext, pgettext
from bot.ledger import Entry, Phase
from bot.policy.model import ProductKind
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import counted, example_day, labelled, shortened

PAGE = 8  # entries on one screen of a phone
MOST_EVENTS = 12  # newest lines of the timeline


@dataclass(frozen=True, slots=True)
class Wording:
    """What a screen of the ledger is written with.

    Args:
        today: Local date.
        centre: The credit centre's name.
        products: Product id -> name.
        subject_word: The screens' word for the counterpart.
        of_persons: Whether a count counts persons.
    """

    today: dt.date
    centre: str
    products: Mapping[str, str]
    subject_word: str
    of_persons: bool

    def day(self, on: dt.date, *, provisional: bool = False) -> str:
        """Return a date as the office writes it."""
        return format_day(on, today=self.today, provisional=provisional)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an entry's timeline: when, who (None = the assistant itself), what."""

    at: dt.datetime  # local time
    who: str | None
    verb: str
    day: dt.date | None


def listed(entries: Sequence[Entry], *, page: int, total: int, wording: Wording) -> Screen:
    """The officer's open entries, eight to a page, with the date that matters next."""
    pages = max(1, -(-total // PAGE))
    count = ngettext("%(n)d open entry", "%(n)d open entries", total) % {"n": total}
    text = lines(
        bold(_("My ledger")),
        esc(count if total else _("No open entries. Commitments recorded alone are complete at once.")),
        esc(_("Page %(page)d of %(pages)d") % {"page": page + 1, "pages": pages}) if pages > 1 else None,
        *("\n" + _listed(entry, wording) for entry in entries),
    )
    rows = tuple((Button(f"{entry.number} {entry.matter}"[:40], Press("req", entry.id)),) for entry in entries)
    return Screen(
        "ledger", text, (*rows, *_turning(page, pages), (Button(pgettext("button", "New entry"), Press("new")),))
    )


def _listed(entry: Entry, wording: Wording) -> str:
    parts = [phase_words(entry, wording), next_date(entry, wording)]
    return lines(
        esc(f"{entry.number} {entry.matter}"), esc(pgettext("list", ", ").join(part for part in parts if part))
    )


def _turning(page: int, pages: int) -> tuple[tuple[Button, ...], ...]:
    buttons = []
    if page > 0:
        buttons.append(Button(pgettext("button", "Previous page"), Press("my", arg=str(page - 1))))
    if page + 1 < pages:
        buttons.append(Button(pgettext("button", "Next page"), Press("my", arg=str(page + 1))))
    return (tuple(buttons),) if buttons else ()


def phase_words(entry: Entry, wording: Wording) -> str:
    """Return where an entry stands, in the office's words."""
    return {
        Phase.NOT_SUBMITTED: _("not submitted yet"),
        Phase.SUBMITTED: _("submitted, receipt not confirmed"),
        Phase.RECEIVED: _("received by the centre"),
        Phase.OVERDUE: _("the centre's feedback is outstanding"),
        Phase.WITH_COUNTERPART: _("applied for by the %(subject)s, opinion awaited")
        % {"subject": wording.subject_word},
        Phase.RETURNED: _("opinion received"),
        Phase.RECORDED: _("recorded"),
        Phase.WITHDRAWN: _("withdrawn"),
    }[entry.phase(wording.today)]


def next_date(entry: Entry, wording: Wording) -> str | None:
    """Return the date that matters next; only expected while the receipt is not confirmed."""
    if not entry.open:
        return None
    if entry.submitted_on is None:
        if entry.submit_by_on is None:
            return None
        day = wording.day(entry.submit_by_on, provisional=entry.submit_by_provisional)
        return _("Last day to submit: %(day)s") % {"day": day}
    if entry.due_on is None:
        return None
    day = wording.day(entry.due_on, provisional=entry.due_provisional)
    return (_("Feedback due: %(day)s") if entry.received_on else _("Expected feedback: %(day)s")) % {"day": day}


def opened(entry: Entry, events: Sequence[Event], wording: Wording, *, may_act: bool) -> Screen:
    """One entry: all its lines, its timeline, and what can be recorded now."""
    text = lines(
        bold(_("[Ledger] %(number)s") % {"number": entry.number}),
        esc(entry.matter),
        esc(_("State: %(state)s") % {"state": phase_words(entry, wording)}),
        *(esc(line) for line in _details(entry, wording)),
        "",
        bold(_("Timeline")),
        *(esc(_event(event, wording)) for event in events[-MOST_EVENTS:]),
        None if may_act else esc(_("You may read this entry; its handling officer changes it.")),
    )
    acts = _acts(entry, wording) if may_act else ()
    last = (Button(pgettext("button", "My ledger"), Press("my")),)
    return Screen("ledger_entry", text, (*acts, last), protect=entry.of_person)


def _details(entry: Entry, wording: Wording) -> list[str]:
    said = list(subject_lines(entry, wording))
    said += [_product(line.code, line.kind, line.count, wording, in_form=line.in_form) for line in entry.products]
    if entry.applicant == "counterpart":
        said.append(_("Application: by the %(subject)s") % {"subject": wording.subject_word})
    elif entry.applicant is not None:
        said.append(_("Application: by this unit"))
    for label, on in (
        # Nobody has said when a counterpart applied; the day on record is that of the entry.
        (_("Submitted: %(day)s"), entry.submitted_on if entry.applicant == "bureau" else None),
        (_("Received by the centre: %(day)s"), entry.received_on),
        (_("Opinion received: %(day)s"), entry.returned_on),
        (_("Planned decision: %(day)s"), entry.decide_on),
    ):
        if on is not None:
            said.append(label % {"day": wording.day(on)})
    following = next_date(entry, wording)
    return [*said, following] if following else said


def subject_lines(entry: Entry, wording: Wording) -> tuple[str, ...]:
    """Return whom an entry concerns: names, or a count."""
    if entry.subjects:
        first, *rest = shortened(entry.subjects)
        return (pgettext("label", "%(label)s: %(value)s") % {"label": wording.subject_word, "value": first}, *rest)
    if entry.head_count and entry.applicant is not None:
        return (labelled(wording.subject_word, counted(entry.head_count, of_persons=wording.of_persons)),)
    return ()


def _product(code: str, kind: ProductKind, count: int, wording: Wording, *, in_form: bool) -> str:
    name = wording.products.get(code, code)
    if kind is not ProductKind.COMMITMENT:
        return _("Product: %(product)s") % {"product": name}
    said = ngettext("%(product)s: %(n)d letter", "%(product)s: %(n)d letters", count) % {"product": name, "n": count}
    return said + (pgettext("brackets", " (%(word)s)") % {"word": _("already in the form")} if in_form else "")


def _event(event: Event, wording: Wording) -> str:
    what = {
        "request.register": _("entered in the ledger"),
        "request.submitted": _("recorded the submission"),
        "request.received": _("recorded the centre's receipt"),
        "request.not_received": _("the centre has not received it yet"),
        "request.returned": _("recorded the opinion received"),
        "request.withdraw": _("withdrew the entry"),
        "reminder.queue": _("reminder sent out"),
        "reminder.acknowledge": _("took note of the reminder"),
    }.get(event.verb, _("changed the entry"))
    when = f"{wording.day(event.at.date())} {event.at:%H:%M}"
    day = pgettext("list", ", ") + wording.day(event.day) if event.day else ""
    who = event.who or _("the assistant")
    return f"{when} {who} {what}{day}"


def _acts(entry: Entry, wording: Wording) -> tuple[tuple[Button, ...], ...]:
    """Return what can be recorded now, by the state of the entry."""
    today = wording.today
    phase = entry.phase(today)
    returned = pgettext("button", "Opinion received")
    match phase:
        case Phase.NOT_SUBMITTED:
            rows = [
                (_act(entry, pgettext("button", "Submitted today"), "submitted,0", Style.PRIMARY),
                 _act(entry, pgettext("button", "Submitted yesterday"), "submitted,1")),
                (_ask(entry, pgettext("button", "Submitted on another day"), "submitted"),),
            ]  # fmt: skip
        case Phase.SUBMITTED:
            rows = [
                (_act(entry, pgettext("button", "Received by the centre today"), "received,0", Style.PRIMARY),
                 _ask(entry, pgettext("button", "Received on another day"), "received")),
                (_ask(entry, returned, "returned"),),
            ]  # fmt: skip
        case Phase.RECEIVED | Phase.OVERDUE:
            rows = [
                (_ask(entry, returned, "returned", Style.PRIMARY),
                 _ask(entry, pgettext("button", "Correct the receipt"), "received")),
            ]  # fmt: skip
        case Phase.WITH_COUNTERPART:
            label = pgettext("button", "The %(subject)s has handed in the opinion") % {"subject": wording.subject_word}
            rows = [(_ask(entry, label, "returned", Style.PRIMARY),)]
        case Phase.RETURNED:
            return ((_ask(entry, pgettext("button", "Correct the day of the opinion"), "returned"),),)
        case _:
            return ()
    return (*rows, (Button(pgettext("button", "Withdraw"), Press("rwd", entry.id, entry.version)),))


def _act(entry: Entry, text: str, arg: str, style: Style | None = None) -> Button:
    return Button(text, Press("rdo", entry.id, entry.version, arg), style)


def _ask(entry: Entry, text: str, act: str, style: Style | None = None) -> Button:
    return Button(text, Press("rask", entry.id, entry.version, act), style)


def which_day(entry: Entry, act: str, wording: Wording, *, aside: bool = False) -> Screen:
    """Ask for the day of an act: today, yesterday, the day of submission, or a typed one."""
    title = {
        "submitted": _("On which day was the application submitted?"),
        "received": _("On which day did the %(centre)s receive it?") % {"centre": wording.centre},
        "returned": _("On which day was the opinion received?"),
    }[act]
    text = lines(
        bold(_("[Ledger] %(number)s") % {"number": entry.number}),
        esc(title),
        esc(_("For another day send the date, such as %(example)s.") % {"example": example_day(wording.today)}),
    )
    days = [
        _act(entry, pgettext("button", "Today"), f"{act},0", Style.PRIMARY),
        _act(entry, pgettext("button", "Yesterday"), f"{act},1"),
    ]
    rows: list[tuple[Button, ...]] = [tuple(days)]
    if act == "received" and entry.submitted_on is not None:
        label = pgettext("button", "On the day of submission, %(day)s") % {"day": wording.day(entry.submitted_on)}
        rows.append((_act(entry, label, f"{act},{entry.submitted_on.isoformat()}"),))
    back = (Button(pgettext("button", "Back"), Press("req", entry.id)),)
    return Screen("ledger_day", text, (*rows, back), aside=aside)


def withdrawing(entry: Entry, wording: Wording) -> Screen:
    """Ask before an entry is withdrawn."""
    text = lines(
        bold(_("[Ledger] %(number)s") % {"number": entry.number}),
        esc(entry.matter),
        esc(_("Withdraw this entry? It stays in the ledger as withdrawn, and its reminders end.")),
    )
    rows = (
        (Button(pgettext("button", "Confirm withdrawal"), Press("rwdok", entry.id, entry.version), Style.DANGER),),
        (Button(pgettext("button", "Back"), Press("req", entry.id)),),
    )
    return Screen("ledger_withdraw", text, rows)
