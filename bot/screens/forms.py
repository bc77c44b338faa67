"""The screens of a short form: one line asked, and all lines to be confirmed."""

import datetime as dt

from bot.dates import format_day
from bot.forms import Field, Filling, Kind, RecordForm, When, present, step
from bot.language import _, pgettext
from bot.screens.keys import Keys
from bot.screens.screen import Button, Screen, Style, bold, esc, lines
from bot.screens.words import example_day, labelled

Rows = tuple[tuple[Button, ...], ...]


def show(form: RecordForm, filling: Filling, keys: Keys, *, today: dt.date, above: str | None = None) -> Screen:
    """Return the screen that the form stands on.

    Args:
        form: What is asked.
        filling: What was filled in.
        keys: The keyboard of its draft.
        today: Local date.
        above: A sentence that comes first, such as what has changed meanwhile; what it says is not said again below.
    """
    line, told = step(form, filling), (above or "").splitlines()
    body, rows = _asking(filling, line, keys, today) if line else _confirming(form, filling, keys, today)
    text = lines(
        esc(above) + "\n" if above else None,
        bold(form.title + _position(form, filling)),
        *(esc(each) for each in form.context if each not in told),
        "",
        *body,
    )
    return Screen("form_confirm" if line is None else "form_line", text, rows, protect=form.protect)


def _position(form: RecordForm, filling: Filling) -> str:
    """Return where the officer is, such as 2/5; nothing while a single line is changed again."""
    line = step(form, filling)
    asked = [each for each in present(form, filling) if each.asked]
    if line is None or line not in asked or filling.editing == line.id:
        return ""
    return f" {asked.index(line) + 1}/{len(asked)}"


def _asking(filling: Filling, line: Field, keys: Keys, today: dt.date) -> tuple[list[str], Rows]:
    body = [esc(line.question)]
    if line.hint:
        body.append(esc(line.hint))
    if line.kind is Kind.DAY:
        body.append(esc(_("For another day send the date, such as %(example)s.") % {"example": _example(line, today)}))
    rows = [*_answers(line, filling, keys)]
    if line.optional:
        rows.append((keys.button(pgettext("button", "Leave empty"), "fpass", line.id),))
    return body, (*rows, _last(keys))


def _answers(line: Field, filling: Filling, keys: Keys) -> list[tuple[Button, ...]]:
    match line.kind:
        case Kind.DAY:
            usual: list[tuple[Button, ...]] = []
            if line.when is When.PAST:
                usual = [(
                    keys.button(pgettext("button", "Today"), "fday", f"{line.id},0", style=Style.PRIMARY),
                    keys.button(pgettext("button", "Yesterday"), "fday", f"{line.id},1"),
                )]  # fmt: skip
            worth = [(keys.button(label, "fday", f"{line.id},{on.isoformat()}"),) for label, on in line.days]
            return usual + worth
        case Kind.CHOICE:
            return [(keys.button(each.label, "fset", f"{line.id},{each.id}"),) for each in line.options]
        case Kind.MARKS:
            marked = filling.values.get(line.id, ())
            rows = [
                (keys.button(("☑ " if each.id in marked else "☐ ") + each.label, "fset", f"{line.id},{each.id}"),)
                for each in line.options
            ]
            return [*rows, (keys.button(pgettext("button", "Chosen"), "fdone", line.id, style=Style.PRIMARY),)]
    return []


def _confirming(form: RecordForm, filling: Filling, keys: Keys, today: dt.date) -> tuple[list[str], Rows]:
    existing = present(form, filling)
    shown = [each for each in existing if each.asked or each.id in filling.values]
    body = [labelled(each.label, _said(each, filling, today=today)) for each in shown]
    if form.effect:
        body += ["", esc(form.effect)]
    edits = [
        keys.button(pgettext("button", "Change: %(line)s") % {"line": each.label}, "fedit", each.id)
        for each in existing
        if each.kind is not Kind.CHOICE or len(each.options) + len(each.others) > 1  # what a form is about stays
    ]
    pairs = tuple(tuple(edits[i : i + 2]) for i in range(0, len(edits), 2))
    return body, ((keys.button(form.confirm, "fok", style=Style.PRIMARY),), *pairs, _last(keys))


def _said(line: Field, filling: Filling, *, today: dt.date) -> str:
    """Return what a line holds, in words."""
    value = filling.values.get(line.id)
    if value is None:
        return pgettext("line", "not filled in")
    labels = {each.id: each.label for each in (*line.options, *line.others)}
    match line.kind:
        case Kind.DAY:
            return format_day(dt.date.fromisoformat(value), today=today)
        case Kind.CHOICE:
            return labels.get(value, str(value))
        case Kind.MARKS:
            return pgettext("list", ", ").join(labels[each] for each in value if each in labels)
    return str(value)


def _last(keys: Keys) -> tuple[Button, ...]:
    return (
        keys.button(pgettext("button", "Back"), "fback"),
        keys.button(pgettext("button", "Cancel"), "fstop"),
    )


def _example(line: Field, today: dt.date) -> str:
    if line.when is When.PAST:
        return example_day(today)
    later = today + dt.timedelta(days=30)
    return f"{later.month}月{later.day}日"
