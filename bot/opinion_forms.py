"""The forms about an opinion: what it says, what it was used for, and what came of an adverse finding."""

import datetime as dt
from typing import Final

from bot.forms import Field, Kind, Option, RecordForm, When
from bot.language import _, pgettext
from bot.ledger import Entry
from bot.opinions import LONGEST_NUMBER, Finding, finding_name, used_name


def write_form(
    entry: Entry,
    about: tuple[str, ...],
    *,
    days: tuple[tuple[str, dt.date], ...],
    asks_return: bool,
    effect: str | None,
) -> RecordForm:
    """Return the form in which an opinion is written down; only result and day of issue have to be there.

    Args:
        entry: The entry.
        about: Lines that say whose opinion it is.
        days: Days of issue worth a button.
        asks_return: Whether the day on which it arrived is not on record yet.
        effect: Until when it holds, as far as that is known.
    """
    findings = tuple(Option(each.value, finding_name(each)) for each in Finding)
    adverse = {"finding": (Finding.ADVERSE.value, Finding.SERIOUS.value)}
    fields: tuple[Field, ...] = (
        Field("finding", _("Result"), _("Which result does it give?"), Kind.CHOICE, findings),
        Field("issued_on", _("Day of issue"), _("On which day was it issued?"), Kind.DAY, days=days),
        Field("number", _("Number"), _("Please send the number of the opinion."), Kind.TEXT, optional=True,
              most=LONGEST_NUMBER),
        Field("valid_to", _("Printed last valid day"), _("Until which day does the opinion say that it is valid?"),
              Kind.DAY, when=When.EITHER, optional=True, asked=False),
        Field("details", _("What was found"), _("What was found, in a few words? Names of persons stay outside."),
              Kind.TEXT, optional=True, asked=False, only_if=adverse),
        Field("issuer", _("Issued by"), _("Who issued it, if not the credit centre?"), Kind.TEXT, optional=True,
              asked=False, most=60),
        Field("cut_off_on", _("Records up to"), _("Up to which day were the records searched?"), Kind.DAY,
              optional=True, asked=False),
    )  # fmt: skip
    if asks_return:
        fields = (
            *fields,
            Field("returned_on", _("Received on"), _("On which day was the opinion received?"), Kind.DAY),
        )
    title = _("[Opinion] %(number)s") % {"number": entry.number}
    return RecordForm(title, about, fields, pgettext("button", "Confirm"), effect)


USES: Final = ("passed", "limited", "cancelled", "warned")
LIMITS: Final = ("limited", "cancelled")


def use_form(entry: Entry, about: tuple[str, ...]) -> RecordForm:
    """Return the form about the use of an opinion; a limit needs its legal basis. Source: 国办发〔2020〕49号.

    Args:
        entry: The entry.
        about: Lines that say whose opinion it is.
    """
    uses = tuple(Option(each, used_name(each)) for each in USES)
    fields = (
        Field("used_as", _("Use"), _("How was the opinion used?"), Kind.CHOICE, uses),
        Field("basis", _("Basis of the measure"), _("Which law or document is the limit based on?"), Kind.TEXT,
              hint=_("Nobody is limited without a legal basis (国办发〔2020〕49号)."),
              only_if={"used_as": LIMITS}),
        Field("used_on", _("Used on"), _("On which day?"), Kind.DAY),
    )  # fmt: skip
    title = _("[Use] %(number)s") % {"number": entry.number}
    return RecordForm(title, about, fields, pgettext("button", "Confirm"))


def follow_up_form(entry: Entry) -> RecordForm:
    """Return the form about what the counterpart did after an adverse finding. Source: 国办发〔2025〕22号."""
    steps = (
        Option("objection", pgettext("follow up", "an objection was made")),
        Option("repair", pgettext("follow up", "repair was applied for")),
        Option("closed", pgettext("follow up", "nothing more to follow")),
    )
    fields = (
        Field("state", _("Step"), _("How far is it?"), Kind.CHOICE, steps),
        Field("outcome", _("Outcome"), _("What came of it, in a few words?"), Kind.TEXT, optional=True),
    )
    title = _("[Objection and repair] %(number)s") % {"number": entry.number}
    return RecordForm(title, (entry.matter,), fields, pgettext("button", "Confirm"))
