"""What the buttons of a short form carry: the line that is meant, and a day."""

import datetime as dt

from bot.forms import Field, RecordForm
from handlers.turn import Stale, iso_day


def line_of(form: RecordForm, arg: str) -> tuple[Field, str]:
    """Return the line that a button is about, and the rest of what it carries.

    Raises:
        Stale: The form has no such line.
    """
    line, _comma, rest = arg.partition(",")
    try:
        return form.line(line), rest
    except KeyError:
        raise Stale from None


def day_of(text: str, today: dt.date) -> dt.date:
    """Return the day that a button carries: 0 for today, 1 for yesterday, or the date itself.

    Raises:
        Stale: It carries none.
    """
    if text in ("0", "1"):
        return today - dt.timedelta(days=int(text))
    return iso_day(text)
