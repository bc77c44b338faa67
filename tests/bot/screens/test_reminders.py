"""A reminder as one line of the digest: which entry, what, its date, what to do; nobody is named."""

import datetime as dt
from dataclasses import replace

import pytest

from bot.cover import Charge
from bot.deadlines import is_single
from bot.language import speaking
from bot.notices import EntryNotice
from bot.screens import reminders
from tests.bot.screens.test_ledger import ENTRY, WORDING

DUE = replace(ENTRY, received_on=dt.date(2026, 11, 20), due_on=dt.date(2026, 11, 27))
SUBMIT = replace(ENTRY, submitted_on=None, submit_by_on=dt.date(2027, 1, 7), submit_by_provisional=True)


def notice(kind, entry, working_days=1, stage="t-1"):
    charges = (Charge(1, 1),)
    return EntryNotice(reminder_id=5, kind=kind, stage=stage, working_days=working_days, single=False, charges=charges,
                       entry=entry, of_persons=False)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (notice("receipt", ENTRY), "大气2026-1 11月20日（周五）提交，请确认中心是否已收件"),
        (notice("feedback", DUE), "大气2026-1 应于11月27日（周五）前反馈"),
        (notice("feedback", DUE, -1), "大气2026-1 应于11月27日（周五）前反馈，可商请中心"),
        (notice("submit_by", SUBMIT), "大气2026-1 请最迟于2027年1月7日（周四，暂定）提交核查申请"),
        (
            notice("submit_by", SUBMIT, -1),
            "大气2026-1 最迟提交日2027年1月7日（周四，暂定）已过，请提交或调整拟决定日期",
        ),
        (
            notice("fulfil", replace(ENTRY, fulfil_by_on=dt.date(2026, 12, 1))),
            "大气2026-1 承诺应于12月1日（周二）前履行，请登记履行情况",
        ),
    ],
)
def test_each_kind_is_one_line(said, expected):
    with speaking("zh_CN"):
        assert reminders.line(said, WORDING) == expected


def test_a_line_names_nobody():
    person = replace(ENTRY, of_person=True, subjects=("虚某 0000 虚构2026-1",))
    with speaking("zh_CN"):
        assert "虚某" not in reminders.line(notice("receipt", person), WORDING)


@pytest.mark.parametrize(
    ("stage", "single"), [("t-0", True), ("overdue+1", True), ("t-1", False), ("ask", False), ("t-30", False)]
)
def test_only_what_is_due_today_or_overdue_comes_singly(stage, single):
    assert is_single("feedback", stage) is single
