"""The frame's screens: start, help, settings, refusals, and the last word on what was not understood."""

from collections.abc import Sequence

from bot.language import _, pgettext
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines


def notice() -> str:
    """The standing notice about what must never be sent."""
    return _("Do not send state secrets, work secrets, sensitive internal information or identity document data.")


def start(name: str, unit: str, role: str, pack_name: str, *, fictitious: bool) -> Screen:
    """What an officer sees after /start."""
    text = lines(
        bold(_("Xinxuan, the credit product assistant")),
        esc(_("%(name)s, %(unit)s, %(role)s") % {"name": name or _("Officer"), "unit": unit, "role": role}),
        esc(_("Rules: %(pack)s") % {"pack": pack_name}),
        esc(_("Training pack: the bureau and all data are fictitious.")) if fictitious else None,
        "",
        esc(_("/guide which credit products a matter needs")),
        esc(_("/new make a ledger entry")),
        esc(_("/my my ledger entries")),
        esc(_("You may also type part of a matter's name at any time.")),
        "",
        esc(notice()),
    )
    return Screen("start", text, (home_row(),))


def help_(commands: Sequence[tuple[str, str]]) -> Screen:
    """The commands that this person may use, and how the bot is meant to be used."""
    text = lines(
        bold(_("How to use")),
        *(esc(f"/{command} {description}") for command, description in commands),
        "",
        esc(_("On a result: ● named by the Plan, ◐ advised, ○ optional.")),
        esc(_("The clause named on a result is the basis; the list of matters is a suggestion of the pack.")),
        esc(_("Dates count working days by the official calendar; provisional ones say so.")),
        esc(_("Natural persons: surname, last four and your own case number only.")),
        "",
        esc(notice()),
    )
    return Screen("help", text, (home_row(),))


def home_row() -> tuple[Button, ...]:
    """The two things that officers come for."""
    return (
        Button(pgettext("button", "Find products"), Press("guide"), Style.PRIMARY),
        Button(pgettext("button", "My ledger"), Press("my")),
    )


def refused() -> Screen:
    """What somebody who is not on the list is told, once."""
    return Screen(
        "refused",
        esc(_("This assistant serves the bureau's own officers. Please ask your unit's liaison for an invitation.")),
    )


def private_only() -> Screen:
    """The one answer that a group gets."""
    return Screen("private_only", esc(_("Please write to me in a private chat.")))


def settings(
    unit: str, role: str, language: str, telegram_id: int, *, is_reminded: bool, summary: bool | None
) -> Screen:
    """What is known about the officer, and what they may change."""
    text = lines(
        bold(_("Settings")),
        esc(_("Unit: %(unit)s") % {"unit": unit}),
        esc(_("Role: %(role)s") % {"role": role}),
        esc(_("Language: %(language)s") % {"language": language}),
        esc(_("Your account number: %(id)s") % {"id": telegram_id}),
        esc(_("Unit and role are changed by the coordinator.")),
    )
    reminders = (Button(pgettext("button", "Reminders"), Press("rmd")),) if is_reminded else ()
    row = (*reminders, Button(pgettext("button", "Language"), Press("lang")))
    label = pgettext("button", "Pinned summary: on") if summary else pgettext("button", "Pinned summary: off")
    switch = () if summary is None else ((Button(label, Press("smry")),),)
    return Screen("settings", text, (row, *switch, home_row()))


def language(options: Sequence[tuple[str, str]], chosen: str) -> Screen:
    """The languages, each in its own words."""
    rows = tuple((Button(("✓ " if code == chosen else "") + name, Press("lang", arg=code)),) for code, name in options)
    return Screen("language", bold(_("Choose a language")), (*rows, home_row()))


def cancelled(*, had_draft: bool) -> Screen:
    """After /cancel."""
    said = _("Given up; nothing was recorded.") if had_draft else _("There is nothing to give up.")
    return Screen("cancelled", esc(said), (home_row(),))


def not_understood() -> Screen:
    """The last catch-all."""
    return Screen("not_understood", esc(_("This was not understood. Please choose below.")), (home_row(),))


def unknown_command() -> Screen:
    """A command that the bot does not have, or that the role may not use."""
    return Screen("unknown_command", esc(_("There is no such command for you. /help lists yours.")), (home_row(),))


def sentence(said: str) -> Screen:
    """A refusal where nothing was begun."""
    return Screen("sentence", esc(said), (home_row(),))


def dropped(why: str, words: Sequence[str], *, protect: bool) -> Screen:
    """What an officer had begun can go on no more: why, and what they had typed, so that it is not lost.

    Args:
        why: The reason; empty where it stands above already.
        words: What was typed, text by text.
        protect: Whether a natural person may be named in it.
    """
    lost = _("What you had filled in was not recorded.")
    if words:
        lost = _("What you had typed was not recorded:\n%(words)s") % {"words": "\n".join(words)}
    return Screen("dropped", lines(esc(why) if why else None, esc(lost)), (home_row(),), protect=protect)


def edited_ignored() -> Screen:
    """An edited message has no effect."""
    said = _("Editing a sent message changes nothing. Please use the button for changing, or type it again.")
    return Screen("edited_ignored", esc(said))


def incident(number: str) -> Screen:
    """An update that could not be handled was kept aside."""
    said = _("This could not be handled and was kept aside. Please give the number %(number)s to the maintainer.")
    return Screen("incident", esc(said % {"number": number}), (home_row(),))


def job_failed(job: str, number: str) -> Screen:
    """Tell a coordinator that the bot could not do something of its own.

    Args:
        job: What it was, by its kind.
        number: Under which it stands in the log.
    """
    drafting, sending = (
        _("The quarter's summary could not be drafted."),
        _("The quarter's summary could not be sent on."),
    )
    own = {"quarter.draft": drafting, "quarter.send": sending}
    text = lines(
        esc(own.get(job, _("Work in the background could not be done: %(job)s.") % {"job": job})),
        esc(_("Please give the number %(number)s to the maintainer.") % {"number": number}),
        esc(_("It is tried again each morning; /quarter drafts it at once.")) if job in own else None,
    )
    return Screen("job_failed", text, (home_row(),))


def home() -> Screen:
    """The menu that answers a press on a keyboard which no longer fits."""
    said = _("This menu is out of date. Please choose below.")
    return Screen("home", esc(said), (home_row(),))


def with_sentence(sentence: str, screen: Screen) -> Screen:
    """Put a refusal's sentence above what the officer was doing, so that they can go on at once."""
    return Screen(
        screen.name,
        f"{esc(sentence)}\n\n{screen.text}",
        screen.rows,
        aside=screen.aside,
        protect=screen.protect,
    )
