"""The way of files: one link button with the page, a warning without it, and nothing for screens without files."""

import datetime as dt

import pytest

from bot.language import speaking
from bot.screens.screen import Button, File, Press, Screen
from handlers.links import Links
from handlers.travel import Travel
from storage.keys import use

BASE = "https://files.example"
NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
OFFICER = 5_000_002
FILE = File("0123456789abcdef0123456789abcdef", "名单（虚构）.xlsx", "application/vnd.ms-excel")
BACK = (Button("Back", Press("back")),)
PLAIN = Screen("plain", "text", (BACK,))
WITH = Screen("made", "text", (BACK,), stays=True, file=FILE)
WANTS = Screen("asking", "text", (BACK,), wants_file=True)
BOTH = Screen("both", "text", (BACK,), file=FILE, wants_file=True)


@pytest.fixture(autouse=True)
def _english(keys):
    use(keys)
    with speaking("en"):
        yield


def opened(button):
    base, _, token = button.url.rpartition("/f/")
    assert base == BASE
    return Links(BASE).open(token, NOW)


def test_with_the_page_a_file_becomes_a_button_for_this_officer_alone():
    gone = Travel(Links(BASE)).outgoing(WITH, OFFICER, NOW)
    assert gone.file is None
    (link,), back = gone.rows
    assert back == BACK
    assert (opened(link).telegram_id, opened(link).file) == (OFFICER, FILE)
    assert "15 minutes" in gone.text
    assert FILE.name not in str(gone.to_json())
    assert gone.stays


def test_with_the_page_a_wanted_file_gets_a_button_too():
    gone = Travel(Links(BASE)).outgoing(WANTS, OFFICER, NOW)
    assert not gone.wants_file
    assert opened(gone.rows[0][0]).file is None


def test_a_screen_may_give_a_file_and_want_one():
    gone = Travel(Links(BASE)).outgoing(BOTH, OFFICER, NOW)
    assert [opened(row[0]).file for row in gone.rows[:2]] == [FILE, None]


@pytest.mark.parametrize("screen", [WITH, WANTS, BOTH])
def test_without_the_page_files_go_through_the_chat_with_a_warning(screen):
    gone = Travel(None).outgoing(screen, OFFICER, NOW)
    assert (gone.file, gone.wants_file, gone.rows) == (screen.file, screen.wants_file, screen.rows)
    assert gone.text.startswith("text\n\n")
    assert "messenger" in gone.text


@pytest.mark.parametrize("links", [None, Links(BASE)])
def test_other_screens_are_left_alone(links):
    assert Travel(links).outgoing(PLAIN, OFFICER, NOW) is PLAIN
    once = Travel(links).outgoing(WITH, OFFICER, NOW)
    if links is not None:
        assert Travel(links).outgoing(once, OFFICER, NOW) is once
