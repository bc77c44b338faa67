import asyncio
import contextlib
import json
import socket
import traceback
from collections.abc import AsyncIterator
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, InvalidToken, NetworkError

from handlers.telegram.body import encoded
from handlers.telegram.request import AiohttpRequest, NotSent, Unknown
from tests.handlers.telegram.scripted_api import (
    FICTITIOUS_TOKEN,
    ScriptedApi,
    answer,
    bot_at,
    close,
    half_an_answer,
    hang,
    ok,
    refuse,
    reset,
    scripted_api,
)
from tests.loopback import free_port


async def test_fields_arrive_as_ptb_means_them() -> None:
    async with scripted_api() as api, bot_at(api.url) as bot:
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("登记台账", callback_data="1:new:12:3:a")]])
        sent = await bot.send_message(42, "排污许可证 &+=%\n<b>x</b>", reply_markup=keyboard, parse_mode="HTML")
    call = api.calls[0]
    assert call.target == f"/bot{FICTITIOUS_TOKEN}/sendMessage"
    fields = call.fields()
    assert json.loads(fields.pop("reply_markup")) == keyboard.to_dict()
    assert fields == {"chat_id": "42", "text": "排污许可证 &+=%\n<b>x</b>", "parse_mode": "HTML"}
    assert sent.message_id == 5


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=4))
def test_any_text_survives_the_form(fields: dict[str, str]) -> None:
    data = SimpleNamespace(contains_files=False, json_parameters=fields)  # all that is asked of PTB's data
    body, _, in_one_piece = encoded(data)  # type: ignore[arg-type]  # the two fields above are all that is read
    assert in_one_piece
    assert parse_qs(body.decode(), keep_blank_values=True) == {k: [v] for k, v in fields.items()}


async def test_a_file_keeps_its_chinese_name_and_its_bytes() -> None:
    async with scripted_api() as api, bot_at(api.url) as bot:
        content = bytes(range(256)) * 40
        await bot.send_document(42, content, filename="核查申请函（大气2026-1）.docx", caption="请盖章")
    parts = api.calls[0].parts()
    assert parts["document"] == ("核查申请函（大气2026-1）.docx", content)
    assert parts["caption"] == ("请盖章", None)
    assert parts["chat_id"] == ("42", None)


async def test_connections_are_kept_and_cookies_are_not() -> None:
    async with scripted_api() as api, bot_at(api.url) as bot:
        api.script = [
            answer(200, {"ok": True, "result": True}, Set_Cookie="a=1; Path=/"),
            ok(),
        ]
        await bot.delete_message(42, 1)
        await bot.delete_message(42, 2)
    assert api.connections == 1
    assert "cookie" not in api.calls[1].headers


async def test_small_requests_are_not_held_back_by_the_kernel() -> None:
    async with scripted_api() as api, AiohttpRequest() as request:
        real = socket.socket.setsockopt
        asked = []

        def watch(self: socket.socket, *options: object) -> None:
            asked.append(options)
            real(self, *options)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket.socket, "setsockopt", watch)
            await request.retrieve(f"http://127.0.0.1:{api.port}/x")
    assert (socket.IPPROTO_TCP, socket.TCP_NODELAY, True) in asked


async def test_opening_and_closing_twice_is_harmless_and_it_may_be_reopened() -> None:
    async with scripted_api() as api:
        request = AiohttpRequest(read_timeout=3)
        assert request.read_timeout == 3
        for _ in range(2):
            await request.initialize()
            await request.initialize()
            await request.retrieve(f"http://127.0.0.1:{api.port}/x")
            await request.shutdown()
            await request.shutdown()
        with pytest.raises(NotSent):
            await request.retrieve(f"http://127.0.0.1:{api.port}/x")


async def test_a_kept_connection_that_the_server_closed_is_simply_replaced() -> None:
    async with scripted_api() as api, bot_at(api.url) as bot:
        await bot.send_message(42, "one")
        api.writers[0].close()
        await api.writers[0].wait_closed()
        await asyncio.sleep(0.05)  # the farewell reaches our side
        await bot.send_message(42, "two")
    assert [call.fields()["text"] for call in api.calls] == ["one", "two"]
    assert api.connections == 2


async def test_a_kept_connection_that_breaks_under_the_request_is_unknown() -> None:
    async with scripted_api() as api, bot_at(api.url) as bot:
        api.script = [ok(), close]
        await bot.delete_message(42, 1)
        with pytest.raises(Unknown):
            await bot.send_message(42, "two")
    assert len(api.calls) == 2  # never repeated behind our back


async def test_a_connection_found_closed_while_writing_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    # The narrow case: the farewell arrives after the connection was taken from the pool, before the first byte.
    async with scripted_api() as api, bot_at(api.url) as bot:
        await bot.send_message(42, "one")
        from aiohttp.client_reqrep import ClientRequest

        real = ClientRequest.send

        async def closed_first(self: ClientRequest, connection: object) -> object:
            connection.transport.close()  # type: ignore[attr-defined]
            return await real(self, connection)  # type: ignore[arg-type]

        monkeypatch.setattr(ClientRequest, "send", closed_first)
        with pytest.raises(NotSent):
            await bot.send_message(42, "two")
    assert len(api.calls) == 1


async def test_a_file_cut_off_on_the_way_is_unknown() -> None:
    async with scripted_api() as api, bot_at(api.url, media_write_timeout=0.3, read_timeout=0.3) as bot:
        api.before_reading = hang_unread
        with pytest.raises(Unknown):
            await bot.send_document(42, bytes(20_000_000), filename="big.bin")
    async with bot_at(f"http://127.0.0.1:{free_port()}/bot") as bot:
        with pytest.raises(NotSent):
            await bot.send_document(42, b"x", filename="small.bin")


