"""G42: what the product is made of, and what its source must not hold: secrets, exceptions without a reason."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tools import sbom
from tests.tools.messages import ROOT

SECRET = re.compile(
    r"(?<!\d)\d{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])|-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_[A-Za-z0-9]{36}"
    r"|\bAKIA[0-9A-Z]{16}\b|://[^/\s:@{}<]+:[^/\s@{}<]{6,}@"
)
MARKED = re.compile(r"fictitious|canary|虚构|example|AAAA", re.IGNORECASE)


def sources() -> list[tuple[str, str]]:
    paths = [path for path in ROOT.iterdir() if path.suffix in {".md", ".toml"}]
    for folder in ("bot", "handlers", "storage", "locale", "tests", "docs"):
        paths += [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    found = []
    for path in sorted(paths):
        try:
            found.append((path.relative_to(ROOT).as_posix(), path.read_text("utf-8")))
        except UnicodeDecodeError:
            continue
    assert len(found) > 500
    return found


@pytest.fixture(scope="module")
def tracked() -> list[tuple[str, str]]:
    return sources()


def secrets_in(text: str) -> list[str]:
    """Return the lines that look as if they held a secret and are not marked as made up."""
    return [line for line in text.splitlines() if SECRET.search(line) and not MARKED.search(line)]


def test_bill_of_materials_names_every_pin_with_its_version_and_a_licence():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    bill = {each["name"]: each for each in sbom.bill()["components"]}
    pins = [Requirement(line) for line in (*project["dependencies"], *project["optional-dependencies"]["postgres"])]
    for pin in pins:
        if pin.marker is None or pin.marker.evaluate():
            assert bill[canonicalize_name(pin.name)]["version"] in pin.specifier, pin
    assert len(bill) > len(pins)
    assert [name for name, each in bill.items() if not each["licenses"][0]["license"]["name"]] == []


def test_no_secret_stands_in_the_repository(tracked: list[tuple[str, str]]):
    assert {name: found for name, text in tracked if (found := secrets_in(text))} == {}


@pytest.mark.parametrize(
    "line",
    [
        "t = '123456789:" + "Ab1" * 11 + "Zz'",
        "XINXUAN_TOKEN=123456789:" + "Ab1" * 11 + "Zz",
        "-----BEGIN " + "PRIVATE KEY-----",
        "http://a:" + "hunter22@b",
    ],
)
def test_a_secret_is_seen(line: str):
    assert secrets_in(line) == [line]


def test_every_exception_to_a_safety_check_says_why(tracked: list[tuple[str, str]]):
    bare = re.compile(r"#\s*(?:ruff:\s*)?noqa:[^#]*\bS\d{3}[A-Z0-9, ]*$|#\s*nosec|#\s*noqa\s*$")
    marks = [(name, line) for name, text in tracked if name.endswith(".py") and name != "tests/test_supply.py"
             for line in text.splitlines() if bare.search(line)]  # fmt: skip
    assert marks == []
