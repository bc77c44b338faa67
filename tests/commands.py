"""Commands of ``xinxuan``, each in a process of its own that begins with everything imported.

A process that only imports takes a second; dozens of tests ask for one. Python's fork server imports once and forks.
"""

import asyncio
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

Told = tuple[int, str, str]
Command = Callable[..., Coroutine[Any, Any, Told]]

ROOT = Path(__file__).parents[1]
WITHIN = 60.0  # seconds for a command to do its part
IMPORTED = ("tests.commands", "handlers.cli", "handlers.app", "handlers.chores", "storage.migrate")


def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(IMPORTED))
    os.environ["PYTHONPATH"] = str(ROOT)  # the server looks for these there
    return context


async def told(folder: Path, *arguments: str, **environment: str) -> Told:
    """Run a command in a folder, with no environment but this; return its exit, output and complaint."""
    with tempfile.TemporaryDirectory() as words:
        process = _server().Process(target=_run, args=(folder, words, arguments, environment))
        process.start()
        try:
            await asyncio.wait_for(asyncio.to_thread(process.join), WITHIN)
        finally:
            process.kill()
            process.join()
        out, err = ((Path(words) / each).read_text("utf-8") for each in ("out", "err"))
    assert "Traceback" not in err, err
    assert process.exitcode is not None
    return process.exitcode, out, err


def _run(folder: Path, words: str, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    """Be the command."""
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(words) / name, os.O_CREAT | os.O_WRONLY), number)
    os.chdir(folder)
    path = os.environ["PATH"]
    os.environ.clear()
    os.environ.update({"PATH": path, "XINXUAN_TOKEN": "", **environment})
    sys.argv = ["xinxuan", *arguments]
    from handlers import cli

    cli.main()
