"""信用报告 of a third-party agency: what is on record about one, and the short form in which it is accepted.

The Plan says that a report generally holds nine blocks (二（三）); what is missing is said and never blocks. How long a
report may be used is not laid down anywhere, so nothing is reckoned. Source: domain.md A12, A13.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.forms import Field, Filling, Kind, Option, RecordForm
from bot.guidance import Outcome
from bot.language import _, pgettext
from bot.ledger import Entry
from bot.policy.model import Policy, ProductKind

PRESENT: Final = "present"
MISSING: Final = "missing"
_COMPLETE: Final = "complete"
_LACKING: Final = "lacking"
_YES, _NO = "yes", "no"
_CIRCLED: Final = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


@dataclass(frozen=True, slots=True)
class ReportLine:
    """The report of one counterpart within an entry.

    Args:
        item_id: The product's line in the entry.
        subject: Whom it is about, for the officer's eyes; empty where nobody is named.
        agency: Who wrote it; None while nothing is on record but that there is one.
        number: As printed.
        on: Its date, local.
        grade: As printed.
        missing: Ids of the blocks that it lacks; None while nobody has looked.
        matches: Whether name and code are those of the entry.
    """

    item_id: int
    subject: str
    agency: str | None = None
    number: str | None = None
    on: dt.date | None = None
    grade: str | None = None
    missing: tuple[str, ...] | None = None
    matches: bool | None = None

    @property
    def is_written_down(self) -> bool:
        """Whether more is on record than that there is one."""
        return self.agency is not None


def block_names(policy: Policy) -> dict[str, str]:
    """Return the blocks of a report as the Plan counts them: id -> ④银行信用记录."""
    numbers = (*_CIRCLED, *("" for _block in policy.report_blocks[len(_CIRCLED) :]))
    return {block.id: number + block.name for number, block in zip(numbers, policy.report_blocks, strict=False)}


def subject_cautions(outcome: Outcome) -> tuple[str, ...]:
    """Return what is to be heeded before anybody is named in an entry, none where no report is in question.

    Who bids in a tender is confidential until the bids are opened, and an officer may come to the entry without
    having seen the result card. Source: domain.md A4; 发改办财金〔2023〕860号.
    """
    has_report = any(each.product.kind is ProductKind.REPORT for each in outcome.recommendations)
    return outcome.cautions if has_report else ()


def values_of(line: ReportLine) -> dict[str, Any]:
    """Return what is on record of a report, as the form holds it."""
    found: dict[str, Any] = {
        "agency": line.agency,
        "number": line.number,
        "on": line.on.isoformat() if line.on else None,
        "grade": line.grade,
    }
    if line.missing is not None:
        found |= {"blocks": _LACKING if line.missing else _COMPLETE, "missing": list(line.missing) or None}
    if line.matches is not None:
        found["matches"] = _YES if line.matches else _NO
    return {key: value for key, value in found.items() if value is not None}


def blocks_of(filling: Filling, policy: Policy) -> dict[str, str]:
    """Return what is kept of the blocks: id -> present or missing."""
    missing = filling.values.get("missing", ()) if filling.values["blocks"] == _LACKING else ()
    return {block.id: MISSING if block.id in missing else PRESENT for block in policy.report_blocks}


def matches(filling: Filling) -> bool:
    """Say whether the report names the organisation of the entry."""
    return bool(filling.values["matches"] == _YES)


def report_form(
    entry: Entry, about: tuple[str, ...], filling: Filling, blocks: Mapping[str, str], *, corrects: bool
) -> RecordForm:
    """Return the form in which a report is accepted.

    Args:
        entry: The entry.
        about: Lines that say whose report it is, and what is to be heeded.
        filling: What was filled in so far.
        blocks: Id -> name of the blocks.
        corrects: Whether one was written down before: then the reason is asked for.
    """
    fields: tuple[Field, ...] = (
        Field("agency", _("Agency"), _("Which agency wrote the report?"), Kind.TEXT, most=60),
        Field("on", _("Report date"), _("Which date does the report bear?"), Kind.DAY),
        Field("number", _("Report number"), _("Please send the number of the report."), Kind.TEXT, optional=True,
              asked=False, most=60),
        Field("grade", _("Credit grade"), _("Which credit grade does it give?"), Kind.TEXT, optional=True,
              asked=False, most=60),
        Field("blocks", _("Contents"), _("Are the %(n)d blocks of the report all there?") % {"n": len(blocks)},
              Kind.CHOICE, _two(_COMPLETE, pgettext("report", "complete"), _LACKING, pgettext("report", "lacking")),
              hint=pgettext("blocks", ", ").join(blocks.values())),
        Field("missing", _("Missing"), _("Which blocks are missing?"), Kind.MARKS,
              tuple(Option(key, name) for key, name in blocks.items()), only_if={"blocks": (_LACKING,)}),
        Field("matches", _("Name and code"), _("Are name and code those of the ledger?"), Kind.CHOICE,
              _two(_YES, pgettext("report", "the same"), _NO, pgettext("report", "not the same"))),
    )  # fmt: skip
    if corrects:
        question = _("Why is it corrected? The reason stays in the ledger.")
        fields += (Field("reason", _("Reason"), question, Kind.TEXT),)
    return RecordForm(
        _("[Credit report] %(number)s") % {"number": entry.number},
        about,
        fields,
        pgettext("button", "Confirm"),
        "\n".join(_warnings(filling)) or None,
    )


def _two(first: str, first_label: str, second: str, second_label: str) -> tuple[Option, ...]:
    return (Option(first, first_label), Option(second, second_label))


def _warnings(filling: Filling) -> Sequence[str]:
    """Return what is said before the confirmation: soft clauses warn and never block. Source: domain.md A13."""
    said = []
    if filling.values.get("blocks") == _LACKING:
        said.append(_("The Plan says what a report generally holds; whether to have it completed is for you to judge."))
    if filling.values.get("matches") == _NO:
        said.append(_("Name or code differ from the ledger: please check whether the report is about the same one."))
    return said
