"""Short forms about an entry or the office's own affairs: asked line by line, confirmed once, recorded as one act.

What the officer was doing before comes back afterwards. Where somebody else changed the entry meanwhile, the officer
sees what, keeps what they have filled in, and confirms again.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from bot import forms as rules
from bot.errors import Refusal
from bot.forms import Filling, Kind, RecordForm
from bot.language import _
from bot.screens import forms as screens
from bot.screens.keys import Keys
from bot.screens.screen import Screen
from handlers import acts, drafts_aside, meanwhile, timeline
from handlers.form_presses import day_of, line_of
from handlers.turn import Flow, NoRight, Stale, Turn
from storage.ledger import Opened

PURPOSE: Final = "form"

Maker = Callable[[Turn, Opened, int, Filling], Awaitable[RecordForm]]
Commit = Callable[[Turn, Opened, int, Filling], Awaitable[Screen]]


@dataclass(frozen=True, slots=True)
class FormFlow:
    """A form and what becomes of it.

    Args:
        name: Its key in the draft.
        form: Makes the form for an entry, a subject of it (an item's or commitment's id, 0 = the whole entry), and
            what was filled in so far.
        commit: Records what was confirmed and returns the next screen; it does so within ``acts.acting``.
    """

    name: str
    form: Maker
    commit: Commit


OfficeMaker = Callable[[Turn, int, Filling], Awaitable[RecordForm]]
OfficeCommit = Callable[[Turn, int, Filling], Awaitable[Screen]]


@dataclass(frozen=True, slots=True)
class OfficeForm:
    """A form that is about no entry, such as a problem fed back or a unit's return.

    Args:
        name: Its key in the draft.
        right: The right of ``handlers.access`` that whoever sees, fills in or confirms it must have; its buttons are
            those of all forms and say nothing about it.
        form: Makes the form for a subject (its id, 0 = something new) and what was filled in so far; it refuses where
            the subject is not the officer's.
        commit: Records what was confirmed and returns the next screen.
        stop: Returns the screen that comes after the form was given up.
        standing: Returns in words what the form, for its subject and by its lines, would replace; None where it
            replaces nothing.
    """

    name: str
    right: str
    form: OfficeMaker
    commit: OfficeCommit
    stop: Callable[[Turn, int], Awaitable[Screen]]
    standing: Callable[[Turn, int, Filling], Awaitable[str]] | None = None


AnyForm = FormFlow | OfficeForm
Lines = Mapping[str, Any] | None


async def begin_office(
    turn: Turn, flow: OfficeForm, subject: int = 0, *, values: Lines = None, typed: bool = False
) -> Screen:
    """Begin a form that is about no entry and return its first screen.

    Args:
        turn: The turn.
        flow: The form.
        subject: What it is about; 0 for something new.
        values: Lines that are known already.
        typed: Whether the officer has just typed them.
    """
    seen = await flow.standing(turn, subject, Filling(values or {})) if flow.standing else ""
    about = {"form": flow.name, "request": None, "subject": subject}
    given = Filling(values or {}).to_json()
    answers = {**about, "seen": seen, **given}
    words = [key for key, value in (values or {}).items() if typed and isinstance(value, str)]
    await drafts_aside.put_aside(
        turn, purpose=PURPOSE, answers=answers, about={**about, **given}, entered=typed, typed=words
    )
    return await Filler({flow.name: flow}).present(turn)


async def begin(turn: Turn, flow: FormFlow, opened: Opened, subject: int = 0, *, values: Lines = None) -> Screen:
    """Begin a form about an entry and return its first screen.

    Args:
        turn: The turn.
        flow: The form.
        opened: The entry, already checked for this officer.
        subject: What of the entry it is about.
        values: Lines that are known already.
    """
    turn.looked("request", opened.request.id)
    about = {"form": flow.name, "request": opened.request.id, "subject": subject}
    known = {"seen": await acts.newest_line(turn, opened), "protect": opened.entry.of_person}
    answers = {**about, **known, **Filling(values or {}).to_json()}
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers=answers, about=about)
    return await Filler({flow.name: flow}).present(turn)


class Filler:
    """Fills in the forms of all flows.

    Args:
        forms: Name -> form.
    """

    def __init__(self, forms: Mapping[str, AnyForm]) -> None:
        self._forms = forms
        self.presses: Mapping[str, Flow] = {
            "fset": self.on_choice,
            "fday": self.on_day,
            "fdone": self.on_done,
            "fpass": self.on_pass,
            "fedit": self.on_edit,
            "fback": self.on_back,
            "fstop": self.on_stop,
            "fok": self.on_confirm,
        }
        self.typed: Mapping[str, Flow] = {PURPOSE: self.on_typed}
        self.presenting: Mapping[str, Flow] = {PURPOSE: self.present}

    async def present(self, turn: Turn, *, above: str | None = None) -> Screen:
        """Return the screen that the form stands on, computed from the draft alone, and a sentence above it."""
        filled = await self._filled(turn)
        return screens.show(filled.form, filled.filling, filled.keys, today=turn.today, above=above)

    async def on_typed(self, turn: Turn) -> Screen:
        """Something was typed: it fills in the line that is asked."""
        filled = await self._filled(turn)
        filling = rules.typed(filled.form, filled.filling, turn.text, today=turn.today)
        line = rules.step(filled.form, filled.filling)
        self._store(turn, {}, filling, typed=(line.id,) if line and line.kind is Kind.TEXT else ())
        return await self.present(turn)

    async def on_choice(self, turn: Turn) -> Screen:
        """An option was pressed."""
        filled = await self._pressed(turn)
        line, option = line_of(filled.form, turn.pressed.arg)
        try:
            return await self._keep(turn, rules.chosen(filled.filling, line, option))
        except KeyError:
            raise Stale from None

    async def on_day(self, turn: Turn) -> Screen:
        """A day was pressed: days ago, or a date."""
        filled = await self._pressed(turn)
        line, day = line_of(filled.form, turn.pressed.arg)
        on = day_of(day, turn.today)
        return await self._keep(turn, rules.on_day(filled.filling, line, on, today=turn.today))

    async def on_done(self, turn: Turn) -> Screen:
        """All marks are set."""
        filled = await self._pressed(turn)
        line, _rest = line_of(filled.form, turn.pressed.arg)
        return await self._keep(turn, rules.done(filled.filling, line))

    async def on_pass(self, turn: Turn) -> Screen:
        """An optional line stays empty."""
        filled = await self._pressed(turn)
        line, _rest = line_of(filled.form, turn.pressed.arg)
        if not line.optional:
            raise Stale
        return await self._keep(turn, rules.passed(filled.filling, line))

    async def on_edit(self, turn: Turn) -> Screen:
        """A line is changed again."""
        filled = await self._pressed(turn)
        line, _rest = line_of(filled.form, turn.pressed.arg)
        return await self._keep(turn, rules.edited(filled.filling, line))

    async def on_back(self, turn: Turn) -> Screen:
        """Back to the line before; from the first one to the entry."""
        filled = await self._pressed(turn)
        before = rules.back(filled.form, filled.filling)
        if before is None:
            return await self.on_stop(turn)
        return await self._keep(turn, before)

    async def on_stop(self, turn: Turn) -> Screen:
        """Give the form up; nothing was recorded."""
        filled = await self._pressed(turn)
        await drafts_aside.take_up(turn)
        if isinstance(filled.flow, OfficeForm):
            return await filled.flow.stop(turn, filled.subject)
        return await timeline.shown(turn, filled.entry)

    async def on_confirm(self, turn: Turn) -> Screen:
        """Record the form, unless the entry has changed since it was begun: then that is shown first."""
        filled = await self._pressed(turn)
        filling = Filling(rules.complete(filled.form, filled.filling))
        if (late := rules.outdated(filled.form, filling, today=turn.today)) is not None:
            self._store(turn, {}, replace(filled.filling, editing=late[0].editing))
            return await self.present(turn, above=late[1])
        if isinstance(filled.flow, OfficeForm):
            return await self._confirm_office(turn, filled, filled.flow, filling)
        if await acts.since(turn, filled.entry, filled.seen):
            return await self._changed(turn, filled)
        await drafts_aside.take_up(turn)
        return await filled.flow.commit(turn, filled.entry, filled.subject, filling)

    async def _confirm_office(self, turn: Turn, filled: "_Filled", flow: OfficeForm, filling: Filling) -> Screen:
        stands = await flow.standing(turn, filled.subject, filling) if flow.standing else ""
        if stands == filled.seen:
            await drafts_aside.take_up(turn)
            return await flow.commit(turn, filled.subject, filling)
        self._store(turn, {"seen": stands}, filled.filling)
        above = _(
            "Somebody else has changed this while you were filling it in. It now says:\n%(stands)s\n"
            "What you filled in is kept. Please check it and confirm again."
        ) % {"stands": stands}
        return await self.present(turn, above=above)

    async def _changed(self, turn: Turn, filled: "_Filled") -> Screen:
        changes = await meanwhile.changes(turn, filled.entry, filled.seen)
        newest = await acts.newest_line(turn, filled.entry)
        self._store(turn, {"seen": newest}, filled.filling)
        above = _(
            "The entry has changed while you were filling this in:\n%(changes)s\n"
            "What you filled in is kept. Please check it and confirm again."
        ) % {"changes": changes}
        return await self.present(turn, above=above)

    async def _keep(self, turn: Turn, filling: Filling) -> Screen:
        self._store(turn, {}, filling)
        return await self.present(turn)

    def _store(self, turn: Turn, more: dict[str, Any], filling: Filling, *, typed: Collection[str] = ()) -> None:
        if turn.draft is None:
            raise Stale
        drafts_aside.keep(turn, {**turn.draft.answers, **more, **filling.to_json()}, typed=typed)

    async def _filled(self, turn: Turn) -> "_Filled":
        if turn.draft is None or turn.draft.purpose != PURPOSE:
            raise Stale
        answers = turn.draft.answers
        flow = self._forms.get(answers["form"])
        if flow is None:
            raise Stale
        filling, subject = Filling.from_json(answers), answers["subject"]
        try:
            form, opened = await _made(turn, flow, answers["request"], subject, filling)
        except Stale as stale:  # what it is about was settled by somebody else
            if isinstance(stale, NoRight) or drafts_aside.words(turn.draft) is None:
                raise
            raise Refusal(await meanwhile.overtaken(turn, answers["request"], answers["seen"])) from None
        keys = Keys(turn.draft.id, turn.draft.version)
        return _Filled(flow, opened, subject, answers["seen"], form, filling, keys)

    async def _pressed(self, turn: Turn) -> "_Filled":
        draft = turn.draft
        if draft is None or (turn.pressed.id, turn.pressed.version) != (draft.id, draft.version):
            raise Stale
        return await self._filled(turn)


@dataclass(frozen=True, slots=True)
class _Filled:
    flow: AnyForm
    opened: Opened | None
    subject: int
    seen: Any  # the newest line of the entry's audit, or what the form would replace
    form: RecordForm
    filling: Filling
    keys: Keys

    @property
    def entry(self) -> Opened:
        """The entry of a form about one."""
        if self.opened is None:
            raise Stale
        return self.opened


async def _made(
    turn: Turn, flow: AnyForm, request_id: int, subject: int, filling: Filling
) -> tuple[RecordForm, Opened | None]:
    if isinstance(flow, OfficeForm):
        turn.require(flow.right)
        return await flow.form(turn, subject, filling), None
    opened = await acts.changeable(turn, request_id)
    form = await flow.form(turn, opened, subject, filling)
    return replace(form, protect=opened.entry.of_person), opened
