"""The ledger's screens as pure values: nothing is said that nobody has told."""

import datetime as dt
from dataclasses import replace

from bot.attachments import PDF, AttachmentLine, Purpose
from bot.language import speaking
from bot.ledger import Entry, ProductLine
from bot.policy.model import ProductKind
from bot.screens import attachments, ledger
from bot.screens import entry as card

TODAY = dt.date(2026, 11, 23)
WORDING = ledger.Wording(TODAY, "市信用中心", {"verification": "信用信息核查"}, "申报单位", of_persons=False)
ENTRY = Entry(
    id=1,
    version=1,
    number="大气2026-1",
    matter="虚构事项",
    matter_code=None,
    subjects=(),
    head_count=32,
    of_person=False,
    products=(ProductLine("verification", ProductKind.VERIFICATION, 32),),
    applicant="bureau",
    open=True,
    withdrawn=False,
    submitted_on=dt.date(2026, 11, 20),
)


def shown(entry: Entry, wording: ledger.Wording = WORDING) -> str:
    with speaking("zh_CN"):
        return card.opened(entry, (), wording, may_act=True).text


def test_a_count_is_said_in_the_matters_word_and_as_organisations_or_persons() -> None:
    assert "申报单位：32家" in shown(ENTRY)
    assert "申报单位：32人" in shown(ENTRY, replace(WORDING, of_persons=True))


def test_no_day_of_submission_is_claimed_where_the_counterpart_applied() -> None:
    assert "11月20日" in shown(ENTRY)
    said = shown(replace(ENTRY, applicant="counterpart"))
    assert "11月20日" not in said.replace("由申报单位申请，按11月20日（周五）计入统计", "")


def test_what_asks_for_a_file_of_a_person_or_takes_it_away_cannot_be_forwarded() -> None:
    file = AttachmentLine(1, 1, "张某 1234", Purpose.REPORT, PDF, dt.datetime(2026, 11, 23, tzinfo=dt.UTC), 1)
    for person in (True, False):
        entry = replace(ENTRY, of_person=person)
        assert attachments.asking(entry, Purpose.REPORT, file.subject, WORDING).protect is person
        assert attachments.taking_away(entry, file, WORDING).protect is person
