import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from stdnum.iso7064 import mod_11_2

from bot.id_numbers import without_id_numbers
from handlers import logs

TOKEN = "1234567890:AAFictitious-Canary_Token-0123456789"
ADDRESS = f"https://api.telegram.org/bot{TOKEN}/getUpdates"
FICTITIOUS_ID = "99000019990101000" + mod_11_2.calc_check_digit("99000019990101000")  # no such place


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    named = {name: logging.getLogger(name) for name in logs._OWN_HANDLERS}
    levels = {name: logger.level for name, logger in named.items()}
    yield
    root.handlers[:] = before
    root.setLevel(level)
    for name, logger in named.items():
        logger.setLevel(levels[name])
    structlog.reset_defaults()


@pytest.fixture(params=[io.StringIO, Terminal], ids=["json", "terminal"])
def out(request: pytest.FixtureRequest) -> io.StringIO:
    stream: io.StringIO = request.param()
    logs.configure("DEBUG", stream=stream)
    return stream


def _fail(secret: str) -> None:
    local_of_the_failing_frame = f"local {secret}"
    try:
        empty: dict[str, str] = {}
        empty[secret]
    except KeyError as cause:
        raise RuntimeError(f"cannot call {secret}") from cause
    finally:
        assert local_of_the_failing_frame


@pytest.mark.parametrize("secret", [TOKEN, ADDRESS, ADDRESS.replace(":A", "%3AA"), FICTITIOUS_ID])
def test_no_secret_passes_on_any_way_into_the_log(out: io.StringIO, secret: str) -> None:
    library, ours = logging.getLogger("telegram.Bot"), structlog.stdlib.get_logger("handlers.example")
    library.debug("message " + secret)
    library.debug("args %s and %r", secret, {"deep": [secret]})
    library.info("extra", extra={"url": secret, "more": {secret: (secret,)}})
    ours.info("event " + secret, value=secret, inner={"list": [secret, {secret}]}, thing=ValueError(secret))
    ours.info("positional %s", secret)
    with structlog.contextvars.bound_contextvars(bound=secret):
        ours.debug("bound")
    for logger in (library, ours):
        try:
            _fail(secret)
        except RuntimeError:
            logger.exception("failed")
    library.warning("stack", stack_info=True)
    text = out.getvalue()
    assert text.count("failed") == 2 and "RuntimeError" in text and "KeyError" in text  # it did write
    assert secret not in text
    assert TOKEN not in text
    assert FICTITIOUS_ID not in text


def test_a_number_is_as_secret_as_a_text(out: io.StringIO) -> None:
    structlog.stdlib.get_logger("handlers.example").info("numbers", one=int(FICTITIOUS_ID), small=42)
    assert FICTITIOUS_ID not in out.getvalue()
    assert "42" in out.getvalue()


def test_local_variables_are_never_written(out: io.StringIO) -> None:
    try:
        _fail("harmless-word")
    except RuntimeError:
        logging.getLogger("x").exception("failed")
    assert "harmless-word" in out.getvalue()
    assert "local harmless-word" not in out.getvalue()


def test_words_that_somebody_typed_are_not_written_with_an_error(out: io.StringIO) -> None:
    try:
        try:
            int("张某某 1234")
        except ValueError as error:
            raise KeyError("𠮷野家、欧阳甲乙") from error
    except KeyError:
        structlog.get_logger().exception("it failed", exc_info=True)
    written = out.getvalue()
    assert "invalid literal for int" in written and "KeyError" in written
    assert not any(name in written for name in ("张", "欧阳", "𠮷", "u5f20", "u6b27"))


def test_json_lines_stay_json_and_readable() -> None:
    stream = io.StringIO()
    logs.configure("INFO", stream=stream)
    structlog.stdlib.get_logger("handlers.example").info("登记", number="大气2026-1", ids=[440524, 18800101, 14])
    logging.getLogger("lib").warning("路径 %s", f"{ADDRESS} {FICTITIOUS_ID}")
    first, second = stream.getvalue().splitlines()
    assert "大气2026-1" in first
    assert json.loads(first) | {"timestamp": ""} == {
        "event": "登记",
        "number": "大气2026-1",
        "ids": [440524, 18800101, 14],
        "level": "info",
        "logger": "handlers.example",
        "timestamp": "",
    }
    marker = without_id_numbers(FICTITIOUS_ID)[0]
    assert json.loads(second)["event"] == f"路径 https://api.telegram.org/bot{logs.HIDDEN}/getUpdates {marker}"


def test_a_token_of_an_odd_shape_is_hidden_by_name() -> None:
    stream = io.StringIO()
    logs.configure("INFO", stream=stream, secrets=["", "odd-token"])
    logging.getLogger("lib").warning("uses odd-token now")
    assert json.loads(stream.getvalue())["event"] == f"uses {logs.HIDDEN} now"


def test_proxy_passwords_are_hidden() -> None:
    assert logs.redacted("via socks5://office:pass@10.0.0.1:1080") == f"via socks5://{logs.HIDDEN}@10.0.0.1:1080"


@pytest.mark.parametrize("name", ["httpx", "aiohttp.access", "asyncio", "telegram.ext.ExtBot", "aiosqlite"])
def test_what_libraries_say_for_their_own_makers_is_not_written_even_at_debug(out: io.StringIO, name: str) -> None:
    library = logging.getLogger(name)
    level = library.level
    for own in (level, logging.DEBUG):  # somebody may have given it a level of its own
        library.setLevel(own)
        library.info("chatter")
    library.setLevel(level)
    library.warning("trouble")
    assert "chatter" not in out.getvalue()
    assert "trouble" in out.getvalue()


def test_the_level_is_an_argument_and_the_last_call_decides() -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.configure("debug", stream=first)
    logs.configure("ERROR", stream=second)
    logging.getLogger("lib").warning("no")
    logging.getLogger("httpx").warning("no")
    structlog.stdlib.get_logger("handlers.example").warning("no")
    structlog.stdlib.get_logger("handlers.example").error("yes")
    assert first.getvalue() == ""
    assert json.loads(second.getvalue())["event"] == "yes"
    with pytest.raises(ValueError, match="LOUD"):
        logs.configure("loud")


def test_handlers_of_a_web_server_do_not_write_past_ours(out: io.StringIO) -> None:
    aside = io.StringIO()
    logging.getLogger("uvicorn.error").addHandler(logging.StreamHandler(aside))
    logs.configure("INFO", stream=out)
    logging.getLogger("uvicorn.error").warning("serving %s", TOKEN)
    assert aside.getvalue() == ""
    assert "serving" in out.getvalue()


def test_without_a_stream_the_log_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    logging.getLogger("lib").warning("here")
    captured = capsys.readouterr()
    assert "here" in captured.err
    assert captured.out == ""


def test_a_code_that_may_be_one_persons_is_never_logged_and_a_companys_may_be():
    said = logs.redacted("92410100MA00000T4Y beside 91410100MA00000T42 and request 924101001")
    assert "92410100MA00000T4Y" not in said
    assert "91410100MA00000T42" in said
    assert "924101001" in said
