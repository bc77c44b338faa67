"""What a quarter's summary is made of, and the files that are made of it.

Until it is confirmed the register decides; from the draft on the figures, the wording and the problems stand beside
each other in one row, so that what a coordinator has looked at is what leaves.
"""

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.documents.tables import Table
from bot.issues import cited
from bot.language import speaking
from bot.quarters import Quarter
from bot.summary import Summary, summary_from_json, summary_to_json
from bot.summary_tables import Problems
from bot.wording import Paragraph, edits_from_json, laid
from handlers import quarter_files
from handlers.feedback import credit_office, problem_of
from handlers.office import Office
from handlers.worker import Tools
from storage import issues, people
from storage import quarter_returns as stored
from storage.tables import QuarterPush

_NONE: Final = "无"


@dataclass(frozen=True, slots=True)
class Material:
    """What a summary is made of.

    Args:
        summary: The figures.
        paragraphs: Its wording, as it stands.
        problems: Unit's code -> what it wrote, and what its officers fed back.
    """

    summary: Summary
    paragraphs: Sequence[Paragraph]
    problems: Problems

    @property
    def sentences(self) -> tuple[str, ...]:
        """The wording as papers carry it."""
        return tuple(each.text for each in self.paragraphs)


def of_row(office: Office, row: QuarterPush, now: dt.datetime) -> Material | None:
    """Return what was drafted; None while it is being made.

    Args:
        office: The rules.
        row: The summary on its way.
        now: Aware UTC time.
    """
    if row.content is None:
        return None
    found = summary_from_json(row.content, policy_hash=office.policy.hash, calendar_version=office.calendar.version)
    return of_summary(office, row, found, row.problems or {}, now)


def of_summary(office: Office, row: QuarterPush, found: Summary, problems: Problems, now: dt.datetime) -> Material:
    """Return figures with the wording that they draft and a coordinator has edited."""
    drafted = quarter_files.draft(office, found, now)
    return Material(found, laid(drafted, edits_from_json(row.wording)), problems)


def keep(row: QuarterPush, material: Material, files: Mapping[str, str], now: dt.datetime) -> None:
    """Keep what was drafted, with its files, for a coordinator to look over."""
    row.files, row.content, row.drafted_at = dict(files), summary_to_json(material.summary), now
    row.problems = {unit: list(texts) for unit, texts in material.problems.items()}


async def problems_of(session: AsyncSession, office: Office, quarter: Quarter, now: dt.datetime) -> Problems:
    """Return the problems of a quarter by the unit's code: what each unit wrote, then what its officers fed back."""
    centre = credit_office(office, office.today(now))
    codes = {unit.id: unit.code for unit in await people.units(session)}
    found: dict[str, list[str]] = defaultdict(list)
    for unit_id, row in (await stored.all_of(session, quarter)).items():
        if row.problems and row.problems.strip("。") != _NONE:
            found[codes[unit_id]].append(row.problems)
    for issue in await issues.of_quarter(session, quarter):
        if issue.text not in found[codes[issue.unit_id]]:
            problem = await problem_of(session, office, issue)
            with speaking(office.policy.language):
                found[codes[issue.unit_id]].append(cited(problem, centre))
    return {code: texts for code, texts in found.items() if texts}


async def files(tools: Tools, material: Material, ledger: Table | None, now: dt.datetime) -> dict[str, str]:
    """Make all files of a summary; return what each is -> its generated name.

    The book that goes to every unit holds no entries: those of other units are not for its reader. The same with the
    ledger of the whole bureau is for coordinators and auditors.
    """
    office, found = tools.office, material.summary
    chart = await quarter_files.picture(office, found)
    made = {
        "chart": chart,
        "sheet": await quarter_files.book(office, found, now=now, problems=material.problems),
        "ledger": await quarter_files.book(office, found, now=now, problems=material.problems, ledger=ledger),
        "report": await _report(office, material, chart, now),
    }
    return {part: await _kept(tools, content) for part, content in made.items()}


async def report(tools: Tools, material: Material, now: dt.datetime) -> str:
    """Make the report alone, after its wording was edited; return its generated name."""
    chart = await quarter_files.picture(tools.office, material.summary)
    return await _kept(tools, await _report(tools.office, material, chart, now))


async def _report(office: Office, material: Material, chart: bytes, now: dt.datetime) -> bytes:
    return await quarter_files.report(
        office, material.summary, now=now, paragraphs=material.sentences, problems=material.problems, picture=chart
    )


async def _kept(tools: Tools, content: bytes) -> str:
    return (await asyncio.to_thread(tools.store.put, content)).key
