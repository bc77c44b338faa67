"""Who stands at the file page: a link's owner, or the holder of a living session, each checked anew every time."""

import datetime as dt
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.clock import Clock
from handlers.links import (
    LINK_HOLDS,
    SESSION_HOLDS,
    LinkExpired,
    LinkForged,
    Links,
    Opened,
    read_session,
    session_cookie,
)
from handlers.web.page.refusals import Refused, Why
from storage import audit, pages, people
from storage.database import Database
from storage.tables import Person, PersonState

_REMEMBERED: Final = dt.timedelta(days=1)  # a used link is known for far longer than any link holds


class Visits:
    """Links and sessions, and the audit line of every look.

    Args:
        links: Reads links.
        database: The database.
        clock: The one clock.
    """

    def __init__(self, links: Links, database: Database, clock: Clock) -> None:
        self._links = links
        self._database = database
        self._clock = clock

    async def behind(self, token: str) -> tuple[Opened, Person]:
        """Return what a link says and whose it is; nothing is used up.

        Raises:
            Refused: Forged, expired, used, or its owner may not use the bot now.
        """
        async with self._database.read() as session:
            return await self._link(session, token)

    async def begin(self, token: str, former: str, *, is_own_form: bool) -> str:
        """Use a link up and return its session's cookie; the session that this browser held before ends.

        Args:
            token: The link's token.
            former: The cookie of the former session; empty for none.
            is_own_form: Whether the press came from the page that this visitor was given.

        Raises:
            Refused: As in ``behind``, or the press was somebody else's doing.
        """
        now = self._clock.now()
        async with self._database.write() as session:
            opened, person = await self._link(session, token)
            if not is_own_form:
                raise Refused(Why.FORM, person)
            cookie = session_cookie(opened, now)
            if not await pages.open_link(session, token, cookie, person, now=now, until=now + SESSION_HOLDS):
                raise Refused(Why.USED, person)
            await pages.forget(session, before=now - _REMEMBERED)
            holder = await pages.holder(session, former, now=now)
            if holder is not None and await pages.end(session, former, now=now):
                self._note(session, holder.id, "page.end", reason="another link")
            self._note(session, person.id, "page.open", opened)
        return cookie

    async def during(
        self, cookie: str, verb: str = "", *, file_key: str | None = None, ends: bool = False
    ) -> tuple[Opened, Person]:
        """Return a session's right and its holder; who was suspended meanwhile, or has another unit or role, loses it.

        Args:
            cookie: The session's cookie.
            verb: What is done now, for the audit; empty for a mere check.
            file_key: The file that came in.
            ends: Whether the session ends with this; one of several racing requests wins.

        Raises:
            Refused: There is no such living session, or its holder may not use the bot now.
        """
        try:
            said = read_session(cookie)
        except LinkForged:
            raise Refused(Why.SESSION) from None
        now = self._clock.now()
        async with self._database.write() as session:
            person = await pages.holder(session, cookie, now=now)
            is_suspended = person is not None and person.state is not PersonState.ACTIVE
            holds = person is not None and not is_suspended and not await _moved(session, person, said, SESSION_HOLDS)
            was_ended = (ends or not holds) and await pages.end(session, cookie, now=now)
            if person is not None and holds and (was_ended or not ends):
                if verb:
                    self._note(session, person.id, verb, said, file_key=file_key)
                return said, person
            owner = person or await people.by_telegram_id(session, said.telegram_id)
        raise Refused(Why.SUSPENDED if is_suspended else Why.SESSION, owner)

    async def refuse(self, refused: Refused) -> None:
        """Write the audit line of a refusal."""
        async with self._database.write() as session:
            self._note(session, refused.person_id, "page.refused", reason=refused.why.value)

    async def _link(self, session: AsyncSession, token: str) -> tuple[Opened, Person]:
        try:
            opened = self._links.open(token, self._clock.now())
        except LinkForged:
            raise Refused(Why.FORGED) from None
        except LinkExpired as expired:
            raise Refused(Why.EXPIRED, await people.by_telegram_id(session, expired.telegram_id)) from None
        person = await people.by_telegram_id(session, opened.telegram_id)
        if person is None:
            raise Refused(Why.FORGED)
        if person.state is not PersonState.ACTIVE:
            raise Refused(Why.SUSPENDED, person)
        if await _moved(session, person, opened, LINK_HOLDS):
            raise Refused(Why.EXPIRED, person)
        if await pages.is_used(session, token):
            raise Refused(Why.USED, person)
        return opened, person

    def _note(
        self,
        session: AsyncSession,
        person_id: int | None,
        verb: str,
        opened: Opened | None = None,
        *,
        file_key: str | None = None,
        reason: str | None = None,
    ) -> None:
        key = file_key or (opened.file.key if opened and opened.file else None)
        audit.note(
            session,
            at=self._clock.now(),
            actor_id=person_id,
            verb=verb,
            subject=("page", None),
            after={"file": key} if key else None,
            reason=reason,
        )


async def _moved(session: AsyncSession, person: Person, said: Opened, holds: dt.timedelta) -> bool:
    """Say whether somebody has another unit or role than when a link or a session was made."""
    return await people.has_moved(session, person, said.until - holds)
