"""The trial page: the chat in a browser, for people who have no token, no Telegram and no set-up.

The page speaks to this module only; what it does becomes an update of the served Bot API, so that the bot behind is
the real one. Loopback only: a foreign host name, a foreign origin and a plain form are refused.
"""

import asyncio
import datetime as dt
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handlers.web.botapi.api import BotApi
from handlers.web.botapi.model import ApiError, File, Wire
from handlers.web.botapi.model import Message as ChatMessage

_STATIC: Final = Path(__file__).parent / "static"
_POLL_SECONDS: Final = 25.0
_UPLOAD_LIMIT: Final = 20 * 1024 * 1024
_TEXT_LIMIT: Final = 4096
_PICTURES: Final = {"image/png", "image/jpeg"}
_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}

Target = Literal["workday", "deadline", "quarter"]
_TARGETS: Final = ("workday", "deadline", "quarter")


@dataclass(frozen=True, slots=True)
class TrialDesk:
    """What the page needs of the trial: the people to choose from, and the clock.

    Args:
        people: Returns dictionaries with id, name, role and unit, in the order shown; all fictitious.
        advance: Moves the clock to the next working day, the next deadline or the next quarter, and answers
            ``{"now": datetime, "moved": bool}`` when everything that fell due is done.
        now: Returns the trial's present moment, aware.
    """

    people: Callable[[], list[Wire]]
    advance: Callable[[Target], Awaitable[Wire]]
    now: Callable[[], dt.datetime]


class _Guard:
    """Puts the safety headers on the page's answers and refuses requests that another site could forge."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(("/bot", "/file/")):
            await self._app(scope, receive, send)
        elif not _own_page(Request(scope)):
            await JSONResponse({"error": "foreign origin"}, 403)(scope, receive, send)
        else:
            await self._app(scope, receive, _with_headers(send))


def _own_page(request: Request) -> bool:
    # A plain form or a link cannot set this header without asking first, and nobody here allows it.
    if request.method == "POST" and request.headers.get("x-trial") != "1":
        return False
    origin = request.headers.get("origin")
    return origin is None or origin == f"http://{request.headers.get('host')}"


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name for name, _ in message["headers"]}
            extra = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
            message["headers"] = [*message["headers"], *(each for each in extra if each[0] not in present)]
        await send(message)

    return sending


class _Page:
    def __init__(self, api: BotApi, desk: TrialDesk) -> None:
        self._api = api
        self._desk = desk
        self._moving = asyncio.Lock()

    def routes(self) -> list[Route]:
        return [
            Route("/", self.index),
            Route("/trial/people", self.people),
            Route("/trial/events", self.events),
            Route("/trial/file/{file_id}", self.file),
            Route("/trial/type", self.type, methods=["POST"]),
            Route("/trial/press", self.press, methods=["POST"]),
            Route("/trial/upload", self.upload, methods=["POST"]),
            Route("/trial/clock", self.clock, methods=["POST"]),
        ]

    async def index(self, _request: Request) -> Response:
        return FileResponse(_STATIC / "trial.html")

    async def people(self, _request: Request) -> Response:
        return JSONResponse({"people": self._people(), "bot": self._api.me["first_name"]})

    def _people(self) -> list[Wire]:
        people = self._desk.people()
        for person in people:
            if person["id"] not in self._api.users:
                self._api.add_user(person["id"], person["name"])
        return people

    async def events(self, request: Request) -> Response:
        """Answer what has changed in a person's chat after ``since``, as soon as anything has (a long poll)."""
        user_id, since = self._user(request.query_params.get("user")), _number(request.query_params.get("since"))
        if not self._api.closing and since > 0:
            await self._api.changed.wait(since, _POLL_SECONDS)
        return JSONResponse(self._news(user_id, since))

    def _news(self, user_id: int, since: int) -> Wire:
        user, chat = self._api.users[user_id], self._api.chats[user_id]
        answered = [each for each in self._api.callbacks.values() if each.answered and each.user_id == user_id]
        return {
            "version": self._api.changed.count,
            "now": self._desk.now().isoformat(),
            "messages": [_shown(each) for each in self._api.changes(user_id, since)],
            "answers": [
                {"id": each.id, "toast": each.toast, "alert": each.alert}
                for each in answered
                if each.version > since > 0
            ],
            "commands": self._api.profile.commands_for(user_id, user.language_code),
            "pinned": chat.pinned,
            "counts": {person["id"]: self._count(person["id"]) for person in self._people()},
        }

    def _count(self, user_id: int) -> int:
        """Return how many messages of the bot stand in a chat, so that the page can mark unread ones."""
        return sum(message.from_bot for message in self._api.messages(user_id))

    async def type(self, request: Request) -> Response:
        wish = await _wish(request)
        user_id, text = self._user(wish.get("user")), str(wish.get("text", "")).strip()
        if not text or len(text) > _TEXT_LIMIT:
            raise ApiError(400, "text of 1 to 4096 characters expected")
        return JSONResponse({"message": self._api.type(user_id, text).id})

    async def press(self, request: Request) -> Response:
        wish = await _wish(request)
        user_id, message_id = self._user(wish.get("user")), _number(wish.get("message"))
        try:
            query = self._api.press(user_id, message_id, str(wish.get("data", "")))
        except LookupError:
            raise ApiError(404, "no such message") from None
        return JSONResponse({"id": query.id})

    async def upload(self, request: Request) -> Response:
        query = request.query_params
        user_id, name = self._user(query.get("user")), query.get("name", "file")
        if _number(request.headers.get("content-length")) > _UPLOAD_LIMIT:
            raise ApiError(413, "file is too big")
        content = await request.body()
        if not content:
            raise ApiError(400, "file must be non-empty")
        send = self._api.send_photo if query.get("kind") == "photo" else self._api.send_document
        return JSONResponse({"message": send(user_id, content, name, query.get("caption", "")).id})

    async def file(self, request: Request) -> Response:
        """Hand over a file that stands in the chosen person's chat; pictures may be shown, all else is saved."""
        user_id = self._user(request.query_params.get("user"))
        file = self._api.files.get(request.path_params["file_id"])
        if file is None or not any(file.id in _file_ids(each) for each in self._api.messages(user_id)):
            raise ApiError(404, "no such file")
        return _download(file)

    async def clock(self, request: Request) -> Response:
        target = (await _wish(request)).get("target")
        if target not in _TARGETS:
            raise ApiError(400, "unknown target")
        async with self._moving:
            outcome = await self._desk.advance(target)
        self._api.changed.bump()
        return JSONResponse({"now": outcome["now"].isoformat(), "moved": bool(outcome["moved"])})

    def _user(self, given: Any) -> int:
        user_id = _number(given)
        if user_id not in {person["id"] for person in self._people()}:
            raise ApiError(404, "unknown person")
        return user_id


