"""The office's words: one term per concept, the register of an office, and nothing left in English."""

import re
import tomllib
from functools import cache

import pytest

from bot.policy.loader import packaged
from tests.tools.catalogue import TAG, calls, forms, said_in, strings, table, without_placeholders
from tests.tools.messages import ROOT, committed

LAW = (ROOT / "locale/README.md").read_text("utf-8")
GLOSSARY = table(LAW, "Glossary: one word per concept")
NOT_THESE = table(LAW, "Not these words")
HAN = r"[\u3400-\u9fff]"
HALF_WIDTH = re.compile(rf"{HAN}[,;:!?()]|[,;!?()]{HAN}|{HAN}\.(?:\s|{HAN}|$)|\.\.\.")
APART = re.compile(rf"{HAN} +{HAN}")  # machine Chinese puts spaces between words
LATIN = re.compile(r"[A-Za-z]{2,}")
TOML = ("TOML", "makeup", "holiday", "workday", "kind", "date", "year")  # keys of a calendar file, on the command line
LATIN_WORDS = {"EOD", "xlsx", "xls", "ods", "csv", "PDF", "MB", "Telegram", *TOML}  # in official Chinese texts too
NOT_TEXT = {"id", "code", "source", "clause", "document", "companions", "language", "when", "facts", "routes", "kinds"}


@cache
def catalogue():
    """(msgid forms, Chinese) of every message."""
    return [(forms(message), text) for message in committed("zh_CN") if message.id for text in strings(message)]


def strings_of(value, path=()):
    """Yield (path, text) of the texts in a pack's table; identifiers are not texts."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in NOT_TEXT:
                yield from strings_of(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from strings_of(inner, path)
    elif isinstance(value, str) and re.search(HAN, value):
        yield path, value


@cache
def pack():
    """(path, text) of every text of the Zhengzhou pack."""
    files = sorted(packaged("zhengzhou").glob("*.toml"))
    return [found for file in files for found in strings_of(tomllib.loads(file.read_text("utf-8")))]


def screen_texts():
    """Everything in Chinese that can come to a screen as the house's or the pack's own words."""
    return [text for _ids, text in catalogue()] + [text for _path, text in pack()]


def test_there_is_something_to_read():
    assert len(catalogue()) > 200
    assert len(pack()) > 300
    assert len(GLOSSARY) > 20
    assert len(NOT_THESE) > 15


@pytest.mark.parametrize(("english", "chinese"), [row[:2] for row in GLOSSARY])
def test_one_term_per_concept(english, chinese):
    word = re.compile("|".join(rf"\b{re.escape(each)}s?\b" for each in english.split(" / ")), re.IGNORECASE)
    saying = [(ids, text) for ids, text in catalogue() if any(word.search(without_placeholders(form)) for form in ids)]
    assert saying, "no message uses this word any more"
    assert [(ids[0], text) for ids, text in saying if chinese not in text] == []


@pytest.mark.parametrize("word", [row[0] for row in NOT_THESE])
def test_words_that_an_office_would_not_use(word):
    assert [text for text in screen_texts() if word in text] == []


def test_a_glossary_word_is_not_among_the_words_not_to_use():
    assert {row[1] for row in GLOSSARY} & {row[0] for row in NOT_THESE} == set()


def test_the_plans_word_for_the_counterpart_stays_in_the_plans_clauses():
    assert [text for _ids, text in catalogue() if "相对人" in text] == []
    on_screens = [
        path for path, text in pack() if "相对人" in text and path[:1] != ("clauses",) and path[-1] != "quote"
    ]
    assert on_screens == []


def test_a_reason_does_not_say_must_where_the_clause_says_mainly():
    rules = tomllib.loads((packaged("zhengzhou") / "rules.toml").read_text("utf-8"))["rules"]
    soft = [rule["text"] for rule in rules if rule["strength"] != "required"]
    assert len(soft) > 10
    assert [text for text in soft if re.search("应当|必须|须要|务必", text)] == []


def test_punctuation_is_full_width():
    assert HALF_WIDTH.search("请核对,再发送") and not HALF_WIDTH.search("请核对，再发送")
    read = [without_placeholders(TAG.sub("", text), "某") for text in screen_texts()]
    assert [text for text in read if HALF_WIDTH.search(text)] == []
    assert [text for text in screen_texts() if APART.search(without_placeholders(text, "0"))] == []


def test_nothing_is_left_in_english():
    def latin(text):
        plain = re.sub(r"/[a-z]+|\{subject\}", "", TAG.sub("", without_placeholders(text)))
        return set(LATIN.findall(plain)) - LATIN_WORDS

    assert latin("请按 OK 键") == {"OK"}
    assert [text for text in screen_texts() if latin(text)] == []


def test_a_refusal_is_a_sentence():
    refused = {pair for _path, call in calls("Refusal") if call.args for pair in said_in(call.args[0])}
    said = [
        (forms(message)[0], text)
        for message in committed("zh_CN")
        if message.id and (message.context, forms(message)[0]) in refused
        for text in strings(message)
    ]
    assert len(said) > 15
    assert [pair for pair in said if not re.search(r"[。？]$|/[a-z]+$", pair[1])] == []
