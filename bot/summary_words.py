"""What a quarter's report says in sentences; the coordinator puts them right before anybody else reads them."""

from bot.figure_words import mean_days
from bot.figures import Figures, Measure
from bot.language import _, pgettext
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
    values = {**_quarter(summary), "centre": centre, **_values(figures)}
    said = _(
        "The units' use of credit products in %(quarter)s: %(letters)d commitments; %(times)d applications for "
        "verification to the %(centre)s for %(applied)d counterparts%(own)s; valid opinions used directly for "
        "%(reused)d counterparts; %(reports)d credit reports."
    )
    # Whoever applies, the application counts (A7): a unit must not be said to have made one that a counterpart made.
    own = _(" (%(by_counterpart)d of them applied for by the counterparts)") % values if figures.by_counterpart else ""
    return said % {**values, "own": own}


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
    values = {**_values(figures), "told": figures.adverse - summary.statistics.follow_up_states().get("open", 0)}
    adverse = _("adverse information was found on %(adverse)d counterparts")
    if figures.serious:
        adverse += _(", %(serious)d of them seriously dishonest")
    parts = (
        (figures.adverse, adverse),
        (values["told"], _("%(told)d of them have been told about objection and repair")),
        (figures.breached, _("%(breached)d commitments were breached")),
    )
    said = [part % values for count, part in parts if count]
    return _("Findings: %(parts)s.") % {"parts": pgettext("parts", "; ").join(said)} if said else None


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
    return {measure.value: figures[measure] for measure in Measure}
