"""Files kept with an entry: asked for, sent in, sent back on request, taken away.

Nothing is kept that could name a natural person. Source: design.md §3.9.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from bot.attachments import MOST_MEGABYTES, PURPOSES, AttachmentLine, Purpose, purpose_name, require_size
from bot.errors import Refusal
from bot.language import _
from bot.screens import attachments as screens
from bot.screens.screen import Screen
from handlers import acts, attachment_work, drafts_aside
from handlers.attachment_work import KEEP, lines_of, require_no_person, require_room, taking, taking_line
from handlers.choosing import chosen
from handlers.rights import Renderer
from handlers.timeline import words_of
from handlers.turn import Flow, Stale, Turn
from storage import attachments, entry_values, work
from storage.attachments import KeptFile
from storage.ledger import Opened
from storage.tables import Item

if TYPE_CHECKING:
    from handlers.worker import Chore

PURPOSE: Final = "attachment"


async def on_files(turn: Turn) -> Screen:
    """〔附件〕 of an entry, and which of its lines a further one belongs to."""
    opened = await acts.reopened(turn, turn.pressed.id)
    await _put_down(turn)
    said, comma, which = turn.pressed.arg.partition(",")
    if not comma:
        turn.looked("request", opened.request.id)
        return await _listed(turn, opened)
    if not opened.may_act or turn.pressed.version != opened.request.version or said not in set(Purpose):
        raise Stale
    items = (await taking(turn.session, opened))[Purpose(said)]
    choices = list((await entry_values.labels(turn.session, items, whole=opened.identifies)).items())
    picked = chosen(opened.entry, choices, which, verb="atts", all_label=None, prefix=f"{said},")
    return picked if isinstance(picked, Screen) else await _ask(turn, opened, picked)


async def on_attach(turn: Turn) -> Screen:
    """〔保存〕 a file of one line of an entry."""
    request_id = await attachments.request_of(turn.session, turn.pressed.id)
    if request_id is None:
        raise Stale
    return await _ask(turn, await acts.changeable(turn, request_id), turn.pressed.id)


async def on_file(turn: Turn) -> Screen:
    """The file arrived: the worker checks and keeps it.

    Raises:
        Refusal: It is empty or too large, which is known before it is fetched.
    """
    opened, item = await _asked(turn)
    if turn.file is None:
        raise Stale
    require_size(turn.file.size)
    params = {"person_id": turn.officer.id, "item_id": item.id, "ref": turn.file.ref}
    work.add(turn.session, KEEP, params, now=turn.now)
    await drafts_aside.take_up(turn)
    return screens.keeping(opened.entry, PURPOSES[item.product_kind])


async def on_typed(turn: Turn) -> Screen:
    """Words came where a file is awaited.

    Raises:
        Refusal: Always; it says what is awaited.
    """
    raise Refusal(_("Please send the file itself, as a photo or a PDF of at most %(n)d MB.") % {"n": MOST_MEGABYTES})


async def present(turn: Turn) -> Screen:
    """Return the question for the file, computed from the draft alone."""
    opened, item = await _asked(turn)
    return await _asking(turn, opened, item)


async def on_look(turn: Turn) -> Screen:
    """〔查看〕: a file is sent back to somebody who may read its entry; the look is on record."""
    found, opened = await _kept(turn)
    line = await _line(turn, opened, found)
    turn.looked("attachment", found.row.id)
    return screens.sent_back(opened.entry, line, found.row.path, words_of(turn, opened.entry))


async def on_take_away(turn: Turn) -> Screen:
    """〔删除〕: asked first; the file goes after the commit, the timeline keeps that it was there.

    Raises:
        Refusal: The officer only reads the entry.
    """
    found, opened = await _kept(turn)
    await acts.changeable(turn, opened.request.id)
    line = await _line(turn, opened, found)
    if turn.pressed.arg != "yes":
        return screens.taking_away(opened.entry, line, words_of(turn, opened.entry))
    found.row.removed_at = turn.now
    await turn.session.flush()
    work.tidy(turn.session, [found.row.path], now=turn.now)
    turn.note("attachment.remove", ("request", opened.request.id), reason=purpose_name(line.purpose))
    return await _listed(turn, opened)


async def _ask(turn: Turn, opened: Opened, item_id: int) -> Screen:
    """Let the next file be one of a line of an entry."""
    item = await taking_line(turn.session, opened, item_id)
    await require_no_person(turn.session, turn.office, opened, item)
    await require_room(turn.session, opened.request.id)
    answers = {"request": opened.request.id, "item": item.id}
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers=answers, awaiting="file")
    return await _asking(turn, opened, item)


async def _asking(turn: Turn, opened: Opened, item: Item) -> Screen:
    subject = (await entry_values.labels(turn.session, [item], whole=opened.identifies))[item.id]
    return screens.asking(opened.entry, PURPOSES[item.product_kind], subject, words_of(turn, opened.entry))


async def _asked(turn: Turn) -> tuple[Opened, Item]:
    draft = turn.draft
    if draft is None or draft.purpose != PURPOSE:
        raise Stale
    opened = await acts.changeable(turn, draft.answers["request"])
    return opened, await taking_line(turn.session, opened, draft.answers["item"])


async def _put_down(turn: Turn) -> None:
    """Await no file any more; what the officer was doing besides comes back."""
    if turn.draft is not None and turn.draft.purpose == PURPOSE:
        await drafts_aside.take_up(turn)


async def _kept(turn: Turn) -> tuple[KeptFile, Opened]:
    found = await attachments.kept(turn.session, turn.pressed.id)
    if found is None:
        raise Stale
    return found, await acts.reopened(turn, found.request_id)


async def _line(turn: Turn, opened: Opened, found: KeptFile) -> AttachmentLine:
    every = await lines_of(turn.session, turn.office, opened)
    return next(each for each in every if each.id == found.row.id)


async def _listed(turn: Turn, opened: Opened) -> Screen:
    found = await lines_of(turn.session, turn.office, opened)
    takes = {purpose: [item.id for item in items] for purpose, items in (await taking(turn.session, opened)).items()}
    return screens.listed(opened.entry, found, takes, words_of(turn, opened.entry), may_act=opened.may_act)


PRESSES: Final[Mapping[str, Flow]] = {
    "atts": on_files,
    "att": on_attach,
    "attg": on_look,
    "attr": on_take_away,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
FILES: Final[Mapping[str, Flow]] = {PURPOSE: on_file}
JOBS: Final[Mapping[str, "Chore"]] = attachment_work.JOBS
NOTICES: Final[Mapping[str, Renderer]] = attachment_work.NOTICES
