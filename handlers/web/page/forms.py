"""The file page's forms: whose they are, how much of one is read, and the file in it."""

import asyncio
import contextlib
import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from typing import Final

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from handlers.web.page.refusals import Refused, Why
from storage.tables import Person

UPLOAD_LIMIT: Final = 20 * 1024 * 1024  # bytes: what the chat takes too (Bot API, getFile)
_READ_WITHIN: Final = 300.0  # seconds for a form to arrive
_DRAINED: Final = 100 * 1024 * 1024  # bytes of a form too large that are still taken, so that the browser hears why
_LONGEST_NAME: Final = 120  # characters
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,80}", re.ASCII)


def form_token(secret: str, place: str) -> str:
    """Return what a form must carry: made from the visitor's cookie, so that no other site can know it.

    Args:
        secret: The visitor's cookie.
        place: The form it is for.
    """
    return hmac.new(secret.encode(), place.encode(), hashlib.sha256).hexdigest()


def is_own_form(form: FormData, secret: str, place: str) -> bool:
    """Say whether a form came from the page that this visitor was given."""
    given = form.get("form")
    if not secret or not isinstance(given, str):
        return False
    return hmac.compare_digest(given.encode(), form_token(secret, place).encode())


@contextlib.asynccontextmanager
async def read_form(request: Request, most: int, person: Person | None = None) -> AsyncIterator[FormData]:
    """Read a form of at most ``most`` bytes, with at most one file, counting while it arrives.

    Args:
        request: The request.
        most: Bytes of the whole body.
        person: Whose session it is, for the refusal's audit line.

    Raises:
        Refused: Too large, broken, cut off, or too slow.
    """
    taken = 0
    too_large = Refused(Why.TOO_LARGE, person)

    async def counted() -> Message:
        nonlocal taken
        message = await request.receive()
        taken += len(message.get("body", b""))
        if taken > most:
            if message.get("more_body"):
                await drain(request.receive)
            raise too_large
        return message

    if int(request.headers.get("content-length", 0)) > _DRAINED:
        raise too_large
    try:
        async with asyncio.timeout(_READ_WITHIN):
            form = await Request(request.scope, counted).form(max_files=1, max_fields=2, max_part_size=1024)
    except (HTTPException, ClientDisconnect, TimeoutError) as error:
        raise Refused(Why.BROKEN, person) from error
    try:
        yield form
    finally:
        await form.close()


async def drain(receive: Receive) -> None:
    """Take what is left of a body and forget it: a browser whose sending is cut off never shows the answer.

    Args:
        receive: The request's own; its body must not be at its end already.
    """
    taken = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_READ_WITHIN):
            while taken < _DRAINED:
                message = await receive()
                taken += len(message.get("body", b""))
                if not message.get("more_body"):
                    return


async def file_of(form: FormData, person: Person) -> tuple[str, str, bytes]:
    """Return the name, media type and bytes of the file in a form.

    Raises:
        Refused: There is none, or it is empty or too large.
    """
    upload = form.get("file")
    if not isinstance(upload, UploadFile) or not upload.size:
        raise Refused(Why.EMPTY, person)
    if upload.size > UPLOAD_LIMIT:
        raise Refused(Why.TOO_LARGE, person)
    kind = upload.content_type or ""
    media_type = kind if _MEDIA_TYPE.fullmatch(kind) else "application/octet-stream"
    return plain_name(upload.filename or ""), media_type, await upload.read()


def plain_name(given: str) -> str:
    """Return a file's name without folders, control and bidi characters; a long one loses its middle."""
    last = re.split(r"[/\\]", given)[-1]
    name = "".join(char for char in last if char.isprintable()).strip(". ")
    half = _LONGEST_NAME // 2
    return (name if len(name) <= _LONGEST_NAME else name[:half] + name[-half:]) or "file"
