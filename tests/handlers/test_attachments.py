"""Files of an entry: sent in, kept by the worker, sent back to those who may read, taken away, swept."""

import os

import pytest
from sqlalchemy import func, select

from bot.attachments import MOST_BYTES
from bot.errors import Refusal
from bot.language import speaking
from bot.screens.doctor import LEAST_FREE_MB
from bot.screens.screen import Press
from handlers import attachment_work, attachments
from handlers.turn import Stale
from storage import work
from storage.files import FileStore
from storage.tables import (
    Attachment,
    Audit,
    Item,
    ItemState,
    Outbox,
    Person,
    PersonState,
    Request,
    Role,
    Work,
    WorkState,
)
from tests.handlers.conftest import NOW
from tests.handlers.desk import ACCESS, COMPANY, FILING, LOAN, PERMIT, SHOP, Desk
from tests.papers import PAGES, SCRIPT, archive, jpeg, pdf, png

AWARD = {"matter": ("m24",), "reserved": ("yes",), "staff": ("public",)}  # 环保先进个人: natural persons
DAY = 24 * 60 * 60


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


@pytest.fixture
async def desk(database, office, officer, tmp_path):
    return Desk(database, office, officer, NOW, FileStore(tmp_path / "files"))


def kept_files(desk):
    folder = desk.store.path("0" * 32).parent
    return sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []


async def letter_line(desk):
    return next(item for item in await desk.rows(Item) if item.product_kind == "commitment")


async def send_letter(desk, entry, content=None):
    """Keep the letter of an entry with one; return what the worker refused."""
    await desk.send(Press("atts", entry))
    await desk.press("att")
    await desk.file(pdf(PAGES) if content is None else content)
    return await desk.work()


async def test_a_letter_is_sent_in_kept_and_sent_back(desk):
    entry = await desk.register(FILING)
    listed = await desk.send(Press("atts", entry))
    assert "No file is kept" in listed.text
    asked = await desk.press("att")
    assert asked.wants_file and "no ID number" in asked.text
    keeping = await desk.file(pdf(PAGES))
    assert keeping.name == "file_keeping" and await desk.draft() is None
    assert await desk.count(Attachment) == 0, "nothing is kept inside the turn"
    assert await desk.work() == []
    [row] = await desk.rows(Attachment)
    assert (row.purpose, row.media_type, row.size) == ("letter", "application/pdf", len(pdf(PAGES)))
    assert desk.store.read(row.path) == pdf(PAGES)
    told = await desk.told()
    assert told.name == "file_kept" and "Commitment letter" in told.text
    await desk.send(Press("atts", entry))
    back = await desk.press("attg")
    assert (back.file.key, back.file.media_type) == (row.path, "application/pdf")
    assert back.file.name == "Commitmentletter-大气2026-1.pdf"
    [line] = await desk.rows(Audit, Audit.verb == "attachment.add")
    assert (line.subject_kind, line.subject_id, line.actor_id) == ("request", entry, desk.person.id)
    [look] = await desk.rows(Audit, Audit.verb == "attachment.look")
    assert (look.subject_id, look.actor_id) == (row.id, desk.person.id)


async def test_a_picture_is_named_after_what_it_is_and_further_ones_are_numbered(desk):
    entry = await desk.register(FILING)
    await send_letter(desk, entry, jpeg())
    await send_letter(desk, entry, png())
    names = []
    for row in await desk.rows(Attachment):
        names.append((await desk.send(Press("attg", row.id))).file.name)
    assert names == ["Commitmentletter-大气2026-1.jpg", "Commitmentletter-大气2026-1-2.png"]


async def test_an_opinion_is_kept_once_it_has_come_back(desk):
    entry = await desk.register(PERMIT, submitted="0")
    await desk.send(Press("atts", entry))
    assert "att" not in [button.press.verb for button in desk.buttons()]
    verification = next(item for item in await desk.rows(Item) if item.product_kind == "verification")
    with pytest.raises(Stale):
        await desk.send(Press("att", verification.id))
    async with desk.database.write() as session:
        (await session.get_one(Item, verification.id)).state = ItemState.RETURNED
    await desk.send(Press("att", verification.id))
    await desk.file(pdf(PAGES))
    await desk.work()
    assert [row.purpose for row in await desk.rows(Attachment)] == ["opinion"]


async def test_a_pledge_inside_the_form_has_no_letter_to_keep(desk):
    await desk.register(PERMIT, submitted="0")
    with pytest.raises(Stale):
        await desk.send(Press("att", (await letter_line(desk)).id))


