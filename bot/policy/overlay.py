"""What the bureau has laid over the installed pack: matters, units and settings of its own, each with its history.

The pack as it is installed is never changed. What decides is the pack with the overlay, as one policy with a hash of
its own: a recorded decision keeps that hash, so that an old case is replayed under exactly what held on its day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from bot.policy.loader import PolicyFaults, checked
from bot.policy.model import Policy


class LayerKind(StrEnum):
    """What an entry of the overlay is about."""

    MATTER = "matter"
    UNIT = "unit"
    SETTING = "setting"


_SECTIONS: Final = {LayerKind.MATTER: "matters", LayerKind.UNIT: "units"}


@dataclass(frozen=True, slots=True)
class Layer:
    """One entry of the overlay.

    Args:
        kind: What it is about.
        key: The matter's or unit's code, or a setting's path such as ``settings.validity_months``.
        content: The whole matter or unit as JSON; of a setting ``{"value": …}``.
    """

    kind: LayerKind
    key: str
    content: Mapping[str, Any]


def lay(pack: Policy, layers: Sequence[Layer]) -> Policy:
    """Return the pack with the overlay on it.

    Raises:
        PolicyFaults: The two do not make a sound policy; all faults are listed.
    """
    if not layers:
        return pack
    sections: dict[str, Any] = pack.content.model_dump(mode="json")
    for layer in layers:
        if layer.kind is LayerKind.SETTING:
            section, _dot, name = layer.key.partition(".")
            sections[section] = {**sections[section], name: layer.content["value"]}
        else:
            section = _SECTIONS[layer.kind]
            others = sections[section]
            at = next((n for n, each in enumerate(others) if each["code"] == layer.key), len(others))
            sections[section] = [*others[:at], dict(layer.content), *others[at + 1 :]]
    return checked(sections, pack.templates)


def lay_what_fits(pack: Policy, layers: Sequence[Layer]) -> tuple[Policy, tuple[Layer, ...]]:
    """Return the pack with as much of the overlay as fits it, and what does not.

    A new pack may have dropped what an older entry of the overlay rests on, such as a category; one such entry must
    not keep the whole bureau from working.
    """
    try:
        return lay(pack, layers), ()
    except PolicyFaults:
        kept: list[Layer] = []
        left_out = []
        for layer in layers:
            try:
                lay(pack, [*kept, layer])
            except PolicyFaults:
                left_out.append(layer)
            else:
                kept.append(layer)
        return lay(pack, kept), tuple(left_out)
