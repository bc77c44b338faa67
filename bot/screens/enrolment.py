"""The screens of enrolment: an invitation made, used, answered."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.language import _, pgettext
from bot.screens.frame import home_row
from bot.screens.paging import UNITS, page_line, paged, turning
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import labelled


@dataclass(frozen=True, slots=True)
class Application:
    """Somebody who wants to come in.

    Args:
        person_id: Their key.
        name: As Telegram says; anybody may call themselves anything there.
        telegram_id: Their number, which alone is theirs.
        unit: The unit's name of their invitation.
        dissolved: Whether the bureau has that unit no more; nobody is let into it.
        role: The role of it, in words.
        invited_by: Who invited them; None where it was made on the server.
        used_at: When they came; an older notice about them means an older application.
    """

    person_id: int
    name: str
    telegram_id: int
    unit: str
    dissolved: bool
    role: str
    invited_by: str | None
    used_at: dt.datetime

    @property
    def stamp(self) -> str:
        """What tells this application from another one of the same person."""
        return f"{self.used_at:%Y%m%d%H%M%S}"


def units(choices: Sequence[tuple[str, str]], *, page: int = 0) -> Screen:
    """Whom to invite: first the unit, page by page where there are many."""
    shown, page, pages = paged(choices, page, size=UNITS)
    buttons = [Button(name, Press("inv", arg=code)) for code, name in shown]
    rows = tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
    text = lines(bold(_("Invite: choose the unit")), page_line(page, pages))
    pages_row = turning(page, pages, lambda at: Press("inv", arg=f",{at}"))
    return Screen("invite_units", text, (*rows, *pages_row, home_row()))


def roles(unit: str, code: str, choices: Sequence[tuple[str, str]]) -> Screen:
    """Then the role."""
    rows = tuple((Button(name, Press("inv", arg=f"{code},{role}")),) for role, name in choices)
    text = lines(bold(_("Invite: choose the role")), esc(unit))
    return Screen("invite_roles", text, (*rows, (Button(pgettext("button", "Back"), Press("inv")),)))


def link(unit: str, role: str, address: str, expires: str) -> Screen:
    """The link, as words and as a code to be scanned, to be handed over privately."""
    text = lines(
        bold(_("Invitation")),
        esc(f"{unit} · {role}"),
        esc(_("Valid until %(moment)s, for one person. Hand it over privately.") % {"moment": expires}),
        esc(_("Whoever uses it waits until a coordinator has let them in")),
        "",
        esc(address),
    )
    rows = ((Button(pgettext("button", "Copy link"), copy=address),), home_row())
    return Screen("invite_link", text, rows, stays=True, protect=True, code=address)


def invalid() -> Screen:
    """An invitation that is unknown, used or too old."""
    return Screen(
        "invitation_invalid",
        esc(_("This invitation is not valid any more. Please ask for a new one.")),
    )


def applied(unit: str, role: str) -> Screen:
    """What a newcomer sees: nothing is open yet."""
    text = lines(
        bold(_("Your application has arrived")),
        esc(f"{unit} · {role}"),
        esc(_("You will be told here as soon as a coordinator has let you in.")),
    )
    return Screen("applied", text)


def still_waiting() -> Screen:
    """What a newcomer hears who writes before they were let in."""
    return Screen("still_waiting", esc(_("Your application waits for a coordinator. You will be told here.")))


def suspended() -> Screen:
    """What somebody hears whose account rests."""
    return Screen("suspended", esc(_("Your account is suspended. Please ask the coordinators.")))


def application(asked: Application) -> Screen:
    """Show a coordinator who wants to come in, before anything is open to them."""
    gone = _("This unit is dissolved. Please refuse, and invite them into another unit.")
    text = lines(
        bold(_("[Application to join]")),
        *_who(asked),
        labelled(_("Invited by"), asked.invited_by or _("the maintainer, on the server")),
        esc(gone if asked.dissolved else _("Please make sure who it is before you let them in")),
    )
    let_in = (_button(pgettext("button", "Let in"), "jok", asked, Style.SUCCESS),)
    refuse = _button(pgettext("button", "Refuse"), "jno", asked, Style.DANGER)
    rows = ((*(() if asked.dissolved else let_in), refuse),)
    return Screen("application", text, rows, aside=True, protect=True)


def answered(asked: Application, by: str, *, approved: bool) -> Screen:
    """Show what has become of an application, and who answered it."""
    said = _("Let in by %(name)s") if approved else _("Refused by %(name)s")
    text = lines(bold(_("[Application to join]")), *_who(asked), esc(said % {"name": by}))
    more = Button(pgettext("button", "See the person"), Press("man", asked.person_id))
    return Screen("application", text, ((more,),) if approved else (), aside=True, protect=True)


def appointed(person_id: int, name: str | None, telegram_id: int, seat: str) -> Screen:
    """Tell a coordinator that the server's settings made somebody one, whom nobody in the chat has let in.

    Args:
        person_id: Their key.
        name: How they are called here; None until they have written to the bot.
        telegram_id: Their number.
        seat: Unit and role.
    """
    text = lines(
        bold(_("[A coordinator by the server's settings]")),
        _number_of(name, telegram_id) if name else esc(_("Number %(id)s") % {"id": telegram_id}),
        esc(seat),
        esc(_("If the bureau did not arrange this, please suspend them and tell the maintainer.")),
    )
    more = Button(pgettext("button", "See the person"), Press("man", person_id))
    return Screen("appointed", text, ((more,),), aside=True, protect=True)


def _who(asked: Application) -> tuple[str, ...]:
    return _number_of(asked.name, asked.telegram_id), esc(f"{asked.unit} · {asked.role}")


def _number_of(name: str, telegram_id: int) -> str:
    return esc(_("%(name)s (number %(id)s)") % {"name": name, "id": telegram_id})


def _button(label: str, verb: str, asked: Application, style: Style) -> Button:
    return Button(label, Press(verb, asked.person_id, arg=asked.stamp), style)