async def test_of_several_counterparts_one_is_chosen(desk):
    entry = await desk.register(FILING, f"{COMPANY}\n{SHOP}")
    await desk.send(Press("atts", entry))
    asked = await desk.press("atts", "letter,")
    assert asked.name == "ledger_line"
    await desk.press("atts", f"letter,{(await desk.rows(Item))[1].id}")
    assert "虚构五金店" in desk.screen.text
    await desk.file(jpeg())
    await desk.work()
    [row] = await desk.rows(Attachment)
    assert row.item_id == (await desk.rows(Item))[1].id


@pytest.mark.parametrize("arg", ["letter,999", "opinion,", "sketch,", "letter,all"])
async def test_a_forged_choice_is_stale(desk, arg):
    entry = await desk.register(FILING, f"{COMPANY}\n{SHOP}")
    with pytest.raises(Stale):
        await desk.at("atts", entry, arg)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html><script>alert(1)</script></html>", "Only a JPEG"),
        (archive() + jpeg(), "Only a JPEG"),
        (jpeg() + archive(), "Only a JPEG"),
        (pdf(SCRIPT), "script"),
        (b"x" * (MOST_BYTES + 1), "larger than 10 MB"),
        (b"", "empty"),
    ],
    ids=["html", "zip and jpg", "jpg and zip", "script", "large", "empty"],
)
async def test_a_hostile_file_is_refused_and_nothing_of_it_stays(desk, content, why):
    entry = await desk.register(FILING)
    await desk.send(Press("atts", entry))
    await desk.press("att")
    await desk.file(content, "承诺书.pdf", size=len(pdf(PAGES)))  # the messenger was told another size
    [refused] = await desk.work()
    assert why in refused
    assert await desk.count(Attachment) == 0 and kept_files(desk) == []
    assert await desk.count(Outbox) == 0


@pytest.mark.parametrize(("size", "why"), [(30 * 1024 * 1024, "larger than 10 MB"), (0, "empty")])
async def test_what_the_size_says_already_is_refused_at_once_and_the_question_stays(desk, size, why):
    entry = await desk.register(FILING)
    await desk.send(Press("atts", entry))
    await desk.press("att")
    with pytest.raises(Refusal, match=why):
        await desk.file(b"", size=size)
    assert (await desk.draft()).awaiting == "file" and await desk.count(Work) == 0


async def test_words_where_a_file_is_awaited_are_answered(desk):
    entry = await desk.register(FILING)
    await desk.send(Press("atts", entry))
    await desk.press("att")
    with pytest.raises(Refusal, match="send the file itself"):
        await desk.type("已签")
    again = await desk.run(attachments.present)
    assert again.wants_file


async def test_going_back_awaits_no_file_and_what_was_done_besides_comes_back(desk):
    entry = await desk.register(FILING)
    await desk.send(Press("ragn", entry))  # the next entry is under way
    await desk.send(Press("att", (await letter_line(desk)).id))
    assert (await desk.draft()).purpose == "attachment"
    await desk.press("atts")
    assert (await desk.draft()).purpose == "entry"


async def test_the_same_file_is_kept_once(desk):
    entry = await desk.register(FILING)
    await send_letter(desk, entry)
    [refused] = await send_letter(desk, entry)
    assert "already" in refused
    assert await desk.count(Attachment) == 1 and len(kept_files(desk)) == 1


async def test_of_natural_persons_nothing_is_kept(desk):
    await desk.register(AWARD, "3", submitted="0")
    item = (await desk.rows(Item))[0]
    async with desk.database.write() as session:
        (await session.get_one(Item, item.id)).state = ItemState.RETURNED
    with pytest.raises(Refusal, match="natural persons"):
        await desk.send(Press("att", item.id))
    assert await desk.draft() is None


async def test_a_named_person_is_refused_too_and_again_by_the_worker(desk):
    await desk.register(AWARD, "张 1234 大气奖2026-15", submitted="0", way="person")
    item = (await desk.rows(Item))[0]
    async with desk.database.write() as session:
        (await session.get_one(Item, item.id)).state = ItemState.RETURNED
    with pytest.raises(Refusal, match="natural persons"):
        await desk.send(Press("att", item.id))
    async with desk.database.write() as session:  # as if a job had been recorded all the same
        params = {"person_id": desk.person.id, "item_id": item.id, "ref": "file0"}
        work.add(session, attachment_work.KEEP, params, now=NOW)
    desk.files["file0"] = pdf(PAGES)
    [refused] = await desk.work()
    assert "natural persons" in refused and kept_files(desk) == []


