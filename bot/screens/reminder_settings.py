"""The screens on which an officer sets their own hour and stages of reminders."""

from collections.abc import Sequence

from bot.language import _, ngettext, pgettext
from bot.policy.content import Reminders
from bot.screens.screen import Button, Press, Screen, bold, esc, lines
from bot.screens.words import in_brackets
from bot.wishes import FIELDS, Wishes, offsets

_HOURS_IN_ROW = 4


def overview(rules: Reminders, wishes: Wishes) -> Screen:
    """Return the hour and the stages of each kind, and which of them are the officer's own."""
    own = wishes.laid_over(rules)
    said = [_line(_("Time of reminders"), own.hour, own=own.hour != rules.hour)]
    for kind in FIELDS:
        said.append(_line(name(kind), in_words(own, kind), own=offsets(own, kind) != offsets(rules, kind)))
    kinds = [Button(name(kind), Press("rmdk", arg=kind)) for kind in FIELDS]
    rows: list[tuple[Button, ...]] = [(Button(pgettext("button", "Time of reminders"), Press("rmdh")),)]
    rows += [tuple(kinds[at : at + 2]) for at in range(0, len(kinds), 2)]
    if own != rules:
        rows.append((Button(pgettext("button", "As the bureau has it"), Press("rmdd")),))
    text = lines(bold(_("Settings: reminders")), *(esc(each) for each in said))
    return Screen("reminder_settings", text, (*rows, (Button(pgettext("button", "Back"), Press("set")),)))


def hours(rules: Reminders, wishes: Wishes, choices: Sequence[str]) -> Screen:
    """Return the hours to choose from, within the office hours."""
    chosen = wishes.laid_over(rules).hour
    buttons = [
        Button(("✓ " if each == chosen else "") + each, Press("rmdh", arg=each.replace(":", ""))) for each in choices
    ]
    rows = [tuple(buttons[at : at + _HOURS_IN_ROW]) for at in range(0, len(buttons), _HOURS_IN_ROW)]
    text = lines(
        bold(_("Time of reminders")),
        esc(_("On working days, within the office hours; the bureau's is %(hour)s") % {"hour": rules.hour}),
    )
    return Screen("reminder_hours", text, (*rows, (Button(pgettext("button", "Back"), Press("rmd")),)))


def stages(rules: Reminders, wishes: Wishes, kind: str, choices: Sequence[int]) -> Screen:
    """Return the stages of one kind, to be ticked."""
    ticked = offsets(wishes.laid_over(rules), kind)
    rows = tuple(
        (Button(("✓ " if days in ticked else "　") + _stage(kind, days), Press("rmdk", arg=f"{kind},{days}")),)
        for days in choices
    )
    text = lines(bold(name(kind)), esc(_("Tick when you want to be reminded")))
    return Screen("reminder_stages", text, (*rows, (Button(pgettext("button", "Back"), Press("rmd")),)))


def name(kind: str) -> str:
    """Return what a kind of reminder is called."""
    return {
        "feedback": _("The centre's feedback"),
        "submit_by": _("Last day to submit"),
        "decide": _("The planned decision"),
        "expiry": _("Opinion expiring"),
        "use": _("Opinion not used yet"),
        "hand_in": _("Opinion applied for by others"),
        "fulfil": _("Commitment to be fulfilled"),
        "report": _("Credit report outstanding"),
    }[kind]


def in_words(rules: Reminders, kind: str) -> str:
    """Return the stages of a kind in words."""
    found = [_stage(kind, days) for days in offsets(rules, kind)]
    return pgettext("list", ", ").join(found) if found else _("none")


def _line(label: str, value: str, *, own: bool) -> str:
    said = pgettext("label", "%(label)s: %(value)s") % {"label": label, "value": value}
    return said + (in_brackets(_("your own")) if own else "")


def _stage(kind: str, days: int) -> str:
    if days == 0:
        return _("on the day")
    if kind == "expiry":
        return ngettext("%(n)d day before", "%(n)d days before", days) % {"n": days}
    if "after" in FIELDS[kind]:
        return ngettext("after %(n)d working day", "after %(n)d working days", days) % {"n": days}
    return ngettext("%(n)d working day before", "%(n)d working days before", days) % {"n": days}
