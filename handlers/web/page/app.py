"""The file page: files that must not travel through a chat go and come here, in the bureau's own network.

An officer gets a one-time link in the chat. Looking at it does nothing (link previews and scanners look too); a press
uses it up and begins a session of ten minutes, bound to a cookie, whose right is exactly that link's: one file to
fetch, or one to hand in. What is handed in reaches the flow as if it had been sent to the chat.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bot.language import _, speaking
from handlers.clock import Clock
from handlers.links import SESSION_HOLDS, Links
from handlers.settings import Settings
from handlers.web.page import look
from handlers.web.page.forms import UPLOAD_LIMIT, drain, file_of, form_token, is_own_form, read_form
from handlers.web.page.guard import Guard, Pace, client
from handlers.web.page.refusals import STATUS, Refused, Why, sentence
from handlers.web.page.visits import Visits
from handlers.web.serving import listening
from storage.database import Database
from storage.files import FileStore
from storage.tables import Person

_STATIC: Final = Path(__file__).parent.parent / "static"
_SESSION_COOKIE: Final = "xinxuan_page"
_FORM_COOKIE: Final = "xinxuan_form"
_SMALL_FORM: Final = 4096  # bytes
_AROUND_A_FILE: Final = 8192  # bytes of a form around its file
_MEGABYTES: Final = UPLOAD_LIMIT // (1024 * 1024)


HandIn = Callable[..., Awaitable[None]]
"""Gives a received file to an officer's flow: Telegram id, then ``key``, ``name``, ``media_type`` and ``size``."""