async def hang_unread(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(2)


async def test_a_redirect_is_not_followed_because_the_address_holds_the_token() -> None:
    async with scripted_api() as api, bot_at(api.url) as bot:
        api.script = [answer(307, b"", Location=f"http://127.0.0.1:{api.port}/elsewhere")]
        with pytest.raises(NotSent):
            await bot.send_message(42, "x")
    assert len(api.calls) == 1


async def test_a_missing_file_is_not_a_dead_token() -> None:
    async with scripted_api() as api, AiohttpRequest() as request:
        api.script = [refuse(404, "Not Found"), refuse(401, "Unauthorized"), answer(200, b"\x00file")]
        url = f"http://127.0.0.1:{api.port}/file/bot{FICTITIOUS_TOKEN}/documents/1.docx"
        with pytest.raises(BadRequest):
            await request.retrieve(url)
        with pytest.raises(InvalidToken):
            await request.retrieve(url)
        assert await request.retrieve(url) == b"\x00file"


@pytest.mark.parametrize("act", [close, reset, half_an_answer, hang, answer(502, b"x"), answer(200, b"x")])
async def test_the_token_is_in_no_part_of_an_error(act: object) -> None:
    async with scripted_api() as api:
        api.script = [act]  # type: ignore[list-item]
        await _assert_silent(api.url, Unknown)


async def test_the_token_is_in_no_part_of_an_error_before_sending() -> None:
    await _assert_silent(f"http://127.0.0.1:{free_port()}/bot", NotSent)
    await _assert_silent("http://:0/bot", NotSent)
    await _assert_silent("ftp://127.0.0.1/bot", NotSent)


async def _assert_silent(url: str, kind: type[NetworkError]) -> None:
    async with bot_at(url, read_timeout=0.2) as bot:
        with pytest.raises(kind) as caught:
            await bot.send_message(42, "x")
    error: BaseException | None = caught.value
    while error is not None:
        assert FICTITIOUS_TOKEN not in f"{error!s} {error!r} {error.args!r} {vars(error)!r}"
        error = error.__cause__ or error.__context__
    assert FICTITIOUS_TOKEN not in "".join(traceback.format_exception(caught.value))


async def test_an_http_proxy_carries_the_call() -> None:
    base = "http://api.fictitious.invalid/bot"
    async with scripted_api() as proxy, bot_at(base, proxy=f"http://127.0.0.1:{proxy.port}") as bot:
        await bot.send_message(42, "x")
    assert proxy.calls[0].target == f"http://api.fictitious.invalid/bot{FICTITIOUS_TOKEN}/sendMessage"


@pytest.mark.parametrize("act", [answer(407, b"no"), answer(403, b"no"), close], ids=["407", "403", "drop"])
async def test_a_proxy_that_refuses_the_tunnel_means_not_sent(act: object) -> None:
    async with scripted_api() as proxy:
        proxy.script = [act]  # type: ignore[list-item]
        async with bot_at("https://api.fictitious.invalid/bot", proxy=f"http://127.0.0.1:{proxy.port}") as bot:
            with pytest.raises(NotSent):
                await bot.send_message(42, "x")
    assert proxy.calls[0].target == "api.fictitious.invalid:443"


async def test_a_socks_proxy_carries_the_call() -> None:
    async with scripted_api() as api, socks_proxy(api) as proxy:
        for scheme in ("socks5", "socks5h"):
            address = f"{scheme}://127.0.0.1:{proxy}"
            async with bot_at("http://api.fictitious.invalid/bot", proxy=address) as bot:
                await bot.send_message(42, scheme)
    assert [call.fields()["text"] for call in api.calls] == ["socks5", "socks5h"]


async def test_a_socks_proxy_that_refuses_or_is_away_means_not_sent() -> None:
    async with socks_proxy(None) as proxy:
        await _assert_refused(f"socks5://127.0.0.1:{proxy}")
    await _assert_refused(f"socks5://127.0.0.1:{free_port()}")


async def _assert_refused(proxy: str) -> None:
    async with bot_at("http://api.fictitious.invalid/bot", proxy=proxy) as bot:
        with pytest.raises(NotSent):
            await bot.send_message(42, "x")
        with pytest.raises(NotSent):
            await bot.send_document(42, b"x", filename="x.bin")


@contextlib.asynccontextmanager
async def socks_proxy(target: ScriptedApi | None) -> AsyncIterator[int]:
    """The least SOCKS5: no password, every name leads to ``target``; without one every request is refused."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.readexactly((await reader.readexactly(2))[1])
        writer.write(b"\x05\x00")
        head = await reader.readexactly(5)
        await reader.readexactly(head[4] + 2)
        writer.write(b"\x05" + (b"\x05" if target is None else b"\x00") + b"\x00\x01" + bytes(6))
        if target is not None:
            await target.serve(reader, writer)

    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


async def test_a_cancelled_call_leaves_the_pool_usable() -> None:
    async with scripted_api() as api, bot_at(api.url, connection_limit=1) as bot:
        api.script = [hang]
        call = asyncio.create_task(bot.send_message(42, "x"))
        while not api.calls:
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await bot.send_message(42, "y")).message_id == 5


async def test_a_bot_starts_over_this_wire() -> None:
    async with scripted_api() as api:
        bot = Bot(FICTITIOUS_TOKEN, base_url=api.url, request=AiohttpRequest(), get_updates_request=AiohttpRequest())
        async with bot:
            api.script = [ok([])]
            assert bot.username == "fictitious_bot"
            assert await bot.get_updates(offset=7, timeout=1) == ()
    assert api.calls[0].fields() == {"offset": "7", "timeout": "1"}
