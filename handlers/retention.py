"""Once a day: whatever has been kept for as long as the pack says goes, class by class."""

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.erasure import ERASE
from storage import audit, batch, retention, work

if TYPE_CHECKING:
    from handlers.worker import Chore, Finish, Tools

RETAIN: Final = "retention"
UNASKED: Final = dt.timedelta(hours=4)  # a list that nobody says what to do with goes in the night after


async def retain(tools: "Tools", _params: Mapping[str, Any], now: dt.datetime) -> "Finish":
    """Let old data go; natural persons are erased one entry at a time, by the same work as at a coordinator's word."""
    keeps = tools.office.policy.retention
    today = tools.office.today(now)
    async with tools.database.read() as session:
        persons = await retention.persons_to_go(session, today - dt.timedelta(days=keeps.personal_days))

    def before(days: int) -> dt.datetime:
        return now - dt.timedelta(days=days)

    async def finish(session: AsyncSession) -> None:
        for request_id in persons:
            work.add(session, ERASE, {"request_id": request_id}, now=now)
        await retention.forget_drafts(session, before(keeps.drafts_days))
        await retention.forget_lists(session, before(keeps.lists_days))
        books = await retention.forget_texts(session, before(keeps.texts_days))
        admins = tools.office.admin_ids
        staff = await retention.forget_staff(session, before(keeps.staff_days), today=today, keeps=admins)
        notices = await retention.forget_notices(session, before(keeps.notices_days))
        files = await retention.take_attachments(session, before(keeps.attachments_days), now)
        unasked = await batch.close_unasked(session, now - UNASKED, now=now)
        work.tidy(session, [*files, *unasked, *books], now=now)
        lines = await retention.blank_audit(session, before(keeps.audit_days))
        counted = {"persons": len(persons), "staff": staff, "notices": notices, "files": len(files), "lines": lines}
        if said := {what: n for what, n in counted.items() if n}:
            audit.note(session, at=now, actor_id=None, verb=RETAIN, subject=("retention", None), after=said)

    return finish


JOBS: Final[Mapping[str, "Chore"]] = {RETAIN: retain}
