"""The webhook: nobody but Telegram gets in, and 200 is said only when the update is kept."""

import io
import json
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import func, select

from bot.policy.model import Policy
from handlers.app import Service
from handlers.clock import Clock
from handlers.telegram import hook
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage.tables import Inbox
from tests.conftest import OFFICER, enrol_cast, settings_for
from tests.loopback import free_port
from tests.officer import Officer

SECRET = "fictitious-secret-of-the-tests-0000"
PATH = "/telegram/0f1e2d"
URL = f"https://bot.example.invalid{PATH}"
JSON = {"content-type": "application/json"}
TELEGRAM = JSON | {"x-telegram-bot-api-secret-token": SECRET}


@pytest.fixture
async def hooked(server: BotApiServer, api: BotApi, policy: Policy, tmp_path: Path):
    """The bot behind a webhook on loopback, and how it is called."""
    port = free_port()
    more = {"webhook_url": URL, "webhook_bind": f"127.0.0.1:{port}", "webhook_secret": SecretStr(SECRET)}
    settings = settings_for(tmp_path, server.base, **more)
    async with Service(settings, policy, clock=Clock(), per_second=1000.0) as service, aiohttp.ClientSession() as http:
        await enrol_cast(service.database)

        async def call(
            body: bytes, headers: dict[str, str], path: str = "/telegram/0f1e2d", method: str = "POST"
        ) -> int:
            async with http.request(
                method, f"http://127.0.0.1:{port}{path}", data=io.BytesIO(body), headers=headers
            ) as answer:
                return answer.status

        yield service, call


async def _kept(service: Service) -> int:
    async with service.database.read() as session:
        return await session.scalar(select(func.count()).select_from(Inbox)) or 0


async def test_what_telegram_says_is_kept_and_answered(hooked, api: BotApi):
    service, call = hooked
    assert api.updates.webhook == URL
    me = Officer(api, OFFICER)
    api.type(OFFICER, "/help")
    for update in api.updates.pending():
        assert await call(json.dumps(update).encode(), TELEGRAM) == 200
        assert await call(json.dumps(update).encode(), TELEGRAM) == 200  # a second time, as after a lost answer
    await me.wait_for("使用说明")
    assert await _kept(service) == 1


async def test_nobody_else_gets_in_and_nothing_is_kept(hooked):
    service, call = hooked
    update = json.dumps({"update_id": 5, "message": {"from": {"id": 1}, "chat": {"id": 1}}}).encode()
    wrong = JSON | {"x-telegram-bot-api-secret-token": SECRET[:-1] + "1"}
    assert [await call(update, headers) for headers in (JSON, wrong)] == [404, 404]
    assert await call(update, TELEGRAM, path="/telegram/") == 404
    assert await call(b"", TELEGRAM, method="GET") == 405
    assert await call(update, TELEGRAM | {"content-type": "text/plain"}) == 415
    for body in (b"", b"{", b"[]", b"{}", b'{"update_id": "5"}', b'{"update_id": true}', b"\xff"):
        assert await call(body, TELEGRAM) == 400
    assert await call(b" " * (hook.LARGEST + 1), TELEGRAM) == 413
    assert await _kept(service) == 0


async def test_while_the_database_is_away_telegram_is_asked_to_call_again(hooked, monkeypatch):
    service, call = hooked
    update = json.dumps({"update_id": 6, "message": {"from": {"id": 1}, "chat": {"id": 1}}}).encode()

    async def gone(*_args: object) -> None:
        raise OSError("the disk is gone, on purpose")

    from handlers.telegram import intake

    with monkeypatch.context() as broken:
        broken.setattr(intake, "store", gone)
        assert await call(update, TELEGRAM) == 503
    assert await _kept(service) == 0
    assert await call(update, TELEGRAM) == 200
    assert await _kept(service) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook_url": "http://bot.example.invalid/x", "webhook_secret": SECRET},
        {"webhook_url": URL, "webhook_secret": "short"},
        {"webhook_url": URL},
        {"webhook_url": URL, "webhook_secret": SECRET + "！"},
        {"webhook_url": URL, "webhook_secret": SECRET, "webhook_bind": "8080"},
    ],
)
def test_a_webhook_without_tls_or_with_a_weak_secret_is_refused(tmp_path: Path, wrong: dict):
    with pytest.raises(ValidationError):
        settings_for(tmp_path, "http://127.0.0.1:1", **wrong)


async def test_a_bot_that_polls_again_takes_back_the_address_and_loses_nothing(
    server: BotApiServer, api: BotApi, policy: Policy, tmp_path: Path
):
    api.updates.webhook = URL
    api.type(OFFICER, "/help")  # written while nobody listened
    async with Service(settings_for(tmp_path, server.base), policy, clock=Clock(), per_second=1000.0) as service:
        await enrol_cast(service.database)
        await Officer(api, OFFICER).type("/help")
        assert await _kept(service) == 2
    assert api.updates.webhook == ""
