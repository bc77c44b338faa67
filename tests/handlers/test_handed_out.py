"""A file that was made as far as somebody could see leaves only while they see as far."""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import update

from bot.batch import Checked
from bot.ledger_import import counts
from bot.periods import Kind, period_of
from bot.screens.screen import Press
from handlers import (
    batch_work,
    finding_export,
    handed_out,
    ledger_export,
    ledger_import_work,
    quarter_circular,
    stats,
)
from handlers.telegram.messages import loaded
from storage import batch, people
from storage.database import Database
from storage.files import FileStore
from storage.tables import Cover, Item, Outbox, OutboxState, Person, Role
from tests.handlers.conftest import NOW
from tests.handlers.desk import FILING, HEARD, Desk
from tests.sheets import row, xlsx

KEY = "0" * 32
PERSONS = {"matter": ("m24",), "reserved": ("yes",), "staff": ("public",)}
CASE = "人事2026-7"


async def _send_a_list(desk: Desk) -> None:
    await desk.decide(FILING)
    draft = await desk.draft()
    await desk.send(Press("bnew", draft.id, draft.version))
    await desk.file(xlsx([row(1)]))


ASKED: dict[str, Callable[[Desk], Awaitable[Any]]] = {
    finding_export.NOTICE: lambda desk: desk.send(Press("mex")),
    ledger_export.NOTICE: lambda desk: desk.send(Press("lexp")),
    stats.NOTICE: lambda desk: desk.send(Press("stexp", 0, 0, period_of(Kind.QUARTER, desk.now.date()).code)),
    batch_work.CHECKED: _send_a_list,
}
SAID: dict[str, dict[str, Any]] = {
    finding_export.NOTICE: {"n": 1, "cut": False},
    ledger_export.NOTICE: {"n": 1, "cut": False},
    stats.NOTICE: {"period": "2026Q4", "unit": "", "ledger": True},
    quarter_circular.MADE: {"quarter": "2026Q4"},
    batch_work.CHECKED: {"sheet_id": 1},
    ledger_import_work.TRIED: {"sheet_id": 1},
}


@pytest.fixture
async def desk(database: Database, office, enrol, tmp_path) -> Desk:
    """A coordinator's, who stands in for a colleague."""
    away, person = await enrol(900_031), await enrol(900_032, unit="legal", role=Role.COORDINATOR)
    async with database.write() as session:
        session.add(Cover(person_id=away.id, by_id=person.id, from_on=dt.date(2026, 11, 23), to_on=None))
        rows = {"checked": Checked(header=(), rows=()).to_json(), "version": 1, "counts": counts(()), "faults": []}
        sheet = await batch.begin(session, person.id, batch.CHECK, rows, now=NOW)
        sheet.path = KEY
    return Desk(database, office, person, store=FileStore(tmp_path / "files"))


async def _nothing(_desk: Desk) -> None:
    """Everything stays as it was when the file was made."""


async def _another_role(desk: Desk) -> None:
    await _change(desk, role=Role.HEAD)


async def _another_unit(desk: Desk) -> None:
    async with desk.database.read() as session:
        unit = await people.unit_by_code(session, "water")
    await _change(desk, unit_id=unit.id)


async def _back_from_leave(desk: Desk) -> None:
    async with desk.database.write() as session:
        await session.execute(update(Cover).values(ended_at=desk.now))


async def _another_stands_in_too(desk: Desk) -> None:
    async with desk.database.write() as session:
        head = Person(telegram_id=900_033, unit_id=desk.person.unit_id, role=Role.HEAD, joined_at=desk.now)
        session.add(head)
        await session.flush()
        session.add(Cover(person_id=head.id, by_id=desk.person.id, from_on=dt.date(2026, 11, 23), to_on=None))


async def _change(desk: Desk, **values: Any) -> None:
    async with desk.database.write() as session:
        await session.execute(update(Person).where(Person.id == desk.person.id).values(**values))


async def _rendered(desk: Desk, kind: str, params: dict[str, Any]) -> Any:
    async with desk.database.read() as session:
        person = await session.get_one(Person, desk.person.id)
        return await HEARD[kind](session, desk.office, person, params, desk.now)


@pytest.mark.parametrize("kind", SAID)
@pytest.mark.parametrize(
    ("change", "leaves"),
    [(_nothing, True), (_another_stands_in_too, True),
     (_another_role, False), (_another_unit, False), (_back_from_leave, False)],
)  # fmt: skip
async def test_a_file_leaves_only_while_its_receiver_sees_as_far_as_it_does(
    desk: Desk, kind: str, change: Callable[[Desk], Awaitable[None]], leaves: bool
):
    async with desk.database.read() as session:
        reach = await handed_out.reach_of(session, desk.person, desk.office.today(desk.now))
    await change(desk)
    told = await _rendered(desk, kind, {"key": KEY, **SAID[kind], **reach})
    assert (told is not None) is leaves


@pytest.mark.parametrize("kind", ASKED)
async def test_a_file_that_was_made_for_a_coordinator_does_not_go_to_an_officer(desk: Desk, kind: str):
    await desk.register(FILING)
    await ASKED[kind](desk)
    assert await desk.work() == []
    sent = (await desk.rows(Outbox, Outbox.kind == kind))[-1]
    assert (await _rendered(desk, kind, sent.params)).file is not None
    await _change(desk, role=Role.OFFICER)
    assert await _rendered(desk, kind, sent.params) is None


@pytest.mark.parametrize("kind", SAID)
async def test_a_file_of_which_nobody_knows_for_whom_it_was_made_stays(desk: Desk, kind: str):
    assert await _rendered(desk, kind, {"key": KEY, **SAID[kind]}) is None


@pytest.mark.parametrize("kind", ASKED)
async def test_a_file_that_waits_while_a_person_is_erased_is_gone_and_its_receiver_reads_so(desk: Desk, kind: str):
    request = await desk.register(PERSONS, f"张 1234 {CASE}", submitted="0", way="person")
    async with desk.database.write() as session:
        await session.execute(update(Item).values(used_as="limited", basis=f"与{CASE}张1234同案"))
    await ASKED[kind](desk)
    assert await desk.work() == []
    [waiting] = await desk.rows(Outbox, Outbox.kind == kind)
    made = desk.store.path(waiting.params["key"])
    assert made.exists()
    await desk.send(Press("erok", request))
    assert await desk.work() == []
    assert not made.exists()
    [waiting] = await desk.rows(Outbox, Outbox.kind == kind)
    assert waiting.state is OutboxState.DUE
    screen, content = await loaded(desk.store, await _rendered(desk, kind, waiting.params), "zh_CN")
    assert (screen.file, content) == (None, None)
    assert "文件已不再保存，请重新生成" in screen.text
