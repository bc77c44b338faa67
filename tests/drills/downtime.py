"""G13: after a minute, an hour, three days and thirty days without the bot, everybody is told what is still of use."""

import datetime as dt
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Final

from bot.screens.screen import Press
from handlers import due
from handlers.office import ZONE
from handlers.web.botapi.model import Message
from storage.tables import Outbox, OutboxState, Reminder, ReminderState
from tests.drills.host import Host, on
from tests.drills.scene import Scene, at, reminders_of
from tests.oracles import workdays_oracle

GOALS = ("G13",)
RECEIVED: Final = dt.date(2026, 3, 2)
STOPPED: Final = at("2026-03-06 08:59:30")  # half a minute before the warnings of the centre's last day but one
BACK: Final = {  # how long it was away -> when it is back: in office hours, where anybody is told anything
    "1 min": "2026-03-06 09:00:30",
    "1 h": "2026-03-06 09:59:30",
    "3 d": "2026-03-09 08:59:30",
    "30 d": "2026-04-07 10:00:00",  # the fifth is a Sunday, the sixth the day off for 清明
}
FIRST_WITHIN: Final = 10.0  # seconds from the office hours, or the start, to the first message
PACE: Final = 25.0
CLOSES: Final = dt.time(18)
WORDS: Final = "延迟提醒"


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Be away four times, over 10,000 reminders or over 60; each time a new bureau."""
    found: Counter[str] = Counter()
    slowest, detail = 0.0, {}
    for number, name in enumerate(BACK if full else ("1 h", "30 d")):
        own = folder / str(number)
        own.mkdir()
        host = Host(at("2026-03-02 10:00"))
        drill = _Drill(Scene(host, own, per_second=PACE), at(BACK[name]), officers=2000 if full else 15)
        away = await on(host, drill.story)
        slowest = max(slowest, away.pop("all_within"))
        found += Counter(away)
        detail[name] = {key: count for key, count in away.items() if count}
    must_not = ("untold", "wrongly_labelled", "late_first", "digests_twice", "out_of_order", "calls_wrong")
    limit = 400.0 if full else 60.0
    bad = sum(found[each] for each in must_not)
    counts = {each: found[each] for each in must_not}
    result = {"goal": "G13", "seed": seed, "n": found["n"], **counts, "all_within": slowest}
    return [result | {"detail": detail, "ok": not bad and found["n"] > 0 and slowest <= limit}]


class _Drill:
    def __init__(self, scene: Scene, back: dt.datetime, *, officers: int) -> None:
        self.scene, self.host, self.back, self.officers = scene, scene.host, back, officers

    async def story(self) -> dict[str, Any]:
        async with self.scene.open():
            await self.scene.begin()
            self.ids = await self.scene.enrol(self.officers)
            await self.scene.received([each for each in self.ids for _ in range(2)], on=RECEIVED)
            await self.scene.received([each for each in self.ids for _ in range(2)], on=RECEIVED + dt.timedelta(days=1))
            await self.scene.end()
            self.host.wait_until(STOPPED)
            self.host.wait_until(self.back)
            began = self.host.uptime
            await self.scene.begin()
            all_within = await self._all(began)
            found = await self._audit(began)
            await self.scene.end()
        return found | {"all_within": all_within}

    async def _all(self, began: float) -> float:
        """Wait until all has left; where office hours have not begun, from then on."""
        local = self.host.wall().astimezone(self.back.tzinfo)
        opening = local.replace(hour=9, minute=0, second=0, microsecond=0)
        if local < opening:
            await self.scene.sleep_until(opening)
        self.opened = self.host.uptime
        spent = await self.scene.drained(within=2 * self.officers * 5 / PACE + 300)
        return float("inf") if spent is None else spent

    async def _audit(self, began: float) -> dict[str, Any]:
        carried = await self.scene.carried()
        sends = [each for each in self.scene.sent if each.method == "sendMessage" and each.at >= began]
        mine = [(reminder, row) for reminder, row in carried if row.chat_id in set(self.ids)]
        digests = Counter(row.chat_id for row in {row.id: row for _r, row in mine}.values() if row.kind == due.DIGEST)
        return {
            "n": len(await self.scene.rows(Reminder, Reminder.due_at <= self.host.wall())),
            "untold": await self._untold(carried),
            "wrongly_labelled": self._wrongly_labelled({reminder.id: reminder for reminder, _row in mine}),
            "late_first": int(not sends or min(each.at for each in sends) - self.opened > FIRST_WITHIN),
            "digests_twice": sum(count > 1 for count in digests.values()),
            "out_of_order": self._out_of_order(mine),
            "calls_wrong": len(self.scene.calls_wrong),
        }

    async def _untold(self, carried: list[tuple[Reminder, Outbox]]) -> int:
        """Count what was due and neither reached its reader nor ended for a reason, such as a newer stage."""
        there = {
            reminder.id
            for reminder, row in carried
            if row.state is OutboxState.SENT and self.scene.api.find(row.chat_id, row.message_id or 0) is not None
        }
        subjects = {reminder.subject_id for reminder, _row in carried if reminder.id in there}
        due_rows = await self.scene.rows(Reminder, Reminder.due_at <= self.host.wall())
        ended = (ReminderState.SUPERSEDED, ReminderState.CANCELLED)
        unsaid = sum(each.id not in there and not (each.state in ended and each.reason) for each in due_rows)
        return unsaid + len({each.subject_id for each in due_rows} - subjects)

    def _wrongly_labelled(self, reminders: dict[int, Reminder]) -> int:
        """Count the messages that do not say of each reminder that it is late, or say so of one that is not."""
        count = 0
        for chat in self.ids:
            for message in self.scene.api.messages(chat):
                if carried := [reminders[each] for each in _said_in(message) if each in reminders]:
                    late = sum(_is_late(each.due_at, message.at) for each in carried)
                    count += message.text.count(WORDS) != late
        return count

    def _out_of_order(self, mine: list[tuple[Reminder, Outbox]]) -> int:
        """Count, in each chat, messages that came before a more urgent one of the same moment."""
        chats: dict[int, dict[int, int]] = defaultdict(dict)
        for _reminder, row in mine:
            if row.message_id is not None:
                chats[row.chat_id][row.message_id] = row.priority
        ordered = [[found[each] for each in sorted(found)] for found in chats.values()]
        return sum(order != sorted(order) for order in ordered)


def _said_in(message: Message) -> set[int]:
    """Return the reminders that a message says: its own, or those of its list's lines."""
    presses = [Press.decode(each.get("callback_data", "")) for row in message.buttons for each in row]
    lines = {press.id for press in presses if press is not None and press.verb == "dgopn"}
    return lines or reminders_of(message)


def _is_late(due_at: dt.datetime, said_at: dt.datetime) -> bool:
    """Say whether something is said on a later day than the first on which the office was open for it, by hand."""
    due, said = due_at.astimezone(ZONE), said_at.astimezone(ZONE)
    is_open = workdays_oracle.is_workday(due.date()) and due.time() < CLOSES
    first = due.date() if is_open else workdays_oracle.nth_workday_after(due.date(), 1)[0]
    return first < said.date()
