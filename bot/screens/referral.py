"""The notification about a case that was handed to the legal division."""

import datetime as dt
from collections.abc import Sequence

from bot.dates import format_day
from bot.guidance import Answered
from bot.language import _
from bot.policy.model import MATTER
from bot.screens.guide import answer_line
from bot.screens.screen import Screen, bold, esc, lines


def waiting(
    *,
    number: int,
    division: str,
    unit: str,
    officer: str,
    matter: str,
    answers: Sequence[Answered],
    on: dt.date,
    today: dt.date,
    note: str | None,
) -> Screen:
    """Show the coordinator who asks, about which matter, with which answers.

    Args:
        number: The referral's number.
        division: Short name of the legal division.
        unit: The officer's unit.
        officer: The officer's name; may be empty.
        matter: The matter's name.
        answers: What was answered.
        on: The matter's date.
        today: The reader's date.
        note: What the officer wrote.
    """
    asker = {"number": number, "unit": unit, "officer": officer}
    text = lines(
        bold(_("[%(title)s]") % {"title": _("For study by %(division)s") % {"division": division}}),
        esc(_("Number %(number)d, %(unit)s %(officer)s") % asker).strip(),
        bold(matter),
        *(esc(answer_line(item)) for item in answers if item.question.id != MATTER),
        esc(_("Matter's date: %(day)s") % {"day": format_day(on, today=today)}),
        esc(_("Note: %(note)s") % {"note": note}) if note else None,
        esc(_("Please answer the officer directly.")),
    )
    return Screen("referral.waiting", text, stays=True)
