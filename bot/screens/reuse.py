"""Opinions that hold already: said before anybody applies anew, and what else is known about a counterpart."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from bot.dates import format_day
from bot.entry import Form, reused
from bot.language import _, ngettext, pgettext
from bot.opinions import Reusable, finding_name
from bot.scope import Scope
from bot.screens.screen import Button, Press, Screen, bold, esc, lines

MOST_HELD: Final = 5  # opinions said one by one on a phone's screen


def held_lines(opinion: Reusable, today: dt.date) -> tuple[str, ...]:
    """Return what every unit may know of an opinion: whose, number, issue, last valid day, who holds it."""
    said = [
        _("No. %(number)s") % {"number": opinion.number} if opinion.number else None,
        _("issued on %(day)s") % {"day": format_day(opinion.issued_on, today=today)},
        _("valid to %(day)s") % {"day": format_day(opinion.valid_to, today=today)},
        _("held by %(who)s") % {"who": " ".join(each for each in (opinion.unit, opinion.holder) if each)}
        if opinion.unit
        else None,
    ]
    line = pgettext("list", ", ").join(each for each in said if each)
    return (opinion.name, line, *_shadow(opinion, today))


def _shadow(opinion: Reusable, today: dt.date) -> tuple[str, ...]:
    """Return what has been logged since an opinion was issued. Source: domain.md A10."""
    said = []
    if opinion.adverse_since is not None:
        day = format_day(opinion.adverse_since, today=today)
        said.append(_("Please note: something adverse was logged on %(day)s, after it was issued") % {"day": day})
    if opinion.contested:
        said.append(_("Please note: an objection or a repair is on record about it; please check before you use it"))
    return tuple(said)


def reuse_lines(form: Form, scope: Scope, today: dt.date) -> list[str]:
    """Return the lines of an entry's confirmation about opinions used again."""
    held = list(reused(form, scope).values())
    if not held:
        return []
    if len(held) == 1 and form.subjects == 1:
        each = held[0]
        until = format_day(each.valid_to, today=today)
        numbered = _("Opinion used again: %(number)s, valid to %(day)s")
        said = numbered if each.number else _("Opinion used again: valid to %(day)s")
        return [said % {"number": each.number, "day": until}, *_shadow(each, today)]
    count = ngettext(
        "Opinions used again: for %(n)d counterpart", "Opinions used again: for %(n)d counterparts", len(held)
    )
    return [count % {"n": len(held)}, *(line for each in held[:MOST_HELD] for line in _shadow(each, today))]


def warning_lines(scope: Scope, today: dt.date) -> list[str]:
    """Return what an officer should know before confirming: an open entry for the same, and broken commitments."""
    known = scope.known
    said = []
    if known.open_entries:
        numbers = pgettext("list", ", ").join(known.open_entries[:MOST_HELD])
        said.append(_("Please note: an entry for the same is open already: %(numbers)s") % {"numbers": numbers})
    if known.open_elsewhere:
        said.append(_("Please note: another unit or a colleague has an open entry for the same"))
    if scope.age_limit is not None:
        months, basis = scope.age_limit
        for each in known.too_old[:MOST_HELD]:
            values = {"name": each.name, "day": format_day(each.issued_on, today=today), "n": months, "basis": basis}
            said.append(
                _("Please note: the opinion on %(name)s of %(day)s is older than the %(n)d months accepted for this "
                  "matter (%(basis)s)") % values
            )  # fmt: skip
    for name, on in known.breaches[:MOST_HELD]:
        values = {"name": name, "day": format_day(on, today=today)}
        said.append(_("Please note: %(name)s broke a commitment (recorded on %(day)s)") % values)
    return said


def asking() -> Screen:
    """Ask whose opinion is looked for."""
    text = lines(
        bold(_("Look for a valid opinion")),
        esc(_("Please send the unified social credit code, or a part of the name.")),
    )
    return Screen("reuse_ask", text, ((Button(pgettext("button", "Back"), Press("lkend")),),))


def found(
    names: Sequence[tuple[str, str]], held: Mapping[str, Reusable], own: Mapping[str, bool], today: dt.date
) -> Screen:
    """Say for each counterpart whether a valid opinion is there.

    Args:
        names: Code and name.
        held: Code -> the opinion to rely on.
        own: Code -> whether the officer's own unit holds it, so that its result may be said.
        today: Local date.
    """
    body: list[str] = []
    for code, name in names:
        opinion = held.get(code)
        if opinion is None:
            body += ["", esc(name), esc(_("No valid opinion; an application is needed."))]
            continue
        body += ["", *(esc(line) for line in held_lines(opinion, today))]
        if own.get(code):
            body.append(esc(_("Result: %(finding)s") % {"finding": finding_name(opinion.finding)}))
    if not names:
        body = ["", esc(_("Nobody of that name or code is in the register; an application is needed."))]
    text = lines(bold(_("Look for a valid opinion")), *body)
    return Screen("reuse_found", text, ((Button(pgettext("button", "Back"), Press("lkend")),),))
