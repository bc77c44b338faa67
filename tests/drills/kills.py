"""G1, G2 and G8: updates are neither lost nor applied twice, and no step of a draft is lost, however it is killed."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from handlers import undelivered
from handlers.clock import Clock
from handlers.enrolment import APPLIED
from handlers.telegram.settling import REPEAT_AFTER
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage.outbox import LEASE
from storage.tables import Audit, Draft, Inbox, Outbox, OutboxState, Person
from tests.bot_api_schema import check_call
from tests.drills.crowd import Asking, Counting, Interrupted, Inviting, Sent, Somebody, Toggling, Wandering
from tests.drills.lives import Lives, crash_points, database_of
from tests.drills.reckoning import Ledger
from tests.drills.reminder_kills import BETWEEN

TOKEN = "100000001:fictitious-token-of-the-drills-0000000"
COORDINATOR = 5_000_001
GOALS = ("G1", "G2", "G8")
WORK = 90  # calls to Telegram after which a life is killed, at most: by work and not by time, so that each gets on
AWHILE = 1.0  # seconds for that work, at most
AT_A_PLACE = 10.0  # seconds within which a named place should be passed; a life alone takes two on a busy machine
QUIET_WITHIN = (LEASE + 2 * REPEAT_AFTER).total_seconds() + 60.0  # claims of the killed run out, and are repeated
OFFICERS = 10
_LEFT = (
    "SELECT 'inbox', state, reply IS NOT NULL, lane, attempts, not_before FROM inbox "
    "WHERE state IN ('received', 'done') OR reply IS NOT NULL "
    "UNION ALL SELECT 'work', state, kind, id, NULL, NULL FROM work WHERE state IN ('waiting', 'running') "
    "UNION ALL SELECT 'outbox', state, kind, chat_id, copies, coalesce(lease_until, not_before) FROM outbox "
    "WHERE state IN ('due', 'claimed', 'unknown')"
)


def points() -> list[str]:
    """Return the named places on the way of an update; nothing falls due here, so that no reminder is queued."""
    return [name for name in crash_points() if name != BETWEEN]


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Kill the bot a thousand times, and at the passages 1 to 3 of each named place; or 8 times and at each once."""
    drill = _Drill(seed, folder)
    await drill.run(kills=1000 if full else 8, hits=3 if full else 1)
    return _results(seed, await drill.audit())


def _results(seed: int, found: dict[str, Any]) -> list[dict[str, Any]]:
    common = {name: found[name] for name in ("n", "kills", "held", "points")}
    missed = [name for name in points() if not found["points"].get(name)]
    wrong = {"missed_points": missed, "calls_wrong": found["calls_wrong"], "exit": found["exit"]}
    sound = not missed and not found["calls_wrong"] and found["exit"] == 0
    shares = {
        "G1": {"lost": found["lost"], "unshown": found["unshown"], "notices_lost": found["notices_lost"]},
        "G2": {"doubled": found["doubled"], "unlabelled": found["unlabelled"]},
        "G8": {"steps": found["steps"], "lost": found["steps_lost"], "doubled": found["steps_doubled"]},
    }
    results = []
    for goal, share in shares.items():
        bad = sum(number for name, number in share.items() if name != "steps")
        happened = found["n"] > 0 and found["steps"] > 0
        result = {"goal": goal, "seed": seed, **common, **share, **wrong, "ok": sound and not bad and happened}
        results.append(result | ({"detail": found["detail"]} if bad else {}))
    return results


