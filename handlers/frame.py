"""The frame around the flows: beginning, help, settings, giving up, and the last word on everything else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.errors import Refusal
from bot.language import LANGUAGES, _
from bot.screens import frame as screens
from bot.screens.screen import Screen
from handlers import access, batch, drafts_aside, forms, guide, guide_draft, guide_screens, onward, worker
from handlers.colleagues import named
from handlers.flows import merged
from handlers.guide_draft import PENDING
from handlers.turn import Flow, Stale, Turn
from storage import pins

SHEETS: Final = (".xlsx", ".xls", ".ods", ".csv")
LANGUAGE_NAMES: Final = {"zh_CN": "简体中文", "en": "English"}


async def on_start(turn: Turn) -> Screen:
    """/start: who I am here, what the assistant does, and what must never be sent."""
    unit = await turn.unit()
    person = turn.officer
    return screens.start(
        named(person),
        unit.name,
        access.role_name(person.role),
        turn.policy.name,
        fictitious=turn.policy.fictitious,
    )


async def on_help(turn: Turn) -> Screen:
    """/help: the commands of this role."""
    return screens.help_(access.menu(turn.officer.role))


async def on_settings(turn: Turn) -> Screen:
    """/settings: what is known about the officer."""
    unit, person = await turn.unit(), turn.officer
    role = access.role_name(person.role)
    is_reminded = access.may(person.role, "later")
    summary = (await pins.of(turn.session, person.id)).wanted if is_reminded else None
    return screens.settings(
        unit.name,
        role,
        LANGUAGE_NAMES[person.language],
        person.telegram_id,
        is_reminded=is_reminded,
        summary=summary,
    )


async def on_summary(turn: Turn) -> Screen:
    """Switch the pinned summary on or off; the chat follows within a minute."""
    row = await pins.of(turn.session, turn.officer.id)
    row.wanted = not row.wanted
    await turn.session.flush()
    turn.note("person.summary", ("person", turn.officer.id), after=row.wanted)
    return await on_settings(turn)


async def on_language(turn: Turn) -> Screen:
    """/language, and the choice of one; the answer comes in the new language at the next screen."""
    chosen = turn.press.arg if turn.press else ""
    if chosen in LANGUAGES and chosen != turn.officer.language:
        turn.officer.language = chosen
        turn.note(
            "person.language",
            ("person", turn.officer.id),
            after=chosen,
        )
    return screens.language([(code, LANGUAGE_NAMES[code]) for code in LANGUAGES], turn.officer.language)


async def on_cancel(turn: Turn) -> Screen:
    """/cancel: give up what was begun; of a question in between that alone, and what was put aside for it is shown."""
    if turn.draft is None:
        return screens.cancelled(had_draft=False)
    await drafts_aside.give_up(turn)
    doing = await onward.doing(turn)
    if doing is None:
        return screens.cancelled(had_draft=True)
    return screens.with_sentence(_("The last thing was given up. Unfinished before it is:"), doing)


async def on_text(turn: Turn) -> Screen:
    """Typed text: it answers what is awaited, and is a search for a matter otherwise."""
    draft = turn.draft
    if draft is not None and PENDING in draft.answers:
        return await guide.search(turn)  # while the assistant asks which of two things goes on, neither is answered
    if draft is not None and draft.awaiting and draft.purpose in TYPED:
        return await TYPED[draft.purpose](turn)
    return await guide.search(turn)


async def on_file(turn: Turn) -> Screen:
    """A file: it is what the open entry waits for, or a list that nobody asked for.

    Raises:
        Refusal: Nothing waits for it.
    """
    draft = turn.draft
    if draft is not None and draft.awaiting == "file" and draft.purpose in FILES:
        guide_draft.drop_pending(turn, draft)  # the file that was asked for goes on with it
        return await FILES[draft.purpose](turn)
    if turn.file is not None and turn.file.name.lower().endswith(SHEETS):
        return await UNASKED_SHEET(turn)
    raise Refusal(_("No file is expected now. Please open the entry that it belongs to, then send the file."))


async def on_other_content(turn: Turn) -> Screen:
    """A voice, video or sticker where words are expected."""
    raise Refusal(_("Only text can be read here. Please type it."))


async def on_unknown_command(turn: Turn) -> Screen:
    """A command that does not exist, or not for this role."""
    return screens.unknown_command()


async def on_edited(turn: Turn) -> Screen:
    """An edited message has no effect; one line says how to change something."""
    return screens.edited_ignored()


async def on_unknown_press(turn: Turn) -> Screen:
    """A button of an older form, or a forged one."""
    raise Stale


def command(name: str) -> Flow:
    """Return what answers a command; all but /cancel first let go of a question in which nothing was entered.

    Else it would wait unseen behind the command's screen, and take whatever is typed next for its answer.
    """
    flow = COMMANDS[name]
    if name == "cancel":
        return flow

    async def run(turn: Turn) -> Screen:
        await drafts_aside.let_go(turn)
        return await flow(turn)

    return run


async def present(turn: Turn, refusal: Refusal | Stale) -> Screen:
    """Return what the officer was doing, with a refusal's sentence above it or a word about the old keyboard."""
    doing = await _doing(turn, refusal)
    if isinstance(refusal, Stale):
        toast = _("That button is out of date; this is the present state.")
        return replace(doing or screens.home(), toast=toast, stays=False)
    if doing is None:
        return screens.sentence(refusal.message)
    return screens.with_sentence(refusal.message, doing)


async def _doing(turn: Turn, refusal: Refusal | Stale) -> Screen | None:
    """Return what the officer was doing, or the question whether it goes on."""
    if turn.draft is not None and PENDING in turn.draft.answers:
        return guide_screens.unfinished(turn, turn.draft)
    return await onward.doing(turn, told=refusal.message if isinstance(refusal, Refusal) else "")


_FILLER: Final = forms.Filler(merged("FORMS"))

COMMANDS: Final[Mapping[str, Flow]] = {
    "start": on_start,
    "help": on_help,
    "settings": on_settings,
    "language": on_language,
    "cancel": on_cancel,
    **merged("COMMANDS"),
}
PRESSES: Final[Mapping[str, Flow]] = {
    "lang": on_language,
    "set": on_settings,
    "smry": on_summary,
    "guide": guide.COMMANDS["guide"],
    "new": guide.COMMANDS["new"],
    **merged("PRESSES"),
    **_FILLER.presses,
}
TYPED: Final[Mapping[str, Flow]] = {**merged("TYPED"), **_FILLER.typed}
FILES: Final[Mapping[str, Flow]] = merged("FILES")
"""Purpose of a draft that awaits a file -> the flow that takes it."""
UNASKED_SHEET: Final[Flow] = batch.on_unasked
"""What takes a sheet that no draft awaits."""
PRESENT: Final[Mapping[str, Flow]] = {**merged("PRESENT"), **_FILLER.presenting}
onward.lay_down(PRESSES, PRESENT)
NOTICES: Final = {**merged("NOTICES"), **worker.NOTICES}
GROUP_NOTICES: Final = merged("GROUP_NOTICES")
"""What is said in bound groups; its renderers are given no person."""
QUIET: Final = frozenset(merged("QUIET"))
"""Kinds of notifications that nobody waits for: they keep to the office hours."""
