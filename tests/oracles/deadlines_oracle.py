"""A second opinion on every date that the bot watches: one day after another, from the tables typed by hand.

Nothing of ``bot`` is used. A calendar is a plain dictionary from day to whether offices work on it, and a set of years
without a notice; a date found by looking at a day of such a year is provisional.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tests.oracles.workdays_oracle import FIRST, LAST, LAST_PUBLISHED_YEAR, is_workday

ONE = timedelta(days=1)
HOUR_UTC = 1  # nine o'clock in Zhengzhou, where summer time is not known
# Fictitious notices for the years that have none yet: days off in spans, make-up working days one by one.
FICTITIOUS_OFF = (
    ("2027-01-01", "2027-01-03"), ("2027-02-05", "2027-02-12"), ("2027-04-03", "2027-04-05"),
    ("2027-05-01", "2027-05-05"), ("2027-06-09", "2027-06-09"), ("2027-09-15", "2027-09-17"),
    ("2027-10-01", "2027-10-07"),
    ("2028-01-01", "2028-01-03"), ("2028-01-25", "2028-02-01"), ("2028-04-02", "2028-04-04"),
    ("2028-04-29", "2028-05-03"), ("2028-05-27", "2028-05-29"), ("2028-10-01", "2028-10-08"),
)  # fmt: skip
FICTITIOUS_MAKEUP = (
    "2027-01-30", "2027-02-20", "2027-05-08", "2027-09-19", "2027-09-25", "2027-10-09",
    "2028-01-22", "2028-02-05", "2028-05-06", "2028-09-24", "2028-10-14",
)  # fmt: skip


@dataclass(frozen=True)
class Days:
    """A calendar of 2024 to 2028."""

    worked: dict[date, bool]
    without_notice: frozenset[int]

    def looks(self, first: date, last: date) -> bool:
        """Whether a day from ``first`` to ``last`` lies in a year without a notice."""
        return any(year in self.without_notice for year in range(first.year, last.year + 1))


def span(first: str, last: str) -> list[date]:
    """Return the days from one to another."""
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [begin + n * ONE for n in range((end - begin).days + 1)]


def as_published() -> Days:
    """Return the calendar as it stands: notices to 2026, estimates after that."""
    worked = {day: is_workday(day) for day in span(str(FIRST), str(LAST))}
    return Days(worked, frozenset(range(LAST_PUBLISHED_YEAR + 1, LAST.year + 1)))


def as_it_may_come() -> Days:
    """Return the calendar with the fictitious notices: every year is known."""
    worked = {day: is_workday(day) for day in span(str(FIRST), str(LAST)) if day.year <= LAST_PUBLISHED_YEAR}
    worked |= {day: day.weekday() < 5 for day in span(f"{LAST_PUBLISHED_YEAR + 1}-01-01", str(LAST))}
    for first, last in FICTITIOUS_OFF:
        worked |= dict.fromkeys(span(first, last), False)
    worked |= {date.fromisoformat(day): True for day in FICTITIOUS_MAKEUP}
    return Days(worked, frozenset())


def after(days: Days, start: date, count: int) -> tuple[date, bool]:
    """Return the working day that is the ``count``-th after a day."""
    on = start
    while count:
        on += ONE
        count -= days.worked[on]
    return on, days.looks(start + ONE, on)


def before(days: Days, end: date, count: int) -> tuple[date, bool]:
    """Return the working day that lies ``count`` before a day; with 0 the day itself, or the one before it."""
    on, left = end, count
    if not count:
        while not days.worked[on]:
            on -= ONE
        return on, days.looks(on, end)
    while left:
        on -= ONE
        left -= days.worked[on]
    return on, days.looks(on, end - ONE)


def latest_submission(days: Days, decide_on: date, period: int, margin: int) -> tuple[date, bool]:
    """Return the last day to submit by trying every day: its feedback must leave the margin before the decision."""
    on = decide_on
    while True:
        if days.worked[on]:
            feedback, _doubt = after(days, on, period)
            between, day = 0, feedback
            while day < decide_on:
                between += days.worked[day]
                day += ONE
            if feedback <= decide_on and between >= margin:
                return on, days.looks(on, decide_on if margin == 0 else decide_on - ONE)
        on -= ONE


def last_valid_day(issued_on: date, months: int, *, same_day: bool) -> date:
    """Return the last valid day of an opinion: walk to the month in question, then look for the day of issue in it."""
    day, passed = issued_on, 0
    while passed < months:
        day += ONE
        passed += day.day == 1
    found = day
    while day.month == found.month and day.day <= issued_on.day:
        found, day = day, day + ONE
    return found if same_day else found - ONE


def moment(on: date) -> datetime:
    """Return when the reminder of a day leaves."""
    return datetime(on.year, on.month, on.day, HOUR_UTC, tzinfo=UTC)


Planned = tuple[str, str, date, bool]


def waiting_for_receipt(days: Days, submitted_on: date, after_days: int) -> list[Planned]:
    """Return the one question of an application whose receipt nobody has confirmed."""
    return [("receipt", "ask", *after(days, submitted_on, after_days))]


def waiting_for_feedback(
    days: Days, due_on: date, warnings: tuple[int, ...], first: int, every: int, said: int
) -> list[Planned]:
    """Return the warnings before the centre's day, and the overdue reminder that comes next."""
    planned = [("feedback", f"t-{count}", *before(days, due_on, count)) for count in warnings]
    distance, number = first, 1
    while number <= said:
        distance, number = distance + every, number + 1
    return [*planned, ("feedback", f"overdue+{number}", *after(days, due_on, distance))]


