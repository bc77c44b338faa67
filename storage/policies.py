"""Policy snapshots: a pack as it stood when it first decided something."""

import datetime as dt
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.policy.model import Policy
from storage.tables import PolicySnapshot
from storage.upsert import insert_new

SCHEMA_VERSION: Final = 1  # of the snapshot's JSON; grows when the pack's model changes its form


async def ensure_snapshot(session: AsyncSession, policy: Policy, now: dt.datetime) -> None:
    """Keep the pack's content the first time that it decides something, so that the case can be replayed.

    Args:
        session: The unit of work of what was decided.
        policy: The pack.
        now: Aware UTC time.
    """
    await insert_new(
        session,
        PolicySnapshot,
        [
            {
                "hash": policy.hash,
                "schema_version": SCHEMA_VERSION,
                "content": policy.snapshot,
                "first_used_at": now,
            }
        ],
    )
