"""What the maintainer may set for the file page, and what is refused at the start."""

import pytest
from pydantic import ValidationError

from handlers.settings import Settings


def settings(**given):
    return Settings(_env_file=None, **given)


def test_there_is_no_page_unless_it_is_asked_for():
    assert settings().page_url == ""


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://files.example/", "https://files.example"),
        ("https://files.example:8443/xinxuan", "https://files.example:8443/xinxuan"),
        ("http://127.0.0.1:8443", "http://127.0.0.1:8443"),
        ("http://[::1]:8443", "http://[::1]:8443"),
    ],
)
def test_the_page_has_an_address_with_tls_or_on_this_machine(given, kept):
    assert settings(page_url=given).page_url == kept


@pytest.mark.parametrize(
    "given",
    ["http://files.example", "http://127.0.0.1.evil.example", "files.example", "ftp://files.example", "https://",
     "https://a:b@files.example", "https://files.example/?a=1", "https://files.example/#a", "https://x:99999"],
)  # fmt: skip
def test_other_addresses_are_refused(given):
    with pytest.raises(ValidationError):
        settings(page_url=given)


def test_the_environment_names_each_setting(monkeypatch: pytest.MonkeyPatch):
    """As the README lists them."""
    named = {"PER_SECOND": "12.5", "PER_MINUTE": "7", "PAGE_BIND": "127.0.0.1:9", "LOG": "DEBUG", "ADMIN_IDS": "5,6"}
    for name, value in named.items():
        monkeypatch.setenv(f"XINXUAN_{name}", value)
    read = settings()
    assert (read.per_second, read.per_minute, read.page_bind, read.log, read.admin_ids) == (
        12.5, 7, "127.0.0.1:9", "DEBUG", (5, 6),
    )  # fmt: skip


@pytest.mark.parametrize("given", ["0", "-1", "31", "fast"])
def test_a_pace_that_nobody_could_keep_is_refused(given: str):
    with pytest.raises(ValidationError):
        settings(per_second=given)


@pytest.mark.parametrize(
    ("given", "address"),
    [("127.0.0.1:8443", ("127.0.0.1", 8443)), ("[::1]:80", ("::1", 80)), ("files.local:0", ("files.local", 0))],
)
def test_the_page_listens_where_it_is_told(given, address):
    assert settings(page_bind=given).page_address == address


@pytest.mark.parametrize("given", ["8443", ":8443", "host:", "host:x", "host:65536", "host:-1", "host:٣"])
def test_other_places_to_listen_are_refused(given):
    with pytest.raises(ValidationError):
        settings(page_bind=given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"admin_ids": "1,2"}, {1, 2}),
        ({"admin_ids": "1,2", "maintainer_ids": "3，4"}, {3, 4}),
        ({"admin_ids": "1,2", "maintainer_ids": ""}, set()),
    ],
)
def test_the_first_coordinators_get_the_morning_line_unless_others_or_nobody_is_named(given, told):
    assert settings(**given).told_each_morning == told
