"""``xinxuan doctor`` as the maintainer meets it: real processes, a sentence for each thing to be done, and the exit."""

import asyncio
import contextlib
import datetime as dt
import signal
import sqlite3
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import update
from telegram.error import TelegramError

from bot.due_list import listed
from bot.language import speaking
from handlers import cli_watch, due_list, escalation, planning
from handlers.clock import Clock
from handlers.telegram.request import AiohttpRequest
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage.tables import Opinion, Reminder, ReminderState, Request
from tests.commands import Command
from tests.conftest import COORDINATOR, settings_for
from tests.handlers import test_cli
from tests.handlers.conftest import NOW
from tests.handlers.desk import INSTITUTE, Desk
from tests.handlers.test_cli import WITHIN, Start, _wish
from tests.handlers.test_reminder_kinds import LOAN, entered, opened, with_opinion
from tests.handlers.test_reminders import at, deliver, tick
from tests.officer import Officer

api, xinxuan = test_cli.api, test_cli.xinxuan  # its fixtures


def _publish_calendar(folder: Path) -> None:
    """Write days for this year and the next, as an imported notice does: what is still missing depends on the wall."""
    first = dt.date(Clock().now().year, 1, 1)
    days = [first + dt.timedelta(days=n) for n in range(2 * 366)]
    with contextlib.closing(sqlite3.connect(folder / "data" / "xinxuan.db")) as database, database:
        database.executemany(
            "INSERT INTO calendar_day (date, kind, source, notice) VALUES (?, 'workday', 'notice', 'test')",
            [(day.isoformat(),) for day in days],
        )


async def _run_until_served(start: Start, server: BotApiServer, api: BotApi):
    running = await start("run", **_wish(server))
    coordinator = Officer(api, COORDINATOR, patience=WITHIN)
    await coordinator.type("/settings")
    await coordinator.wait_for(str(COORDINATOR))  # a notice that is due just now may come after it
    return running


async def _stop(running) -> None:
    running.process.send_signal(signal.SIGTERM)
    assert (await running.end())[0] == 0


async def test_beside_a_healthy_bot_nothing_is_to_be_done_and_without_it_that_is_said(
    xinxuan: Start,
    told: Command,
    server: BotApiServer,
    api: BotApi,
    tmp_path: Path,
):
    await _stop(await _run_until_served(xinxuan, server, api))
    _publish_calendar(tmp_path)
    running = await _run_until_served(xinxuan, server, api)
    async with asyncio.timeout(WITHIN):
        while not list((tmp_path / "data" / "copies").glob("*daily*.db")):
            await asyncio.sleep(0.05)
    code, out, err = await told("doctor", **_wish(server))
    assert (code, err) == (0, ""), out
    assert out.splitlines()[-1] == "nothing is to be done"
    await _stop(running)
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "xinxuan.db")) as database, database:
        database.execute("UPDATE heartbeat SET at = '2020-01-01 00:00:00'")
    code, out, err = await told("doctor", **_wish(server))
    assert (code, err.strip()) == (1, "xinxuan: 1 thing is to be done")
    assert "not at work" in out


async def test_where_nothing_is_set_up_each_thing_has_its_sentence_and_nothing_is_made(told: Command, tmp_path: Path):
    code, out, err = await told("doctor")
    assert code == 1
    assert err.strip() == "xinxuan: 3 things are to be done"
    to_do = [line for line in out.splitlines() if line.startswith("to be done: ")]
    words = ("key file", "XINXUAN_TOKEN", "no database")
    assert [[word for word in words if word in line] for line in to_do] == [[word] for word in words]
    assert list(tmp_path.iterdir()) == []


async def test_a_key_open_to_others_and_a_refused_token_are_told(
    xinxuan: Start,
    told: Command,
    server: BotApiServer,
    api: BotApi,
    tmp_path: Path,
):
    await _stop(await _run_until_served(xinxuan, server, api))
    (tmp_path / "data" / "key").chmod(0o644)
    wrong = "100000001:wrong-fictitious-token-0000000000000"
    code, out, err = await told("doctor", **_wish(server, wrong))
    assert code == 1
    assert "open to others: chmod 600" in out
    assert "Telegram refuses the token" in out
    assert wrong.partition(":")[2] not in out + err


