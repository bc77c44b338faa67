"""How fast one sender may write: whoever floods is told so once, and takes nothing from the others.

Each sender has a bucket of a minute's updates that fills up again steadily. Messages are counted on the time that
Telegram gives them, so that a backlog after an outage is not taken for a flood. The buttons of reminders have a bucket
of their own, wider than any hand is fast: no answer to a deadline is lost. Who is on the list is asked later; therefore
nobody is without a limit here. Source: OWASP ASVS 5.0, 2.4.1.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from bot.identifiers import ID_NUMBER_MARKER
from handlers.clock import Clock
from handlers.telegram.scrubbing import held_id_number

MOST_SENDERS: Final = 10_000  # remembered at once; the longest quiet one is forgotten first
TOO_FAST: Final = "too_fast"  # on the one update of a flood that is kept to be answered
WIDER: Final = 10  # times as many buttons of reminders as other updates
_MINUTE: Final = 60.0  # seconds
_WORDS: Final = {"message": "text", "callback_query": "data"}
"""Kind of update that can be answered -> where its words stand."""
_ABOUT: Final = frozenset({"id", "message_id", "date", "from", "chat", "message", "chat_instance"})
_DATED: Final = ("edit_date", "date")


class Verdict(StrEnum):
    """What becomes of an update."""

    TAKEN = "taken"
    TOLD = "told"  # too many: this one is kept without what it says, and answered with one sentence
    DROPPED = "dropped"  # the sentence has been said


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float  # seconds
    told_at: float | None = None


class Inflow:
    """The buckets of this process, for each sender.

    Args:
        clock: The one clock.
        per_minute: How many updates of one sender are taken in a minute; 0 for any number.
        urgent: The verbs of the buttons of reminders.
    """

    def __init__(self, clock: Clock, per_minute: int, urgent: frozenset[str]) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._urgent = urgent
        self._buckets: OrderedDict[tuple[int, bool, bool], _Bucket] = OrderedDict()
        self._judged: dict[int, Verdict] = {}

    def judged(self, updates: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], Verdict]]:
        """Return each update with what becomes of it.

        A batch that could not be stored comes again: until ``settled`` its updates are not counted twice.
        """
        for update in updates:
            if update["update_id"] not in self._judged:
                self._judged[update["update_id"]] = self._judge(update)
        return [(update, self._judged[update["update_id"]]) for update in updates]

    def settled(self) -> None:
        """Forget what was judged: it is stored, and Telegram will not send it again."""
        self._judged.clear()

    def _judge(self, update: dict[str, Any]) -> Verdict:
        kind, body = next(((key, each) for key, each in update.items() if isinstance(each, dict)), ("", {}))
        sender = body.get("from")
        if not self._per_minute or sender is None:
            return Verdict.TAKEN
        said_at = next((body[key] for key in _DATED if key in body), None)
        now = self._clock.now().timestamp() if said_at is None else float(said_at)
        urgent = kind == "callback_query" and self._is_urgent(str(body.get("data", "")))
        most = float(self._per_minute * (WIDER if urgent else 1))
        bucket = self._bucket((sender["id"], said_at is None, urgent), most, now)
        if bucket.left >= 1:
            bucket.left -= 1
            return Verdict.TAKEN
        is_news = bucket.told_at is None or now - bucket.told_at >= _MINUTE
        if is_news and kind in _WORDS:
            bucket.told_at = now
            return Verdict.TOLD
        return Verdict.DROPPED

    def _is_urgent(self, data: str) -> bool:
        parts = data.split(":", 2)
        return len(parts) > 1 and parts[1] in self._urgent

    def _bucket(self, key: tuple[int, bool, bool], most: float, now: float) -> _Bucket:
        bucket = self._buckets.pop(key, None) or _Bucket(most, now)
        gained = max(0.0, now - bucket.at) * most / _MINUTE
        bucket.left, bucket.at = min(bucket.left + gained, most), max(now, bucket.at)
        self._buckets[key] = bucket
        if len(self._buckets) > MOST_SENDERS:
            self._buckets.popitem(last=False)
        return bucket


def without_words(update: dict[str, Any]) -> dict[str, Any]:
    """Return the one update of a flood that is answered: who sent it and where, and nothing of what it said.

    Args:
        update: The update, already without ID numbers; that there was one stays known, so that its message is deleted.
    """
    kind = next(each for each in _WORDS if each in update)
    body = {key: each for key, each in update[kind].items() if key in _ABOUT}
    said = ID_NUMBER_MARKER if held_id_number(update) else ""
    return {"update_id": update["update_id"], kind: body | {_WORDS[kind]: said}, TOO_FAST: True}
