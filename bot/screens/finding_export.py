"""The screens of a list that is taken away as a sheet."""

from bot.language import _, ngettext, pgettext
from bot.screens.screen import Button, File, Press, Screen, bold, esc, lines


def exporting() -> Screen:
    """A sheet is being made."""
    return Screen("exporting", esc(_("The sheet is being made and will be sent into this chat.")), _row(), stays=True)


def sheet_title() -> str:
    """Return the name of an exported sheet."""
    return _("Ledger of credit products")


def exported(file: File, count: int, *, cut: bool) -> Screen:
    """The sheet that was asked for.

    Args:
        file: The sheet.
        count: How many lines it has.
        cut: Whether there were more than one sheet takes.
    """
    text = lines(
        bold(sheet_title()),
        esc(ngettext("%(n)d line", "%(n)d lines", count) % {"n": count}),
        esc(_("There are more; please narrow the list and export again.")) if cut else None,
    )
    return Screen("exported", text, _row(), stays=True, file=file)


def _row() -> tuple[tuple[Button, ...], ...]:
    return ((Button(pgettext("button", "My ledger"), Press("my")),),)
