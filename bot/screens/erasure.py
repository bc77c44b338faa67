"""The screens of an erasure: asked first, under way, done; none of them names the person afterwards."""

from typing import Final

from bot.language import _, ngettext, pgettext
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import labelled

COPIES_KEPT: Final = 7  # days for which copies of the database are kept
EXAMPLE: Final = "大气2026-1"


def ask() -> Screen:
    """How the command is used."""
    text = lines(
        bold(_("Erase personal details")),
        esc(
            _("Please send /erase and the number of the entry, such as /erase %(example)s.") % {"example": "大气2026-1"}
        ),
    )
    return Screen("erase_ask", text)


def confirm(number: str, matter: str, subjects: list[str], request_id: int) -> Screen:
    """Ask before a natural person's details are erased."""
    text = lines(
        bold(_("Erase personal details")),
        esc(f"{number} {matter}"),
        labelled(_("Natural person"), pgettext("list", ", ").join(subjects)),
        "",
        esc(_("Surname, last four, case number, remarks and files of this entry are erased for good, and nobody can "
              "bring them back. Its number, dates and counts stay; its steps can no longer be taken back.")),
        esc(_("Messages already in the chats are not reached from here; officers delete those themselves.")),
        esc(_("Copies of the database still hold the details for at most %(n)d days.") % {"n": COPIES_KEPT}),
    )  # fmt: skip
    yes = Button(pgettext("button", "Erase"), Press("erok", request_id), Style.DANGER)
    return Screen(
        "erase_confirm", text, ((yes,), (Button(pgettext("button", "Back"), Press("req", request_id)),)), protect=True
    )


def under_way(number: str) -> Screen:
    """The worker does it."""
    text = lines(
        bold(_("Erase personal details")), esc(number), esc(_("It is being done. You will be told when it is."))
    )
    return Screen("erase_under_way", text)


def done(number: str, *, elsewhere: int) -> Screen:
    """It is done.

    Args:
        number: The entry's number.
        elsewhere: Texts of colleagues and other entries that may mention the person and must be looked at.
    """
    more = ngettext(
        "%(n)d other place, such as a feedback, a quarterly return or another entry, may mention the person. "
        "Please look it through.",
        "%(n)d other places, such as feedback, quarterly returns or other entries, may mention the person. "
        "Please look them through.",
        elsewhere,
    ) % {"n": elsewhere}
    whole = _("Nothing of them is left in the database or among the files. The audit is whole.")
    part = _("What this entry held of them is erased. The audit is whole.")
    text = lines(
        bold(_("Personal details erased")),
        esc(number),
        esc(part if elsewhere else whole),
        esc(more) if elsewhere else None,
    )
    return Screen("erase_done", text, stays=True)


def list_closed() -> Screen:
    """A list that somebody had sent mentions a person who has been erased."""
    text = _(
        "A list that you sent is no longer kept: it mentions a natural person whose details have been erased. Nothing "
        "of it was recorded. Please send it again without them."
    )
    return Screen("list_erased", esc(text), stays=True)
