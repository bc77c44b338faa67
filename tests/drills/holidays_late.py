"""G18: the year's notice comes late. All that hangs on it is reckoned again at once, and whoever is moved is told."""

import datetime as dt
import random
import re
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.calendar_notice import parse
from bot.dates import format_day
from bot.language import speaking
from handlers import calendar_change, calendar_import
from handlers.calendar_import import Act
from handlers.office import ZONE
from storage import calendar
from storage.tables import Audit, CalendarDay, Item, Outbox, OutboxState, Person, Reminder, ReminderState, Request
from tests.drills.host import Host, on
from tests.drills.scene import Scene, at
from tests.oracles import deadlines_oracle as oracle

GOALS = ("G18",)
MORNING = "2026-12-31 10:00"  # a Thursday; the notice of the year that begins tomorrow is missing
NUMBER = "国办发明电〔2026〕98号"
NOTICE = f"""国务院办公厅关于2027年部分节假日安排的通知（虚构）
{NUMBER}
一、元旦：1月1日至3日放假，共3天。
二、春节：2月5日至12日放假调休，共8天。1月30日（星期六）、2月20日（星期六）上班。
三、清明节：4月3日至5日放假，共3天。
四、劳动节：5月1日至5日放假调休，共5天。5月8日（星期六）上班。
五、端午节：6月9日放假，共1天。
六、中秋节：9月15日至17日放假调休，共3天。9月19日（星期日）、9月25日（星期六）上班。
七、国庆节：10月1日至7日放假调休，共7天。10月9日（星期六）上班。"""
TABLES = (CalendarDay, Item, Request, Reminder, Outbox, Audit)
OF_THE_CHANGE = {  # the bot does other things meanwhile
    Outbox: (Outbox.kind == calendar_change.CHANGED,),
    Audit: (Audit.verb.in_(("calendar.import", calendar_change.RECOMPUTE)),),
}


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Let the notice come late over 2,000 entries, or over 40; first a death just before its commit."""
    host = Host(at(MORNING))
    scene = Scene(host, folder)
    drill = _Drill(scene, random.Random(seed), entries=2000 if full else 40)
    found = await on(host, drill.story)
    bad = sum(found[name] for name in ("half_done", "stale", "dates_wrong", "untold", "told_wrongly"))
    return [{"goal": "G18", "seed": seed, **found, "ok": not bad and found["moved"] > 0 and not scene.calls_wrong}]


class _Drill:
    def __init__(self, scene: Scene, dice: random.Random, *, entries: int) -> None:
        self.scene, self.dice, self.entries = scene, dice, entries

    async def story(self) -> dict[str, Any]:
        async with self.scene.open():
            await self.scene.begin()
            officers = await self.scene.enrol(max(6, self.entries // 10))
            lucky = await self.scene.enrol(max(6, self.entries // 10))  # whose dates all lie before the new year
            received = oracle.span("2026-12-18", "2026-12-31")
            for day in received:
                chosen = [self.dice.choice(officers) for _ in range(self.entries // len(received) + 1)]
                await self.scene.received(chosen, on=day)
            await self.scene.received(lucky, on=dt.date(2026, 12, 21))
            await self.scene.planned([self.dice.choice(officers) for _ in range(self.entries)], self._decision)
            assert await self.scene.drained(within=1800) is not None  # the bot's other work ends first
            before = await self._dump()
            half_done = await self._dies_before_the_commit(before)
            await self._bring_in()
            found = {"n": len(before[Request]), "half_done": half_done, **await self._compare(before)}
            await self.scene.end()
        return found

    def _decision(self) -> dt.date:
        return dt.date(2027, 1, 4) + dt.timedelta(days=self.dice.randrange(100))

    async def _bring_in(self) -> None:
        async with self.scene.database.write() as session:
            await calendar.lock(session)
            act = Act(self.scene.office.clock.now())
            await calendar_import.bring_in(session, self.scene.office, parse(NOTICE), act)
        assert await self.scene.drained(within=1800) is not None

    async def _dies_before_the_commit(self, before: dict[Any, list[Any]]) -> int:
        """Let the last step of the change fail, and count the tables that it leaves otherwise than they were."""
        tell = calendar_change._tell

        async def dies(*given: Any) -> None:
            await tell(*given)
            raise ConnectionAbortedError

        calendar_change._tell = dies
        try:
            await self._bring_in()
        except ConnectionAbortedError:
            after = await self._dump()
        else:
            return len(TABLES)
        finally:
            calendar_change._tell = tell
        return sum(before[table] != after[table] for table in TABLES)

    async def _dump(self) -> dict[Any, list[Any]]:
        async with self.scene.database.read() as session:
            return {table: [tuple(row) for row in await session.execute(_all_of(table))] for table in TABLES}

    async def _compare(self, before: dict[Any, list[Any]]) -> dict[str, Any]:
        """Compare every entry with the oracle of the year as it now is."""
        days, now = oracle.as_it_may_come(), self.scene.office.clock.now()
        requests = {row.id: row for row in await self.scene.rows(Request)}
        was = {row.id: (row.due_on, row.submit_by_on) for row in self._both(before)}
        moved: dict[int, set[str]] = {}
        wrong = stale = 0
        reminders = await self.scene.rows(Reminder)
        for item in await self.scene.rows(Item):
            request = requests[item.request_id]
            if item.received_on is not None:
                wanted, doubt = oracle.after(days, item.received_on, 5)
                wrong += (item.due_on, item.due_provisional) != (wanted, doubt)
                planned, old = self._watched(days, wanted, request, reminders, now), was[request.id][0]
            else:
                wanted, doubt = oracle.latest_submission(days, request.decide_on, 5, 1)
                wrong += (request.submit_by_on, request.submit_by_provisional) != (wanted, doubt)
                planned, old = oracle.counted_back(days, "submit_by", wanted, (3, 1, 0)), was[request.id][1]
                known = request.created_at.astimezone(ZONE).date()
                planned += oracle.before_decision(days, request.decide_on, (1, 0), known)
            if old != wanted:
                moved.setdefault(request.owner_id, set()).add(self._shown(wanted))
            stale += self._stale(request, planned, reminders, now)
        return {"moved": len(moved), "dates_wrong": wrong, "stale": stale} | await self._told(moved)

    def _both(self, before: dict[Any, list[Any]]) -> Any:
        """Yield each entry as it was, its item's date beside its own."""
        dues = {row.request_id: row.due_on for row in map(_named(Item), before[Item])}
        for row in map(_named(Request), before[Request]):
            row.due_on = dues[row.id]
            yield row

    def _watched(
        self, days: oracle.Days, due_on: dt.date, request: Request, reminders: list[Reminder], now: dt.datetime
    ) -> list[oracle.Planned]:
        """Return what is to come of an application: after the overdue reminders that were said, the next one."""
        said = [
            int(each.stage.partition("+")[2])
            for each in reminders
            if each.subject_id == request.id and each.stage.startswith("overdue") and each.state is ReminderState.SENT
        ]
        number = max(said, default=0)
        while True:
            planned = oracle.waiting_for_feedback(days, due_on, (1, 0), 1, 2, number)
            if not said or oracle.moment(planned[-1][2]) > now:
                return planned
            number += 1

    def _stale(self, request: Request, planned: Any, reminders: list[Reminder], now: dt.datetime) -> int:
        mine = [each for each in reminders if each.subject_id == request.id and each.state is ReminderState.PLANNED]
        here = {(each.kind, each.stage): each.due_at for each in mine}
        wanted = {(kind, stage): oracle.moment(day) for kind, stage, day, _doubt in planned}
        future = {key: moment for key, moment in wanted.items() if moment > now}
        old = any(each.basis_version != request.basis_version for each in mine)
        return int(old or {key: moment for key, moment in here.items() if moment > now} != future)

    async def _told(self, moved: dict[int, set[str]]) -> dict[str, int]:
        """Everybody with a date that moved has one message with the notice's number and that date; nobody else."""
        rows = {row.person_id: row for row in await self.scene.rows(Outbox, Outbox.kind == calendar_change.CHANGED)}
        people = {row.id: row.telegram_id for row in await self.scene.rows(Person)}
        untold = told_wrongly = 0
        for person_id, chat in people.items():
            messages = [each.text for each in self.scene.api.messages(chat) if each.from_bot and NUMBER in each.text]
            if person_id not in moved:
                told_wrongly += person_id in rows or bool(messages)
                continue
            row = rows.get(person_id)
            told = row is not None and row.state is OutboxState.SENT and len(messages) == 1
            more = told and re.search("另有|其余|more", messages[0])
            untold += not told or not (more or all(day in messages[0] for day in moved[person_id]))
        return {"untold": untold, "told_wrongly": told_wrongly}

    def _shown(self, day: dt.date) -> str:
        with speaking("zh_CN"):
            return format_day(day, today=self.scene.office.today(self.scene.office.clock.now()))


def _all_of(table: Any) -> Any:
    return select(table.__table__).where(*OF_THE_CHANGE.get(table, ()))


def _named(table: Any) -> Any:
    names = [column.key for column in table.__table__.columns]
    return lambda row: type("Row", (), dict(zip(names, row, strict=True)))()