def _number(given: Any) -> int:
    try:
        return int(given or 0)
    except (TypeError, ValueError):
        raise ApiError(400, "a number expected") from None


async def _wish(request: Request) -> Wire:
    try:
        wish = json.loads(await request.body())
    except ValueError:
        wish = None
    if not isinstance(wish, dict):
        raise ApiError(400, "a JSON object expected")
    return wish


def _shown(message: ChatMessage) -> Wire:
    if message.deleted:
        return {"id": message.id, "deleted": True}
    shown = {"id": message.id, "mine": not message.from_bot, "at": message.at.isoformat()}
    return shown | message.body | {"edited": message.edited_at is not None, "buttons": message.buttons}


def _file_ids(message: ChatMessage) -> set[str]:
    files = [*message.body.get("photo", []), message.body.get("document", {})]
    return {file.get("file_id", "") for file in files}


def _download(file: File) -> Response:
    place = "inline" if file.mime in _PICTURES else "attachment"
    headers = {"content-disposition": f"{place}; filename*=utf-8''{quote(file.name, safe='')}"}
    return Response(file.content, media_type=file.mime, headers=headers)


async def _refused(_request: Request, error: Exception) -> Response:
    code = error.code if isinstance(error, ApiError) else 500
    return JSONResponse({"error": str(error)}, code)


def trial_app(api: BotApi, desk: TrialDesk) -> Starlette:
    """Return the application of the trial: the page at ``/`` and the Bot API that the bot speaks to.

    Serve it on 127.0.0.1 only (``BotApiServer(api, trial_app(api, desk))``).
    """
    page = _Page(api, desk)
    return Starlette(
        routes=[*page.routes(), Mount("/static", StaticFiles(directory=_STATIC)), *api.routes()],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"], www_redirect=False),
            Middleware(_Guard),
        ],
        exception_handlers={ApiError: _refused},
    )
