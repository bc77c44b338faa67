"""One entry: all its lines, what can be recorded now, and what else can be done with it."""

from collections.abc import Sequence
from typing import Final

from bot.language import _, ngettext, pgettext
from bot.ledger import Entry, OpinionLine, Phase
from bot.opinions import Finding, finding_name, used_name
from bot.plaintext import units
from bot.policy.model import ProductKind
from bot.screens.entry_acts import ask_button, day_button
from bot.screens.entry_timeline import newest
from bot.screens.ledger import Wording, next_date, phase_words, subject_lines
from bot.screens.screen import MAX_TEXT_UNITS, Button, Press, Screen, Style, bold, esc, lines
from bot.screens.timeline import Event
from bot.screens.words import and_more, applied_by

_ROOM: Final = MAX_TEXT_UNITS - 200  # for whom it is done, and a repetition's label
MOST_OPINIONS: Final = 3  # opinions said one by one; more are counted
_MOST_BASES: Final = 3  # each as long as one that can be typed

Rows = tuple[tuple[Button, ...], ...]


def opened(
    entry: Entry,
    events: Sequence[Event],
    wording: Wording,
    *,
    may_act: bool,
    has_more: bool = False,
    takes_back: bool = False,
    more: Sequence[str] = (),
    products: Rows = (),
) -> Screen:
    """Return an entry's screen with its timeline and what can be recorded now.

    Args:
        entry: The entry.
        events: The newest lines of its timeline, oldest first.
        wording: The words of the pack.
        may_act: Whether this officer changes it.
        has_more: Whether its timeline has more lines.
        takes_back: Whether they may take the last step back.
        more: Lines of its commitments, reports and files.
        products: Buttons with which those are written down; offered here where nothing else is left to record.
    """
    above = lines(
        bold(_("[Ledger] %(number)s") % {"number": entry.number}),
        esc(entry.matter),
        esc(_("State: %(state)s") % {"state": phase_words(entry, wording)}),
        *(esc(line) for line in _details(entry, wording)),
        *(esc(line) for line in opinion_lines(entry, wording)),
        *(esc(line) for line in more),
        "",
        bold(_("Timeline")),
    )
    below = None if may_act else esc(_("You may read this entry; its handling officer changes it."))
    said, is_whole = newest(events, today=wording.today, room=_ROOM - units(lines(above, below)))
    acts = _acts(entry, wording) if may_act else ()
    if may_act and not acts:
        acts = products
    back = (Button(pgettext("button", "Take back the last step"), Press("undo", entry.id, entry.version)),)
    last = (
        Button(pgettext("button", "More"), Press("more", entry.id)),
        Button(pgettext("button", "My ledger"), Press("my")),
    )
    more_events = (Button(pgettext("button", "Whole timeline"), Press("tline", entry.id)),)
    rows = (*acts, *((back,) if takes_back else ()), *((more_events,) if has_more or not is_whole else ()), last)
    return Screen("ledger_entry", lines(above, *said, below), rows, protect=entry.of_person)


def further(entry: Entry, wording: Wording, rows: Rows, *, may_act: bool, hands_over: bool) -> Screen:
    """Return what else can be done with an entry: corrections, papers, files, hand-over, withdrawal.

    Args:
        entry: The entry.
        wording: The words of the pack.
        rows: Buttons of its papers and files.
        may_act: Whether this officer changes it.
        hands_over: Whether they may give it to a colleague; liaisons and heads may for their unit.
    """
    text = lines(
        bold(_("[Ledger] %(number)s") % {"number": entry.number}),
        esc(entry.matter),
        "",
        esc(_("What else would you like to do?")),
    )
    own = _further_acts(entry, wording) if may_act else ()
    if hands_over:
        hand = (Button(pgettext("button", "Hand over"), Press("hand", entry.id, entry.version)),)
        own = (*own, hand)
    back = (Button(pgettext("button", "Back"), Press("req", entry.id)),)
    return Screen("ledger_more", text, (*own, *rows, back))


