"""The words about what the bureau itself owes: what, since when, whose."""

from bot.language import _, ngettext
from bot.owed import COORDINATOR, HEAD, OwedNotice
from bot.screens.ledger import Wording
from bot.screens.words import in_brackets


def line(notice: OwedNotice, wording: Wording) -> str:
    """Return what is owed as one line of a digest; for the officer's superiors with the officer's name.

    Args:
        notice: What is owed.
        wording: The words of the pack.
    """
    said = {
        "submit": _("to be submitted by %(day)s, not submitted"),
        "receipt": _("receipt to be confirmed by %(day)s, not confirmed"),
        "supplement": _("papers asked for by the %(centre)s on %(day)s, not handed in"),
        "opinion": _("opinion received on %(day)s, not written down"),
        "fulfil": _("commitment to be fulfilled by %(day)s, outcome not recorded"),
        "feedback": _("feedback of the %(centre)s due on %(day)s, outstanding"),
    }[notice.kind] % {"day": wording.day(notice.since, provisional=_is_provisional(notice)), "centre": wording.centre}
    n = -notice.working_days
    late = ngettext("%(n)d working day ago", "%(n)d working days ago", n) % {"n": n}
    whole = _("%(number)s %(said)s, %(late)s") % {"number": notice.entry.number, "said": said, "late": late}
    if notice.audience in (HEAD, COORDINATOR):
        whole += in_brackets(_("handled by %(name)s") % {"name": notice.owner})
    return whole


def _is_provisional(notice: OwedNotice) -> bool:
    """Say whether the day is one of the entry's that hang on a year whose notice is missing."""
    return {"submit": notice.entry.submit_by_provisional, "feedback": notice.entry.due_provisional}.get(
        notice.kind, False
    )
