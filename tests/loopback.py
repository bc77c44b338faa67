"""Ports of this machine for what a test starts, or expects not to be there."""

import random
import socket

_BELOW_LENT = range(20_000, 32_000)  # systems lend higher ones to whoever connects (Linux from 32768, others 49152)


def free_port() -> int:
    """A port that nobody listens on, and that no connection of another test is lent in the meantime.

    A port that the system gives (``bind`` to 0) may be lent to a connection as soon as it is let go; the next
    ``bind`` then says that it is in use.
    """
    while True:
        port = random.SystemRandom().choice(_BELOW_LENT)  # not the tests' seeded one, which all workers share
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
