"""The catalogues: complete, current, well-formed, and short enough for where they are shown."""

import ast
import datetime as dt
from functools import cache

import pytest

from bot.dates import format_day
from bot.language import LANGUAGES, negotiate, speaking
from bot.screens.screen import MAX_TOAST
from handlers.frame import LANGUAGE_NAMES
from handlers.telegram.profile import TONGUES
from tests.tools.catalogue import (
    GETTEXT,
    PLACEHOLDER,
    TAG,
    calls,
    cells,
    forms,
    said_in,
    sources,
    strings,
    table,
    without_placeholders,
)
from tests.tools.messages import ROOT, committed, extracted, po_path

MOST_CELLS = 24
MOST_DESCRIPTION = 256  # Bot API, BotCommand.description
MOST_SHORT_DESCRIPTION = 120  # Bot API, setMyShortDescription


@cache
def catalogue(language):
    return committed(language)


def messages(language):
    return [message for message in catalogue(language) if message.id]


def key(message):
    return message.context, forms(message)


def name(message):
    return f"{message.context or '-'} | {forms(message)[0]}"


def texts_of(places):
    """Return what each language shows for (context, msgid) pairs: (language, pair, text without values)."""
    return [
        (language, pair, without_placeholders(text, "0"))
        for language in LANGUAGES
        for message in messages(language)
        if (pair := (message.context, forms(message)[0])) in places
        for text in strings(message)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_has_the_messages_of_the_code_and_no_others(language):
    code = {key(message) for message in extracted() if message.id}
    known = {key(message) for message in messages(language)}
    assert sorted(map(str, code - known)) == [], "run: python -m tests.tools.messages"
    assert sorted(map(str, known - code)) == [], "run: python -m tests.tools.messages"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_empty_fuzzy_or_obsolete(language):
    assert [name(message) for message in messages(language) if not all(strings(message))] == []
    assert [name(message) for message in messages(language) if message.fuzzy] == []
    assert list(catalogue(language).obsolete) == []
    assert "#~" not in po_path(language).read_text("utf-8")


def test_english_is_its_own_translation():
    assert [name(message) for message in messages("en") if strings(message) != forms(message)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_and_tags_are_those_of_the_english(language):
    wrong = []
    for message in messages(language):
        wrong += [f"{name(message)}: {error}" for error in message.check(catalogue(language))]
        for text in strings(message):
            # Babel compares nothing with the plural where a language has one form, as Chinese has.
            original = (
                forms(message)[-1] if len(strings(message)) == 1 else forms(message)[strings(message).index(text)]
            )
            if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(original)):
                wrong.append(f"{name(message)}: placeholders differ in {text!r}")
            if sorted(TAG.findall(text)) != sorted(TAG.findall(original)):
                wrong.append(f"{name(message)}: tags differ in {text!r}")
    assert wrong == []


def test_each_language_is_complete_in_every_place_that_lists_languages():
    assert tuple(LANGUAGE_NAMES) == LANGUAGES
    assert {language for _code, language in TONGUES} == set(LANGUAGES)
    assert {negotiate(code) for code, _language in TONGUES} == set(LANGUAGES)
    for language in LANGUAGES:
        with speaking(language):
            assert "2027" in format_day(dt.date(2027, 1, 5), today=dt.date(2026, 12, 28))


def test_messages_are_constants_and_never_built():
    built = [
        f"{path}:{call.lineno}"
        for path, call in calls(*GETTEXT)
        if isinstance(call.func, ast.Name)
        for at in GETTEXT[call.func.id]
        if path.as_posix() != "bot/language.py"
        and not (
            len(call.args) > at and isinstance(call.args[at], ast.Constant) and isinstance(call.args[at].value, str)
        )
    ]
    assert built == []


def test_no_message_hides_inside_an_f_string():
    """Babel reads nothing inside an f-string before Python 3.12, and says nothing of it."""
    hidden = [
        f"{path}:{joined.lineno}"
        for path, tree in sources()
        for joined in ast.walk(tree)
        if isinstance(joined, ast.JoinedStr)
        for call in ast.walk(joined)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in GETTEXT
    ]
    assert hidden == []


def test_every_placeholder_is_named():
    unnamed = [
        name(message)
        for message in messages("en")
        if any("%" in PLACEHOLDER.sub("", text).replace("%%", "") for text in forms(message))
    ]
    assert unnamed == []


def test_every_context_is_in_the_list_of_contexts_and_used():
    known = {row[0] for row in table((ROOT / "locale/README.md").read_text("utf-8"), "Contexts")}
    assert known == {message.context for message in messages("zh_CN") if message.context}


def test_buttons_fit_a_phone():
    placed = {pair for _path, call in calls("Button", "button") if call.args for pair in said_in(call.args[0])}
    placed |= {(message.context, forms(message)[0]) for message in messages("en") if message.context == "button"}
    shown = texts_of(placed)
    assert len(shown) > 20
    wide = [(language, text) for language, _pair, text in shown if language == "zh_CN" and cells(text) > MOST_CELLS]
    assert wide == []


def test_lines_of_the_command_menu_are_short_enough():
    pairs = {(message.context, forms(message)[0]) for message in messages("en") if message.context == "command"}
    shown = texts_of(pairs)
    assert len(shown) > 10
    assert [text for _language, _pair, text in shown if len(text) > MOST_DESCRIPTION] == []


def test_short_descriptions_fit_the_profile():
    pairs = {(None, "Credit products in administrative matters")}
    shown = texts_of(pairs)
    assert len(shown) == len(LANGUAGES)
    assert [text for _language, _pair, text in shown if len(text) > MOST_SHORT_DESCRIPTION] == []


def test_toasts_are_short_enough():
    given = [
        keyword.value
        for _path, call in calls("Screen", "replace")
        for keyword in call.keywords
        if keyword.arg == "toast"
    ]
    pairs = {pair for value in given for pair in said_in(value)}
    shown = texts_of(pairs)
    assert shown
    assert [text for _language, _pair, text in shown if len(text) > MAX_TOAST] == []


def test_the_catalogues_folder_holds_no_code():
    # A module here would stand in for the standard library's own ``locale``.
    assert [str(path) for path in (ROOT / "locale").rglob("*.py*")] == []
    assert [str(path) for path in (ROOT / "locale").rglob("*.mo")] == []
