"""Lists that officers send are read in a process of their own, which gets the file and nothing else."""

import asyncio
import json
import os
import sys
from collections.abc import Collection
from typing import Any, Final

import structlog

from bot.documents.reading import COMMON_HEADINGS, SheetData
from bot.documents.sheet_faults import MOST_BYTES, SheetFault, Trouble
from bot.errors import Refusal
from bot.language import current_language

log = structlog.get_logger()

WITHIN: Final = 30.0  # seconds on the wall; the process has fewer of the processor's


async def read_sheet(content: bytes, name: str, *, headings: Collection[str] = COMMON_HEADINGS) -> SheetData:
    """Read a list.

    Args:
        content: The file.
        name: As the officer's machine called it.
        headings: Names of columns by which the heading is recognised.

    Raises:
        Refusal: The list cannot be read; the sentence says why and what to do.
    """
    asked = {"name": name, "headings": sorted(headings)}
    return SheetData.from_json(await ask_child("bot.documents.reading", asked, content))


async def ask_child(module: str, asked: dict[str, Any], content: bytes = b"", *, within: float = WITHIN) -> Any:
    """Let a module that ends in ``bot.documents.child.serve`` answer one question in a process of its own.

    The process sees no setting, no key and no database, has 1 GB of memory and 20 s of processor time, and is killed
    when it takes more.

    Args:
        module: The module that answers.
        asked: What it needs beside the file; JSON values. The language in force goes along.
        content: The file.
        within: Seconds on the wall.

    Raises:
        Refusal: The answer was a refusal, or there was none within the limits.
    """
    if len(content) > MOST_BYTES:
        raise Refusal(SheetFault(Trouble.TOO_BIG).sentence)
    question = json.dumps({**asked, "language": current_language()}).encode()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
    )  # fmt: skip
    try:
        output, _nothing = await asyncio.wait_for(process.communicate(question + b"\n" + content), within)
    except TimeoutError:
        raise Refusal(SheetFault(Trouble.TOO_HEAVY).sentence) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _answered(module, process.returncode, output)


def _environment() -> dict[str, str]:
    """Return where the modules are, and nothing of what the bot was started with."""
    kept = {key: os.environ[key] for key in ("LD_LIBRARY_PATH", "SYSTEMROOT") if key in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each), "PYTHONUTF8": "1"}


def _answered(module: str, returncode: int | None, output: bytes) -> Any:
    if returncode:
        log.warning("a list could not be handled", module=module, returncode=returncode)
        raise Refusal(SheetFault(Trouble.TOO_HEAVY if returncode < 0 else Trouble.BROKEN).sentence)
    answer = json.loads(output)
    if "answer" in answer:
        return answer["answer"]
    if "refusal" in answer:
        raise Refusal(answer["refusal"])
    raise Refusal(SheetFault(Trouble(answer["trouble"]), **answer["values"]).sentence)