def counted_back(days: Days, kind: str, on: date, warnings: tuple[int, ...]) -> list[Planned]:
    """Return the warnings before a day that somebody has set."""
    return [(kind, f"t-{count}", *before(days, on, count)) for count in warnings]


def before_decision(days: Days, decide_on: date, warnings: tuple[int, ...], known: date) -> list[Planned]:
    """Return the reminders of a decision that is near: one a day, none on the day of entry."""
    found: dict[date, Planned] = {}
    for planned in counted_back(days, "decide", decide_on, tuple(sorted(warnings))):
        found.setdefault(planned[2], planned)
    return [planned for on, planned in found.items() if on > known]


def asked_again(days: Days, answered: date, due_on: date, soon: int, then: int) -> tuple[date, bool]:
    """Return when the receipt that has not come is asked about again: soon, on the expected day, then seldom."""
    if answered >= due_on:
        return after(days, answered, then)
    on, count = answered, 0
    while count < soon and on != due_on:
        on += ONE
        count += days.worked[on]
    doubt = days.looks(answered + ONE, after(days, answered, soon)[0])
    return on, doubt


def climbed(days: Days, since: date, known: date, today: date, ladder: tuple[int, int, int, int]) -> dict[str, int]:
    """Return who knows of a debt by a day, and how often it was said to them after the first time.

    The ladder: working days until the officer hears, until they hear again, until the head and the coordinators do.
    """
    first, every, head, coordinator = ladder
    told: dict[str, int] = {}
    on, count, since_told = max(since, known), 0, 0
    while on < today:
        on += ONE
        if not days.worked[on]:
            continue
        count += 1
        since_told += 1
        if "owner" in told and since_told == every:
            told["owner"], since_told = told["owner"] + 1, 0
        if count == first:
            told["owner"], since_told = 0, 0
        told |= {who: 0 for who, after_days in (("head", head), ("coordinator", coordinator)) if count == after_days}
    return told


def running_out(days: Days, last_valid: date, plain_days: tuple[int, ...]) -> list[Planned]:
    """Return the reminders before an opinion's last valid day: plain days back, then back to a working day."""
    return [("expiry", f"d-{count}", *before(days, last_valid - count * ONE, 0)) for count in plain_days]


def asked_after(days: Days, kind: str, since: date, counts: tuple[int, ...]) -> list[Planned]:
    """Return the questions some working days after something should have come."""
    return [(kind, f"ask+{count}", *after(days, since, count)) for count in counts]


def rows(planned: list[Planned], now: datetime) -> dict[tuple[str, str], tuple[datetime, str]]:
    """Return what the table of reminders must hold: of what is past only the newest of a kind is said, and now."""
    table: dict[tuple[str, str], tuple[datetime, str]] = {}
    for kind in {each[0] for each in planned}:
        past = [each for each in planned if each[0] == kind and moment(each[2]) <= now]
        newest = max(past, key=lambda each: (each[2], planned.index(each)), default=None)
        for each in planned:
            if each[0] == kind:
                if each is newest:
                    table[kind, each[1]] = (now, "planned")
                else:
                    table[kind, each[1]] = (moment(each[2]), "superseded" if each in past else "planned")
    return table
