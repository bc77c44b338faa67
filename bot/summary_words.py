"""What a quarter's report says in sentences; the coordinator puts them right before anybody else reads them."""

from bot.figure_words import mean_days
from bot.figures import Figures
from bot.language import _
from bot.quarters import format_quarter
from bot.summary import Summary


def paragraphs(summary: Summary, *, centre: str) -> dict[str, str]:
    """Return the paragraphs about a quarter: what was used, what came back, how it compares, what was corrected.

    Args:
        summary: The quarter.
        centre: The credit centre's name.

    Returns:
        What a paragraph is about -> what it says, in their order; one without anything to say is left out.
    """
    if summary.is_empty:
        return {"empty": _("In %(quarter)s no unit recorded any use of credit products.") % _quarter(summary)}
    said = {
        "used": _used(summary, centre),
        "came_back": _came_back(summary, centre),
        "adverse": _adverse(summary),
        "compared": _compared(summary),
        "corrected": _corrected(summary),
        "coming": _coming(summary),
    }
    return {about: each for about, each in said.items() if each is not None}


def _used(summary: Summary, centre: str) -> str:
    figures = summary.figures()
    said = _(
        "In %(quarter)s the units took %(letters)d commitments, applied to the %(centre)s %(times)d times for "
        "%(applied)d counterparts, used valid opinions directly for %(reused)d and received %(reports)d credit reports."
    )
    return said % {**_quarter(summary), "centre": centre, **_values(figures)}


def _came_back(summary: Summary, centre: str) -> str:
    figures = summary.figures()
    said = _(
        "The %(centre)s gave feedback on %(returned)d counterparts: %(on_time)d in time and %(overdue)d late, receipt "
        "confirmed, and %(unconfirmed)d without a period. At the end of the quarter %(open)d were without feedback."
    ) % {"centre": centre, **_values(figures)}
    wait = summary.statistics.turnaround()
    if wait is None:
        return said
    mean = _("Those with a confirmed receipt took %(days)s working days on average.")
    return said + mean % {"days": mean_days(wait.answers, wait.working_days)}


def _adverse(summary: Summary) -> str | None:
    figures = summary.figures()
    if not figures.adverse and not figures.breached:
        return None
    said = _(
        "Adverse information was found on %(adverse)d counterparts, %(serious)d of them seriously dishonest; "
        "%(told)d have been told about objection and repair. %(breached)d commitments were breached."
    )
    states = summary.statistics.follow_up_states()
    return said % {**_values(figures), "told": figures.adverse - states.get("open", 0)}


def _compared(summary: Summary) -> str | None:
    now = summary.figures()
    said = []
    for before, sentence in (
        (summary.before(), _("Compared with the quarter before, applications %(applied)s and direct use %(reused)s.")),
        (summary.a_year_ago(), _("Compared with a year ago, applications %(applied)s and direct use %(reused)s.")),
    ):
        if before is not None:
            changes = {"applied": _moved(now.applied, before.applied), "reused": _moved(now.reused, before.reused)}
            said.append(sentence % changes)
    return "".join(said) or None


def _moved(now: int, before: int) -> str:
    difference = now - before
    if not difference:
        return _("stayed the same")
    said = _("rose by %(n)d counterparts") if difference > 0 else _("fell by %(n)d counterparts")
    return said % {"n": abs(difference)}


def _corrected(summary: Summary) -> str | None:
    if not summary.corrections:
        return None
    quarters = _(", ").join(format_quarter(each.quarter) for each in summary.corrections)
    said = _("Figures reported for %(quarters)s were put right afterwards; the differences stand in the table.")
    return said % {"quarters": quarters}


def _coming(summary: Summary) -> str | None:
    ahead = summary.statistics.coming()
    if not (ahead.opinions or ahead.feedback or ahead.commitments or ahead.decisions):
        return None
    said = _(
        "Next quarter %(opinions)d opinions end, feedback on %(feedback)d counterparts and %(commitments)d commitments "
        "fall due, and %(decisions)d decisions are planned."
    )
    counts = {"opinions": ahead.opinions, "feedback": ahead.feedback}
    return said % {**counts, "commitments": ahead.commitments, "decisions": ahead.decisions}


def _quarter(summary: Summary) -> dict[str, str]:
    return {"quarter": format_quarter(summary.quarter)}


def _values(figures: Figures) -> dict[str, int]:
    names = "letters times applied reused reports returned on_time overdue unconfirmed open adverse serious breached"
    return {name: getattr(figures, name) for name in names.split()}
