import asyncio
import datetime as dt
import socket

import pytest
from telegram.error import InvalidToken, NetworkError, RetryAfter, TimedOut

from handlers.telegram.outcomes import Outcome, Verdict, classify
from handlers.telegram.request import NotSent, Unknown
from tests.handlers.telegram.scripted_api import (
    FICTITIOUS_TOKEN,
    Act,
    answer,
    bot_at,
    close,
    half_an_answer,
    hang,
    refuse,
    reset,
    scripted_api,
)
from tests.loopback import free_port


@pytest.fixture(autouse=True)
def timedelta_of_ptb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


PAGE = b"<html><body>nginx</body></html>"
ANSWERS: list[tuple[str, Act, Outcome]] = [
    ("not modified", refuse(400, "Bad Request: message is not modified: x"), Outcome.NOT_MODIFIED),
    ("not modified, upper case", refuse(400, "Bad Request: MESSAGE IS NOT MODIFIED"), Outcome.NOT_MODIFIED),
    ("flood", refuse(429, "Too Many Requests: retry after 7", retry_after=7), Outcome.RETRY_AFTER),
    ("flood, bare", refuse(429, "Too Many Requests"), Outcome.RETRY_AFTER),
    ("flood, a page", answer(429, PAGE, Retry_After="7"), Outcome.RETRY_AFTER),
    ("blocked", refuse(403, "Forbidden: bot was blocked by the user"), Outcome.UNREACHABLE),
    ("deactivated", refuse(403, "Forbidden: user is deactivated"), Outcome.UNREACHABLE),
    (
        "never started",
        refuse(403, "Forbidden: bot can't initiate conversation with a user"),
        Outcome.UNREACHABLE,
    ),
    ("kicked", refuse(403, "Forbidden: bot was kicked from the group chat"), Outcome.UNREACHABLE),
    ("not a member", refuse(403, "Forbidden: bot is not a member of the supergroup chat"), Outcome.UNREACHABLE),
    ("unknown chat", refuse(400, "Bad Request: chat not found"), Outcome.UNREACHABLE),
    ("muted", refuse(400, "Bad Request: not enough rights to send text messages to the chat"), Outcome.MUTED),
    ("muted for files", refuse(400, "Bad Request: not enough rights to send documents to the chat"), Outcome.MUTED),
    ("muted, a 403", refuse(403, "Forbidden: have no rights to send a message"), Outcome.MUTED),
    ("muted, by its name", refuse(400, "Bad Request: CHAT_WRITE_FORBIDDEN"), Outcome.MUTED),
    ("muted, for plain texts", refuse(400, "Bad Request: CHAT_SEND_PLAIN_FORBIDDEN"), Outcome.MUTED),
    ("topic closed", refuse(400, "Bad Request: TOPIC_CLOSED"), Outcome.MUTED),
    ("other rights", refuse(400, "Bad Request: not enough rights to manage pinned messages"), Outcome.REFUSED),
    ("other 403", refuse(403, "Forbidden: fictitious"), Outcome.REFUSED),
    ("migrated", refuse(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-100777), Outcome.MIGRATED),
    ("screen gone", refuse(400, "Bad Request: message to edit not found"), Outcome.SCREEN_GONE),
    ("screen frozen", refuse(400, "Bad Request: message can't be edited"), Outcome.SCREEN_GONE),
    ("screen is a file", refuse(400, "Bad Request: there is no text in the message to edit"), Outcome.SCREEN_GONE),
    (
        "old query",
        refuse(400, "Bad Request: query is too old and response timeout expired or query ID is invalid"),
        Outcome.QUERY_TOO_OLD,
    ),
    ("markup", refuse(400, "Bad Request: can't parse entities: unsupported start tag"), Outcome.BAD_MARKUP),
    ("other 400", refuse(400, "Bad Request: message text is empty"), Outcome.REFUSED),
    ("another 4xx", refuse(406, "Not Acceptable: fictitious"), Outcome.REFUSED),
    ("too large, a page", answer(413, PAGE), Outcome.REFUSED),
    ("401", refuse(401, "Unauthorized"), Outcome.TOKEN_DEAD),
    ("404", refuse(404, "Not Found"), Outcome.TOKEN_DEAD),
    ("409", refuse(409, "Conflict: terminated by other getUpdates request"), Outcome.CONFLICT),
    ("403 of a firewall", answer(403, PAGE), Outcome.NOT_SENT),
    ("404 of a firewall", answer(404, PAGE), Outcome.NOT_SENT),
    ("407 of a proxy", answer(407, PAGE), Outcome.NOT_SENT),
    ("sign-in page of a network", answer(302, PAGE, Location="http://127.0.0.1:9/"), Outcome.NOT_SENT),
    ("500", refuse(500, "Internal Server Error: restart"), Outcome.UNKNOWN),
    ("502 as a page", answer(502, PAGE), Outcome.UNKNOWN),
    ("504 as JSON that is no object", answer(504, b"[]"), Outcome.UNKNOWN),
    ("garbage", answer(200, b"\xff{nonsense"), Outcome.UNKNOWN),
    ("a page instead of an answer", answer(200, PAGE), Outcome.UNKNOWN),
    ("an empty answer", answer(200, b""), Outcome.UNKNOWN),
    ("JSON without a result", answer(200, b"{}"), Outcome.UNKNOWN),
    ("closed after reading", close, Outcome.UNKNOWN),
    ("reset after reading", reset, Outcome.UNKNOWN),
    ("half an answer", half_an_answer, Outcome.UNKNOWN),
    ("no answer in time", hang, Outcome.UNKNOWN),
]


