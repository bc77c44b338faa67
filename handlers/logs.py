"""The log: one line per event, and never a token or an ID number in it.

Every record, ours through structlog and a library's through the standard library, passes one handler on the root
logger. Its values are cleaned one by one (a marker in the finished line could break its JSON), exception texts of
a whole chain included; tokens are then looked for once more in the finished line, so that nothing gets past.
Tracebacks carry no local variables, because a local variable may hold what an officer typed, and no Chinese words.
"""

import json
import logging
import re
import sys
from collections.abc import Sequence
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

HIDDEN: Final = "[hidden]"

OURS: Final = ("bot", "handlers", "storage")  # whose records are written from the wanted level on

# A server that is told to keep its own handlers would write past ours.
_OWN_HANDLERS: Final = ("uvicorn", "uvicorn.error", "uvicorn.access")

_SECRETS: Final = (
    (re.compile(r"(?<!\d)\d{6,}:[A-Za-z0-9_-]{30,}"), HIDDEN),
    (re.compile(r"(?<!\d)\d{6,}%3A[A-Za-z0-9_-]{30,}", re.IGNORECASE), HIDDEN),
    (re.compile(r"/bot[^/\s\"]+/"), f"/bot{HIDDEN}/"),
    (re.compile(r"://[^/\s:@]+:[^/\s@]+@"), f"://{HIDDEN}@"),
    # A code that begins with 92 may be one person's (个体工商户). Source: design.md §3.9.
    (re.compile(r"(?<![0-9A-Za-z])92[0-9A-HJ-NP-RT-UW-Y]{16}(?![0-9A-Za-z])"), HIDDEN),
)


# What the program says of itself is English: other words in an error are what somebody typed, and may be a name.
_WORDS: Final = re.compile("[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")


def without_tokens(text: str) -> str:
    """Return the text with every bot token, password inside an address and code of a person in business struck out."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def redacted(text: str) -> str:
    """Return the text as it may be logged: no token, no password in an address, no citizen's ID number."""
    # Imported late: a start that logs nothing need not load the identifier library.
    from bot.id_numbers import without_id_numbers

    return without_id_numbers(without_tokens(text))[0]


class _CleanLine(structlog.stdlib.ProcessorFormatter):
    """The last look at the finished line; literal secrets go first, whatever they look like."""

    def __init__(self, *, secrets: Sequence[str], **settings: Any) -> None:
        super().__init__(**settings)
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, HIDDEN)
        return without_tokens(line)


def configure(level: str = "INFO", *, stream: TextIO | None = None, secrets: Sequence[str] = ()) -> None:
    """Send all log lines of the process, ours and the libraries', to one stream.

    May be called again; the last call decides.

    Args:
        level: The least severe level to write, as ``logging`` names it.
        stream: Where to write (default: standard error). A terminal gets readable lines, anything else JSON lines.
        secrets: Words to hide wherever they appear, such as a token that does not look like one.

    Raises:
        ValueError: ``level`` is not a level.
    """
    out = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(out)
    handler.addFilter(_is_meant_for_us)
    handler.setFormatter(_CleanLine(secrets=secrets, processors=_rendering(out.isatty()), foreign_pre_chain=_common()))
    root = logging.getLogger()
    root.setLevel(level.upper())  # refuses what is no level
    for name in OURS:
        logging.getLogger(name).setLevel(root.level)
    root.setLevel(max(root.level, logging.WARNING))
    root.handlers[:] = [handler]
    _take_over()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_common(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _is_meant_for_us(record: logging.LogRecord) -> bool:
    """Say whether a record may be written: ours, or a library's warning.

    What libraries say below that, for their own makers, holds the token (in addresses), the texts of messages (the bot
    library) and every value that goes to the database (its driver).
    """
    return record.levelno >= logging.WARNING or isinstance(record.msg, dict)


def _take_over() -> None:
    for name in _OWN_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def _common() -> list[Processor]:
    """What is added to every event, whoever logged it."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _rendering(terminal: bool) -> list[Processor]:
    """The last steps: readable lines for a person at a terminal, JSON for a machine; both without locals."""
    render: Processor = structlog.processors.JSONRenderer(serializer=json.dumps, ensure_ascii=False)
    if terminal:
        render = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _clean_values,
        render,
    ]


def _clean_values(_logger: Any, _method: str, event: EventDict) -> EventDict:
    if isinstance(said := event.get("exception"), str):
        event["exception"] = _WORDS.sub(HIDDEN, said)
    return {redacted(str(key)): _clean(value) for key, value in event.items()}


def _clean(value: Any) -> Any:
    """Return a value as it may be logged; what JSON does not know becomes text first, as it would later."""
    match value:
        case None | bool() | float():
            return value
        case int():
            return value if redacted(str(value)) == str(value) else redacted(str(value))
        case str():
            return redacted(value)
        case dict():
            return {redacted(str(key)): _clean(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean(item) for item in value]
        case _:
            return redacted(repr(value))
