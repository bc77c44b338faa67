"""A person is found wherever people type, encrypted or not."""

import datetime as dt

from sqlalchemy import JSON, Enum, String

from storage import mentions
from storage.database import Database
from storage.mentions import Named
from storage.tables import Base, CalendarDay, Counterpart, Opinion, Overlay
from storage.tables.rules import OverlayState
from tests.conftest import START

ZHANG = Named(0, "张", "1234", "人事2026-7")
CODES = (
    "attachment.media_type attachment.path attachment.purpose attachment.sha256 attempt.error attempt.outcome "
    "audit.content_hash audit.subject_kind audit.verb audit_seal.head calendar_day.kind commitment.kind "
    "counterpart.code counterpart.initials counterpart.kind counterpart.legacy_code counterpart.pinyin "
    "counterpart_alias.initials counterpart_alias.pinyin credit_report.blocks decision.matter_code "
    "decision.policy_hash decision.result decision.rule_ids draft.awaiting draft.purpose heartbeat.part "
    "inbox.incident inbox.lane invite.hash issue.matter_code issue.product_kind item.product_code item.product_kind "
    "item.used_as opinion.valid_source outbox.dedupe outbox.kind outbox.reason overlay.key overlay.kind page_link.hash "
    "page_link.session periodic_run.kind periodic_run.note periodic_run.period periodic_run.scope person.language "
    "person.menu person.reminder_hour person.reminder_stages policy_snapshot.content policy_snapshot.hash "
    "quarter_push.content quarter_push.files quarter_push.named quarter_summary.content quarter_summary.digest "
    "quarter_summary.policy_hash recent_matter.matter_code referral.policy_hash reminder.audience reminder.kind "
    "reminder.reason reminder.stage reminder.subject_kind request.matter_code setting.key setting.value sheet.path "
    "sheet.purpose summary.shows unit.code unit.kind unit.name unit.short_name work.error work.kind"
)
"""What the program makes or the pack says: codes, hashes, counts and our own words; units stand in the overlay too."""


def test_each_plain_column_is_either_searched_or_holds_nothing_that_people_type():
    plain = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, (String, JSON)) and not isinstance(column.type, Enum)
    }
    assert plain - mentions.TYPED == set(CODES.split())
    assert len(mentions.typed()) == len(mentions.TYPED)


async def test_plain_words_and_json_are_searched_and_only_the_person_is_found(database: Database):
    day = START.date()
    async with database.write() as session:
        for number in ("附人事2026-7", "张某1234", "张某4321", "李某1234", "100%_人事"):
            session.add(Opinion(number=number, issued_on=day, valid_to=day, valid_source="policy", recorded_at=START))
        for n, name in enumerate(("张先生（1234）表彰", "王先生（1234）表彰")):
            session.add(
                Overlay(kind="matter", key=f"k{n}", content={"label": name}, state=OverlayState.PROPOSED,
                        created_at=START, basis="人事2026-7" if n else None)
            )  # fmt: skip
        session.add(CalendarDay(date=dt.date(2027, 1, 4), kind="workday", source="张1234"))
        label = {"surname": "张", "last4": "1234", "case_number": "另案"}
        session.add(Counterpart(kind="natural_person", person_label=label))
    async with database.read() as session:
        found = await mentions.mentions(session, [ZHANG])
        assert found == {
            ("calendar_day", "source"): [dt.date(2027, 1, 4)],
            ("counterpart", "person_label"): [1],
            ("opinion", "number"): [1, 2],
            ("overlay", "basis"): [2],
            ("overlay", "content"): [1],
        }
        assert await mentions.mentions(session, [Named(0, "", "", "100%")]) == {("opinion", "number"): [5]}
        assert await mentions.mentions(session, [Named(0, "", "", "7")]) == {}  # too short to be a word