def opinion_lines(entry: Entry, wording: Wording) -> list[str]:
    """Return what came back, one by one where there are few, else in figures."""
    if len(entry.opinions) > MOST_OPINIONS:
        said = [
            ngettext("%(n)d: %(finding)s", "%(n)d: %(finding)s", count) % {"n": count, "finding": finding_name(finding)}
            for finding in Finding
            if (count := sum(each.finding is finding for each in entry.opinions))
        ]
        lines_ = [_("Opinions: %(said)s") % {"said": pgettext("list", ", ").join(said)}]
    else:
        lines_ = [one_opinion(each, wording, named=len(entry.opinions) > 1) for each in entry.opinions]
    if entry.without_opinion:
        lines_.append(
            ngettext(
                "%(n)d opinion is not written down yet",
                "%(n)d opinions are not written down yet",
                entry.without_opinion,
            )
            % {"n": entry.without_opinion}
        )
    return [*lines_, *_use_lines(entry, wording)]


def _use_lines(entry: Entry, wording: Wording) -> list[str]:
    """Return what the opinions were used for; of several, for how many each, and on which basis anybody was limited."""
    if not entry.uses:
        return []
    parts = [used_name(used_as) for used_as, _count in entry.uses]
    if sum(count for _used_as, count in entry.uses) > 1:
        parts = [
            ngettext("%(as)s %(n)d", "%(as)s %(n)d", count) % {"as": used_name(used_as), "n": count}
            for used_as, count in entry.uses
        ]
    if entry.used_on is not None:
        parts.append(wording.day(entry.used_on))
    said = [_("Used: %(said)s") % {"said": pgettext("list", ", ").join(parts)}]
    said += [_("Basis of the measure: %(basis)s") % {"basis": each} for each in entry.bases[:_MOST_BASES]]
    more = and_more(len(entry.bases) - _MOST_BASES)
    return [*said, more] if more else said


def one_opinion(opinion: OpinionLine, wording: Wording, *, named: bool) -> str:
    """Return an opinion in one line: finding, number, day of issue, last valid day and where that comes from."""
    until = wording.day(opinion.valid_to)
    parts = [
        finding_name(opinion.finding),
        opinion.number,
        _("issued on %(day)s") % {"day": wording.day(opinion.issued_on)},
        _("valid to %(day)s, reckoned by the rule") % {"day": until}
        if opinion.by_policy
        else _("valid to %(day)s") % {"day": until},
        _uses(opinion),
    ]
    said = pgettext("list", ", ").join(part for part in parts if part)
    label = opinion.subject if named and opinion.subject else pgettext("label", "Opinion")
    return pgettext("label", "%(label)s: %(value)s") % {"label": label, "value": said}


def _uses(opinion: OpinionLine) -> str | None:
    if opinion.reused:
        return _("used again")
    if not opinion.uses:
        return None
    said = ngettext("used again %(n)d time", "used again %(n)d times", opinion.uses)
    return said % {"n": opinion.uses}


def _details(entry: Entry, wording: Wording) -> list[str]:
    said = list(subject_lines(entry, wording))
    said += [_product(line.code, line.kind, line.count, wording, in_form=line.in_form) for line in entry.products]
    if entry.applicant == "counterpart" and entry.submitted_on is not None:
        said.append(applied_by(wording.subject_word, wording.day(entry.submitted_on)))
    elif entry.applicant is not None:
        said.append(_("Application: by this unit"))
    for label, on in (
        (_("Submitted: %(day)s"), entry.submitted_on if entry.applicant == "bureau" else None),
        (_("Received by the centre: %(day)s"), entry.received_on),
        (_("Supplement asked for: %(day)s"), entry.supplement_on),
        (_("Opinion received: %(day)s"), entry.returned_on),
        (_("Planned decision: %(day)s"), entry.decide_on),
    ):
        if on is not None:
            said.append(label % {"day": wording.day(on)})
    following = next_date(entry, wording)
    return [*said, following] if following else said


def _product(code: str, kind: ProductKind, count: int, wording: Wording, *, in_form: bool) -> str:
    name = wording.products.get(code, code)
    if kind is not ProductKind.COMMITMENT:
        return _("Product: %(product)s") % {"product": name}
    said = ngettext("%(product)s: %(n)d letter", "%(product)s: %(n)d letters", count) % {"product": name, "n": count}
    return said + (pgettext("brackets", " (%(word)s)") % {"word": _("already in the form")} if in_form else "")


