"""Settings: from the environment or ``.env``, prefix ``XINXUAN_``."""

import re
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.policy.loader import packaged
from storage.database import async_url

TELEGRAM = "https://api.telegram.org"
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{16,256}")
_HIGHEST_PORT: Final = 65535


class Settings(BaseSettings):
    """What the maintainer may set; every name below is read as ``XINXUAN_<NAME>``.

    Attributes:
        token: The bot's token; never shown.
        api_base: The Bot API server, ``scheme://host[:port]`` without ``/bot``.
        file_base: Where files are fetched from; the same server unless set.
        proxy: An http or socks5 proxy for all calls.
        database_url: ``sqlite:///path`` or ``postgresql://...``.
        key_file: The encryption key; made with mode 0600 beside a new database, never part of a backup.
        admin_ids: Numeric Telegram ids of the first coordinators, separated by commas.
        maintainer_ids: Numeric Telegram ids of those who get the morning line, separated by commas; the first
            coordinators unless set, nobody where set to nothing.
        per_second: The pace of notifications over all chats; Telegram tolerates about 30. Answers are not slowed.
        policy: The folder of the policy pack.
        per_minute: How many updates of one sender are taken in a minute; more than any person sends. 0: any number.
        log: The level of the log.
        page_url: The address of the file page in the bureau's network, as officers' browsers know it: ``https://...``,
            or ``http://`` on this machine alone. Empty: there is no page, and files travel through the chat.
        webhook_url: The address that Telegram calls, ``https://...``; empty: the bot polls.
        webhook_bind: Where the webhook listens, ``host:port``; the proxy in front of it does TLS.
        webhook_secret: What Telegram says at each call; 16 to 256 letters, digits, ``_`` or ``-``.
        page_bind: Where the file page listens, ``host:port``; the proxy in front of it does TLS.
    """

    model_config = SettingsConfigDict(env_prefix="XINXUAN_", env_file=".env", extra="ignore")

    token: SecretStr = SecretStr("")
    api_base: str = TELEGRAM
    file_base: str = ""
    proxy: str | None = None
    database_url: str = "sqlite:///data/xinxuan.db"
    key_file: Path = Path("data/key")
    admin_ids: Annotated[tuple[int, ...], NoDecode] = ()
    maintainer_ids: Annotated[tuple[int, ...] | None, NoDecode] = None
    policy: Path = Field(default_factory=lambda: packaged("zhengzhou"))
    per_minute: int = Field(120, ge=0)
    per_second: Annotated[float, Field(gt=0, le=30)] = 25.0
    log: str = "INFO"
    page_url: str = ""
    webhook_url: str = ""
    webhook_bind: str = "127.0.0.1:8080"
    webhook_secret: SecretStr = Field(SecretStr(""), validate_default=True)
    page_bind: str = "127.0.0.1:8443"

    @field_validator("admin_ids", "maintainer_ids", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part for part in value.replace("，", ",").replace(" ", ",").split(",") if part)
        return value

    @field_validator("api_base", "file_base")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/").removesuffix("/bot")

    @field_validator("database_url")
    @classmethod
    def _readable(cls, value: str) -> str:
        async_url(value)
        return value

    @field_validator("page_url")
    @classmethod
    def _of_a_page(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        if not safe or not parts.hostname or parts.port == 0 or parts.username or parts.query or parts.fragment:
            raise ValueError("not a page's address: use https://host/path, or http:// on this machine alone")
        return value.rstrip("/")

    @field_validator("page_bind", "webhook_bind")
    @classmethod
    def _of_a_listener(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not (port.isascii() and port.isdecimal()) or int(port) > _HIGHEST_PORT:
            raise ValueError("not where a page may listen: use host:port")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _of_a_webhook(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("not a webhook's address: use https://host/path")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _of_a_secret(cls, value: SecretStr, others: ValidationInfo) -> SecretStr:
        if others.data.get("webhook_url") and not _SECRET.fullmatch(value.get_secret_value()):
            raise ValueError("a webhook needs a secret of 16 to 256 letters, digits, _ or -")
        return value

    @property
    def told_each_morning(self) -> frozenset[int]:
        """Telegram ids of those who get the morning line."""
        return frozenset(self.admin_ids if self.maintainer_ids is None else self.maintainer_ids)

    @property
    def page_address(self) -> tuple[str, int]:
        """Where the file page listens: host and port."""
        host, _, port = self.page_bind.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def webhook_address(self) -> tuple[str, int]:
        """Where the webhook listens: host and port."""
        host, _, port = self.webhook_bind.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def data(self) -> Path:
        """The folder of what belongs to this installation beside the database: lock, running note, copies."""
        return self.key_file.parent