class _Drill:
    def __init__(self, seed: int, folder: Path) -> None:
        self.dice = random.Random(seed)
        self.folder = folder
        self.api = BotApi(TOKEN, Clock())
        self.calls_wrong: list[str] = []
        self.api.observers.append(lambda method, params: self.calls_wrong.extend(check_call(method, params)))
        self.interrupted = Interrupted()
        self.api.observers.append(self.interrupted)
        self.sent = self.api.updates = Sent(self.api.clock)
        self.exit = -1
        self.officers: list[Somebody] = []
        self.inviting: Inviting
        self.let_in_by_hand: frozenset[int] = frozenset()  # nobody need hear of them any more
        self.answered: set[int] = set()

    async def run(self, *, kills: int, hits: int) -> None:
        async with BotApiServer(self.api) as server:
            wish = {"token": TOKEN, "base": server.base, "admins": [COORDINATOR]}
            async with Lives(self.folder, wish) as self.lives:
                await self._enrol()
                stopped = asyncio.Event()
                crowd = [asyncio.create_task(each.live(stopped)) for each in self._crowd()]
                await self._kill(kills, hits)
                stopped.set()
                await self.lives.begin()
                await asyncio.gather(*crowd)
                await self._settle()
                self.exit = await self.lives.stop()

    async def _enrol(self) -> None:
        """Let the officers in by the front door, before the storm."""
        await self.lives.begin()
        await self.lives.until(lambda: self.lives.ask("SELECT 1 FROM person"), within=20, what="it serves")
        coordinator = Inviting(self.api, COORDINATOR, self.dice)
        while len(coordinator.newcomers) < OFFICERS:
            await coordinator.act()
        coordinator.pause = 0.4  # notices to one chat leave one a second
        self.inviting = coordinator
        await self.lives.kill()
        self.let_in_by_hand = frozenset(coordinator.newcomers)
        self.lives.tell("UPDATE person SET state = 'active'")  # by notices, one a second, it would take half a minute

    def _crowd(self) -> list[Somebody]:
        kinds: list[type[Somebody]] = [Counting] * 5 + [Toggling] * 2 + [Wandering] * 2 + [Asking]
        self.officers = [self.inviting]
        for user_id, kind in zip(self.inviting.newcomers, kinds, strict=False):
            self.officers.append(kind(self.api, user_id, random.Random(self.dice.random())))
        return self.officers

    async def _kill(self, kills: int, hits: int) -> None:
        places = [f"{name}:{hit}" for hit in range(1, hits + 1) for name in points()]
        self.dice.shuffle(places)
        tries: Counter[str] = Counter()
        while self.lives.kills < kills or places:
            crash = places.pop() if places and not self.lives.endangered() else None
            if await self._life(crash) or crash is None:
                continue
            tries[crash] += 1
            if tries[crash] < 8:
                places.insert(0, crash)

    async def _life(self, crash: str | None) -> bool:
        """Live once and die; say whether it died at the place that was asked for."""
        await self.lives.begin(**({"crash": crash} if crash else {}))
        status = await (self._at_a_place() if crash else self._at_random())
        if status is None:
            await self._until_safe()
            await self.lives.kill()
            return False
        if status != -9 or crash is None:
            raise AssertionError(f"the application ended by itself with {status}; see {self.folder / 'log.txt'}")
        self.lives.deaths[crash.partition(":")[0]] += 1
        return True

    async def _at_a_place(self) -> int | None:
        try:
            return await self.lives.ended(within=AT_A_PLACE)
        except TimeoutError:
            return None

    async def _at_random(self) -> None:
        begun = self.api.served
        enough = begun + self.dice.randrange(WORK)
        while self.api.served == begun < enough and self.lives.alive:
            await asyncio.sleep(0.002)  # it has not come to its first call yet, however busy the machine
        end = time.monotonic() + AWHILE
        while self.api.served < enough and time.monotonic() < end and self.lives.alive:
            await asyncio.sleep(0.002)
        await asyncio.sleep(self.dice.uniform(0, 0.02))

    async def _until_safe(self) -> None:
        waiting = "SELECT 1 FROM inbox WHERE state = 'received' AND attempts >= 2 LIMIT 1"
        await self.lives.until(lambda: not self.lives.ask(waiting), within=20, what="a twice killed update is done")

    async def _settle(self) -> None:
        """Let everything end, claims of dead processes and their repetitions too; then everybody looks once more."""
        for ahead in range(300, 3000, 300):  # beyond a lease, and beyond the wait before a repetition
            await self._quiet(ahead - 300)
            if not self.lives.ask("SELECT 1 FROM outbox WHERE state IN ('claimed', 'unknown') LIMIT 1"):
                break
            await self.lives.stop()
            await self.lives.begin(ahead=ahead)
        for officer in self.officers:
            await officer.type("/settings")
            if "/settings" in self._last_words(officer.id) and str(officer.id) in self._last_screen(officer.id):
                self.answered.add(officer.id)
        await self._quiet()

    async def _quiet(self, ahead: int = 0) -> None:
        unfinished = (
            "SELECT 1 FROM inbox WHERE state IN ('received', 'done') OR reply IS NOT NULL "
            "UNION SELECT 1 FROM work WHERE state IN ('waiting', 'running') "
            "UNION SELECT 1 FROM outbox WHERE state IN ('due', 'claimed', 'unknown') "
            "AND coalesce(lease_until, not_before) <= strftime('%Y-%m-%d %H:%M:%f', 'now', ?) LIMIT 1"
        )
        try:
            await self.lives.until(
                lambda: not self.api.updates.pending() and not self.lives.ask(unfinished, f"+{ahead} seconds"),
                within=QUIET_WITHIN + 2 * self._longest_queue(),
                what="everything received is done and shown, and every notice has left once",
            )
        except AssertionError as error:
            error.add_note(f"left are {self.api.updates.pending()} and {self.lives.ask(_LEFT)}")
            raise

    def _longest_queue(self) -> int:
        """Return how many notices are on their way to one chat, at most: they leave one a second."""
        queues = self.lives.ask(
            "SELECT count(*) FROM outbox WHERE state IN ('due', 'claimed', 'unknown') GROUP BY chat_id"
        )
        return max((count for (count,) in queues), default=0)

    def _last_words(self, chat: int) -> str:
        return [message.text for message in self.api.messages(chat) if not message.from_bot][-1]

    def _last_screen(self, chat: int) -> str:
        return [message.text for message in self.api.messages(chat) if message.from_bot][-1]

    async def audit(self) -> dict[str, Any]:
        """Compare what was sent with what the database and the chats hold."""
        database = database_of(self.folder)
        async with database.read() as session:
            ledger = Ledger(
                sent=self.sent,
                interrupted=self.interrupted,
                inbox=list(await session.scalars(select(Inbox))),
                audit=list(await session.scalars(select(Audit).order_by(Audit.id))),
                drafts=list(await session.scalars(select(Draft))),
                people={person.id: person.telegram_id for person in await session.scalars(select(Person))},
                languages={person.telegram_id: person.language for person in await session.scalars(select(Person))},
                outbox=list(await session.scalars(select(Outbox))),
            )
        await database.close()
        counted = [each.id for each in self.officers if isinstance(each, Counting)]
        toggling = [each.id for each in self.officers if isinstance(each, Toggling)]
        ledger.check(counted, toggling)
        unanswered = [officer.id for officer in self.officers if officer.id not in self.answered]
        notices_lost, unlabelled, held = self._notices(ledger)
        repeated = {number: self._texts(number) for number in unlabelled[:5]}
        return {
            "n": len(self.sent.noted),
            "kills": self.lives.kills,
            "held": held,
            "points": dict(sorted(self.lives.deaths.items())),
            "lost": len(ledger.lost),
            "unshown": len(ledger.unshown) + len(unanswered),
            "notices_lost": notices_lost,
            "doubled": len(ledger.doubled),
            "unlabelled": len(unlabelled),
            "steps": ledger.steps,
            "steps_lost": len(ledger.steps_lost),
            "steps_doubled": len(ledger.steps_doubled),
            "calls_wrong": len(self.calls_wrong),
            "exit": self.exit,
            "detail": ledger.detail()
            | {"unanswered": unanswered[:5], "calls_wrong": self.calls_wrong[:5], "repeated": repeated},
        }

    def _heard(self) -> Iterator[tuple[int, str]]:
        """Yield whom each notice to the coordinator is about, and its text."""
        for message in self.api.messages(COORDINATOR):
            numbers = [int(each) for each in re.findall(r"(?<!\d)6\d{6}(?!\d)", message.text)]
            if message.from_bot and numbers and "t.me/" not in message.text:
                yield numbers[0], message.text

    def _texts(self, number: int) -> list[str]:
        return [text for each, text in self._heard() if each == number]

    def _notices(self, ledger: Ledger) -> tuple[int, list[int], int]:
        """Count what was not heard and not held either; name repetitions that did not say so; count what was held."""
        heard = Counter(number for number, _text in self._heard())
        plain = Counter(number for number, text in self._heard() if "可能重复" not in text and "repetition" not in text)
        came = [row.subject_id for row in ledger.audit if row.verb == "person.apply" and row.subject_id]
        held, left = _not_arrived(ledger.outbox)
        known = {row.params["person"] for row in held if row.kind == APPLIED}
        applied = {key: ledger.people[key] for key in came if key not in known}
        missed = [each for each in applied.values() if each not in (COORDINATOR, *self.let_in_by_hand, *heard)]
        unlabelled = [number for number in heard if plain[number] > 1 or heard[number] > 3]
        return len(missed) + len(left), unlabelled, len(held)


def _not_arrived(outbox: Sequence[Outbox]) -> tuple[list[Outbox], list[Outbox]]:
    """Return what was held after three copies that a kill left unknown, and told; and what was left in silence.

    Above the only coordinator there is nobody to be told. What keeps to the office hours may wait for Monday.
    """
    told = {each for row in outbox if row.kind == undelivered.KIND for each in row.params["outbox"]}
    held = [row for row in outbox if row.state is OutboxState.HELD and (row.id in told or row.chat_id == COORDINATOR)]
    over = {OutboxState.SENT, OutboxState.CANCELLED}
    left = [row for row in outbox if row.state not in over and row not in held and row.kind not in undelivered.QUIET]
    return held, left