@pytest.mark.parametrize("verb", ["att", "atts", "attg", "attr"])
@pytest.mark.parametrize(
    ("unit", "role"), [("air", Role.OFFICER), ("water", Role.OFFICER), ("water", Role.LIAISON), ("water", Role.HEAD)]
)
async def test_outsiders_get_nothing(desk, enrol, verb, unit, role):
    entry = await desk.register(FILING)
    await send_letter(desk, entry)
    subject = {"att": (await letter_line(desk)).id, "atts": entry}.get(verb, (await desk.rows(Attachment))[0].id)
    other = desk.of(await enrol(900002, unit=unit, role=role))
    for arg in ("", "yes"):
        with pytest.raises(Refusal, match="no such entry"):
            await other.send(Press(verb, subject, arg=arg))
    assert (await desk.rows(Attachment))[0].removed_at is None
    assert await desk.rows(Audit, Audit.verb == "attachment.look") == []


async def test_those_who_only_read_the_entry_look_and_change_nothing(desk, enrol):
    entry = await desk.register(FILING)
    await send_letter(desk, entry)
    head = desk.of(await enrol(900002, unit="air", role=Role.HEAD))
    await head.send(Press("atts", entry))
    assert {button.press.verb for button in head.buttons()} == {"attg", "req"}
    back = await head.press("attg")
    assert back.file is not None
    [look] = await desk.rows(Audit, Audit.verb == "attachment.look")
    assert look.actor_id == head.person.id
    for press in (Press("att", (await letter_line(desk)).id), Press("attr", 1, arg="yes")):
        with pytest.raises(Refusal, match="Only the handling officer"):
            await head.send(press)
    assert (await desk.rows(Attachment))[0].removed_at is None


async def test_a_file_is_taken_away_after_a_question_and_its_bytes_go_after_the_commit(desk):
    entry = await desk.register(FILING)
    await send_letter(desk, entry)
    await desk.send(Press("atts", entry))
    asked = await desk.press("attr")
    assert "Take this file away?" in asked.text
    await desk.press("attr", "yes")
    [row] = await desk.rows(Attachment)
    assert row.removed_at == NOW
    assert len(kept_files(desk)) == 1, "the bytes go after the commit"
    await desk.work()
    assert kept_files(desk) == []
    assert [line.subject_id for line in await desk.rows(Audit, Audit.verb == "attachment.remove")] == [entry]
    for press in (Press("attg", row.id), Press("attr", row.id, arg="yes")):
        with pytest.raises(Stale):
            await desk.send(press)
    assert await desk.told() is None, "a notice of a file that is gone says nothing"


async def test_a_later_file_keeps_its_name_when_an_earlier_one_is_gone(desk):
    entry = await desk.register(FILING)
    await send_letter(desk, entry, jpeg())
    await send_letter(desk, entry, png())
    await desk.send(Press("attr", 1, arg="yes"))
    assert (await desk.send(Press("attg", 2))).file.name.endswith("-2.png")


async def test_an_officer_who_was_suspended_meanwhile_keeps_nothing(desk):
    entry = await desk.register(FILING)
    await desk.send(Press("atts", entry))
    await desk.press("att")
    await desk.file(pdf(PAGES))
    async with desk.database.write() as session:
        (await session.get_one(Person, desk.person.id)).state = PersonState.SUSPENDED
    assert len(await desk.work()) == 1
    assert await desk.count(Attachment) == 0 and kept_files(desk) == []


async def test_a_file_of_an_entry_that_went_over_while_it_was_checked_is_not_kept(desk, enrol):
    colleague = await enrol(900077)
    entry = await desk.register(FILING)
    await desk.send(Press("atts", entry))
    await desk.press("att")
    await desk.file(pdf(PAGES))
    async with desk.database.write() as session:
        row = await work.claim(session, now=NOW)
    finish = await attachment_work.keep(desk.tools, row.params, NOW)
    async with desk.database.write() as session:
        (await session.get_one(Request, entry)).owner_id = colleague.id
    with pytest.raises(Refusal, match="Only the handling officer"):
        async with desk.database.write() as session:
            await finish(session)
    assert await desk.count(Attachment) == 0


async def test_a_death_between_the_file_and_its_row_leaves_one_row_and_an_orphan_that_is_swept(desk):
    entry = await desk.register(FILING)
    await desk.send(Press("atts", entry))
    await desk.press("att")
    await desk.file(pdf(PAGES))
    async with desk.database.write() as session:
        row = await work.claim(session, now=NOW)
    await attachment_work.keep(desk.tools, row.params, NOW)  # the process dies before the result is committed
    assert len(kept_files(desk)) == 1 and await desk.count(Attachment) == 0
    async with desk.database.write() as session:
        (await session.get_one(Work, row.id)).state = WorkState.WAITING
    await desk.work()
    [kept] = await desk.rows(Attachment)
    assert len(kept_files(desk)) == 2

    await swept(desk)
    assert len(kept_files(desk)) == 2, "what is younger than a day may still get its row"
    for name in kept_files(desk):
        age(desk, name)
    await swept(desk)
    assert kept_files(desk) == [kept.path]
    assert desk.store.read(kept.path) == pdf(PAGES)