def _acts(entry: Entry, wording: Wording) -> Rows:
    """Return what can be recorded now, by the state of the entry."""
    returned = pgettext("button", "Opinion received")
    match entry.phase(wording.today):
        case Phase.NOT_SUBMITTED:
            return (
                (day_button(entry, pgettext("button", "Submitted today"), "submitted,0", Style.PRIMARY),
                 day_button(entry, pgettext("button", "Submitted yesterday"), "submitted,1")),
                (ask_button(entry, pgettext("button", "Submitted on another day"), "submitted"),),
            )  # fmt: skip
        case Phase.SUBMITTED:
            return (
                (day_button(entry, pgettext("button", "Received by the centre today"), "received,0", Style.PRIMARY),
                 ask_button(entry, pgettext("button", "Received on another day"), "received")),
                (ask_button(entry, returned, "returned"),),
            )  # fmt: skip
        case Phase.RECEIVED | Phase.OVERDUE:
            return (
                (ask_button(entry, returned, "returned", Style.PRIMARY),
                 ask_button(entry, pgettext("button", "Correct the receipt"), "received")),
                *_one_by_one(entry),
            )  # fmt: skip
        case Phase.SUPPLEMENT:
            return (
                (ask_button(entry, pgettext("button", "Supplement handed in"), "resumed", Style.PRIMARY),
                 ask_button(entry, returned, "returned")),
            )  # fmt: skip
        case Phase.WITH_COUNTERPART:
            label = pgettext("button", "The %(subject)s has handed in the opinion") % {"subject": wording.subject_word}
            return ((ask_button(entry, label, "returned", Style.PRIMARY),),)
        case Phase.RETURNED | Phase.USED:
            return _after_return(entry)
    return ()


def _one_by_one(entry: Entry) -> Rows:
    if len(entry.subjects) < 2:
        return ()
    return ((Button(pgettext("button", "Opinions one by one"), Press("opn", entry.id, entry.version)),),)


def _after_return(entry: Entry) -> Rows:
    write = Button(pgettext("button", "Write the opinion down"), Press("opn", entry.id, entry.version), Style.PRIMARY)
    use = Button(pgettext("button", "Record its use"), Press("use", entry.id, entry.version), Style.PRIMARY)
    rows: list[tuple[Button, ...]] = []
    if entry.without_opinion:
        rows.append((write,))
    elif entry.used_on is None:
        rows.append((use,))
    if any(each.follow_up == "open" for each in entry.opinions):
        rows.append((Button(pgettext("button", "Tell about objection and repair"), Press("tell", entry.id)),))
    elif any(each.follow_up not in (None, "closed") for each in entry.opinions):
        rows.append((Button(pgettext("button", "Objection or repair"), Press("fol", entry.id, entry.version)),))
    return tuple(rows)


def _further_acts(entry: Entry, wording: Wording) -> Rows:
    phase = entry.phase(wording.today)
    rows: list[tuple[Button, ...]] = []
    if phase in (Phase.RECEIVED, Phase.OVERDUE):
        rows.append((ask_button(entry, pgettext("button", "A supplement is asked for"), "supplement"),))
    if phase is Phase.RETURNED:
        rows.append((ask_button(entry, pgettext("button", "Correct the day of the opinion"), "returned"),))
        if entry.without_opinion:
            rows.append((Button(pgettext("button", "Record its use"), Press("use", entry.id, entry.version)),))
    if entry.submitted_on is not None or entry.opinions:
        rows.append((Button(pgettext("button", "Correct, with a reason"), Press("corr", entry.id, entry.version)),))
    verifies = any(line.kind is ProductKind.VERIFICATION for line in entry.products)
    if verifies and entry.used_as is None and phase is not Phase.WITHDRAWN:
        rows.append((Button(pgettext("button", "Planned day of decision"), Press("pdec", entry.id, entry.version)),))
    if len(entry.subjects) > 1 and phase not in (Phase.NOT_SUBMITTED, Phase.WITHDRAWN):
        rows.append((Button(pgettext("button", "Import results"), Press("bres", entry.id, entry.version)),))
    if entry.open:
        rows.append((Button(pgettext("button", "Withdraw"), Press("rwd", entry.id, entry.version)),))
    return tuple(rows)
