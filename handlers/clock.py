"""The one clock. Wall time is read here and nowhere else."""

import datetime as dt


class Clock:
    """The time of the office.

    Args:
        offset: How far this clock runs ahead of the wall; the trial moves it, a running bureau never does.
    """

    def __init__(self, offset: dt.timedelta = dt.timedelta()) -> None:
        self.offset = offset

    def now(self) -> dt.datetime:
        """Return the aware UTC time."""
        return dt.datetime.now(dt.UTC) + self.offset

    def move_to(self, moment: dt.datetime) -> None:
        """Move forward to a moment; a moment already past leaves the clock where it is."""
        self.offset = max(self.offset, self.offset + (moment - self.now()))