async def test_a_paper_from_the_page_that_is_refused_is_not_kept(desk):
    entry = await desk.register(LOAN, submitted="0")
    await desk.send(Press("atts", entry))
    await desk.press("att")
    raw = desk.store.put(b"no paper")
    await desk.file(b"no paper", "意见.pdf", ref=f"page:{raw.key}")
    assert len(await desk.work()) == 1
    assert kept_files(desk) == []


async def test_what_a_queued_notice_a_list_or_a_job_names_is_not_swept(desk):
    from storage import batch, outbox
    from storage.tables import Sheet

    keys = {each: desk.store.put(each.encode()).key for each in ("notice", "list", "job", "nobody's", "sent")}
    async with desk.database.write() as session:
        person = await session.get_one(Person, desk.person.id)
        for each in ("notice", "sent"):
            params = {"file": {"key": keys[each]}}
            await outbox.enqueue(session, person, kind="paper", params=params, dedupe=each, now=NOW)
        sheet = await batch.begin(session, person.id, batch.CHECK, {"ref": f"page:{keys['list']}"}, now=NOW)
        work.add(session, "batch.check", {"ref": f"page:{keys['job']}"}, now=NOW)
        (await session.scalars(select(Outbox).where(Outbox.dedupe == "sent"))).one().state = "sent"
    (desk.store.path("0" * 32).parent / f"{'a' * 32}.part").write_bytes(b"half")
    for name in kept_files(desk):
        age(desk, name)
    await swept(desk)
    assert kept_files(desk) == sorted(keys[each] for each in ("notice", "list", "job"))
    async with desk.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Sheet)) == 1
    assert sheet.closed_at is None


def age(desk, name):
    path = desk.store.path("0" * 32).parent / name
    before = path.stat().st_mtime - 2 * DAY
    os.utime(path, (before, before))


async def swept(desk):
    finish = await attachment_work.sweep(desk.tools, {}, NOW)
    async with desk.database.write() as session:
        await finish(session)


@pytest.fixture
async def full(desk):
    """An entry with as many files as are kept with one, and the line that they belong to."""
    entry = await desk.register(FILING)
    item = await letter_line(desk)
    async with desk.database.write() as session:
        session.add_all(
            Attachment(item_id=item.id, purpose="letter", path=f"{n:032x}", sha256=f"{n}", media_type="application/pdf",
                       size=9, added_by=desk.person.id, added_at=NOW)
            for n in range(50)
        )  # fmt: skip
    return entry, item


async def test_a_fifty_first_file_of_an_entry_is_refused_until_one_is_taken_away(desk, full):
    entry, item = full
    with pytest.raises(Refusal, match="At most 50 files"):
        await desk.send(Press("att", item.id))
    assert await desk.draft() is None
    async with desk.database.write() as session:
        (await session.get_one(Attachment, 1)).removed_at = NOW
    assert await send_letter(desk, entry) == []
    assert len(await desk.rows(Attachment, Attachment.removed_at.is_(None))) == 50


async def test_of_two_files_on_their_way_into_the_last_place_the_second_is_refused(desk, full):
    _entry, item = full
    async with desk.database.write() as session:
        (await session.get_one(Attachment, 1)).removed_at = NOW
        for ref in ("file0", "file1"):
            params = {"person_id": desk.person.id, "item_id": item.id, "ref": ref}
            work.add(session, attachment_work.KEEP, params, now=NOW)
    desk.files |= {"file0": pdf(PAGES), "file1": pdf(PAGES) + b"\n"}
    [refused] = await desk.work()
    assert "At most 50 files" in refused and len(kept_files(desk)) == 1


async def test_no_file_is_kept_on_a_disk_that_is_nearly_full_and_it_can_be_sent_again(desk, monkeypatch):
    entry = await desk.register(FILING)
    monkeypatch.setattr(FileStore, "free_mb", lambda _store: LEAST_FREE_MB - 1)
    [refused] = await send_letter(desk, entry)
    assert "send it again later" in refused
    assert kept_files(desk) == [] and await desk.count(Attachment) == 0
    monkeypatch.setattr(FileStore, "free_mb", lambda _store: LEAST_FREE_MB)
    assert await send_letter(desk, entry) == [] and await desk.count(Attachment) == 1


async def test_a_report_takes_a_file(desk):
    entry = await desk.register(LOAN, submitted="0")
    await desk.send(Press("atts", entry))
    await desk.press("att")
    await desk.file(pdf(PAGES))
    await desk.work()
    assert [row.purpose for row in await desk.rows(Attachment)] == ["report"]


async def test_a_withdrawn_entry_takes_none(desk):
    entry = await desk.register(ACCESS, submitted="0")
    await desk.at("rwdok", entry)
    with pytest.raises(Stale):
        await desk.send(Press("att", (await letter_line(desk)).id))