async def test_the_key_of_another_database_and_a_damaged_database_are_told(
    xinxuan: Start,
    told: Command,
    server: BotApiServer,
    api: BotApi,
    tmp_path: Path,
):
    await _stop(await _run_until_served(xinxuan, server, api))
    key, database = tmp_path / "data" / "key", tmp_path / "data" / "xinxuan.db"
    kept = key.read_bytes()
    key.write_bytes(b"MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=\n")
    code, out, _err = await told("doctor", **_wish(server))
    assert code == 1
    assert "not this database's" in out
    key.write_bytes(kept)
    database.write_bytes(b"no database at all, on purpose" * 100)
    code, out, _err = await told("doctor", **_wish(server))
    assert code == 1
    assert "cannot be read as a database" in out


async def test_a_bot_api_that_is_away_is_told(told: Command, tmp_path: Path):
    wish = {
        "XINXUAN_TOKEN": "100000001:fictitious-token-of-the-tests-0000000",
        "XINXUAN_API_BASE": "http://127.0.0.1:9",
    }
    code, out, _err = await told("doctor", **wish)
    assert code == 1
    assert "The Bot API cannot be reached" in out


@pytest.mark.parametrize(("ahead", "told"), [(0, False), (45, False), (90, True), (-90, True)])
async def test_a_clock_that_differs_from_telegrams_is_told(
    server: BotApiServer, tmp_path: Path, ahead: int, told: bool
):
    clock = Clock(dt.timedelta(seconds=ahead))
    found = await cli_watch._of_telegram(settings_for(tmp_path, server.base), clock)
    assert bool(found) is told
    assert all("clock" in each for each in found)


async def test_their_time_is_read_from_any_answer_and_unknown_before_the_first():
    app = web.Application()  # it has no page at all: 404 carries the time as well as 200
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    request = AiohttpRequest()
    await request.initialize()
    try:
        host, port = runner.addresses[0][:2]
        assert request.their_time is None
        with pytest.raises(TelegramError):
            await request.do_request(f"http://{host}:{port}/bot", "POST")
        theirs = request.their_time
    finally:
        await request.shutdown()
        await runner.cleanup()
    assert theirs is not None
    assert abs(theirs - Clock().now()) < dt.timedelta(seconds=5)


@pytest.fixture
def desk(database, office, officer) -> Desk:
    return Desk(database, office, officer, NOW)


async def _listed(told: Command, desk: Desk, folder: Path, keys: list[str], day: str) -> list[str]:
    """Return what ``xinxuan due`` prints for a day while the database is in use, without its heading."""
    (folder / "key").write_text(keys[0], "ascii")
    (folder / "key").chmod(0o600)
    wish = {"XINXUAN_DATABASE_URL": f"sqlite:///{folder / 'xinxuan.db'}", "XINXUAN_KEY_FILE": str(folder / "key")}
    code, out, err = await told("due", "--date", day, **wish)
    assert (code, err) == (0, "")
    assert not any(name in out for name in ("虚构环保科技有限公司", "虚构监测站"))
    heading, *lines = out.splitlines()
    assert heading.startswith("【到期事项】")
    return [line for line in lines if line]


async def test_the_printed_list_says_what_each_officer_would_hear_whatever_its_kind(
    told: Command, desk: Desk, tmp_path: Path, keys: list[str]
):
    """By hand, from weeks without a holiday: 1 was decided on 4 December, 2 is to be on the 22nd, 3 on the 28th."""
    with speaking("zh_CN"):
        await with_opinion(desk, valid_to="2026-12-27", decide="2026-12-04", subject=INSTITUTE)
        await entered(desk, LOAN, submit="cp", decide="2026-12-22")
        await entered(desk, submit="no", decide="2026-12-28")
    assert await _listed(told, desk, tmp_path, keys, "2026-12-17") == [
        "大气 虚构1：5件",
        "  [待办] 大气2026-1 查询意见有效至12月27日（周日），请确认是否重新申请",  # since 27 November
        "  [待办] 大气2026-2 信用报告尚未登记，收到后请登记（政策性贷款、绿色信贷、EOD项目推荐）",  # 7 December
        "  [待办] 大气2026-1 11月23日（周一）已收到意见，请登记使用情况（排污许可证延续）",  # 11 December
        "  [今日] 大气2026-2 申报单位自行申请核查，请确认是否已提交意见（政策性贷款、绿色信贷、EOD项目推荐）",
        "  [今日] 大气2026-3 请最迟于12月18日（周五）提交核查申请（排污许可证延续）",
    ]


