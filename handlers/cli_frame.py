"""What every command of the command line stands on: its expected failures in one sentence, and its event loop."""

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError

from bot.policy.loader import PolicyFaults, load
from bot.policy.model import Policy


class Sentence(Exception):
    """What the maintainer is told before the program ends with a failure."""


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run until done; turn every expected failure into its sentence."""
    from telegram.error import TelegramError

    from handlers.app import EXPECTED

    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(work)
    except ValidationError as error:
        named = ", ".join(f"XINXUAN_{'.'.join(map(str, fault['loc']))}".upper() for fault in error.errors())
        raise Sentence(f"a setting cannot be read: {named}") from None
    except EXPECTED as error:
        raise Sentence(str(error)) from None
    except TelegramError as error:
        from handlers.telegram.outcomes import classify

        raise Sentence(f"the Bot API did not answer: {classify(error).detail}") from None
    except OSError as error:
        raise Sentence(f"the system refused: {error.strerror or error}") from None


def loop_factory() -> Any:
    """Return what makes the event loop; None for Python's own."""
    try:
        import uvloop
    except ImportError:  # Windows has none
        return None
    return uvloop.new_event_loop


def policy_of(folder: Path) -> Policy:
    """Return the pack of a folder; its faults become the command's sentence."""
    try:
        return load(folder)
    except PolicyFaults as faults:
        raise Sentence(f"the policy pack {folder} cannot be used:\n{faults}") from None


def write(file: Path, made: bytes) -> None:
    """Write a file that only its owner may read; one that is there is not replaced."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            target.write(made)
    except FileExistsError:
        raise Sentence(f"{file} is there already: name another file") from None
    typer.echo(str(file))
