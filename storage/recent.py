"""常用事项: the matters that an officer looked up last."""

import datetime as dt

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Person, RecentMatter
from storage.upsert import insert_new


async def remember(session: AsyncSession, person: Person, matter_code: str, *, now: dt.datetime) -> None:
    """Put a matter first among the officer's.

    Args:
        session: The unit of work.
        person: The officer.
        matter_code: The matter's code in the pack.
        now: Aware UTC time.
    """
    row = {"person_id": person.id, "matter_code": matter_code, "used_at": now}
    await insert_new(session, RecentMatter, [row])
    await session.execute(
        update(RecentMatter)
        .where(RecentMatter.person_id == person.id, RecentMatter.matter_code == matter_code)
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )


async def newest_first(session: AsyncSession, person: Person) -> list[str]:
    """Return the codes of the officer's matters; the pack of today may have dropped some of them."""
    codes = await session.scalars(
        select(RecentMatter.matter_code)
        .where(RecentMatter.person_id == person.id)
        .order_by(RecentMatter.used_at.desc(), RecentMatter.matter_code)
    )
    return list(codes)
