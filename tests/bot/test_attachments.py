"""What a file is, told from its bytes; neither its name nor a claimed type counts."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.attachments import (
    JPEG,
    MOST_BYTES,
    PDF,
    PNG,
    AttachmentLine,
    Purpose,
    file_name,
    media_type,
    ordinals,
    require_size,
)
from bot.errors import Refusal
from bot.language import speaking
from tests.papers import ESCAPED_SCRIPT, LAUNCH, PAGES, SCRIPT, archive, jpeg, packed, pdf, png


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


@pytest.mark.parametrize(
    ("content", "found"),
    [(jpeg(), JPEG), (png(), PNG), (pdf(PAGES), PDF), (pdf(PAGES, packed(b"5 0 << /Type /Page >>")), PDF)],
)
def test_pictures_and_quiet_pdf_files_are_kept(content, found):
    assert media_type(content) == found


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"\n" + pdf(PAGES),  # a PDF begins with its mark
        archive(),
        archive() + jpeg(),
        jpeg() + archive(),
        png() + archive(),
        pdf(PAGES) + archive(),
        png() + b"<script>",
        png()[:-6],
        jpeg()[:-2],
        b"GIF89a" + b"\x00" * 40,
        b"MZ" + b"\x00" * 40,
        b"%PDF-1.7\nnothing more",
        b"\x89PNG\r\n\x1a\n" + b"\xff\xff\xff\xffIHDR",
    ],
    ids=range(14),
)
def test_anything_else_and_anything_twofold_is_refused(content):
    with pytest.raises(Refusal, match="Only a JPEG or PNG photo, or a PDF"):
        media_type(content)


@pytest.mark.parametrize(
    "content",
    [pdf(SCRIPT), pdf(LAUNCH), pdf(ESCAPED_SCRIPT), pdf(PAGES, packed(b"5 0 " + SCRIPT))],
    ids=["script", "launch", "escaped", "packed"],
)
def test_a_pdf_that_does_something_by_itself_is_refused(content):
    with pytest.raises(Refusal, match="script or starts a program"):
        media_type(content)


@pytest.mark.parametrize(
    "content",
    [
        pdf(PAGES, packed(b"5 0 " + SCRIPT, twice=True)),
        pdf(PAGES, packed(b"5 0 << >>"), b"<< /Encrypt 4 0 R >>"),
        pdf(PAGES, packed(b"5 0 " + SCRIPT).replace(b"endstream", b"")),
        pdf(PAGES, packed(b"5 0 << >>", more=b"/X (" + b"x" * 2000 + b") ")),
        pdf(PAGES, packed(b"\x00" * (33 * 1024 * 1024))),
    ],
    ids=["twice", "encrypted", "endless", "far", "bomb"],
)
def test_a_pdf_that_cannot_be_looked_through_is_refused(content):
    with pytest.raises(Refusal, match="cannot be checked"):
        media_type(content)


def test_size_is_known_before_the_file_is_fetched():
    require_size(MOST_BYTES)
    with pytest.raises(Refusal, match="larger than 10 MB"):
        require_size(MOST_BYTES + 1)
    with pytest.raises(Refusal, match="empty"):
        require_size(0)


@given(st.binary(max_size=400))
def test_whatever_comes_is_one_of_three_or_refused(content):
    with speaking("en"):
        for start in (b"", b"%PDF-1.7\n", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"):
            try:
                found = media_type(start + content)
            except Refusal:
                continue
            assert found in (JPEG, PNG, PDF)


def line(ordinal=1, number_type=PDF, purpose=Purpose.OPINION):
    return AttachmentLine(1, 2, "虚构环保科技有限公司", purpose, number_type, dt.datetime.now(dt.UTC), ordinal)


@pytest.mark.parametrize(
    ("given_line", "name"),
    [
        (line(), "Opinion-大气2026-17.pdf"),
        (line(ordinal=3), "Opinion-大气2026-17-3.pdf"),
        (line(number_type=JPEG, purpose=Purpose.LETTER), "Commitmentletter-大气2026-17.jpg"),
    ],
)
def test_a_name_says_what_it_is_and_names_nobody(given_line, name):
    assert file_name(given_line, "大气2026-17") == name


def test_a_name_holds_nothing_that_a_system_refuses():
    assert file_name(line(), '../大气/2026:17"') == "Opinion-大气202617.pdf"


def test_each_file_counts_among_those_of_its_own_purpose():
    assert ordinals(["opinion", "letter", "opinion", "letter"]) == [1, 1, 2, 2]
