"""/calendar: 工作日历. Everybody reads it; a coordinator enters the yearly notice and the bureau's own rest days."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from bot.calendar_notice import parse
from bot.calendar_year import Notice
from bot.dates import format_day, parse_day
from bot.errors import Refusal
from bot.language import _
from bot.screens import calendar as screens
from bot.screens.keys import Keys
from bot.screens.screen import Screen, is_number
from handlers import calendar_change, calendar_import, drafts_aside
from handlers.calendar_import import Act
from handlers.turn import Flow, Stale, Turn, iso_day
from storage import calendar
from storage.tables import CalendarDay, Draft

PURPOSE: Final = "calendar"
NOTICE, ADD, REMOVE = "notice", "add", "remove"
LONGEST_REASON: Final = 60  # characters; one line of a message
_MOST_OWN: Final = 20  # rest days to choose from


async def on_calendar(turn: Turn) -> Screen:
    """/calendar, and its years: this one and the next."""
    await drafts_aside.let_go(turn)
    return await _year(turn, turn.press.arg if turn.press else "")


async def on_enter(turn: Turn) -> Screen:
    """〔录入放假通知〕."""
    return await _begin(turn, {"mode": NOTICE})


async def on_add(turn: Turn) -> Screen:
    """〔增加本局休息日〕."""
    return await _begin(turn, {"mode": ADD})


async def on_remove(turn: Turn) -> Screen:
    """〔取消本局休息日〕, and which one."""
    if turn.pressed.arg:
        draft, answers = _pressed(turn, REMOVE)
        return await _keep(turn, draft, {**answers, "on": turn.pressed.arg})
    return await _begin(turn, {"mode": REMOVE})


async def on_typed(turn: Turn) -> Screen:
    """The text of a notice, a day or a reason was sent, whichever is asked."""
    draft, answers = _asked(turn)
    if answers["mode"] == NOTICE:
        notice = parse(turn.text)
        found = await calendar_import.preview(turn.session, turn.office, notice, turn.now)
        if found.changes_nothing:
            await drafts_aside.take_up(turn)
            return screens.unchanged(notice.year)
        return await _keep(turn, draft, {**answers, "text": turn.text, "replaces": None})
    if answers["mode"] == ADD and "on" not in answers:
        on = parse_day(turn.text, today=turn.today, ahead=True)
        await _require_working(turn, on)
        return await _keep(turn, draft, {**answers, "on": on.isoformat()})
    if answers["mode"] == ADD and "why" not in answers:
        return await _keep(turn, draft, {**answers, "why": _reason(turn.text)})
    raise Refusal(_("Please use the buttons on this screen."))


async def present(turn: Turn) -> Screen:
    """Return the screen that the change stands on, computed from the draft alone."""
    draft, answers = _asked(turn)
    keys = Keys(draft.id, draft.version)
    match answers["mode"]:
        case "notice" if "text" in answers:
            return await _confirm_notice(turn, answers, keys)
        case "notice":
            return screens.asking_notice(keys)
        case "add" if "on" not in answers:
            return screens.asking_day(keys, turn.today)
        case "add" if "why" not in answers:
            return screens.asking_reason(iso_day(answers["on"]), keys, turn.today)
        case "remove" if "on" not in answers:
            return screens.which_own(await _own(turn), keys, turn.today)
    on, removes = iso_day(answers["on"]), answers["mode"] == REMOVE
    why = (await _own_day(turn, on)).notice or "" if removes else answers["why"]
    reach = await calendar_import.reach_of_own(turn.session, turn.office, on, turn.now, removes=removes)
    return screens.confirm_own(on, why, reach, keys, today=turn.today, removes=removes)


async def on_ok(turn: Turn) -> Screen:
    """〔确认启用〕: the change is made, the ledger reckoned again, and whoever is concerned is told.

    The calendar is locked first, so that of two coordinators the second one sees what the first one did.
    """
    draft, answers = _pressed(turn)
    await calendar.lock(turn.session)
    if answers["mode"] == NOTICE and "text" in answers:
        return await _put_in_force(turn, draft, answers)
    if answers["mode"] == ADD and "why" in answers:
        on = iso_day(answers["on"])
        await _require_working(turn, on)
        reach = await calendar_import.add_rest_day(turn.session, turn.office, on, answers["why"], _act(turn))
        said = _("Rest day added: %(day)s")
    elif answers["mode"] == REMOVE and "on" in answers:
        on = iso_day(answers["on"])
        reach = await calendar_import.remove_rest_day(turn.session, turn.office, await _own_day(turn, on), _act(turn))
        said = _("Rest day removed: %(day)s")
    else:
        raise Stale
    await drafts_aside.take_up(turn)
    return screens.done(said % {"day": format_day(on, today=turn.today)}, reach, on.year)


async def on_off(turn: Turn) -> Screen:
    """Give the change up; nothing was recorded."""
    _pressed(turn)
    await drafts_aside.take_up(turn)
    return await _year(turn, "")


async def _put_in_force(turn: Turn, draft: Draft, answers: Mapping[str, Any]) -> Screen:
    notice = parse(answers["text"])
    found = await calendar_import.preview(turn.session, turn.office, notice, turn.now)
    if found.changes_nothing:
        await drafts_aside.take_up(turn)
        return screens.unchanged(notice.year)
    if found.in_force and answers["replaces"] != found.before.version:
        return await _keep(turn, draft, {**answers, "replaces": found.before.version})
    reach = await calendar_import.bring_in(turn.session, turn.office, notice, _act(turn))
    await drafts_aside.take_up(turn)
    return screens.done(_("The calendar of %(year)d is in force") % {"year": notice.year}, reach, notice.year)


async def _confirm_notice(turn: Turn, answers: Mapping[str, Any], keys: Keys) -> Screen:
    notice: Notice = parse(answers["text"])
    found = await calendar_import.preview(turn.session, turn.office, notice, turn.now)
    again = found.in_force and answers["replaces"] == found.before.version
    return screens.confirm(notice, found.reach, found.different if found.in_force else (), keys, again=again)


async def _year(turn: Turn, wanted: str) -> Screen:
    years = (turn.today.year, turn.today.year + 1)
    year = int(wanted) if is_number(wanted) and int(wanted) in years else years[0]
    stands = await calendar.load(turn.session)
    own = {on: why for on, why in (await _own(turn, past=True)).items() if on.year == year}
    return screens.overview(
        stands.year(year),
        own,
        others=[each for each in years if each != year],
        may_change=turn.may("calendar.change"),
    )


async def _begin(turn: Turn, answers: dict[str, Any]) -> Screen:
    turn.require("calendar.change")
    if answers["mode"] == REMOVE and not await _own(turn):
        raise Stale
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers=answers)
    return await present(turn)


async def _keep(turn: Turn, draft: Draft, answers: dict[str, Any]) -> Screen:
    drafts_aside.keep(turn, {**draft.answers, **answers})
    return await present(turn)


async def _own(turn: Turn, *, past: bool = False) -> dict[dt.date, str]:
    """Return the bureau's own rest days with their reasons; only those still to come, unless the past is asked."""
    rows = await calendar.local_days(turn.session)
    found = {row.date: row.notice or "" for row in rows if past or row.date >= turn.today}
    return found if past else dict(list(found.items())[:_MOST_OWN])


