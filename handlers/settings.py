"""Settings: from the environment or ``.env``, prefix ``XINXUAN_``."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.policy.loader import packaged
from storage.database import async_url

TELEGRAM = "https://api.telegram.org"


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
        policy: The folder of the policy pack.
        log: The level of the log.
    """

    model_config = SettingsConfigDict(env_prefix="XINXUAN_", env_file=".env", extra="ignore")

    token: SecretStr = SecretStr("")
    api_base: str = TELEGRAM
    file_base: str = ""
    proxy: str | None = None
    database_url: str = "sqlite:///data/xinxuan.db"
    key_file: Path = Path("data/key")
    admin_ids: Annotated[tuple[int, ...], NoDecode] = ()
    policy: Path = Field(default_factory=lambda: packaged("zhengzhou"))
    log: str = "INFO"

    @field_validator("admin_ids", mode="before")
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

    @property
    def data(self) -> Path:
        """The folder of what belongs to this installation beside the database: lock, running note, copies."""
        return self.key_file.parent
