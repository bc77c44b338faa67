"""The forms of the catalogue and the bureau's settings: what is asked, and the entry of the overlay that follows."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.errors import Refusal
from bot.forms import Field, Filling, Kind, Option, RecordForm, When
from bot.language import _, pgettext
from bot.policy.model import CounterpartKind, Matter, Policy
from bot.policy.overlay import Layer, LayerKind
from bot.scope import kind_name

LONGEST_NAME: Final = 40
LONGEST_BASIS: Final = 100
MOST_MONTHS: Final = 36
YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Adjustable:
    """A setting of the pack that the bureau may change.

    Args:
        path: Where it stands in the pack.
        label: Its name, in words.
        choices: Value -> label; empty for a number.
        least: The smallest number.
        most: The largest number.
    """

    path: str
    label: str
    choices: Mapping[str, str]
    least: int = 0
    most: int = 0

    def shown(self, value: object) -> str:
        """Return a value in words."""
        return self.choices.get(_key(value), str(value))

    def value(self, given: Any) -> Any:
        """Return what was filled in as the pack writes it.

        Raises:
            Refusal: The number lies outside the bounds.
        """
        if self.choices:
            return {YES: True, NO: False}.get(given, int(given) if given.isdecimal() else given)
        if not self.least <= given <= self.most:
            raise Refusal(
                _("Please send a number from %(least)d to %(most)d.") % {"least": self.least, "most": self.most}
            )
        return given


def adjustables() -> tuple[Adjustable, ...]:
    """Return the settings that the bureau may change, in the language in force."""
    few = {str(number): str(number) for number in range(6)}
    return (
        Adjustable("settings.feedback_working_days", _("Feedback period, working days"), {}, 1, 15),
        Adjustable("settings.validity_months", _("Validity of an opinion, months"), {}, 1, 24),
        Adjustable("settings.validity_end", _("Last day of validity"), {
            "day_before": _("the day before the same date"), "same_day": _("the same date"),
        }),
        Adjustable("settings.supplement", _("Supplemented papers"), {
            "restart": _("the period begins anew"), "pause": _("the period pauses"),
        }),
        Adjustable("settings.submit_margin_working_days", _("Margin before the last day to submit, working days"), few),
        Adjustable("quarters.prompt_days_before_end", _("First prompt, days before the quarter ends"), {}, 1, 60),
        Adjustable("quarters.prompt_working_day", _("Second prompt, working day after the quarter"), {}, 1, 20),
        Adjustable("quarters.prompt_every_working_days", _("Then every so many working days"), {}, 1, 20),
        Adjustable("quarters.summary_working_day", _("Summary, working day after the quarter"), {}, 1, 60),
        Adjustable("quarters.head_confirms", _("A return needs its head"), {YES: _("yes"), NO: _("no")}),
        Adjustable("quarters.summary_to", _("The summary goes to"), {
            "heads_and_liaisons": _("heads and liaisons"), "heads": _("heads only"), "liaisons": _("liaisons only"),
        }),
        Adjustable("quarters.summary_to_groups", _("The summary goes to bound groups"), {YES: _("yes"), NO: _("no")}),
    )  # fmt: skip


def standing(policy: Policy, path: str) -> object:
    """Return a setting's value."""
    section, _dot, name = path.partition(".")
    return getattr(getattr(policy.content, section), name)


def setting_form(each: Adjustable, policy: Policy, effect: str | None) -> RecordForm:
    """Ask for a setting's new value and its basis."""
    kind, options = Kind.COUNT, tuple[Option, ...]()
    if each.choices:
        kind, options = Kind.CHOICE, tuple(Option(key, label) for key, label in each.choices.items())
    hint = None if each.choices else _("%(least)d to %(most)d") % {"least": each.least, "most": each.most}
    now = _("So far: %(value)s") % {"value": each.shown(standing(policy, each.path))}
    return RecordForm(
        title=_("[Settings of the bureau]"),
        context=(each.label, now),
        fields=(
            Field("value", _("New value"), _("What is the new value?"), kind, options=options, hint=hint,
                  most=each.most or 1),
            _basis(),
        ),
        confirm=pgettext("button", "Put in force"),
        effect=effect,
    )  # fmt: skip