async def _said(desk: Desk, day: str) -> list[str]:
    async with desk.database.read() as session:
        found = await due_list.of_day(session, desk.office, dt.date.fromisoformat(day))
    return list(listed(found, today=dt.date.fromisoformat(day)))[3:]


async def test_what_was_said_stays_on_the_list_until_it_is_answered_also_where_its_entry_has_changed(desk: Desk):
    """The centre received it on 23 November: its feedback is due on Monday the 30th, and asked for from 1 December."""
    with speaking("zh_CN"):
        await entered(desk)
        await opened(desk)
        await desk.press("rdo", "received,0")
        due_on = "大气2026-1 应于11月30日（周一）前反馈（排污许可证延续）"
        assert await _said(desk, "2026-11-24") == [f"  [本周] {due_on}"]
        await tick(desk, at("2026-11-27"))
        assert await deliver(desk)
        assert await _said(desk, "2026-11-27") == [f"  [今日] {due_on}"]
        async with desk.database.write() as session:
            request = await session.get_one(Request, 1)
            request.basis_version += 1
            await planning.replan(session, desk.office, request, at("2026-11-27", "15:00"))
        assert await _said(desk, "2026-11-29") == [f"  [待办] {due_on}"]
        late = "大气2026-1 应于11月30日（周一）前反馈，可商请中心（排污许可证延续）"
        assert await _said(desk, "2026-12-03") == [f"  [已超期] {late}"]
        async with desk.database.write() as session:
            noted = update(Reminder).where(Reminder.state == ReminderState.SENT)
            await session.execute(noted.values(state=ReminderState.ACKNOWLEDGED))
        assert await _said(desk, "2026-11-28") == []


async def test_what_is_owed_is_on_the_list_where_no_other_line_of_the_entry_says_it(desk: Desk):
    """The receipt of one entry is asked for on Tuesday 24 November; for the other the centre wants papers."""
    with speaking("zh_CN"):
        await entered(desk)
        await entered(desk, subject=INSTITUTE)
        await opened(desk, 2)
        await desk.press("rdo", "received,0")
        await desk.press("more")
        await desk.press("rask", "supplement")
        await desk.press("rdo", "supplement,0")
        for day in ("2026-11-24", "2026-11-25"):
            await escalation.look(desk.database, desk.office, at(day), goes_on=lambda: True)
            await tick(desk, at(day))
            await deliver(desk)
        wanted = "  [待办] 大气2026-2 市信用中心11月23日（周一）要求补正材料，未补正，已过2个工作日（排污许可证延续）"
        asked = "  [待办] 大气2026-1 11月23日（周一）提交，请确认中心是否已收件（排污许可证延续）"
        assert await _said(desk, "2026-11-25") == [asked, wanted]
        async with desk.database.write() as session:
            noted = update(Reminder).where(Reminder.subject_kind == escalation.SUBJECT)
            await session.execute(noted.values(state=ReminderState.ACKNOWLEDGED))
        assert await _said(desk, "2026-11-25") == [asked, wanted]  # whoever notes a debt has not paid it
        await opened(desk, 2)
        await desk.press("rask", "resumed")
        await desk.press("rdo", "resumed,0")
        assert [line for line in await _said(desk, "2026-11-25") if "未补正" in line] == []


async def test_an_opinion_without_an_entry_is_printed_by_its_day_and_names_nobody(desk: Desk):
    with speaking("zh_CN"):
        await with_opinion(desk, valid_to="2026-12-27")
        async with desk.database.write() as session:
            await session.execute(update(Opinion).values(item_id=None))
        said = [line for line in await _said(desk, "2026-12-18") if "意见有效至" in line]
        assert said == ["  [今日] 11月23日（周一）出具 查询意见有效至12月27日（周日），请确认是否重新申请"]
