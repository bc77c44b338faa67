"""The inner side of a process that handles what officers sent: little memory and time, one question, one answer."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from bot.documents.sheet_faults import SheetFault, Trouble
from bot.errors import Refusal
from bot.language import DEFAULT_LANGUAGE, speaking

MEMORY: Final = 1 << 30  # bytes of address space
SECONDS: Final = 20  # of processor time
_PATIENCE: Final = 10  # the officers who press meanwhile come first

Work = Callable[[Mapping[str, Any], bytes], Any]


def serve(work: Work, *, seconds: int = SECONDS) -> None:
    """Answer the one question on standard input, then end.

    The question is a line of JSON (``language`` and what the work needs) followed by a file's bytes. The answer is
    one JSON object: ``answer``, or ``refusal`` with a sentence, or ``trouble`` with its values.

    Args:
        work: What makes the answer; JSON values.
        seconds: Of processor time; more than usual only where nothing that an officer sent is read.
    """
    _limit(seconds)
    asked = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    with speaking(asked.get("language", DEFAULT_LANGUAGE)):
        sys.stdout.write(json.dumps(_answer(work, asked, content)))


def _answer(work: Work, asked: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    try:
        return {"answer": work(asked, content)}
    except Refusal as refusal:
        return {"refusal": refusal.message}
    except SheetFault as fault:
        return {"trouble": fault.trouble, "values": fault.values}
    except MemoryError:
        return {"trouble": Trouble.TOO_HEAVY, "values": {}}


def _limit(seconds: int) -> None:
    """Take memory and time away from this process; what needs more is not a list."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(_PATIENCE)