def confirmed_form(policy: Policy, effect: str | None) -> RecordForm:
    """Ask who has confirmed that the rules are in force, and when."""
    return RecordForm(
        title=_("[Rules confirmed in force]"),
        context=(policy.name,),
        fields=(
            Field("by", _("Confirmed by"), _("Which division or person confirms?"), Kind.TEXT, most=LONGEST_NAME),
            Field("on", _("Confirmed on"), _("On which day?"), Kind.DAY),
            _basis(),
        ),
        confirm=pgettext("button", "Put in force"),
        effect=effect,
    )


def proposal_form(policy: Policy) -> RecordForm:
    """Ask an officer for a matter that the catalogue lacks."""
    return RecordForm(
        title=_("[Propose a matter]"),
        context=(),
        fields=(
            *_fields(policy),
            Field("why", _("Reason"), _("Why is it needed?"), Kind.TEXT, optional=True, most=LONGEST_BASIS),
        ),
        confirm=pgettext("button", "Propose"),
        effect=_("A coordinator answers; you will be told"),
    )


def matter_form(policy: Policy, matter: Matter | None, effect: str | None, *, today: dt.date) -> RecordForm:
    """Ask a coordinator for everything about a matter that the bureau may say itself."""
    products = tuple(Option(each.id, each.short_name) for each in policy.products.values() if each.enabled)
    units = tuple(Option(each.code, each.short_name) for each in policy.units_on(today))
    own = [] if matter is None else [_code(matter)]
    return RecordForm(
        title=_("[Catalogue of matters]"),
        context=(matter.name,) if matter else (),
        fields=(
            *own,
            *_fields(policy, matter),
            Field("owner", _("Unit in charge"), _("Which unit is in charge?"), Kind.CHOICE, options=units),
            Field("listed", _("On the confirmed list"), _("Is it on the bureau's confirmed list?"), Kind.CHOICE,
                  options=(Option(YES, _("yes")), Option(NO, _("no")))),
            Field("required", _("Required products"), _("Which products does the confirmed list require?"), Kind.MARKS,
                  options=products, optional=True, only_if={"listed": (YES,)}),
            Field("age", _("Oldest opinion, months"), _("How old may an opinion be at most, in months?"), Kind.COUNT,
                  optional=True, asked=False, most=MOST_MONTHS),
            Field("agewhy", _("Basis of that limit"), _("What does that limit rest on?"), Kind.TEXT, optional=True,
                  asked=False, most=LONGEST_BASIS),
            _basis(),
        ),
        confirm=pgettext("button", "Put in force"),
        effect=effect,
    )  # fmt: skip


def retire_form(matter: Matter, effect: str | None) -> RecordForm:
    """Ask for a matter's last day; of one that is retired, whether it is handled again."""
    retired = matter.effective_to is not None
    day = Field("on", _("Last day"), _("Until which day is it handled?"), Kind.DAY, when=When.EITHER)
    return RecordForm(
        title=_("[Handle a matter again]") if retired else _("[Retire a matter]"),
        context=(matter.name,),
        fields=(_code(matter), *(() if retired else (day,)), _basis()),
        confirm=pgettext("button", "Put in force"),
        effect=effect,
    )


def filled_from(policy: Policy, matter: Matter) -> dict[str, Any]:
    """Return a matter as the lines of its form."""
    return {
        "code": matter.code,
        "name": matter.name,
        "category": matter.category,
        **{f"q{place}": list(matter.facts.get(question, ())) for place, question in _asked(policy, matter)},
        "kinds": [kind.value for kind in matter.kinds],
        "owner": matter.owner,
        "listed": YES if matter.source == "confirmed" else NO,
        **({"required": list(matter.required)} if matter.required else {}),
        **({"age": matter.opinion_age_months} if matter.opinion_age_months else {}),
        **({"agewhy": matter.opinion_age_basis} if matter.opinion_age_basis else {}),
    }


