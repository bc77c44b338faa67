"""G11, G12 and G15: in the worst weather all arrives or climbs, in order and at the pace, and nobody is pestered."""

import datetime as dt
import itertools
import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Final

from handlers.web.botapi.faults import Kind
from storage.tables import Attempt, Outbox, OutboxState, Reminder, ReminderState
from tests.drills.host import Host, on
from tests.drills.scene import Scene, Sent, at, copies, is_labelled
from tests.drills.weather import Weather

GOALS = ("G11", "G12", "G15")
RECEIVED: Final = dt.date(2026, 3, 2)
DAY_BEFORE, DAY, DAY_AFTER = "2026-03-06 09:00", "2026-03-09 09:00", "2026-03-10 09:00"  # of the centre's deadline
PER_SECOND: Final = 25.0
AFTERWARDS: Final = 1800.0  # seconds after the weather within which everything must have ended
ESCALATED_WITHIN: Final = 60.0  # seconds from a refusal to somebody else's notification
IN_TRANSIT: Final = 0.05  # seconds: calls begun before the bot has read the answer to another cannot heed it
EPSILON: Final = 0.005  # seconds: what a call takes from the pace to the wire
FATES: Final = ("blocked", "deactivated", "gone")


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Send 20,000 reminders through a storm; or 45."""
    host = Host(at("2026-03-02 10:00"))
    scene = Scene(host, folder, per_second=PER_SECOND)
    drill = _Drill(scene, random.Random(seed), officers=2000 if full else 8, each=10 if full else 5)
    await on(host, drill.story)
    common = {"seed": seed, "n": drill.reminders}
    sound = drill.weather.count > 0 and not scene.calls_wrong and drill.within is not None
    weather = {"faults": drill.weather.count, "seconds_after_the_storm": drill.within, **drill.found}
    must_not = ("undelivered", "inside_a_wait", "too_fast", "too_fast_in_a_chat", "too_many_copies", "unlabelled")
    storm = not any(drill.found[name] for name in must_not)
    lost = drill.lost
    spared = not (lost["pestered"] or lost["not_escalated"])
    return [
        {"goal": "G11", **common, **weather, "ok": sound and storm},
        {"goal": "G12", **common, **lost, "ok": spared and lost["refused"] > 0},
        {"goal": "G15", **common, "pairs": drill.pairs, "inversions": drill.inversions,
         "ok": not drill.inversions and drill.pairs > 0},
    ]  # fmt: skip


class _Drill:
    def __init__(self, scene: Scene, dice: random.Random, *, officers: int, each: int) -> None:
        self.scene, self.dice, self.officers, self.each = scene, dice, officers, each
        self.weather = scene.api.faults = Weather(dice)
        self.within: float | None = None
        self.reminders = self.pairs = self.inversions = 0
        self.found: dict[str, int] = {}
        self.lost: dict[str, int] = {}

    async def story(self) -> None:
        async with self.scene.open():
            await self._prepare()
            await self._day_without_telegram()
            await self._stormy_day()
            await self._day_after()
            await self._count()

    async def _prepare(self) -> None:
        await self.scene.begin()
        self.ids = await self.scene.enrol(self.officers)
        self.dead = dict(zip(await self.scene.enrol(len(FATES)), FATES, strict=True))
        await self.scene.received([each for each in self.ids for _ in range(self.each)], on=RECEIVED)
        await self.scene.received(self.dead, on=RECEIVED)
        await self.scene.end()
        for each, fate in self.dead.items():
            if fate == "blocked":
                self.scene.api.users[each].blocked = True
            elif fate == "gone":
                del self.scene.api.chats[each]
            else:
                words = "Forbidden: user is deactivated"
                self.weather.add("send*", Kind.FORBIDDEN, None, chat_id=each, description=words)

    async def _begin(self, moment: str) -> None:
        self.scene.host.wait_until(at(moment))
        await self.scene.begin()
        self.weather.unplug(self.scene.service.bot._request[1])

    async def _day_without_telegram(self) -> None:
        """The warnings of the day before are queued, and none of them gets through."""
        self.weather.dead = True
        await self._begin(DAY_BEFORE)
        await self.scene.sleep(20)
        await self.scene.end()
        self.weather.dead = False

    async def _stormy_day(self) -> None:
        self.weather.on = True
        await self._begin(DAY)
        await self.scene.sleep(2 * self.officers * self.each / PER_SECOND + 60)
        self.weather.on = False
        self.within = await self.scene.drained(within=AFTERWARDS)
        await self.scene.end()

    async def _day_after(self) -> None:
        await self._begin(DAY_AFTER)
        assert await self.scene.drained(within=2 * AFTERWARDS + self.officers * self.each / PER_SECOND) is not None

    async def _count(self) -> None:
        carried = await self.scene.carried()
        self.reminders = len({reminder.id for reminder, _row in carried})
        sends = [each for each in self.scene.sent if each.method == "sendMessage"]
        self.found = {
            "undelivered": await self._undelivered(carried),
            "held": sum(row.state is OutboxState.HELD for _reminder, row in carried),
            "inside_a_wait": _inside_a_wait(sends, self.weather.heard),
            "too_fast": _too_fast(sends, int(PER_SECOND) + 1, 1.0),
            "too_fast_in_a_chat": _too_fast_in_a_chat(sends),
        } | self._copies()
        self.lost = await self._pestered(sends)
        self._order(carried)
        await self.scene.end()

    async def _undelivered(self, carried: list[tuple[Reminder, Outbox]]) -> int:
        """Count what was due and is neither at its reader, nor held with word to others, nor ended with a reason."""
        there = {
            reminder.id
            for reminder, row in carried
            if row.state is OutboxState.HELD
            or (row.state is OutboxState.SENT and self.scene.api.find(row.chat_id, row.message_id or 0) is not None)
        }
        due = await self.scene.rows(Reminder, Reminder.due_at <= self.scene.office.clock.now())
        ended = (ReminderState.SUPERSEDED, ReminderState.CANCELLED)
        return sum(each.id not in there and not (each.state in ended and each.reason) for each in due)

    def _copies(self) -> dict[str, int]:
        many = unlabelled = repeated = 0
        for _reminder, messages in copies(self.scene.api, self.ids):
            many += len(messages) > 3
            repeated += len(messages) - 1
            unlabelled += sum(not is_labelled(each) for each in messages[1:])
        return {"repeated": repeated, "too_many_copies": many, "unlabelled": unlabelled}

    async def _pestered(self, sends: list[Sent]) -> dict[str, int]:
        """Of those who cannot be reached: sends after Telegram has said so, and what did not climb within a minute."""
        rows = {row.id: row for row in await self.scene.rows(Outbox, Outbox.chat_id.in_(self.dead))}
        refused: dict[int, dt.datetime] = {}  # when the bot was told
        for each in await self.scene.rows(Attempt, Attempt.outbox_id.in_(rows), Attempt.outcome == "unreachable"):
            refused.setdefault(rows[each.outbox_id].chat_id, each.started_at)
        tried = Counter(each.chat for each in sends if each.chat in refused and each.wall >= refused[each.chat])
        pestered = sum(count - 1 for count in tried.values())
        carried = await self.scene.carried()
        mine = {reminder.id for reminder, row in carried if row.chat_id in self.dead}
        others = defaultdict(list)
        for reminder, row in carried:
            if row.chat_id not in self.dead:
                others[reminder.subject_id].append(row)
        late = 0
        for reminder, row in carried:
            if row.chat_id in refused and row.state is OutboxState.REFUSED:
                limit = refused[row.chat_id] + dt.timedelta(seconds=ESCALATED_WITHIN)
                late += not any(
                    each.created_at <= limit and each.state is OutboxState.SENT for each in others[reminder.subject_id]
                )
        return {"refused": len(refused), "escalating": len(mine), "pestered": pestered, "not_escalated": late}

    def _order(self, carried: list[tuple[Reminder, Outbox]]) -> None:
        """Of one entry, each message is about a later stage than the one before it."""
        due_at = {reminder.id: (reminder.subject_id, reminder.kind, reminder.due_at) for reminder, _row in carried}
        arrived: dict[tuple[int, int, str], list[tuple[int, dt.datetime]]] = defaultdict(list)
        for chat in self.ids:
            for reminder, messages in copies(self.scene.api, [chat]):
                if reminder in due_at:
                    subject, kind, moment = due_at[reminder]
                    arrived[chat, subject, kind] += [(each.id, moment) for each in messages]
        for found in arrived.values():
            moments = [moment for _message, moment in sorted(found)]
            self.pairs += len(moments) - 1
            self.inversions += sum(later < earlier for earlier, later in itertools.pairwise(moments))


def _inside_a_wait(sends: list[Sent], heard: list[float]) -> int:
    """Count the calls that came in although Telegram had asked to wait, and the bot had heard it."""
    waits = [
        (min((each for each in heard if each >= sent.at), default=sent.at), sent.at + sent.retry_after - EPSILON)
        for sent in sends
        if sent.retry_after
    ]
    return sum(any(begins + IN_TRANSIT < sent.at < ends for begins, ends in waits) for sent in sends)


def _too_fast(sends: list[Sent], most: int, seconds: float) -> int:
    """Count the moments that end a stretch with more calls than the pace permits."""
    times = sorted(each.at for each in sends)
    return sum(times[n] - times[n - most] < seconds - EPSILON for n in range(most, len(times)))


def _too_fast_in_a_chat(sends: list[Sent]) -> int:
    chats: dict[int, list[Sent]] = defaultdict(list)
    for each in sends:
        chats[each.chat].append(each)
    return sum(_too_fast(each, 1, 1.0) for each in chats.values())
