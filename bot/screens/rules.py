"""The screens of the rules: what a change would do, the catalogue, the bureau's settings, a newly installed pack."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.language import _, ngettext, pgettext
from bot.policy.difference import Changed, Difference, Products
from bot.policy.model import Policy
from bot.rule_forms import adjustables
from bot.screens.paging import page_line, paged, turning
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import in_brackets, labelled, strength_word

MOST: Final = 8  # matters named on one screen
_LONGEST_FAULT: Final = 120


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change of the rules would do.

    Args:
        difference: What would be different.
        entries: Open entries about the matters concerned.
        dates: Open entries whose dates would move.
    """

    difference: Difference
    entries: int
    dates: int


def effect_lines(effect: Effect, policy: Policy) -> tuple[str, ...]:
    """Return what a change would do, line by line and not escaped.

    Args:
        effect: What it would do.
        policy: Where products have their names.
    """
    concerned = ngettext("%(n)d open entry is concerned", "%(n)d open entries are concerned", effect.entries)
    moved = ngettext("the dates of %(n)d open entry move", "the dates of %(n)d open entries move", effect.dates)
    said = [concerned % {"n": effect.entries}]
    said += [moved % {"n": effect.dates}] if effect.dates else []
    return (*said, *difference_lines(effect.difference, policy, most=MOST))


def difference_lines(found: Difference, policy: Policy, *, most: int | None = None) -> tuple[str, ...]:
    """Return what other rules make different, a line for each matter, then for each setting; not escaped.

    Args:
        found: The difference.
        policy: Where products have their names.
        most: How many matters are named; all of them unless given.
    """
    named = found.matters[:most]
    more = len(found.matters) - len(named)
    said = [_matter(each, policy) for each in named]
    said += [ngettext("and %(n)d more of them", "and %(n)d more of them", more) % {"n": more}] if more else []
    said += [_setting(path, *values) for path, values in found.settings.items()]
    if found.wording:
        said.append(_("Wording changes in: %(parts)s") % {"parts": pgettext("list", ", ").join(found.wording)})
    return tuple(said) or (_("No product of any matter changes"),)


def pack_waiting(effect: Effect, policy: Policy, key: str, *, left_out: Sequence[str]) -> Screen:
    """Show a newly installed pack before it decides anything.

    Args:
        effect: What it would do.
        policy: The new rules.
        key: The beginning of its hash.
        left_out: The bureau's own entries that do not fit it.
    """
    text = lines(
        bold(_("[New pack installed] not in force yet")),
        esc(_("%(pack)s, version %(version)s") % {"pack": policy.name, "version": key}),
        *(esc(line) for line in effect_lines(effect, policy)),
        labelled(_("Not taken over, please check"), pgettext("list", ", ").join(left_out)) if left_out else None,
        esc(_("Until it is put in force the rules stay as they are")),
    )
    rows = (
        (
            Button(pgettext("button", "Put in force"), Press("pkok", arg=policy.hash[: len(key)]), Style.PRIMARY),
            Button(pgettext("button", "Not now"), Press("off")),
        ),
    )
    return Screen("pack_waiting", text, rows)


def pack_in_force(policy: Policy, key: str, *, dates: int) -> Screen:
    """Say that a pack decides from now on."""
    moved = ngettext("the dates of %(n)d open entry have moved", "the dates of %(n)d open entries have moved", dates)
    text = lines(
        bold(_("[Rules] in force")),
        esc(_("%(pack)s, version %(version)s") % {"pack": policy.name, "version": key}),
        esc(moved % {"n": dates}) if dates else None,
        esc(_("Cases decided before keep the rules of their day")),
    )
    return Screen("pack_in_force", text, ((Button(pgettext("button", "Back"), Press("off")),),), stays=True)


def pack_faulty(faults: Sequence[str], more: int) -> Screen:
    """Tell a coordinator that the installed pack cannot be used, and that the last good one goes on deciding.

    Args:
        faults: The first faults, each with its file and line.
        more: How many are not named.
    """
    text = lines(
        bold(_("[New pack refused] it has faults")),
        esc(_("The rules stay as they are. Please give this to the maintainer")),
        *(esc(f"· {fault[:_LONGEST_FAULT]}") for fault in faults),
        esc(ngettext("and %(n)d more of them", "and %(n)d more of them", more) % {"n": more}) if more > 0 else None,
    )
    return Screen("pack_faulty", text, ((Button(pgettext("button", "Back"), Press("off")),),))


