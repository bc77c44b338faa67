"""Which right of the matrix each button, typed answer, long job and notification belongs to; deny by default.

Together with ``handlers.access`` this is the whole matrix: a new verb, purpose, kind of job or notification without a
line here is refused when it comes, and fails a test before that.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.screens.screen import Screen
from handlers import access
from handlers.office import Office
from handlers.worker import Chore, Finish, Tools
from storage.tables import Person, PersonState

Renderer = Callable[[AsyncSession, Office, Person, Mapping[str, Any], dt.datetime], Awaitable[Screen | None]]

_PRESSES: Final[Mapping[str, tuple[str, ...]]] = {
    "guide": ("guide", "gcat", "gmat", "gans", "gtog", "gpick", "gback", "gend", "gsrc", "gedit", "gdate", "gtody",
              "gkeep", "gnew"),
    "refer": ("gref", "gsend", "sback"),
    "study": ("study", "scase"),
    "refer.answer": ("sans", "sgo", "soff", "sclos", "sshut"),
    "new": ("new", "reg", "rway", "rsubm", "ruse", "rprod", "redit", "rdone", "rnone", "rback", "rstop", "rconf",
            "ragn", "look", "lkend", "nrea"),
    "my": ("my", "mfl", "mex", "icsme"),
    "find": ("find", "fask", "ffl", "fex", "cpt"),
    "entry.read": ("req", "tline", "atts", "attg"),
    "entry.change": ("more", "rdo", "rask", "rwd", "rwdok", "undo", "opn", "use", "tell", "told", "fol", "corr", "let",
                     "setl", "rep", "att", "attr", "paper", "pmake", "pics", "fset", "fday", "fdone", "fpass", "fedit",
                     "fback", "fstop", "fok", "nrcv", "nnot", "nfix", "nret", "nday", "nsub", "nack", "nask", "nback",
                     "nopen", "pdec", "nlet", "ndo", "nlap", "nwat", "dgopn", "dgpg", "dgack"),
    "later": ("nlat", "nput", "nlst", "nnow", "nundo", "rmd", "rmdh", "rmdk", "rmdd", "smry"),
    "entry.hand": ("nhan", "hand", "hdset", "hdask", "hdok", "hdoff"),
    "counterpart.keep": ("cren", "cmrg", "cleg", "cmok", "cpart"),
    "batch": ("bnew", "bchk", "bled", "bmat", "bdrop", "btpl", "bback", "breg", "bres", "bwhat", "bwent", "brest",
              "brec"),
    "sheet": ("limp", "lquit", "lcol", "lset", "lmap", "lok", "lgo", "ldrop", "lexp"),
    "cover": ("cover", "cvend", "cvls", "cvnew", "cvset", "cvask", "cvok", "cvoff"),
    "feedback": ("fbnew", "fbls", "fbone"),
    "feedback.answer": ("fbset", "fbans"),
    "quarter": ("qq", "quni", "qopn", "qfil"),
    "quarter.read": ("qret", "qmat", "qgap"),
    "quarter.return": ("qprb", "qnil", "qrep", "qcnf", "qbck", "qask"),
    "quarter.sum": ("qcha", "qsum", "qedt", "qwrd", "qagn", "qok", "qgo", "qres", "qcir", "qnam", "qdoc"),
    "stats": ("stat", "stfig", "stask", "stuni", "stmat", "stexp"),
    "calendar": ("cal",),
    "calendar.change": ("calin", "calad", "calrm", "calok", "calno"),
    "invite": ("inv",),
    "people.answer": ("jok", "jno"),
    "people.keep": ("men", "man", "mset", "uni", "uadd", "uset", "invs"),
    "office": ("off",),
    "rules.propose": ("prop",),
    "rules.keep": ("mats", "mat", "madd", "mchg", "mret", "sets", "sset", "pack", "pkok",
                   "pros", "pview", "pyes", "pno"),
    "doctor": ("doc",),
    "settings": ("set",),
    "audit": ("aud",),
    "erase": ("erok",),
    "language": ("lang",),
}  # fmt: skip
_PURPOSES: Final[Mapping[str, tuple[str, ...]]] = {
    "guide": ("guide",),
    "new": ("entry", "look"),
    "find": ("find",),
    "stats": ("stats",),
    "entry.change": ("entry_day", "attachment", "form"),
    "later": ("snooze",),
    "entry.hand": ("handover",),
    "counterpart.keep": ("counterpart",),
    "batch": ("batch", "results"),
    "sheet": ("ledger_import",),
    "refer.answer": ("study",),
    "cover": ("cover",),
    "calendar.change": ("calendar",),
    "people.keep": ("people",),
    "rules.keep": ("matters",),
}
_JOBS: Final[Mapping[str, tuple[str, ...]]] = {
    "find": ("find.export",),
    "stats": ("stats.export",),
    "entry.change": ("attachment.keep", "paper"),
    "later": ("reminders.replan",),
    "batch": ("batch.check", "batch.template", "results.read"),
    "sheet": ("ledger.read", "ledger.try", "ledger.enter", "ledger.export"),
    "quarter.sum": ("quarter.circular",),
    "erase": ("person.erase",),
    access.NOBODYS: (
        "files.sweep",
        "quarter.draft",
        "quarter.send",
        "quarter.report",
        "batch.tidy",
        "copy",
        access.MENUS,
        access.ADOPT,
        "erase.scrub",
        "retention",
    ),
}
_NOTICES: Final[Mapping[str, tuple[str, ...]]] = {
    "start": (
        "enrolment.welcome",
        "chore.refused",
        "chore.failed",
        "morning",
        "undelivered",
        "group.lost",
        "outage",
        "absence.away",
        "absence.back",
        "person.changed",
        "erase.list",
    ),
    "study": ("referral.settled",),
    "refer.answer": ("referral",),
    "find": ("find.exported",),
    "stats": ("stats.exported",),
    "entry.read": ("cover.ends", "reminder", "digest", "passed"),  # a coordinator's stand-in may have any role
    "entry.change": (
        "attachment.kept",
        "paper",
        "calendar.changed",
        "cover.begins",
        "handover.one",
        "handover.all",
        "quarter.complete",
    ),
    "batch": ("batch.checked", "batch.template", "results.read"),
    "sheet": ("ledger.columns", "ledger.tried", "ledger.imported", "ledger.exported"),
    "feedback": ("issue.told", "quarter.ask"),
    "feedback.answer": ("issue.waiting",),
    "quarter": ("quarter.push",),
    "quarter.return": ("quarter.prompt", "quarter.sent_back", "quarter.confirm"),
    "quarter.sum": ("quarter.nobody", "quarter.drafted", "quarter.changed", "quarter.circular_made"),
    "calendar.change": ("calendar.missing",),
    "audit": ("audit.head",),
    "erase": ("person.erase",),
    "people.answer": ("enrolment.applied", "enrolment.appointed"),
    "rules.propose": ("matter.answered",),
    "rules.keep": ("matter.proposed", "matter.listed", "pack.waiting", "pack.faulty"),
}


def _turned(table: Mapping[str, tuple[str, ...]]) -> Mapping[str, str]:
    return dict(_pairs(table))


def _pairs(table: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for right, keys in table.items():
        for key in keys:
            if key in seen:
                raise ValueError(f"{key} belongs to two rights")
            seen.add(key)
            yield key, right


PRESSES: Final = _turned(_PRESSES)
"""Verb of a button -> right."""
PURPOSES: Final = _turned(_PURPOSES)
"""Purpose of a draft that waits for text or a file -> right."""
JOBS: Final = _turned(_JOBS)
"""Kind of long work -> right of whoever asked for it; ``access.NOBODYS`` where the assistant itself wants it."""
NOTICES: Final = _turned(_NOTICES)
"""Kind of notification -> right that its receiver must still have when it leaves."""


def may_press(person: Person, verb: str) -> bool:
    """Say whether somebody may use a button; what it is about is checked by its flow."""
    return _may(person, PRESSES.get(verb))


def may_answer(person: Person, purpose: str) -> bool:
    """Say whether somebody may answer what a draft asks, by text or file."""
    return _may(person, PURPOSES.get(purpose))


def heard(renderers: Mapping[str, Renderer]) -> dict[str, Renderer]:
    """Return renderers of notifications that show nothing to whoever has lost the right meanwhile."""
    return {kind: _heard(kind, renderer) for kind, renderer in renderers.items()}


def permitted(chores: Mapping[str, Chore]) -> dict[str, Chore]:
    """Return long work that comes to nothing for whoever has lost the right since asking for it."""
    return {kind: _permitted(kind, chore) for kind, chore in chores.items()}


def _heard(kind: str, renderer: Renderer) -> Renderer:
    async def render(
        session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
    ) -> Screen | None:
        if person is not None and not _may(person, NOTICES.get(kind)):
            return None
        return await renderer(session, office, person, params, now)

    return render


def _permitted(kind: str, chore: Chore) -> Chore:
    async def job(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
        if params.get("person_id") is None:
            return await chore(tools, params, now)
        async with tools.database.read() as session:
            if not await _may_have(session, kind, params):
                return _nothing
        finish = await chore(tools, params, now)

        async def finish_if_permitted(session: AsyncSession) -> None:
            # It took its time outside any transaction: meanwhile they may have been suspended, or got another role.
            if await _may_have(session, kind, params):
                await finish(session)

        return finish_if_permitted

    return job


async def _may_have(session: AsyncSession, kind: str, params: Mapping[str, Any]) -> bool:
    """Say whether whoever asked for long work may have it, as of this transaction."""
    person = await session.get(Person, params["person_id"])
    return person is not None and _may(person, JOBS.get(kind))


async def _nothing(_session: AsyncSession) -> None:
    """What comes of a job that nobody may have any more."""


def _may(person: Person, right: str | None) -> bool:
    return person.state is PersonState.ACTIVE and right is not None and access.may(person.role, right)
