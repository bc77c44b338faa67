"""The long jobs that officers ask for: kind of work -> what does it."""

from typing import TYPE_CHECKING, Final

from handlers.flows import merged

if TYPE_CHECKING:
    from handlers.worker import Chore

JOBS: Final[dict[str, "Chore"]] = merged("JOBS")