def catalogue(matters: Sequence[tuple[int, str, str]], stamp: int, *, page: int, query: str, waiting: int) -> Screen:
    """The catalogue for its keepers: page by page, or by a typed name.

    Args:
        matters: Place in the catalogue, name, and a mark where the bureau has retired or confirmed it.
        stamp: What tells keyboards of other rules from these.
        page: The page shown.
        query: What was typed.
        waiting: Proposals to be answered.
    """
    shown, page, pages = paged(matters, page)
    text = lines(
        bold(_("[Catalogue of matters]")),
        esc(_("Found by: %(query)s") % {"query": query}) if query else None,
        esc(_("No matter of that name is in the catalogue")) if not shown else None,
        page_line(page, pages),
        esc(_("Part of a name can be typed too")),
    )
    rows = [(Button(name + mark, Press("mat", place, stamp)),) for place, name, mark in shown]
    turned = turning(page, pages, lambda to: Press("mats", arg=f"p{to}"))
    last = (
        *((Button(pgettext("button", "Proposals"), Press("pros"), Style.PRIMARY),) if waiting else ()),
        Button(pgettext("button", "Add a matter"), Press("madd")),
        Button(pgettext("button", "Back"), Press("off")),
    )
    return Screen("catalogue", text, (*rows, *turned, last))


def matter(
    name: str, facts: Sequence[tuple[str, str]], place: tuple[int, int], versions: Sequence[str], *, retired: bool
) -> Screen:
    """One matter, with what the bureau has made of it so far.

    Args:
        name: The matter.
        facts: Its lines.
        place: Its place in the catalogue and the stamp of the rules, for the buttons.
        versions: Its history, newest first.
        retired: Whether it is handled no more.
    """
    text = lines(
        bold(name),
        *(labelled(label, value) for label, value in facts),
        "" if versions else None,
        *(esc(each) for each in versions),
    )
    rows = (
        (
            Button(pgettext("button", "Change"), Press("mchg", *place), Style.PRIMARY),
            Button(
                pgettext("button", "Handle it again") if retired else pgettext("button", "Retire"),
                Press("mret", *place),
            ),
        ),
        (Button(pgettext("button", "Back"), Press("mats")),),
    )
    return Screen("matter", text, rows)


def settings(rows: Sequence[tuple[int, str, str, bool]]) -> Screen:
    """The settings that the bureau may change: place, name, value, and whether it is the bureau's own."""
    text = lines(
        bold(_("[Settings of the bureau]")),
        *(labelled(name, value + (_(" (own)") if own else "")) for _place, name, value, own in rows),
    )
    buttons = [Button(name, Press("sset", place)) for place, name, _value, _own in rows]
    paired = tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
    return Screen("bureau_settings", text, (*paired, (Button(pgettext("button", "Back"), Press("off")),)))


def done(said: str, back: str) -> Screen:
    """Say what is in force from now on."""
    return Screen("rules_changed", esc(said), ((Button(pgettext("button", "Back"), Press(back)),),), stays=True)


def _matter(each: Changed, policy: Policy) -> str:
    if each.before is None:
        return _("New: %(name)s, %(products)s") % {"name": each.name, "products": _products(each.after or {}, policy)}
    if each.after is None:
        return _("Handled no more: %(name)s") % {"name": each.name}
    before, after = _products(each.before, policy), _products(each.after, policy)
    if before == after:
        return _("%(name)s: the conditions change") % {"name": each.name}
    return _labelled(each.name, f"{before} → {after}")


def _products(products: Products, policy: Policy) -> str:
    said = []
    for product, strengths in products.items():
        named = policy.products.get(product)
        words = "/".join(strength_word(each) for each in sorted(strengths, key=lambda each: each.rank))
        said.append((named.short_name if named else product) + in_brackets(words))
    return pgettext("list", ", ").join(said) or "—"


def _setting(path: str, before: object, after: object) -> str:
    known = {each.path: each for each in adjustables()}
    if (each := known.get(path)) is not None:
        return _labelled(each.label, f"{each.shown(before)} → {each.shown(after)}")
    return _labelled(path, f"{before} → {after}")


def _labelled(label: str, value: str) -> str:
    return _("%(label)s: %(value)s") % {"label": label, "value": value}
