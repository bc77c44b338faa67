"""Telegram's HTML is read strictly, and what is well formed keeps its text."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.web.botapi.html import parse_html, utf16_length
from handlers.web.botapi.model import ApiError


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>信用</b>核查", "信用核查", [("bold", 0, 2)]),
        ("😀<i>x</i>", "😀x", [("italic", 2, 1)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("  <b> a </b>  ", "a", [("bold", 0, 1)]),
        ("<b></b>x", "x", []),
        ("A&amp;B&lt;C&gt; &quot;&#8217;", 'A&B<C> "’', []),
        ("<blockquote expandable>q</blockquote>", "q", [("expandable_blockquote", 0, 1)]),
        ('<span class="tg-spoiler">s</span>', "s", [("spoiler", 0, 1)]),
    ],
)
def test_entities_are_counted_in_utf16_units(source: str, text: str, entities: list) -> None:
    found = parse_html(source)
    assert found.text == text
    assert [(each["type"], each["offset"], each["length"]) for each in found.entities] == entities


def test_attributes_become_fields() -> None:
    link, moment, code = (
        parse_html(source).entities[0]
        for source in (
            '<a href="https://example.org/?a=1&amp;b=2">x</a>',
            '<tg-time unix="1764000000" format="wD">11月25日</tg-time>',
            '<pre><code class="language-toml">a = 1</code></pre>',
        )
    )
    assert link["url"] == "https://example.org/?a=1&b=2"
    assert (moment["unix_time"], moment["date_time_format"]) == (1764000000, "wD")
    assert (code["type"], code["language"]) == ("pre", "toml")


@pytest.mark.parametrize(
    "source",
    [
        "<b>open",
        "closed</b>",
        "<b><i>crossed</b></i>",
        "<br>",
        "<font>x</font>",
        "a < b",
        "a > b",
        "A&B",
        "&nbsp;",
        "&copy;",
        "<a>x</a>",
        '<a href="x" onclick="y">x</a>',
        '<b class="x">x</b>',
        '<span class="red">x</span>',
        "<code><b>x</b></code>",
        "<blockquote>a<blockquote>b</blockquote></blockquote>",
        '<code class="language-toml">x</code>',
        '<tg-time unix="tomorrow">x</tg-time>',
        "<公司>",
    ],
)
def test_what_telegram_documents_as_wrong_is_refused(source: str) -> None:
    with pytest.raises(ApiError, match="can't parse entities"):
        parse_html(source)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_escaped_text_of_any_kind_comes_back_unharmed(text: str) -> None:
    found = parse_html(f"<b>{html.escape(text, quote=False)}</b>")
    # html.unescape leaves out what HTML has no character for; none of it can come from an escape of &, < or >.
    assert found.text == text.strip()
    assert all(each["offset"] + each["length"] <= utf16_length(found.text) for each in found.entities)
