"""``python -m tests.tools.sbom`` prints the bill of materials: all distributions that the product brings, as CycloneDX.

It follows the product's requirements through what is installed here: no network, no lock file.
"""

import importlib.metadata
import json
import sys
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PRODUCT: Final = "xinxuan"
EXTRAS: Final = ("postgres",)


def components() -> dict[str, importlib.metadata.Distribution]:
    """Return the product's distributions by name, without the product: what it requires, and what those require."""
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = [(PRODUCT, frozenset(EXTRAS))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found[name] = importlib.metadata.distribution(name)
        for line in found[name].requires or ():
            wanted = Requirement(line)
            marks = [{"extra": extra} for extra in ("", *extras)]
            if wanted.marker is None or any(wanted.marker.evaluate(each) for each in marks):
                waiting.append((canonicalize_name(wanted.name), frozenset(wanted.extras)))
    return {name: each for name, each in sorted(found.items()) if name != PRODUCT}


def licence(distribution: importlib.metadata.Distribution) -> str:
    """Return what a distribution says of its licence, in one line."""
    said = distribution.metadata
    named = [each.rpartition(" :: ")[2] for each in said.get_all("Classifier") or () if each.startswith("License")]
    return said.get("License-Expression") or ", ".join(named) or (said.get("License") or "").partition("\n")[0]


def bill() -> dict[str, Any]:
    """Return the bill of materials."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": PRODUCT,
                                   "version": importlib.metadata.version(PRODUCT)}},
        "components": [
            {"type": "library", "name": name, "version": each.version, "purl": f"pkg:pypi/{name}@{each.version}",
             "licenses": [{"license": {"name": licence(each)}}]}
            for name, each in components().items()
        ],
    }  # fmt: skip


if __name__ == "__main__":
    json.dump(bill(), sys.stdout, ensure_ascii=False, indent=1)
