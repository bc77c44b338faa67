"""The Bot API that the trial serves, and that the tests stand on: Telegram's rules, in memory, on loopback.

A strict stand-in rather than a friendly one: what Telegram refuses is refused here in the same words, an update
is given again until a higher offset confirms it, and faults can be ordered or drawn. It does not push to a webhook.
"""

import asyncio
import hmac
import json
from collections import Counter, deque
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from handlers.clock import Clock as WallClock
from handlers.web.botapi.faults import Fault, Kind
from handlers.web.botapi.methods import MESSAGE_METHODS
from handlers.web.botapi.model import ApiError, Call, Clock, Pace, Wire
from handlers.web.botapi.people import People
from handlers.web.botapi.profile import Profile

CALLS_KEPT: Final = 20_000
_SHOWING: Final = {"sendMessage", "sendDocument", "sendPhoto", "editMessageText"}
_Uploads = dict[str, tuple[str, bytes]]


class Dropped(Exception):
    """The connection is to be closed without an answer."""


class BotApi(People):
    """The server's mind: an ASGI application with Telegram's methods, plus what people do (see ``People``).

    Args:
        token: The only token that is served, for example ``100000001:fictitious``.
        clock: Stamps messages; presses and updates grow old by it. Long polls wait in real time.
        pace: Sends to one chat above this are answered 429; None: never.
    """

    def __init__(self, token: str, clock: Clock, *, pace: Pace | None = None) -> None:
        super().__init__(token, clock, pace=pace)
        self.wall: Clock = WallClock()  # every answer says what time it is, however far the trial's clock was moved
        self.profile = Profile()
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.observers: list[Callable[[str, Wire], None]] = []
        self.in_flight = 0  # calls being answered, long polls aside
        self.served = 0  # calls ended, long polls aside
        self.shown: Counter[str] = Counter()  # by chat id: what the bot showed, an unchanged edit included
        self._methods = self.profile.methods(self)
        self._names = {name.lower(): name for name in (*MESSAGE_METHODS, *self._methods, "getUpdates")}
        self._closing = asyncio.Event()
        self.app: ASGIApp = Starlette(routes=self.routes())

    def routes(self) -> list[Route]:
        """Return the two routes of a Bot API server."""
        return [
            Route("/bot{token}/{method}", _Endpoint(self), methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self._download),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self.app(scope, receive, send)

    def close(self) -> None:
        """Answer everybody who waits, so that the server can stop."""
        self._closing.set()
        self.updates.close()
        self.changed.bump()

    @property
    def closing(self) -> bool:
        """Whether the server is stopping."""
        return self._closing.is_set()

    async def respond(self, request: Request) -> Response:
        """Answer one call of the bot.

        Raises:
            Dropped: A fault wants the connection closed without an answer.
        """
        name = self._names.get(request.path_params["method"].lower(), request.path_params["method"])
        if not self._knows(request):
            return self._answer(name, {}, _refusal(ApiError(401, "Unauthorized")))
        try:
            params, uploads = await _parameters(request)
        except ValueError:
            return self._answer(name, {}, _refusal(ApiError(400, "Bad Request: can't parse the request")))
        for observe in self.observers:
            observe(name, params | {part: content for part, (_name, content) in uploads.items()})
        polling = name == "getUpdates"
        self.in_flight += not polling
        try:
            return await self._perform(name, params, uploads)
        finally:
            self.in_flight -= not polling

    async def _perform(self, name: str, params: Wire, uploads: _Uploads) -> Response:
        fault = self.faults.strike(name, params)
        if fault is None:
            return self._answer(name, params, await self._outcome(name, params, uploads))
        done = await self._outcome(name, params, uploads) if fault.done else None
        return await self._spoilt(fault, name, params, done)

    async def _spoilt(self, fault: Fault, name: str, params: Wire, done: Wire | None) -> Response:
        error = fault.error()
        if error is not None:
            return self._answer(name, params, _refusal(error))
        if fault.kind is Kind.GARBAGE:
            self._record(name, params, 200, done)
            return Response(b'{"ok":true,"result":{"mess', media_type="application/json")
        if fault.kind is Kind.HANG:
            await self._hang(fault.seconds)
            if done is not None:
                return self._answer(name, params, done)
        self._record(name, params, 0, done)
        raise Dropped

    async def _hang(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return

    async def _outcome(self, name: str, params: Wire, uploads: _Uploads) -> Wire:
        try:
            return {"ok": True, "result": await self._result(name, params, uploads)}
        except ApiError as error:
            return _refusal(error)

    async def _result(self, name: str, params: Wire, uploads: _Uploads) -> Any:
        if name == "getUpdates":
            return await self.updates.take(params)
        if name in MESSAGE_METHODS:
            return MESSAGE_METHODS[name](self, params, uploads)
        if name in self._methods:
            return self._methods[name](params)
        raise ApiError(404, "Not Found: method not found")

    def _answer(self, name: str, params: Wire, outcome: Wire) -> Response:
        status = int(outcome.get("error_code", 200))
        self._record(name, params, status, outcome)
        body = json.dumps(outcome, ensure_ascii=False, separators=(",", ":"))
        date = {"Date": format_datetime(self.wall.now(), usegmt=True)}
        return Response(body, status, date, media_type="application/json")

    def _record(self, name: str, params: Wire, status: int, result: Wire | None) -> None:
        if name == "getUpdates" and status == 200:
            return
        self.served += 1
        self.calls.append(Call(name, params, self.clock.now(), status, result))
        unchanged = result is not None and "message is not modified" in str(result.get("description"))
        if name in _SHOWING and ((result or {}).get("ok") or unchanged):
            self.shown[str(params["chat_id"])] += 1
            self.changed.bump()

    def _knows(self, request: Request) -> bool:
        return hmac.compare_digest(str(request.path_params["token"]).encode(), self.token.encode())

    async def _download(self, request: Request) -> Response:
        path = request.path_params["path"]
        file = next((file for file in self.files.values() if file.path == path), None)
        if file is None or not self._knows(request):
            return Response("Not Found", 404)
        return Response(file.content, media_type=file.mime)


class _Endpoint:
    """One call over ASGI; a dropped one has its connection cut, where the server lets us."""

    def __init__(self, api: BotApi) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._api.respond(Request(scope, receive))
        except Dropped:
            # A server that offers to cut connections (botapi_server) puts the means into the scope.
            scope["state"]["cut"](scope["client"])
            while (await receive())["type"] != "http.disconnect":
                pass  # only a server that knows of the cut lets us go without an answer
            return
        await response(scope, receive, send)


def _refusal(error: ApiError) -> Wire:
    wire: Wire = {"ok": False, "error_code": error.code, "description": error.description}
    return wire | ({"parameters": error.parameters} if error.parameters else {})


async def _parameters(request: Request) -> tuple[Wire, _Uploads]:
    params: Wire = dict(request.query_params)
    uploads: _Uploads = {}
    kind = request.headers.get("content-type", "").split(";")[0].lower()
    if kind == "application/json":
        params |= json.loads(await request.body() or b"{}")
    elif kind == "application/x-www-form-urlencoded":
        params |= dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
    elif kind == "multipart/form-data":
        await _multipart(request, params, uploads)
    return params, uploads


async def _multipart(request: Request, params: Wire, uploads: _Uploads) -> None:
    async with request.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                uploads[name] = (value.filename or name, await value.read())
            else:
                params[name] = value
    # A part that a parameter does not name is the parameter itself; the record shows it in the other notation.
    for name in uploads.keys() - {str(value).removeprefix("attach://") for value in params.values()}:
        params[name] = f"attach://{name}"
