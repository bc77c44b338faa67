"""Faults to order: what the network and Telegram do to a bot on a bad day, chosen or drawn by a seed."""

import fnmatch
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from handlers.web.botapi.model import ApiError, Wire


class Kind(StrEnum):
    """What goes wrong with one call."""

    TOO_MANY = "429"
    INTERNAL = "500"
    GATEWAY = "502"
    BAD_REQUEST = "400"
    FORBIDDEN = "403"
    HANG = "hang"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    GARBAGE = "garbage"
    MIGRATED = "chat_migrated"


_DONE = {Kind.HANG, Kind.DROP_AFTER, Kind.GARBAGE}
"""Kinds where Telegram has acted, although the bot does not learn of it."""


@dataclass(slots=True)
class Fault:
    """One order: which calls, what goes wrong, how often (None: for ever).

    ``done`` says whether the call still takes effect; ``chat_id`` keeps the fault to one chat.
    """

    pattern: str
    kind: Kind
    times: int | None = 1
    chat_id: int | None = None
    done: bool = False
    seconds: float = 60.0
    retry_after: int = 3
    new_chat_id: int = 0
    description: str = "Forbidden: bot was blocked by the user"

    def meets(self, method: str, params: Wire) -> bool:
        """Return whether this fault strikes the call."""
        if self.times == 0 or not fnmatch.fnmatch(method.lower(), self.pattern.lower()):
            return False
        return self.chat_id is None or str(params.get("chat_id")) == str(self.chat_id)

    def error(self) -> ApiError | None:
        """Return the refusal that this fault is; None where it is a fault of the wire."""
        match self.kind:
            case Kind.TOO_MANY:
                words = f"Too Many Requests: retry after {self.retry_after}"
                return ApiError(429, words, retry_after=self.retry_after)
            case Kind.INTERNAL:
                return ApiError(500, "Internal Server Error")
            case Kind.GATEWAY:
                return ApiError(502, "Bad Gateway")
            case Kind.BAD_REQUEST:
                return ApiError(400, self.description)
            case Kind.FORBIDDEN:
                return ApiError(403, self.description)
            case Kind.MIGRATED:
                words = "Bad Request: group chat was upgraded to a supergroup chat"
                return ApiError(400, words, migrate_to_chat_id=self.new_chat_id)
        return None


@dataclass(slots=True)
class _Lottery:
    dice: random.Random
    rates: dict[Kind, float]
    methods: str
    options: dict[str, float]


@dataclass(slots=True)
class Faults:
    """The orders in force, in the order given; then the draw."""

    orders: list[Fault] = field(default_factory=list)
    struck: dict[Kind, int] = field(default_factory=dict)
    _lottery: _Lottery | None = None

    def add(self, pattern: str, kind: str, times: int | None = 1, **options: int | float | str | None) -> Fault:
        """Order a fault for the next ``times`` calls whose method matches ``pattern`` (``*`` and ``?`` allowed).

        Options: ``retry_after`` (429), ``seconds`` (hang), ``new_chat_id`` (chat_migrated), ``description``
        (400, 403), ``chat_id`` (only that chat), ``done`` (whether the call takes effect all the same: by default
        yes for hang, drop_after and garbage, no for the others).
        """
        chosen = Kind(kind)
        fault = Fault(pattern, chosen, times, done=chosen in _DONE)
        for name, value in options.items():
            setattr(fault, name, value)
        self.orders.append(fault)
        return fault

    def random(self, seed: int, rates: Mapping[str, float], methods: str = "*", **options: float) -> None:
        """Let each call fail with the given probability per kind, drawn from a seed."""
        kinds = {Kind(kind): rate for kind, rate in rates.items()}
        self._lottery = _Lottery(random.Random(seed), kinds, methods, options)  # noqa: S311 - a drill, no secret

    def clear(self) -> None:
        """End all faults."""
        self.orders.clear()
        self._lottery = None

    def strike(self, method: str, params: Wire) -> Fault | None:
        """Return the fault that this call meets, and use it up."""
        fault = next((each for each in self.orders if each.meets(method, params)), None) or self._draw(method)
        if fault is None:
            return None
        if fault.times is not None:
            fault.times -= 1
        self.struck[fault.kind] = self.struck.get(fault.kind, 0) + 1
        return fault

    def _draw(self, method: str) -> Fault | None:
        lottery = self._lottery
        if lottery is None or not fnmatch.fnmatch(method.lower(), lottery.methods.lower()):
            return None
        ticket = lottery.dice.random()
        for kind, rate in lottery.rates.items():
            ticket -= rate
            if ticket < 0:
                fault = Fault("*", kind, done=kind in _DONE)
                for name, value in lottery.options.items():
                    setattr(fault, name, value)
                return fault
        return None
