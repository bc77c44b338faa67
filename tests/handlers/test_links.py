"""Links to the file page: sealed, bound, short-lived, and readable for as long as a key stands in the file."""

import base64
import datetime as dt
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet, InvalidToken
from hypothesis import given
from hypothesis import strategies as st

from bot.screens.screen import File
from handlers.links import (
    LINK_HOLDS,
    SESSION_HOLDS,
    LinkExpired,
    LinkForged,
    Links,
    Opened,
    read_session,
    session_cookie,
)
from storage import keys

BASE = "https://files.example/xinxuan"
NOW = dt.datetime(2026, 11, 23, 1, 0, 0, 123456, tzinfo=dt.UTC)
OFFICER = 5_000_002
FILE = File("0123456789abcdef0123456789abcdef", "名单（虚构）.xlsx", "application/vnd.ms-excel")
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.fixture(autouse=True)
def _keys():
    keys.use([OLD])


def token_of(address):
    return address.rpartition("/f/")[2]


def test_a_link_says_whose_it_is_and_which_file_it_opens():
    links = Links(BASE)
    address = links.download(OFFICER, FILE, NOW)
    assert address.startswith(f"{BASE}/f/")
    assert links.open(token_of(address), NOW) == Opened(OFFICER, FILE, NOW + LINK_HOLDS)
    assert links.open(token_of(links.upload(OFFICER, NOW)), NOW) == Opened(OFFICER, None, NOW + LINK_HOLDS)


def test_nothing_in_the_address_tells_anything():
    address = Links(BASE).download(OFFICER, FILE, NOW)
    raw = base64.urlsafe_b64decode(token_of(address) + "==")
    for secret in (str(OFFICER), FILE.key, FILE.name, "xlsx"):
        assert secret not in address
        assert secret.encode() not in raw
    assert urlsplit(address).query == ""


def test_two_links_to_one_file_are_two_links():
    links = Links(BASE)
    assert links.download(OFFICER, FILE, NOW) != links.download(OFFICER, FILE, NOW)


@given(st.data())
def test_a_token_with_any_character_changed_is_refused(data):
    token = token_of(Links(BASE).download(OFFICER, FILE, NOW))
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(ALPHABET.replace(token[place], "") + "=. é"))
    with pytest.raises(LinkForged):
        Links(BASE).open(token[:place] + other + token[place + 1 :], NOW)


@given(st.data())
def test_a_token_with_any_bit_flipped_is_refused(data):
    token = token_of(Links(BASE).upload(OFFICER, NOW))
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(LinkForged):
        Links(BASE).open(base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("="), NOW)


@given(place=st.integers(0, 200), stray=st.sampled_from("=!*.~ \n"))
def test_a_second_spelling_of_a_token_is_not_a_second_link(place, stray):
    token = token_of(Links(BASE).upload(OFFICER, NOW))
    with pytest.raises(LinkForged):
        Links(BASE).open(token[:place] + stray + token[place:], NOW)


@given(st.text(max_size=300))
def test_made_up_tokens_are_refused(token):
    with pytest.raises(LinkForged):
        Links(BASE).open(token, NOW)
    with pytest.raises(LinkForged):
        read_session(token)


@given(st.integers(-1_000_000_000, 1_000_000_000))
def test_a_link_holds_a_quarter_of_an_hour_to_the_microsecond(microseconds):
    links = Links(BASE)
    token = token_of(links.upload(OFFICER, NOW))
    moment = NOW + LINK_HOLDS + dt.timedelta(microseconds=microseconds)
    if microseconds < 0:
        assert links.open(token, moment).telegram_id == OFFICER
    else:
        with pytest.raises(LinkExpired) as expired:
            links.open(token, moment)
        assert expired.value.telegram_id == OFFICER


def test_links_outlive_a_new_key_but_not_the_loss_of_theirs():
    token = token_of(Links(BASE).upload(OFFICER, NOW))
    keys.use([NEW, OLD])
    assert Links(BASE).open(token, NOW).telegram_id == OFFICER
    younger = token_of(Links(BASE).upload(OFFICER, NOW))
    keys.use([NEW])
    assert Links(BASE).open(younger, NOW).telegram_id == OFFICER
    with pytest.raises(LinkForged):
        Links(BASE).open(token, NOW)


def test_a_session_keeps_the_right_of_its_link_under_a_key_of_its_own():
    opened = Opened(OFFICER, FILE, NOW + LINK_HOLDS)
    cookie = session_cookie(opened, NOW)
    assert read_session(cookie) == Opened(OFFICER, FILE, NOW + SESSION_HOLDS)
    with pytest.raises(LinkForged):
        Links(BASE).open(cookie, NOW)
    with pytest.raises(LinkForged):
        read_session(token_of(Links(BASE).upload(OFFICER, NOW)))


def test_a_key_for_one_purpose_opens_nothing_of_another():
    sealed = keys.purpose_keys("one").encrypt(b"x")
    assert keys.purpose_keys("one").decrypt(sealed) == b"x"
    for other in (keys.purpose_keys("two"), keys.keyring()):
        with pytest.raises(InvalidToken):
            other.decrypt(sealed)
