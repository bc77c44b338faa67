"""稍后提醒: the question until when, the word that it goes beyond a deadline, and what was put off."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.language import _, ngettext, pgettext
from bot.notices import Notice
from bot.screens.ledger import Wording
from bot.screens.paging import page_line, paged, turning
from bot.screens.reminders import line
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import example_day
from bot.snooze import is_decision
from bot.workdays import Reckoned

PAGE: Final = 6  # of what was put off; a phone's screen takes no more


@dataclass(frozen=True, slots=True)
class PutOff:
    """Something that was put off.

    Args:
        notice: What it has to say.
        at: The local moment at which it comes again.
        provisional: Whether that day is one of a year whose notice is missing.
        wording: The words of its matter.
    """

    notice: Notice
    at: dt.datetime
    provisional: bool
    wording: Wording


def asking(notice: Notice, wording: Wording, days: Sequence[tuple[int, Reckoned]], *, example: dt.date) -> Screen:
    """Ask until when a reminder is put off: tomorrow, some working days, or a typed day."""
    buttons = [Button(_day_label(each, day, wording), Press("nput", notice.reminder_id, arg=day.on.isoformat()))
               for each, day in days]  # fmt: skip
    text = lines(
        bold(_("Remind later")),
        esc(line(notice, wording)),
        esc(_("When is it to come again? For another day send the date, such as %(example)s.")
            % {"example": example_day(example)}),
    )  # fmt: skip
    rows = tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
    return Screen("snooze_ask", text, (*rows, (_back(notice),)), aside=True)


def beyond(notice: Notice, wording: Wording, on: Reckoned, limit: Reckoned) -> Screen:
    """Say that a day lies beyond the deadline, or the planned decision, before anything is put off to it."""
    said = _("%(day)s is later than %(limit)s, the day that this is about; until then you will not be reminded of it")
    if is_decision(notice, limit.on):
        said = _("%(day)s is later than the planned decision on %(limit)s; until then you will not be reminded of it")
    days = {name: wording.day(day.on, provisional=day.provisional) for name, day in (("day", on), ("limit", limit))}
    text = lines(bold(_("Remind later")), esc(line(notice, wording)), esc(said % days))
    arg = f"{on.on.isoformat()},yes"
    rows = (
        (Button(pgettext("button", "Put off all the same"), Press("nput", notice.reminder_id, arg=arg), Style.DANGER),),
        (Button(pgettext("button", "Another day"), Press("nlat", notice.reminder_id)), _back(notice)),
    )
    return Screen("snooze_beyond", text, rows, aside=True)


def done(put_off: PutOff) -> Screen:
    """Say when a reminder comes again, and how to change that."""
    notice = put_off.notice
    text = lines(
        bold(_("Put off")),
        esc(line(notice, put_off.wording)),
        esc(_("You will be reminded on %(moment)s") % {"moment": _moment(put_off)}),
    )
    rows = ((Button(pgettext("button", "Do not put off"), Press("nundo", notice.reminder_id)), _back(notice)),)
    return Screen("snooze_done", text, rows, aside=True)


def listed(found: Sequence[PutOff], *, page: int) -> Screen:
    """Return a page of what was put off, the next to come first, each with its two buttons.

    Args:
        found: All that was put off.
        page: Which page, from 0; the last one where there are fewer.
    """
    said: list[str] = []
    rows: list[tuple[Button, ...]] = []
    shown, page, pages = paged(found, page, size=PAGE)
    for number, each in enumerate(shown, start=page * PAGE + 1):
        said.append(f"{number}. {line(each.notice, each.wording)}")
        said.append("　" + _("comes again on %(moment)s") % {"moment": _moment(each)})
        now = pgettext("button", "%(n)d Remind now") % {"n": number}
        undo = pgettext("button", "%(n)d Do not put off") % {"n": number}
        key = each.notice.reminder_id
        rows.append((Button(now, Press("nnow", key)), Button(undo, Press("nundo", key, arg=f"list,{page}"))))
    rows += turning(page, pages, lambda to: Press("nlst", arg=str(to)))
    nothing = _("Nothing was put off. On a reminder, the button for later puts it off.")
    text = lines(bold(_("Put off")), page_line(page, pages), *(esc(part) for part in said or [nothing]))
    return Screen("snooze_list", text, (*rows, (Button(pgettext("button", "My ledger"), Press("my")),)))


def _day_label(working_days: int, day: Reckoned, wording: Wording) -> str:
    if day.on == wording.today + dt.timedelta(days=1):
        return pgettext("button", "Tomorrow morning")
    if working_days == 1:
        return wording.day(day.on, provisional=day.provisional)
    return ngettext("%(n)d working day on", "%(n)d working days on", working_days) % {"n": working_days}


def _moment(put_off: PutOff) -> str:
    return f"{put_off.wording.day(put_off.at.date(), provisional=put_off.provisional)} {put_off.at:%H:%M}"


def _back(notice: Notice) -> Button:
    return Button(pgettext("button", "Back"), Press("nback", notice.reminder_id))
