"""One-time links to the file page: sealed, bound to one officer, and good for a quarter of an hour.

A link says everything itself, so that making one writes nothing: whose it is, which file it opens (or that a file may
be handed in), and until when. All of this is encrypted and authenticated under a key of its own (Fernet: AES-128-CBC,
HMAC-SHA256 and 128 random bits, derived from the installation's key), so that an address in a proxy's log or a
browser's history tells nothing. That it opens once is the database's job (``storage.pages``).
"""

import base64
import binascii
import datetime as dt
import json
from dataclasses import dataclass
from typing import Final

from cryptography.fernet import InvalidToken

from bot.screens.screen import File
from storage.keys import purpose_keys

LINK_HOLDS: Final = dt.timedelta(minutes=15)
SESSION_HOLDS: Final = dt.timedelta(minutes=10)
_LINK: Final = "xinxuan file page link 1"  # a change of what is inside changes the number
_SESSION: Final = "xinxuan file page session 1"


class LinkForged(Exception):
    """Not a link of ours: mutilated, made up, or sealed under a key that is gone."""


class LinkExpired(Exception):
    """A link of ours whose time is over.

    Args:
        telegram_id: Whose it was.
    """

    def __init__(self, telegram_id: int) -> None:
        super().__init__("the link has expired")
        self.telegram_id = telegram_id


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link or a session says.

    Args:
        telegram_id: Whose it is.
        file: The kept file that it opens; None where it lets the officer hand one in.
        until: When it ends; aware UTC time.
    """

    telegram_id: int
    file: File | None
    until: dt.datetime


class Links:
    """Makes and reads links.

    Args:
        base: The page's address without a slash at the end.
    """

    def __init__(self, base: str) -> None:
        self._base = base

    def download(self, telegram_id: int, file: File, now: dt.datetime) -> str:
        """Return the address at which an officer opens a kept file, once."""
        return self._address(Opened(telegram_id, file, now + LINK_HOLDS))

    def upload(self, telegram_id: int, now: dt.datetime) -> str:
        """Return the address at which an officer hands in one file, once."""
        return self._address(Opened(telegram_id, None, now + LINK_HOLDS))

    def open(self, token: str, now: dt.datetime) -> Opened:
        """Read a link's token.

        Raises:
            LinkForged: It is none of ours.
            LinkExpired: Its time is over.
        """
        said = _unseal(token, _LINK)
        if now >= said.until:
            raise LinkExpired(said.telegram_id)
        return said

    def _address(self, said: Opened) -> str:
        return f"{self._base}/f/{_seal(said, _LINK)}"


def session_cookie(opened: Opened, now: dt.datetime) -> str:
    """Return the cookie of a new session: the link's right, sealed anew under the sessions' own key."""
    return _seal(Opened(opened.telegram_id, opened.file, now + SESSION_HOLDS), _SESSION)


def read_session(cookie: str) -> Opened:
    """Read a session's cookie; whether the session still lives is the database's to say.

    Raises:
        LinkForged: It is none of ours.
    """
    return _unseal(cookie, _SESSION)


def _seal(said: Opened, purpose: str) -> str:
    file = said.file and [said.file.key, said.file.name, said.file.media_type]
    until = said.until.timestamp()
    plain = json.dumps([said.telegram_id, until, file], ensure_ascii=False, separators=(",", ":")).encode()
    return purpose_keys(purpose).encrypt_at_time(plain, int(until)).decode().rstrip("=")


def _unseal(sealed: str, purpose: str) -> Opened:
    try:
        telegram_id, until, file = json.loads(purpose_keys(purpose).decrypt(_whole(sealed)))
    except (InvalidToken, binascii.Error, ValueError):
        raise LinkForged from None
    return Opened(telegram_id, File(*file) if file else None, dt.datetime.fromtimestamp(until, dt.UTC))


def _whole(sealed: str) -> bytes:
    """Return the token with its padding; a second spelling of the same bytes would be a second link, and is refused."""
    padded = (sealed + "=" * (-len(sealed) % 4)).encode("ascii")
    if base64.urlsafe_b64encode(base64.urlsafe_b64decode(padded)) != padded:
        raise LinkForged
    return padded
