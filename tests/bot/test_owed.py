"""What the bureau owes: which of the entry's dates count on a day, and who is to know by then."""

import datetime as dt
from dataclasses import replace

import pytest

from bot.language import speaking
from bot.ledger import Entry
from bot.owed import OWNER, Debt, OwedNotice, debts, rungs, times
from bot.policy.content import Escalation
from bot.screens.ledger import Wording
from bot.screens.owed import line
from bot.workdays import Calendar

MONDAY = dt.date(2026, 11, 23)
DAY = dt.date(2027, 1, 7)
ENTRY = Entry(
    id=1, version=1, number="大气2026-1", matter="排污许可证延续", matter_code="M1", subjects=(), head_count=None,
    of_person=False, products=(), applicant="bureau", open=True, withdrawn=False,
)  # fmt: skip
SUBMITTED = replace(ENTRY, submitted_on=MONDAY)
RETURNED = replace(SUBMITTED, open=False, received_on=MONDAY, returned_on=MONDAY, without_opinion=1)


def owed(
    entry: Entry, today: str, *, asked_on: dt.date | None = None, centre_delay: bool = False
) -> list[tuple[str, str]]:
    found = debts(
        entry, Calendar(), dt.date.fromisoformat(today), receipt_after=1, asked_on=asked_on, centre_delay=centre_delay
    )
    return [(debt.kind, debt.since.isoformat()) for debt in found]


@pytest.mark.parametrize(
    ("entry", "first_owed", "what"),
    [
        (replace(ENTRY, submit_by_on=MONDAY), "2026-11-24", ("submit", "2026-11-23")),
        (SUBMITTED, "2026-11-25", ("receipt", "2026-11-24")),
        (replace(SUBMITTED, received_on=MONDAY, supplement_on=MONDAY), "2026-11-24", ("supplement", "2026-11-23")),
        (RETURNED, "2026-11-24", ("opinion", "2026-11-23")),
        (replace(RETURNED, without_opinion=0, fulfil_by_on=MONDAY), "2026-11-24", ("fulfil", "2026-11-23")),
    ],
)
def test_each_is_owed_from_the_day_after_and_not_for_ever(entry: Entry, first_owed: str, what: tuple[str, str]):
    begins = dt.date.fromisoformat(first_owed)
    assert owed(entry, str(begins - dt.timedelta(days=1))) == []
    assert owed(entry, first_owed) == [what]
    last = dt.date.fromisoformat(what[1]) + dt.timedelta(days=90)
    assert owed(entry, str(last)) == [what]
    assert owed(entry, str(last + dt.timedelta(days=1))) == []  # it came with an older ledger
    assert owed(replace(entry, withdrawn=True), first_owed) == []


@pytest.mark.parametrize("done", ["applied by the counterpart", "without a date", "written down", "received"])
def test_nothing_is_owed_where_nothing_is_to_be_done(done: str):
    entry = {
        "applied by the counterpart": replace(SUBMITTED, applicant="counterpart"),
        "without a date": ENTRY,
        "written down": replace(RETURNED, without_opinion=0),
        "received": replace(SUBMITTED, received_on=MONDAY, due_on=dt.date(2026, 11, 30)),
    }[done]
    assert owed(entry, "2026-12-15") == []


def test_a_receipt_is_owed_from_the_last_time_that_it_was_asked_for():
    wednesday = dt.date(2026, 11, 25)
    assert owed(SUBMITTED, "2026-11-25", asked_on=wednesday) == []
    assert owed(SUBMITTED, "2026-11-26", asked_on=wednesday) == [("receipt", "2026-11-25")]
    assert owed(SUBMITTED, "2026-11-25", asked_on=MONDAY) == [("receipt", "2026-11-24")]  # not sooner than it is due


def test_the_centres_delay_counts_only_where_the_pack_says_so():
    late = replace(SUBMITTED, received_on=MONDAY, due_on=dt.date(2026, 11, 30))
    assert owed(late, "2026-12-01") == []
    assert owed(late, "2026-12-01", centre_delay=True) == [("feedback", "2026-11-30")]


@pytest.mark.parametrize(
    ("today", "who"),
    [
        ("2026-09-24", []),  # the day itself
        ("2026-09-28", ["owner"]),  # over the Mid-Autumn holidays of 25 to 27 September
        ("2026-09-29", ["owner"]),
        ("2026-09-30", ["owner", "head"]),
        ("2026-10-08", ["owner", "head"]),  # over the National Day's
        ("2026-10-09", ["owner", "head", "coordinator"]),
    ],
)
def test_it_climbs_by_working_days(today: str, who: list[str]):
    since, on = dt.date(2026, 9, 24), dt.date.fromisoformat(today)
    for known_on in (dt.date(2026, 9, 1), since):
        assert list(rungs(Debt("submit", since), known_on, Calendar(), on, Escalation())) == [(each, 0) for each in who]
    long_ago = Debt("submit", dt.date(2026, 7, 1))  # and written down only now
    assert list(rungs(long_ago, since, Calendar(), on, Escalation())) == [(each, 0) for each in who]


@pytest.mark.parametrize(
    ("kind", "today", "time"),
    [
        ("submit", "2026-12-01", 0),  # six working days after Monday 23 November it is said again, then each week
        ("submit", "2026-12-02", 1),
        ("submit", "2026-12-08", 1),
        ("submit", "2026-12-09", 2),
        ("feedback", "2026-12-09", 0),
    ],
)
def test_the_officer_alone_hears_it_again_each_week(kind: str, today: str, time: int):
    debt = Debt(kind, dt.date(2026, 11, 24))
    found = list(rungs(debt, MONDAY, Calendar(), dt.date.fromisoformat(today), Escalation()))
    assert found == [("owner", time), ("head", 0), ("coordinator", 0)]


@pytest.mark.parametrize(
    ("stages", "told"),
    [
        ((), 0),
        (("2026-11-24",), 1),
        (("2026-11-24+1", "2026-11-24", "2026-11-24+10"), 11),
        (("2026-11-20+3", "2026-11-24"), 1),  # another debt of the kind
    ],
)
def test_once_its_day_is_written_down_anew_a_debt_is_said_for_the_next_time_and_not_for_the_first(
    stages: tuple[str, ...], told: int
):
    debt, known_on = Debt("submit", dt.date(2026, 11, 24)), dt.date(2026, 12, 30)
    assert times(stages, debt) == told
    today = dt.date(2026, 12, 31)
    assert list(rungs(debt, known_on, Calendar(), today, Escalation(), told=told)) == [(OWNER, told)]


@pytest.mark.parametrize(
    ("kind", "entry", "doubtful"),
    [
        ("submit", replace(ENTRY, submit_by_on=DAY, submit_by_provisional=True), True),
        ("feedback", replace(SUBMITTED, due_on=DAY, due_provisional=True), True),
        ("submit", replace(ENTRY, submit_by_on=DAY, due_provisional=True), False),
        ("opinion", replace(RETURNED, due_provisional=True), False),
    ],
)
def test_a_day_of_a_year_without_a_notice_is_marked_provisional(kind: str, entry: Entry, *, doubtful: bool):
    notice = OwedNotice(
        reminder_id=1, kind=kind, stage=DAY.isoformat(), working_days=-1, single=False, charges=(), entry=entry,
        since=DAY, owner="虚构", audience=OWNER,
    )  # fmt: skip
    wording = Wording(dt.date(2027, 1, 8), "虚构中心", {}, "虚构对象", of_persons=False)
    with speaking("zh_CN"):
        assert ("1月7日（周四，暂定）" in line(notice, wording)) is doubtful
