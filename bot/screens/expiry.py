"""The words of an opinion that runs out: until when it holds, what hangs on it, and what may be done."""

from typing import Final

from bot.language import _, ngettext, pgettext
from bot.notices import Deciding, OpinionNotice
from bot.screens.ledger import Wording
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import and_more, counted

MOST_MATTERS: Final = 5  # two lines each; the others are counted


def reminder(notice: OpinionNotice, wording: Wording, *, noted: bool = False) -> Screen:
    """Return the reminder with its acts; one that was taken note of loses only that button."""
    late = None
    if notice.late_since is not None:
        late = esc(_("Delayed reminder, meant for %(day)s") % {"day": wording.day(notice.late_since)})
    more = and_more(len(notice.matters) - MOST_MATTERS)
    text = lines(
        bold(_("[Opinion expiring] %(subject)s") % {"subject": _subject(notice)}),
        late,
        esc(_validity(notice, wording)),
        *(esc(part) for matter in notice.matters[:MOST_MATTERS] for part in _matter(matter, wording)),
        esc(more) if more else None,
        None if notice.matters else esc(_("If it is still needed, please apply anew; if not, nothing is to be done.")),
    )
    return Screen("reminder_expiry", text, _rows(notice, noted=noted), aside=True)


def line(notice: OpinionNotice, wording: Wording) -> str:
    """Return the reminder as one line of a digest; a natural person is never named."""
    said = _("opinion valid to %(day)s, please apply anew or let it lapse")
    if notice.days < 0:
        said = _("opinion expired on %(day)s, please apply anew if it is still needed")
    return f"{notice.number or _subject(notice)} {said % {'day': wording.day(notice.valid_to)}}"


def lapsed(notice: OpinionNotice, wording: Wording) -> Screen:
    """Say that nobody is reminded of an opinion any more, and how to change that."""
    text = lines(
        bold(_("[Recorded] %(subject)s") % {"subject": _subject(notice)}),
        esc(_validity(notice, wording)),
        esc(_("It is not to be used after that day; you will not be reminded of it any more.")),
    )
    back = Button(pgettext("button", "Remind me after all"), Press("nlap", notice.reminder_id, arg="0"))
    return Screen("expiry_lapsed", text, ((back,), _look(notice)), aside=True)


def _subject(notice: OpinionNotice) -> str:
    """Return whom an opinion is about: the organisation, and how many others; else the entry's number."""
    if not notice.subjects:
        return notice.number or ""
    if notice.count == 1:
        return notice.subjects[0]
    values = {"first": notice.subjects[0], "count": counted(notice.count, of_persons=False)}
    return _("%(first)s and others, %(count)s") % values


def _validity(notice: OpinionNotice, wording: Wording) -> str:
    values = {"issued": wording.day(notice.issued_on), "valid_to": wording.day(notice.valid_to)}
    if notice.days < 0:
        return _("Issued on %(issued)s, was valid to %(valid_to)s") % values
    if notice.days == 0:
        return _("Issued on %(issued)s, valid to %(valid_to)s: today is the last day") % values
    said = ngettext(
        "Issued on %(issued)s, valid to %(valid_to)s, %(n)d day left",
        "Issued on %(issued)s, valid to %(valid_to)s, %(n)d days left",
        notice.days,
    )
    return said % {**values, "n": notice.days}


def _matter(matter: Deciding, wording: Wording) -> tuple[str, ...]:
    values = {
        "number": matter.number,
        "matter": matter.matter,
        "decide": wording.day(matter.decide_on),
        "latest": wording.day(matter.latest.on, provisional=matter.latest.provisional),
    }
    said = _("%(number)s “%(matter)s” is to be decided on %(decide)s, after it has expired") % values
    if matter.latest.on < wording.today:
        return said, _(
            "The day to apply in time, %(latest)s, has passed: please apply now or move the decision"
        ) % values
    return said, _("If it is still needed, please apply anew by %(latest)s") % values


def _rows(notice: OpinionNotice, *, noted: bool) -> tuple[tuple[Button, ...], ...]:
    key = notice.reminder_id
    again = Button(pgettext("button", "Apply anew"), Press("nrea", key), Style.PRIMARY)
    lapse = Button(pgettext("button", "Not to be used then"), Press("nlap", key, arg="1"))
    label = pgettext("button", "In the digest only") if notice.watched else pgettext("button", "Remind me of it alone")
    watch = Button(label, Press("nwat", key, arg="0" if notice.watched else "1"))
    later = () if notice.of_several else (Button(pgettext("button", "Remind later"), Press("nlat", key)),)
    ack = () if noted else (Button(pgettext("button", "Noted"), Press("nack", key)),)
    if notice.days < 0 or not notice.decides:  # past it, nothing lies ahead that could be waited for
        return (again, *later), (*ack, *_look(notice))
    return (again, lapse), (watch, *later), (*ack, *_look(notice))


def _look(notice: OpinionNotice) -> tuple[Button, ...]:
    if notice.entry_id is None and not notice.matters:
        return ()
    return (Button(pgettext("button", "See the opinion"), Press("nopen", notice.reminder_id)),)
