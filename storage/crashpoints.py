"""Named places where the drills kill the process, to see that nothing is lost there.

In service each is a no-op; a drill sets ``XINXUAN_CRASH=<name>:<hit>`` and the process dies as if by SIGKILL at that
hit of that place.
"""

import os
import signal
from collections import Counter

_plan = os.environ.get("XINXUAN_CRASH", "").partition(":")
_hits: Counter[str] = Counter()


def crash_point(name: str) -> None:
    """Die here if a drill asked for it."""
    if _plan[0] != name:
        return
    _hits[name] += 1
    if _hits[name] == int(_plan[2] or "1"):
        os.kill(os.getpid(), signal.SIGKILL)