def covered(policy: Policy, content: Mapping[str, Any]) -> str:
    """Return what a matter covers, in the words of the guide's questions."""
    said = []
    for question in _many(policy):
        said += [question.label(option) for option in content["facts"].get(question.id, ())]
    return pgettext("list", ", ").join(said)


def proposed_matter(policy: Policy, code: str, filling: Filling, *, owner: str, subject_word: str) -> Layer:
    """Return the matter that an officer's form describes."""
    values = filling.values
    content = {
        "code": code,
        "name": values["name"],
        "category": values["category"],
        "owner": owner,
        "kinds": values["kinds"],
        "facts": _facts(policy, {}, values),
        "subject_word": subject_word,
    }
    return Layer(LayerKind.MATTER, code, content)


def changed_matter(policy: Policy, matter: Matter | None, code: str, filling: Filling, *, subject_word: str) -> Layer:
    """Return the matter that a coordinator's form describes; what it does not ask stays as it is.

    Raises:
        Refusal: A limit of age stands there without its basis, or a basis without its limit.
    """
    values = filling.values
    if ("age" in values) is not ("agewhy" in values):
        raise Refusal(_("The oldest opinion and the basis of that limit belong together. Please fill in both."))
    before: dict[str, Any] = matter.model_dump(mode="json") if matter else {"code": code, "subject_word": subject_word}
    listed = values["listed"] == YES
    content = {
        **before,
        "name": values["name"],
        "category": values["category"],
        "owner": values["owner"],
        "kinds": values["kinds"],
        "facts": _facts(policy, before.get("facts", {}), values),
        "source": "confirmed" if listed else "suggested",
        "required": values.get("required", []) if listed else [],
        "opinion_age_months": values.get("age"),
        "opinion_age_basis": values.get("agewhy"),
    }
    return Layer(LayerKind.MATTER, code, content)


def retired_matter(matter: Matter, filling: Filling) -> Layer:
    """Return a matter that ends, or is handled again."""
    ends = None if matter.effective_to is not None else filling.values["on"]
    return Layer(LayerKind.MATTER, matter.code, {**matter.model_dump(mode="json"), "effective_to": ends})


def _facts(policy: Policy, before: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    given = {each.id: values[f"q{place}"] for place, each in enumerate(_many(policy)) if f"q{place}" in values}
    return {**before, **given}


def _fields(policy: Policy, matter: Matter | None = None) -> Sequence[Field]:
    categories = tuple(Option(each.id, each.name) for each in policy.categories)
    kinds = tuple(Option(each.value, kind_name(each)) for each in CounterpartKind)
    questions = list(_many(policy))
    return (
        Field("name", _("Name"), _("What is the matter called?"), Kind.TEXT, most=LONGEST_NAME),
        Field("category", _("Category"), _("Which category?"), Kind.CHOICE, options=categories),
        *(
            Field(f"q{place}", _("Covers"), questions[place].text, Kind.MARKS, hint=questions[place].hint,
                  options=tuple(Option(each.id, each.label) for each in questions[place].offered))
            for place, _question in _asked(policy, matter)
        ),
        Field("kinds", _("Concerns"), _("Whom does it concern?"), Kind.MARKS, options=kinds),
    )  # fmt: skip


def _asked(policy: Policy, matter: Matter | None) -> list[tuple[int, str]]:
    """Return the multi-selects that the form asks: not where a fact of the pack has no button."""
    found = []
    for place, question in enumerate(_many(policy)):
        offered = {each.id for each in question.offered}
        if matter is None or set(matter.facts.get(question.id, ())) <= offered:
            found.append((place, question.id))
    return found


def _many(policy: Policy) -> tuple[Any, ...]:
    return tuple(each for each in policy.questions.values() if each.many and each.offered)


def _code(matter: Matter) -> Field:
    only = (Option(matter.code, matter.code),)
    return Field("code", _("Number in the catalogue"), _("Which matter?"), Kind.CHOICE, options=only)


def _basis() -> Field:
    question = _("What does the change rest on, such as a document or a decision?")
    return Field("basis", _("Basis"), question, Kind.TEXT, most=LONGEST_BASIS)


def _key(value: object) -> str:
    return {True: YES, False: NO}.get(value, str(value)) if isinstance(value, bool) else str(value)