async def _verdict(url: str, **settings: object) -> Verdict:
    async with bot_at(url, **settings) as bot:
        with pytest.raises(Exception) as caught:
            await bot.send_message(42, "x")
    assert FICTITIOUS_TOKEN not in repr(classify(caught.value))
    return classify(caught.value)


@pytest.mark.parametrize(("act", "outcome"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
async def test_every_answer_of_the_wire_has_its_row(act: Act, outcome: Outcome) -> None:
    async with scripted_api() as api:
        api.script = [act]
        verdict = await _verdict(api.url, read_timeout=0.2)
    assert verdict.outcome == outcome
    assert (verdict.retry_after is not None) == (outcome == Outcome.RETRY_AFTER)
    assert verdict.new_chat_id == (-100777 if outcome == Outcome.MIGRATED else None)


@pytest.mark.parametrize(
    ("act", "seconds"),
    [
        (refuse(429, "Too Many Requests: retry after 7", retry_after=7), 7),
        (answer(429, PAGE, Retry_After="9"), 9),
        (answer(429, PAGE, Retry_After="soon"), 5),
    ],
)
async def test_the_wait_is_the_one_that_was_asked_for(act: Act, seconds: int) -> None:
    async with scripted_api() as api:
        api.script = [act]
        assert (await _verdict(api.url)).retry_after == dt.timedelta(seconds=seconds)


async def test_a_refused_connection_means_not_sent() -> None:
    assert (await _verdict(f"http://127.0.0.1:{free_port()}/bot")).outcome == Outcome.NOT_SENT


async def test_an_unknown_host_means_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_host(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
    assert (await _verdict("http://api.fictitious.invalid/bot")).outcome == Outcome.NOT_SENT


async def test_a_connection_that_takes_too_long_means_not_sent() -> None:
    # A listener whose queue is full leaves the next connection unanswered, as a filtered address does.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        verdict = await _verdict(f"http://127.0.0.1:{full.getsockname()[1]}/bot", connect_timeout=0.2, read_timeout=0.2)
        for one in waiting:
            one.close()
    assert verdict.outcome == Outcome.NOT_SENT


async def test_no_free_connection_in_time_means_not_sent() -> None:
    settings = {"connection_limit": 1, "pool_timeout": 0.1, "connect_timeout": 0.1, "read_timeout": 2}
    async with scripted_api() as api, bot_at(api.url, **settings) as bot:
        api.script = [hang]
        first = asyncio.create_task(bot.send_message(42, "first"))
        while not api.calls:
            await asyncio.sleep(0.01)
        with pytest.raises(NotSent) as caught:
            await bot.send_message(42, "second")
        first.cancel()
        assert classify(caught.value).outcome == Outcome.NOT_SENT
    assert len(api.calls) == 1


async def test_a_server_that_closes_without_reading_leaves_it_unknown() -> None:
    async with scripted_api() as api:
        api.before_reading = reset
        verdict = await _verdict(api.url)
    # The request had left this machine: nobody here can tell whether it was read.
    assert verdict.outcome == Outcome.UNKNOWN


def test_a_plain_network_error_is_read_cautiously() -> None:
    for error in (NetworkError("x"), TimedOut(), Unknown("x"), KeyError("result")):
        assert classify(error).outcome == Outcome.UNKNOWN


def test_the_librarys_words_about_a_dead_token_do_not_reach_the_log() -> None:
    error = InvalidToken(f"The token `{FICTITIOUS_TOKEN}` was rejected by the server.")
    assert classify(error) == Verdict(Outcome.TOKEN_DEAD, detail="InvalidToken")


def test_seconds_to_wait_may_also_come_as_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RetryAfter, "retry_after", 11)
    assert classify(RetryAfter(11)).retry_after == dt.timedelta(seconds=11)
