"""The screens for whoever looks after the bot: how it is doing, what must be done, and the morning line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.language import _, ngettext, pgettext
from bot.screens.screen import Button, Press, Screen, bold, esc, lines
from bot.screens.words import labelled

PATIENCE: Final = 5  # minutes that a part may be silent, or a notification wait, before somebody must look
MOST_DAYS_WITHOUT_COPY: Final = 2
LEAST_FREE_MB: Final = 200  # Source: reliability.md §3.8
DIAGNOSIS: Final = "xinxuan doctor"
VERIFICATION: Final = "xinxuan audit verify"
_PARTS: Final = 4  # of the way through the bot: none of them at work means that it does not run


@dataclass(frozen=True, slots=True)
class Health:
    """How the bot is doing.

    Args:
        deliveries: State of a notification -> how many stand in it; the ended ones of the last seven days.
        oldest: State on the way -> minutes for which the oldest in it has been able to leave.
        unhandled: Minutes for which the oldest update has waited to be handled; None where none waits.
        aside: Updates that could not be handled and are kept aside under an incident number.
        unconfirmed: Notifications of the last seven days that may or may not have arrived.
        refused: Those that Telegram refused.
        blocked: Active officers who cannot be reached.
        silent: Part of the way -> minutes since it last proved that it lives, None where it never did; only those
            that are late.
        ticked: Minutes since reminders were last looked through.
        broken: Invariant -> how many rows break it, by the last hourly look.
        missing_year: A year whose notice ought to be there by now.
        provisional: Open entries with a provisional date.
        copied: Days since the last checked copy; None where there is none.
        makes_copies: Whether the bot makes copies itself; PostgreSQL has its own tools.
        unsealed: Minutes for which the oldest line of the audit has waited for its seal; None where none waits.
        cut_off: Whether the audit's chain does not end where it did, or cannot go on.
        pack_note: What is to be said about a newly installed pack.
        clock_step: Minutes by which the machine's clock was set in the last day, or it slept; None where neither was.
        free_mb: Megabytes free on the disk of the database; None where it is elsewhere.
        has_page: Whether files travel through the bureau's own page.
        unlisted: Maintainers who are not on the list and can be told nothing.
        in_force_note: What the pack says as long as nobody has confirmed that it is in force.
    """

    deliveries: Mapping[str, int]
    oldest: Mapping[str, int]
    unhandled: int | None
    aside: int
    unconfirmed: int
    refused: int
    blocked: int
    silent: dict[str, int | None]
    ticked: int | None
    broken: dict[str, int]
    missing_year: int | None
    provisional: int
    copied: int | None
    makes_copies: bool
    unsealed: int | None
    cut_off: bool
    pack_note: str | None
    clock_step: int | None
    free_mb: int | None
    has_page: bool
    unlisted: int
    in_force_note: str | None


def doctor(health: Health, at: str) -> Screen:
    """/doctor: the figures, and what must be done.

    Args:
        health: How the bot is doing.
        at: The day and hour of the look, as the office writes them.
    """
    found = [f"{number}. {esc(problem)}" for number, problem in enumerate(problems(health), 1)]
    text = lines(
        bold(_("State of the bot")),
        esc(at),
        *(esc(each) for each in figures(health)),
        "",
        *([bold(_("To be done")), *found] if found else [esc(_("Nothing is to be done"))]),
    )
    return Screen("doctor", text, ((Button(pgettext("button", "Look again"), Press("doc")),),))


def figures(health: Health) -> Iterator[str]:
    """Yield the lines that only inform."""
    yield from _deliveries(health)
    yield _("Officers who cannot be reached: %(n)d") % {"n": health.blocked}
    yield _("Entries with a provisional date: %(n)d") % {"n": health.provisional}
    if health.ticked is not None:
        yield _("Reminders last looked through: %(n)d min ago") % {"n": health.ticked}
    if health.makes_copies and health.copied is not None:
        yield _("Last copy of the database: %(n)d d ago") % {"n": health.copied}
    yield (
        _("File page: on, files stay in the bureau's network")
        if health.has_page
        else _("File page: off, files travel through the messenger's servers")
    )
    if health.in_force_note is not None:
        yield _("Policy pack: %(note)s") % {"note": health.in_force_note}


def _deliveries(health: Health) -> Iterator[str]:
    """Yield how many notifications stand in each state, by its name."""
    on_their_way = {
        "due": pgettext("delivery", "to be sent"),
        "claimed": pgettext("delivery", "being sent"),
        "unknown": pgettext("delivery", "outcome unknown, to be repeated"),
    }
    ended = {
        "sent": pgettext("delivery", "delivered"),
        "held": pgettext("delivery", "not confirmed after three tries"),
        "refused": pgettext("delivery", "refused by Telegram"),
        "cancelled": pgettext("delivery", "no longer needed"),
    }
    said, none = _("%(label)s: %(value)s"), pgettext("delivery", "none")
    yield said % {"label": _("Notifications on their way"), "value": _counted(health, on_their_way) or none}
    yield said % {"label": _("Last 7 days"), "value": _counted(health, ended) or none}


def _counted(health: Health, names: Mapping[str, str]) -> str:
    """Return the states in which some stand, each with its count and with how long the oldest has been held up."""
    each = pgettext("delivery", "%(state)s %(n)d")
    found = []
    for state, name in names.items():
        if count := health.deliveries.get(state):
            found.append(each % {"state": name, "n": count})
            if minutes := health.oldest.get(state):
                held = ngettext("the oldest for %(n)d minute", "the oldest for %(n)d minutes", minutes)
                found[-1] = pgettext("delivery", "%(state)s (%(held)s)") % {
                    "state": found[-1],
                    "held": held % {"n": minutes},
                }
    return pgettext("list", ", ").join(found)


def problems(health: Health) -> list[str]:
    """Return what must be done, a sentence each; the same for the chat and the command line."""
    found = [_silent(part, minutes) for part, minutes in health.silent.items()]
    if len(found) == _PARTS:
        found = [_("The bot is not at work. Please see the log and start it.")]
    found += [
        _("Invariant %(code)s does not hold for %(n)d rows. Please see the log.") % {"code": code, "n": count}
        for code, count in health.broken.items()
    ]
    waits = (
        (
            max(health.oldest.values(), default=None),
            _("The oldest notification has waited %(n)d minutes. Please see whether Telegram can be reached."),
        ),
        (health.unhandled, _("The oldest message has waited %(n)d minutes to be handled. Please see the log.")),
        (health.unsealed, _("Lines of the audit have waited %(n)d minutes for their seal. Please see the log.")),
    )
    found += [text % {"n": minutes} for minutes, text in waits if minutes is not None and minutes >= PATIENCE]
    counts = (
        (health.aside, _("%(n)d messages of the last 3 days could not be handled. Please see the log for each.")),
        (health.unconfirmed, _("%(n)d notifications may not have arrived. Please ask their officers.")),
        (health.refused, _("%(n)d notifications were refused. Please see the log and tell their officers.")),
        (health.blocked, _("%(n)d officers cannot be reached. Please have them unblock the bot, or enter cover.")),
        (health.unlisted, _("%(n)d maintainers are not on the list and get no morning line. Please invite them.")),
    )
    found += [text % {"n": count} for count, text in counts if count]
    if health.cut_off:
        text = _("Seals of the audit were changed or taken away. Please run %(command)s on the server.")
        found.append(text % {"command": VERIFICATION})
    if health.missing_year is not None:
        text = _("The holiday notice of %(year)d is missing. Please enter it with /calendar.")
        found.append(text % {"year": health.missing_year})
    return [*found, *_of_server(health)]


def _of_server(health: Health) -> Iterator[str]:
    """Yield what must be done about the server and what is installed there."""
    if health.makes_copies and (health.copied is None or health.copied > MOST_DAYS_WITHOUT_COPY):
        yield _("The database has no copy of the last days. Please see the log and the free disk space.")
    if health.pack_note is not None:
        yield _("%(note)s: see /office.") % {"note": health.pack_note}
    if health.clock_step is not None:
        text = _("The server's clock jumped by %(n)+d minutes, or the server was asleep. Please check its clock.")
        yield text % {"n": health.clock_step}
    if health.free_mb is not None and health.free_mb < LEAST_FREE_MB:
        text = _("Only %(n)d MB are free on the server's disk. Please make room, or nothing more can be recorded.")
        yield text % {"n": health.free_mb}


def morning(on: str, wanted: int, delivered: int, unconfirmed: int, *, to_do: int) -> Screen:
    """The maintainer's line of the morning; its absence is the alarm.

    Args:
        on: The day, as the office writes it.
        wanted: Reminders that were to be said that day.
        delivered: Those that Telegram confirmed.
        unconfirmed: Those that may or may not have arrived.
        to_do: How many things /doctor names that must be done.
    """
    left = wanted - delivered - unconfirmed
    said = _("%(wanted)d reminders due, %(delivered)d delivered, %(unconfirmed)d unconfirmed") % {
        "wanted": wanted,
        "delivered": delivered,
        "unconfirmed": unconfirmed,
    }
    waiting = _("%(n)d still wait or were refused") % {"n": left} if left else None
    found = _("%(n)d things are to be done: send /doctor") % {"n": to_do} if to_do else None
    parts = (labelled(on, said), *(esc(each) for each in (waiting, found) if each))
    return Screen("morning", lines(bold(_("Morning line")), *parts), stays=True)


def stuck(parts: Sequence[str], at: str) -> Screen:
    """The alarm to the maintainers: parts of the bot have done nothing for longer than the patience of ``/doctor``.

    Args:
        parts: Which, as the heartbeat names them.
        at: The hour.
    """
    named = pgettext("names", ", ").join(_names()[part] for part in parts)
    return Screen("alarm", lines(
        bold(_("Alarm")),
        esc(_("%(parts)s: at a standstill, seen at %(time)s.") % {"parts": named, "time": at}),
        esc(_("Please run %(command)s on the server, and see the log and the free disk space.")
            % {"command": DIAGNOSIS}),
        esc(_("Nothing that is sent meanwhile is lost if this is mended within 24 hours; it is handled then.")),
    ), stays=True)  # fmt: skip


def at_work_again(at: str) -> Screen:
    """The end of the alarm."""
    said = _("All parts have been at work again since %(time)s; what waited is handled in order.") % {"time": at}
    return Screen("alarm", lines(bold(_("Alarm over")), esc(said)), stays=True)


def wrong_clock(minutes: int) -> Screen:
    """The alarm to the maintainers: the machine's clock jumped, and Telegram has another time.

    Args:
        minutes: By which the clock is ahead of Telegram's; negative where it is behind.
    """
    wrong = _("The server's clock is %(n)+d minutes off Telegram's. Reminders are held back. Please set it now.")
    return Screen("alarm", lines(bold(_("Alarm")), esc(wrong % {"n": minutes})), stays=True)


def _names() -> dict[str, str]:
    return {
        "poll": pgettext("part", "Fetching updates"),
        "dispatch": pgettext("part", "Handling updates"),
        "plan": pgettext("part", "Planning reminders"),
        "send": pgettext("part", "Sending notifications"),
    }


def _silent(part: str, minutes: int | None) -> str:
    name = _names()[part]
    if minutes is None:
        return _("%(part)s has never been seen at work. Please see the log and start the bot again.") % {"part": name}
    text = _("%(part)s has been silent for %(n)d minutes. Please see the log and start the bot again.")
    return text % {"part": name, "n": minutes}
