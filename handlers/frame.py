"""The frame around the flows: beginning, help, settings, giving up, and the last word on everything else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.errors import Refusal
from bot.language import LANGUAGES, _
from bot.screens import frame as screens
from bot.screens.screen import Screen
from handlers import access, corrections, enrolment, forms, guide, opinions, referral, reminders, requests
from handlers.turn import Flow, Stale, Turn
from storage import drafts

LANGUAGE_NAMES: Final = {"zh_CN": "简体中文", "en": "English"}


async def on_start(turn: Turn) -> Screen:
    """/start: who I am here, what the assistant does, and what must never be sent."""
    unit = await turn.unit()
    person = turn.officer
    return screens.start(
        person.name or turn.sender.name,
        unit.name,
        access.role_name(person.role),
        turn.policy.name,
        fictitious=turn.policy.fictitious,
    )


async def on_help(turn: Turn) -> Screen:
    """/help: the commands of this role."""
    role = turn.officer.role
    mine = [(name, access.describe(name)) for name, roles in access.COMMANDS.items() if role in roles]
    return screens.help_(mine)


async def on_settings(turn: Turn) -> Screen:
    """/settings: what is known about the officer."""
    unit, person = await turn.unit(), turn.officer
    role = access.role_name(person.role)
    return screens.settings(unit.name, role, LANGUAGE_NAMES[person.language], person.telegram_id)


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
    """/cancel: give up what was begun."""
    if turn.draft is None:
        return screens.cancelled(had_draft=False)
    await drafts.end(turn.session, turn.draft)
    return screens.cancelled(had_draft=True)


async def on_text(turn: Turn) -> Screen:
    """Typed text: it answers what is awaited, and is a search for a matter otherwise."""
    draft = turn.draft
    if draft is not None and draft.awaiting and draft.purpose in TYPED:
        return await TYPED[draft.purpose](turn)
    return await guide.search(turn)


async def on_other_content(turn: Turn) -> Screen:
    """A picture, file, voice or sticker where words are expected."""
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


async def present(turn: Turn, refusal: Refusal | Stale) -> Screen:
    """Return what the officer was doing, with a refusal's sentence above it or a word about the old keyboard."""
    flow = PRESENT.get(turn.draft.purpose) if turn.draft is not None else None
    if isinstance(refusal, Stale):
        screen = await flow(turn) if flow else screens.home()
        return replace(screen, toast=_("That button is out of date; this is the present state."), stays=False)
    if flow is None:
        return screens.sentence(refusal.message)
    return screens.with_sentence(refusal.message, await flow(turn))


_FILLER: Final = forms.Filler({**opinions.FORMS, **corrections.FORMS})

COMMANDS: Final[Mapping[str, Flow]] = {
    "start": on_start,
    "help": on_help,
    "settings": on_settings,
    "language": on_language,
    "cancel": on_cancel,
    **enrolment.COMMANDS,
    **guide.COMMANDS,
    **requests.COMMANDS,
}
PRESSES: Final[Mapping[str, Flow]] = {
    "lang": on_language,
    "guide": guide.COMMANDS["guide"],
    "new": guide.COMMANDS["new"],
    "my": requests.COMMANDS["my"],
    **enrolment.PRESSES,
    **guide.PRESSES,
    **requests.PRESSES,
    **reminders.PRESSES,
    **opinions.PRESSES,
    **corrections.PRESSES,
    **_FILLER.presses,
}
TYPED: Final[Mapping[str, Flow]] = {**guide.TYPED, **requests.TYPED, **_FILLER.typed}
PRESENT: Final[Mapping[str, Flow]] = {**guide.PRESENT, **requests.PRESENT, **_FILLER.presenting}
READING: Final = (frozenset(guide.PRESSES) | {"guide", "lang"}) - frozenset(referral.PRESSES)
"""Presses that lead through the guide and record nothing, and one's own language; an auditor may use them."""
NOTICES: Final = {**guide.NOTICES, **reminders.NOTICES, **enrolment.NOTICES}
