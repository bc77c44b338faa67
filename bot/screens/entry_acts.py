"""What is asked before something is recorded about an entry: which day, which counterpart, whether to withdraw."""

from collections.abc import Sequence

from bot.language import _, pgettext
from bot.ledger import Entry
from bot.screens.ledger import Wording
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import example_day


def day_button(entry: Entry, text: str, arg: str, style: Style | None = None) -> Button:
    """Return the button that records the day of an act."""
    return Button(text, Press("rdo", entry.id, entry.version, arg), style)


def ask_button(entry: Entry, text: str, which: str, style: Style | None = None) -> Button:
    """Return the button that asks for the day of an act."""
    return Button(text, Press("rask", entry.id, entry.version, which), style)


def which_day(entry: Entry, act: str, wording: Wording, *, aside: bool = False) -> Screen:
    """Ask for the day of an act: today, yesterday, the day of submission, or a typed one."""
    title = {
        "submitted": _("On which day was the application submitted?"),
        "received": _("On which day did the %(centre)s receive it?") % {"centre": wording.centre},
        "supplement": _("On which day did the %(centre)s ask for a supplement?") % {"centre": wording.centre},
        "resumed": _("On which day was the supplement handed in?"),
        "returned": _("On which day was the opinion received?"),
    }[act]
    text = lines(
        bold(_("[Ledger] %(number)s") % {"number": entry.number}),
        esc(title),
        esc(_("For another day send the date, such as %(example)s.") % {"example": example_day(wording.today)}),
    )
    days = [
        day_button(entry, pgettext("button", "Today"), f"{act},0", Style.PRIMARY),
        day_button(entry, pgettext("button", "Yesterday"), f"{act},1"),
    ]
    rows: list[tuple[Button, ...]] = [tuple(days)]
    if act == "received" and entry.submitted_on is not None:
        label = pgettext("button", "On the day of submission, %(day)s") % {"day": wording.day(entry.submitted_on)}
        rows.append((day_button(entry, label, f"{act},{entry.submitted_on.isoformat()}"),))
    back = (Button(pgettext("button", "Back"), Press("req", entry.id)),)
    return Screen("ledger_day", text, (*rows, back), aside=aside)


def withdrawing(entry: Entry) -> Screen:
    """Ask before an entry is withdrawn."""
    text = lines(
        bold(_("[Ledger] %(number)s") % {"number": entry.number}),
        esc(entry.matter),
        esc(_("Withdraw this entry? It stays in the ledger as withdrawn, and its reminders end.")),
    )
    rows = (
        (Button(pgettext("button", "Confirm withdrawal"), Press("rwdok", entry.id, entry.version), Style.DANGER),),
        (Button(pgettext("button", "Back"), Press("req", entry.id)),),
    )
    return Screen("ledger_withdraw", text, rows)


def which_subject(entry: Entry, choices: Sequence[tuple[int, str]], *, verb: str, all_label: str | None) -> Screen:
    """Ask which of an entry's counterparts is meant, or all of them.

    Args:
        entry: The entry.
        choices: Item id and name, as many as a screen takes.
        verb: The verb of the buttons.
        all_label: The label of the button for all; None where each is on its own.
    """
    text = lines(
        bold(_("[Ledger] %(number)s") % {"number": entry.number}),
        esc(entry.matter),
        "",
        esc(_("Whom does it concern?")),
    )
    everyone = ((Button(all_label, Press(verb, entry.id, entry.version, "all"), Style.PRIMARY),),) if all_label else ()
    rows = tuple((Button(name[:30], Press(verb, entry.id, entry.version, str(item_id))),) for item_id, name in choices)
    back = (Button(pgettext("button", "Back"), Press("req", entry.id)),)
    return Screen("ledger_subject", text, (*everyone, *rows, back), protect=entry.of_person)


def advice_to_tell(entry: Entry, said: str) -> Screen:
    """Return the wording with which the counterpart is told about objection and repair, ready to be copied."""
    text = lines(
        bold(_("[Ledger] %(number)s") % {"number": entry.number}),
        esc(_("Please tell the counterpart. Whether to limit anybody is decided by the law, not by this assistant.")),
        "",
        esc(said),
    )
    rows = (
        (Button(pgettext("button", "Copy"), copy=said[:256]),),
        (Button(pgettext("button", "Told"), Press("told", entry.id, entry.version), Style.PRIMARY),),
        (Button(pgettext("button", "Back"), Press("req", entry.id)),),
    )
    return Screen("ledger_advice", text, rows)
