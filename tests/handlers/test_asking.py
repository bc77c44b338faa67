"""Long work that a press asks for: recorded once while it waits, a few at a time, and never at the cost of a file."""

import pytest

from bot.errors import Refusal
from bot.screens.screen import Press
from handlers import finding_export, stats
from handlers.attachment_work import KEEP
from handlers.batch_work import CHECK
from storage import work
from storage.database import Database
from storage.files import FileStore
from storage.tables import Audit, Person, Work
from tests.handlers.desk import FILING, Desk
from tests.sheets import row, xlsx

QUARTERS = ("2026Q4", "2026Q3", "2026Q2", "2026Q1", "2025Q4", "2025Q3")


@pytest.fixture
def desk(database: Database, office, officer: Person, tmp_path) -> Desk:
    return Desk(database, office, officer, store=FileStore(tmp_path / "files"))


async def _sheet(desk: Desk, period: str) -> None:
    await desk.send(Press("stexp", 0, 0, period))


async def test_a_sheet_that_is_asked_for_again_while_it_waits_is_made_once_and_the_answer_is_the_same(desk):
    first = await desk.send(Press("mex"))
    assert await desk.send(Press("mex")) == first
    assert [job.kind for job in await desk.rows(Work)] == [finding_export.KIND]
    assert len(await desk.rows(Audit, Audit.verb == finding_export.KIND)) == 1
    await desk.work()
    await desk.send(Press("mex"))
    assert len(await desk.rows(Work)) == 2


async def test_the_same_sheet_is_made_for_each_who_asks(desk, enrol):
    await _sheet(desk, QUARTERS[0])
    await _sheet(desk.of(await enrol(900_051)), QUARTERS[0])
    assert len(await desk.rows(Work, Work.kind == stats.KIND)) == 2


async def test_a_sixth_piece_of_work_is_refused_until_one_is_done(desk, enrol):
    for period in QUARTERS[:5]:
        await _sheet(desk, period)
    await _sheet(desk, QUARTERS[2])  # waits already
    with pytest.raises(Refusal, match="5项工作正在排队处理"):
        await _sheet(desk, QUARTERS[5])
    await _sheet(desk.of(await enrol(900_051)), QUARTERS[5])
    await desk.step()
    await _sheet(desk, QUARTERS[5])
    assert len(await desk.rows(Work, Work.kind == stats.KIND)) == 7


async def test_a_file_that_was_sent_is_taken_however_much_waits(desk):
    for period in QUARTERS[:5]:
        await _sheet(desk, period)
    await desk.decide(FILING)
    draft = await desk.draft()
    await desk.send(Press("bnew", draft.id, draft.version))
    await desk.file(xlsx([row(1)]))
    assert (await desk.rows(Work))[-1].kind == CHECK


async def test_files_of_one_officer_keep_nobody_waiting(desk, enrol):
    """Each has the file that they wait for after one file of the other at most, whoever sent more."""
    other = await enrol(900_051)
    async with desk.database.write() as session:
        for person_id, count in ((desk.person.id, 12), (other.id, 2)):
            for number in range(count):
                work.add(session, KEEP, {"person_id": person_id, "item_id": 1, "ref": f"{number}"}, now=desk.now)
    taken = []
    for second in range(5):
        now = desk.now.replace(second=second)
        async with desk.database.write() as session:
            job = await work.claim(session, now=now)
            work.finish(job)
            taken.append((job.params["person_id"] == other.id, job.params["ref"]))
    assert taken == [(False, "0"), (True, "0"), (False, "1"), (True, "1"), (False, "2")]
