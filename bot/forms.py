"""A short form about something on record: lines that are asked one by one, then shown together to be confirmed.

What a form asks is data; the step is computed from what was filled in and never stored. Opinions, commitments, reports
and corrections are all forms of this kind.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from bot.counterparts import read_count
from bot.dates import parse_day
from bot.errors import Refusal, require_short
from bot.language import _

LONGEST: Final = 200  # UTF-16 units of a typed line


class Kind(StrEnum):
    """How a line is filled in."""

    DAY = "day"
    CHOICE = "choice"  # one of a few
    MARKS = "marks"  # any of a few, at least one
    TEXT = "text"
    COUNT = "count"


class When(StrEnum):
    """Where a day may lie."""

    PAST = "past"
    AHEAD = "ahead"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Option:
    """An answer that can be pressed; its id is at most 16 characters."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a form.

    Args:
        id: Its key among the values; at most 12 characters.
        label: As the confirmation shows it, such as 出具日期.
        question: As it is asked.
        kind: How it is filled in.
        options: For a choice or marks.
        others: For a choice: options without a button, meant by a typed part of the label that no other has.
        hint: A line below the question.
        optional: Whether it may stay empty; it is then asked once and can be skipped.
        asked: Whether it is asked at all before the confirmation; otherwise it waits there behind its button.
        when: For a day: something that has happened, a date set ahead, or either.
        days: For a day: dates worth a button, with their labels.
        only_if: The line exists only where another line holds one of these values.
        most: Longest text in UTF-16 units, or largest count.
    """

    id: str
    label: str
    question: str
    kind: Kind
    options: tuple[Option, ...] = ()
    others: tuple[Option, ...] = ()
    hint: str | None = None
    optional: bool = False
    asked: bool = True
    when: When = When.PAST
    days: tuple[tuple[str, dt.date], ...] = ()
    only_if: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    most: int = LONGEST


@dataclass(frozen=True, slots=True)
class RecordForm:
    """What is asked, and what it is about.

    Args:
        title: The head of every screen of the form.
        context: Lines that say what it is about.
        fields: The lines in their order.
        confirm: The label of the last button.
        effect: A line on the confirmation that says what follows.
        protect: Whether its screens are protected, because a natural person is named.
    """

    title: str
    context: tuple[str, ...]
    fields: tuple[Field, ...]
    confirm: str
    effect: str | None = None
    protect: bool = False

    def line(self, field_id: str) -> Field:
        """Return a line.

        Raises:
            KeyError: There is none of that id.
        """
        for each in self.fields:
            if each.id == field_id:
                return each
        raise KeyError(field_id)


@dataclass(frozen=True, slots=True)
class Filling:
    """What was filled in so far.

    Args:
        values: Line id -> JSON value: an ISO date, an option's id, a list of them, a text or a count.
        passed: Optional lines that were left empty on purpose.
        editing: A line that is being changed again.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    passed: frozenset[str] = frozenset()
    editing: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON for the draft."""
        return {"values": dict(self.values), "passed": sorted(self.passed), "editing": self.editing}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Filling":
        """Read it back from a draft."""
        return cls(data["values"], frozenset(data["passed"]), data["editing"])

    def day(self, field_id: str) -> dt.date | None:
        """Return a day that was filled in, None where it is empty."""
        value = self.values.get(field_id)
        return dt.date.fromisoformat(value) if value else None


def present(form: RecordForm, filling: Filling) -> tuple[Field, ...]:
    """Return the lines that exist, given what was filled in."""
    return tuple(each for each in form.fields if _exists(each, filling))


def step(form: RecordForm, filling: Filling) -> Field | None:
    """Return the line that is asked now; None where everything is there to be confirmed."""
    for each in present(form, filling):
        if filling.editing == each.id:
            return each
    for each in present(form, filling):
        if each.asked and each.id not in filling.values and each.id not in filling.passed:
            return each
    return None


def complete(form: RecordForm, filling: Filling) -> dict[str, Any]:
    """Return the values of the lines that exist; what belongs to a line that has gone is left out.

    Raises:
        Refusal: A line that must be filled in is empty.
    """
    for each in present(form, filling):
        if not each.optional and each.id not in filling.values:
            raise Refusal(_("Please fill in %(line)s first.") % {"line": each.label})
    return {each.id: filling.values[each.id] for each in present(form, filling) if each.id in filling.values}


def outdated(form: RecordForm, filling: Filling, *, today: dt.date) -> tuple[Filling, str] | None:
    """Return the form with a line asked again whose day fits no more by now, and why; None where all fit."""
    for line in present(form, filling):
        on = filling.day(line.id) if line.kind is Kind.DAY else None
        if on is not None and (why := _unfit(line, on, today)) is not None:
            return edited(filling, line), why
    return None


def typed(form: RecordForm, filling: Filling, text: str, *, today: dt.date) -> Filling:
    """Fill in the line that is asked from what was typed.

    Raises:
        Refusal: It cannot be read, or the line wants a press.
    """
    line = step(form, filling)
    if line is None:
        raise Refusal(_("Please use the buttons on this screen."))
    match line.kind:
        case Kind.DAY:
            return on_day(filling, line, parse_day(text, today=today, ahead=line.when is not When.PAST), today=today)
        case Kind.COUNT:
            return _with(filling, line, read_count(text, most=line.most))
        case Kind.TEXT:
            return _with(filling, line, _read_text(text, line))
    return chosen(filling, line, _meant(line, text))


def on_day(filling: Filling, line: Field, on: dt.date, *, today: dt.date) -> Filling:
    """Fill in a day.

    Raises:
        Refusal: It happened in the future, or is set in the past.
    """
    if (why := _unfit(line, on, today)) is not None:
        raise Refusal(why)
    return _with(filling, line, on.isoformat())


def chosen(filling: Filling, line: Field, option_id: str) -> Filling:
    """Fill in a choice, or set or take away a mark.

    Raises:
        KeyError: The line has no such option.
    """
    if option_id not in {each.id for each in (*line.options, *line.others)}:
        raise KeyError(option_id)
    if line.kind is Kind.CHOICE:
        return _with(filling, line, option_id)
    marks = set(filling.values.get(line.id, ())) ^ {option_id}
    kept = [each.id for each in line.options if each.id in marks]
    values = {key: value for key, value in filling.values.items() if key != line.id} | ({line.id: kept} if kept else {})
    return replace(filling, values=values, editing=line.id)


def done(filling: Filling, line: Field) -> Filling:
    """Leave a line of marks.

    Raises:
        Refusal: Nothing is marked.
    """
    if line.id not in filling.values:
        raise Refusal(_("Nothing is chosen yet. Please choose at least one."))
    return replace(filling, editing=None)


def passed(filling: Filling, line: Field) -> Filling:
    """Leave an optional line empty."""
    values = {key: value for key, value in filling.values.items() if key != line.id}
    return Filling(values, filling.passed | {line.id}, None)


def edited(filling: Filling, line: Field) -> Filling:
    """Ask a line again; everything else stays."""
    return replace(filling, editing=line.id)


def back(form: RecordForm, filling: Filling) -> Filling | None:
    """Return the form one line back; None at its first line."""
    if filling.editing is not None and (filling.editing in filling.values or not form.line(filling.editing).asked):
        return replace(filling, editing=None)
    line = step(form, filling)
    before: Sequence[Field] = [each for each in present(form, filling) if each.asked]
    if line is not None:
        before = before[: before.index(line)] if line in before else before
    if not before:
        return None
    last = before[-1].id
    values = {key: value for key, value in filling.values.items() if key != last}
    return Filling(values, filling.passed - {last}, None)


def _exists(line: Field, filling: Filling) -> bool:
    return all(filling.values.get(other) in wanted for other, wanted in line.only_if.items())


def _unfit(line: Field, on: dt.date, today: dt.date) -> str | None:
    """Return why a day does not lie where its line wants it; None where it does."""
    if line.when is When.AHEAD and on < today:
        return _("The day is already past. Please send today's date or a later one.")
    if line.when is When.PAST and on > today:
        return _("The day lies in the future. Please choose today or an earlier day.")
    return None


def _with(filling: Filling, line: Field, value: Any) -> Filling:
    return Filling({**filling.values, line.id: value}, filling.passed - {line.id}, None)


def _meant(line: Field, text: str) -> str:
    words = " ".join(text.split())
    exact = [each.id for each in (*line.options, *line.others) if each.label == words]
    found = exact or [each.id for each in line.others if words and words in each.label]
    if len(found) == 1:
        return found[0]
    if line.others:
        raise Refusal(_("Not exactly one fits what was typed. Please send more of its name, or choose below."))
    raise Refusal(_("Please use the buttons on this screen."))


def _read_text(text: str, line: Field) -> str:
    read = " ".join(text.split())
    if not read:
        raise Refusal(_("Nothing was typed. Please send the text."))
    require_short(read, most=line.most)
    return read
