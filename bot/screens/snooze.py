"""稍后提醒: the question until when, the word that it goes beyond a deadline, and what was put off."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.language import _, ngettext, pgettext
from bot.notices import Notice
from bot.screens.ledger import Wording
from bot.screens.reminders import line
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import example_day


@dataclass(frozen=True, slots=True)
class PutOff:
    """Something that was put off.

    Args:
        notice: What it has to say.
        at: The local moment at which it comes again.
        wording: The words of its matter.
    """

    notice: Notice
    at: dt.datetime
    wording: Wording


def asking(notice: Notice, wording: Wording, days: Sequence[tuple[int, dt.date]], *, example: dt.date) -> Screen:
    """Ask until when a reminder is put off: tomorrow, some working days, or a typed day."""
    buttons = [Button(_day_label(each, on, wording), Press("nput", notice.reminder_id, arg=on.isoformat()))
               for each, on in days]  # fmt: skip
    text = lines(
        bold(_("Remind later")),
        esc(line(notice, wording)),
        esc(_("When is it to come again? For another day send the date, such as %(example)s.")
            % {"example": example_day(example)}),
    )  # fmt: skip
    rows = tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
    return Screen("snooze_ask", text, (*rows, (_back(notice),)), aside=True)


def beyond(notice: Notice, wording: Wording, on: dt.date, limit: dt.date) -> Screen:
    """Say that a day lies beyond the deadline, before anything is put off to it."""
    said = _("%(day)s is later than %(limit)s, the day that this is about; until then you will not be reminded of it")
    text = lines(
        bold(_("Remind later")),
        esc(line(notice, wording)),
        esc(said % {"day": wording.day(on), "limit": wording.day(limit)}),
    )
    arg = f"{on.isoformat()},yes"
    rows = (
        (Button(pgettext("button", "Put off all the same"), Press("nput", notice.reminder_id, arg=arg), Style.DANGER),),
        (Button(pgettext("button", "Another day"), Press("nlat", notice.reminder_id)), _back(notice)),
    )
    return Screen("snooze_beyond", text, rows, aside=True)


def done(notice: Notice, wording: Wording, at: dt.datetime) -> Screen:
    """Say when a reminder comes again, and how to change that."""
    text = lines(
        bold(_("Put off")),
        esc(line(notice, wording)),
        esc(_("You will be reminded on %(moment)s") % {"moment": _moment(at, wording)}),
    )
    rows = ((Button(pgettext("button", "Do not put off"), Press("nundo", notice.reminder_id)), _open(notice)),)
    return Screen("snooze_done", text, rows, aside=True)


def listed(found: Sequence[PutOff], *, more: int) -> Screen:
    """Return what was put off, the next to come first, each with its two buttons.

    Args:
        found: As many as a screen takes.
        more: How many there are besides.
    """
    said: list[str] = []
    rows: list[tuple[Button, ...]] = []
    for number, each in enumerate(found, start=1):
        said.append(f"{number}. {line(each.notice, each.wording)}")
        said.append("　" + _("comes again on %(moment)s") % {"moment": _moment(each.at, each.wording)})
        now = pgettext("button", "%(n)d Remind now") % {"n": number}
        undo = pgettext("button", "%(n)d Do not put off") % {"n": number}
        key = each.notice.reminder_id
        rows.append((Button(now, Press("nnow", key)), Button(undo, Press("nundo", key, arg="list"))))
    if more:
        said.append(ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more})
    nothing = _("Nothing was put off. On a reminder, the button for later puts it off.")
    text = lines(bold(_("Put off")), *(esc(part) for part in said or [nothing]))
    return Screen("snooze_list", text, (*rows, (Button(pgettext("button", "My ledger"), Press("my")),)))


def _day_label(working_days: int, on: dt.date, wording: Wording) -> str:
    if on == wording.today + dt.timedelta(days=1):
        return pgettext("button", "Tomorrow morning")
    if working_days == 1:
        return wording.day(on)
    return ngettext("%(n)d working day on", "%(n)d working days on", working_days) % {"n": working_days}


def _moment(at: dt.datetime, wording: Wording) -> str:
    return f"{wording.day(at.date())} {at:%H:%M}"


def _back(notice: Notice) -> Button:
    return Button(pgettext("button", "Back"), Press("nback", notice.reminder_id))


def _open(notice: Notice) -> Button:
    return Button(pgettext("button", "Back"), Press("nback", notice.reminder_id))
