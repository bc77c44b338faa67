"""The wire to Telegram: python-telegram-bot's public ``BaseRequest`` over aiohttp.

Every fault is said in one of two words, because a message that may have arrived must not be treated like one that
did not: ``NotSent`` (Telegram cannot have acted) and ``Unknown`` (it may have). Neither carries the address of the
request, which contains the token.
"""

import asyncio
import datetime as dt
import functools
import json
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast

import aiohttp
from telegram.error import BadRequest, NetworkError, RetryAfter
from telegram.request import BaseRequest, RequestData

from handlers.logs import without_tokens
from handlers.telegram.body import encoded


class NotSent(NetworkError):
    """Telegram cannot have acted on the request: it may be sent again without any mark."""


class Unknown(NetworkError):
    """Telegram may have acted on the request: nobody knows."""


# Telegram hands out files up to this size (Bot API, getFile); an answer that goes on is not one of its own.
_LARGEST_DOWNLOAD: Final = 20 * 1024 * 1024

# Telegram gives the seconds to wait in the answer; an intermediary that refuses may not.
_DEFAULT_RETRY_SECONDS: Final = 5

_ANSWERED_BY_BASE: Final = frozenset({400, 401, 403, 404, 409})


class AiohttpRequest(BaseRequest):
    """One pool of connections to the Bot API.

    Args:
        connection_limit: Most connections at a time; further calls wait for a free one.
        read_timeout: Seconds to wait for the answer once the request is written. Twenty, because each answer that
            is given up too early is a message nobody knows about.
        write_timeout: Seconds to write a request with a form of unusual size.
        media_write_timeout: Seconds to write a request that carries a file.
        connect_timeout: Seconds to establish a connection, name look-up and TLS included.
        pool_timeout: Seconds to wait for a free connection.
        keepalive_seconds: How long an idle connection is kept; an office's next press should not pay for a new one.
        proxy: ``http://``, ``socks4://``, ``socks5://`` or ``socks5h://`` address, with user and password if needed.
            Proxy variables of the environment are not read.
    """

    def __init__(
        self,
        *,
        connection_limit: int = 64,
        read_timeout: float = 20.0,
        write_timeout: float = 10.0,
        media_write_timeout: float = 60.0,
        connect_timeout: float = 5.0,
        pool_timeout: float = 3.0,
        keepalive_seconds: float = 45.0,
        proxy: str | None = None,
    ) -> None:
        self._limit = connection_limit
        self._read_timeout = read_timeout
        self._write_timeout = write_timeout
        self._media_write_timeout = media_write_timeout
        self._connect_timeout = connect_timeout
        self._pool_timeout = pool_timeout
        self._keepalive_seconds = keepalive_seconds
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None
        self._connect_errors: tuple[type[BaseException], ...] = _CONNECT_ERRORS
        self._dated: tuple[str, float] = ("", 0.0)  # the Date field of the newest answer, and the loop's time then

    @property
    def their_time(self) -> dt.datetime | None:
        """What time it is now where the newest answer came from, to the second, aware UTC; None where it did not say.

        Source: RFC 9110 §6.6.1.
        """
        said, then = self._dated
        try:
            date = parsedate_to_datetime(said)
        except ValueError:
            return None
        return date.astimezone(dt.UTC) + dt.timedelta(seconds=asyncio.get_running_loop().time() - then)

    @property
    def read_timeout(self) -> float | None:
        """Seconds to wait for an answer where a call does not say otherwise."""
        return self._read_timeout

    async def initialize(self) -> None:
        """Open the pool; a second call changes nothing."""
        if self._session is not None:
            return
        proxy = self._proxy
        connector: aiohttp.BaseConnector
        if proxy is not None and proxy.startswith("socks"):
            connector, proxy = self._socks_connector(proxy), None
        else:
            connector = aiohttp.TCPConnector(limit=self._limit, keepalive_timeout=self._keepalive_seconds)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self.USER_AGENT},
            proxy=proxy,
            trust_env=False,
        )

    def _socks_connector(self, proxy: str) -> aiohttp.BaseConnector:
        import aiohttp_socks  # few bureaus need it, and it costs a start time that all would pay

        self._connect_errors = (
            *_CONNECT_ERRORS,
            aiohttp_socks.ProxyConnectionError,
            aiohttp_socks.ProxyError,
            aiohttp_socks.ProxyTimeoutError,
        )
        return aiohttp_socks.ProxyConnector.from_url(
            # The library always lets the proxy look names up; it does not know the letter that asks for it.
            proxy.replace("socks5h://", "socks5://", 1),
            limit=self._limit,
            keepalive_timeout=self._keepalive_seconds,
        )

    async def shutdown(self) -> None:
        """Close the pool; a second call changes nothing, and ``initialize`` may follow."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make one call and return the HTTP status and the body of the answer; times are in seconds.

        Raises:
            NotSent: Telegram cannot have acted.
            Unknown: Telegram may have acted.
            BadRequest, RetryAfter: It refused for good, or asked for patience; or a file is larger than 20 MB.
        """
        if self._session is None:
            raise NotSent("the connection to Telegram is closed")
        body, headers, in_one_piece = encoded(request_data)
        timeout = _timeouts(
            _chosen(read_timeout, self._read_timeout),
            None if in_one_piece else self._writing(write_timeout, request_data),
            _chosen(connect_timeout, self._connect_timeout),
            _chosen(pool_timeout, self._pool_timeout),
        )
        upload = aiohttp.UploadTracker()
        try:
            response = await self._session.request(
                method, url, data=body, headers=headers, timeout=timeout, allow_redirects=False, upload_tracker=upload
            )
            payload = await (_bounded(response) if method == "GET" else response.read())
        except BadRequest:
            raise
        except Exception as error:  # whatever went wrong, the only question is whether it was sent
            fault = self._fault(error, upload, in_one_piece=in_one_piece)
        else:
            self._dated = response.headers.get("Date", ""), asyncio.get_running_loop().time()
            if response.status >= 300:
                _examine(response, payload, is_download=method == "GET")
            return response.status, payload
        # Raised outside the block: chained to it, the library's error would bring the address along.
        raise fault

    def _writing(self, asked: object, request_data: RequestData | None) -> float | None:
        has_files = request_data is not None and request_data.contains_files
        return _chosen(asked, self._media_write_timeout if has_files else self._write_timeout)

    def _fault(self, error: Exception, upload: aiohttp.UploadTracker, *, in_one_piece: bool) -> NotSent | Unknown:
        """Decide whether Telegram can have acted.

        Telegram acts on whole requests. A request that aiohttp did not hand over in full (no connection, a proxy's
        refusal, a kept connection found closed) was not sent; of a large one this is believed only while the
        connection was being made, since its last piece may be on the way when the error comes.
        """
        detail = without_tokens(f"{type(error).__name__}: {error}")
        connecting = isinstance(error, self._connect_errors) or isinstance(error.__cause__, self._connect_errors)
        written = upload.upload_complete
        cut_short = in_one_piece and not (written.done() and written.exception() is None)
        return NotSent(detail) if connecting or cut_short else Unknown(detail)

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read Telegram's answer.

        Raises:
            Unknown: It is not an answer of the Bot API; the call may have been carried out all the same.
        """
        try:
            answer = json.loads(payload)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or ("result" not in answer and "description" not in answer):
            raise Unknown("the answer is not one of the Bot API")
        return answer


_CONNECT_ERRORS: Final[tuple[type[BaseException], ...]] = (
    aiohttp.ClientConnectorError,  # name look-up, refusal, TLS, the way to the proxy
    aiohttp.ConnectionTimeoutError,  # also: no free connection in time
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
)


def _chosen(asked: object, default: float) -> float | None:
    # PTB's type of "not said" is private, hence `object` in the signatures.
    return default if asked is BaseRequest.DEFAULT_NONE else cast("float | None", asked)


@functools.lru_cache(maxsize=64)
def _timeouts(
    read: float | None, write: float | None, connect: float | None, pool: float | None
) -> aiohttp.ClientTimeout:
    """Translate the four limits, in seconds; aiohttp knows none for writing, so the whole call stands in for it."""
    connecting = None if connect is None or pool is None else connect + pool
    total = None if write is None or read is None or connecting is None else connecting + write + read
    return aiohttp.ClientTimeout(total=total, connect=connecting, sock_connect=connect, sock_read=read)


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """Read a file, and no more than a file can have."""
    content = bytearray()
    async for piece in response.content.iter_chunked(65_536):
        content += piece
        if len(content) > _LARGEST_DOWNLOAD:
            response.close()
            raise BadRequest("file is too big")
    return bytes(content)


def _examine(response: aiohttp.ClientResponse, payload: bytes, *, is_download: bool) -> None:
    """Raise for a status that the base class would misread; return for one that it reads rightly.

    The base class takes the status alone. So a missing file would look like a dead token, and the page of a
    firewall like a person who blocked the bot.
    """
    status = response.status
    if status >= 500:
        raise Unknown(f"Telegram's side answered {status}")
    if status == 413:  # before Telegram stands a server that answers this one with a page
        raise BadRequest("Request entity too large")
    if is_download and status == 404:
        raise BadRequest("File not found")
    answer = _answer_of_the_api(payload)
    if status == 429:
        _examine_patience(response, answer)
    elif answer is None:
        raise NotSent(f"something on the way to Telegram answered {status}")
    elif status not in _ANSWERED_BY_BASE:
        raise BadRequest(str(answer["description"]))


def _examine_patience(response: aiohttp.ClientResponse, answer: dict[str, Any] | None) -> None:
    if answer is not None and (answer.get("parameters") or {}).get("retry_after"):
        return
    asked = response.headers.get("Retry-After", "")
    raise RetryAfter(int(asked) if asked.isdecimal() and int(asked) else _DEFAULT_RETRY_SECONDS)


def _answer_of_the_api(payload: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(payload)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) and "description" in answer else None