class FilePage:
    """The page.

    Args:
        base: Its public address without a slash at the end.
        database: The database.
        clock: The one clock.
        store: Where files are kept.
        hand_in: Gives what came in to the officer's flow.
    """

    def __init__(self, base: str, database: Database, clock: Clock, store: FileStore, hand_in: HandIn) -> None:
        self._base = base
        self._visits = Visits(Links(base), database, clock)
        self._store = store
        self._hand_in = hand_in
        self._pace = Pace()
        self._root = urlsplit(base).path
        self._is_tls = base.startswith("https:")

    def app(self) -> ASGIApp:
        """Return the page as an application."""
        routes = [
            Route(f"{self._root}/f/{{token}}", self._offer, methods=["GET"]),
            Route(f"{self._root}/f/{{token}}", self._open, methods=["POST"]),
            Route(f"{self._root}/s", self._show, methods=["GET"]),
            Route(f"{self._root}/s", self._receive, methods=["POST"]),
            Route(f"{self._root}/s/file", self._give, methods=["GET"]),
            Route(f"{self._root}/s/end", self._end, methods=["POST"]),
            Route(f"{self._root}/{look.STYLE}", self._style, methods=["GET"]),
        ]
        handlers: dict[Any, Any] = {
            Refused: self._refused,
            HTTPException: self._elsewhere,
            Exception: self._failed,
        }
        return Guard(Starlette(routes=routes, exception_handlers=handlers), self._base, self._pace)

    async def _style(self, _request: Request) -> Response:
        return FileResponse(_STATIC / look.STYLE)

    async def _offer(self, request: Request) -> Response:
        """Show what is behind a link, without opening it."""
        token = request.path_params["token"]
        opened, person = await self._visits.behind(token)
        secret = secrets.token_urlsafe(32)
        with speaking(person.language):
            response = HTMLResponse(look.confirm(self._root, form_token(secret, token), is_upload=opened.file is None))
        self._set_cookie(response, _FORM_COOKIE, secret)
        return response

    async def _open(self, request: Request) -> Response:
        """Use a link up and begin its session."""
        token = request.path_params["token"]
        async with read_form(request, _SMALL_FORM) as form:
            is_own = is_own_form(form, request.cookies.get(_FORM_COOKIE, ""), token)
        cookie = await self._visits.begin(token, _cookie(request), is_own_form=is_own)
        response = RedirectResponse(f"{self._root}/s", 303)
        self._set_cookie(response, _SESSION_COOKIE, cookie)
        return response

    async def _show(self, request: Request) -> Response:
        cookie = _cookie(request)
        said, person = await self._visits.during(cookie, "page.look")
        token = form_token(cookie, "session")
        with speaking(person.language):
            if said.file is None:
                return HTMLResponse(look.upload(self._root, token, _MEGABYTES))
            return HTMLResponse(look.download(self._root, token, said.file.name))

    async def _give(self, request: Request) -> Response:
        """Hand the session's file over, to be saved and never to be shown inside the browser."""
        cookie = _cookie(request)
        said, person = await self._visits.during(cookie)
        if said.file is None:
            raise Refused(Why.NOWHERE, person)
        path = self._store.path(said.file.key)
        if not await asyncio.to_thread(path.is_file):
            raise Refused(Why.GONE, person)
        await self._visits.during(cookie, "page.download")
        return FileResponse(path, media_type=said.file.media_type, filename=said.file.name)

    async def _receive(self, request: Request) -> Response:
        """Take one file in and give it to the officer's flow; the session is over with it."""
        cookie = _cookie(request)
        try:
            person = await self._uploader(cookie)
        except Refused as refused:
            if refused.person_id is not None:
                await drain(request.receive)
            raise
        async with read_form(request, UPLOAD_LIMIT + _AROUND_A_FILE, person) as form:
            _check(form, cookie, person)
            name, media_type, content = await file_of(form, person)
        kept = await asyncio.to_thread(self._store.put, content)
        try:
            await self._visits.during(cookie, "page.upload", file_key=kept.key, ends=True)
            await self._hand_in(person.telegram_id, key=kept.key, name=name, media_type=media_type, size=kept.size)
        except Exception:
            await asyncio.to_thread(self._store.remove, kept.key)
            raise
        with speaking(person.language):
            return self._left(look.received(self._root))

    async def _uploader(self, cookie: str) -> Person:
        said, person = await self._visits.during(cookie)
        if said.file is not None:
            raise Refused(Why.NOWHERE, person)
        return person

    async def _end(self, request: Request) -> Response:
        cookie = _cookie(request)
        _said, person = await self._visits.during(cookie)
        async with read_form(request, _SMALL_FORM, person) as form:
            _check(form, cookie, person)
        await self._visits.during(cookie, "page.end", ends=True)
        with speaking(person.language):
            return self._left(look.ended(self._root))

    def _left(self, page: str) -> Response:
        response = HTMLResponse(page)
        response.delete_cookie(_SESSION_COOKIE, path=self._root or "/")
        return response

    def _set_cookie(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(
            name,
            value,
            max_age=int(SESSION_HOLDS.total_seconds()),
            path=self._root or "/",
            secure=self._is_tls,
            httponly=True,
            samesite="strict",
        )

    async def _refused(self, request: Request, refused: Refused) -> Response:
        if refused.person_id is None:
            self._pace.count(client(request))
        await self._visits.refuse(refused)
        return self._answer(refused)

    async def _elsewhere(self, _request: Request, _error: Exception) -> Response:
        return self._answer(Refused(Why.NOWHERE))

    async def _failed(self, _request: Request, _error: Exception) -> Response:
        return HTMLResponse(look.refused(self._root, _("This did not work. Please ask again in the chat.")), 500)

    def _answer(self, refused: Refused) -> Response:
        with speaking(refused.language):
            page = look.refused(self._root, sentence(refused.why, _MEGABYTES))
        # What is left of a body that was not read would go on arriving on a connection that stays open.
        return HTMLResponse(page, STATUS[refused.why], headers={"connection": "close"})


@contextlib.asynccontextmanager
async def serving(
    settings: Settings, database: Database, clock: Clock, store: FileStore, hand_in: HandIn
) -> AsyncIterator[None]:
    """Serve the page where the settings say, for as long as the block lasts.

    Raises:
        OSError: The port is taken, or the address is not this machine's.
    """
    page = FilePage(settings.page_url, database, clock, store, hand_in)
    async with listening(page.app(), *settings.page_address):
        yield


def _cookie(request: Request) -> str:
    return request.cookies.get(_SESSION_COOKIE, "")


def _check(form: FormData, cookie: str, person: Person) -> None:
    """Refuse a form that this session's own page did not make."""
    if not is_own_form(form, cookie, "session"):
        raise Refused(Why.FORM, person)