async def _own_day(turn: Turn, on: dt.date) -> CalendarDay:
    found = next((row for row in await calendar.local_days(turn.session) if row.date == on), None)
    if found is None:
        raise Stale
    return found


async def _require_working(turn: Turn, on: dt.date) -> None:
    """Refuse a day that cannot become a rest day.

    Raises:
        Refusal: It is past, off anyway, or lies beyond the next year.
    """
    said = {"day": format_day(on, today=turn.today)}
    if on < turn.today:
        raise Refusal(_("The day is past. Please choose today or a later day."))
    if on.year > turn.today.year + 1:
        raise Refusal(_("%(day)s lies too far ahead. Please send a day of this year or the next.") % said)
    if not (await calendar.load(turn.session)).is_workday(on):
        raise Refusal(_("%(day)s is off already. Please send a working day.") % said)


def _reason(text: str) -> str:
    why = " ".join(text.split())
    if not why or len(why) > LONGEST_REASON:
        raise Refusal(
            _("The reason has %(count)d characters; please send one line of 1 to %(most)d characters.")
            % {"count": len(why), "most": LONGEST_REASON}
        )
    return why


def _act(turn: Turn) -> Act:
    return Act(turn.now, turn.officer.id, turn.update_id)


def _asked(turn: Turn) -> tuple[Draft, dict[str, Any]]:
    """Return the change that is being entered.

    Raises:
        Stale: There is none, or its officer is a coordinator no more.
    """
    turn.require("calendar.change")
    if turn.draft is None or turn.draft.purpose != PURPOSE:
        raise Stale
    return turn.draft, dict(turn.draft.answers)


def _pressed(turn: Turn, mode: str | None = None) -> tuple[Draft, dict[str, Any]]:
    draft, answers = _asked(turn)
    is_stale = (turn.pressed.id, turn.pressed.version) != (draft.id, draft.version)
    if is_stale or mode not in (None, answers["mode"]):
        raise Stale
    return draft, answers


COMMANDS: Final[Mapping[str, Flow]] = {"calendar": on_calendar}
PRESSES: Final[Mapping[str, Flow]] = {
    "cal": on_calendar,
    "calin": on_enter,
    "calad": on_add,
    "calrm": on_remove,
    "calok": on_ok,
    "calno": on_off,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
NOTICES: Final = {**calendar_change.NOTICES}
QUIET: Final = {**calendar_change.QUIET}
