"""The file page in a real browser, on a phone: links, sessions, forms from elsewhere, files byte for byte."""

import asyncio
import contextlib
import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Error, async_playwright, expect
from sqlalchemy import select

from handlers.app import Service
from handlers.clock import Clock
from storage.tables import Audit
from tests import sheets
from tests.conftest import OFFICER, START, Bureau, enrol_cast, settings_for
from tests.file_page import COLLEAGUE, CONTENT, Counter
from tests.loopback import free_port

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]  # fmt: skip
PHONE = {"width": 390, "height": 844}
LIST = {"name": "名单（虚构）.xlsx", "mimeType": "application/octet-stream", "buffer": b"PK\x03\x04" + bytes(5000)}

pytestmark = pytest.mark.browser

if not CHROMIUM.exists():
    pytest.skip("THE BROWSER TEST DID NOT RUN: there is no /usr/bin/chromium", allow_module_level=True)


@pytest.fixture
def clock():
    return Clock(START - Clock().now())


@pytest.fixture
async def counter(sqlite, clock, tmp_path):
    async with Counter(sqlite, clock, tmp_path).open() as counter:
        yield counter


@pytest.fixture
async def context():
    """A browser without a past; what goes wrong in its pages, and where they go, is kept on ``context.seen``."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        context = await browser.new_context(viewport=PHONE, locale="zh-CN")
        context.seen = []
        context.on("request", lambda sent: context.seen.append(sent.url))
        yield context
        await browser.close()


@pytest.fixture
async def page(context):
    page = await context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if "Security Policy" in line.text else None)
    yield page
    assert faults == []


async def enter(page, address):
    await page.goto(address)
    await page.locator("button.main").click()
    await page.wait_for_url("**/s")


async def fits(page):
    assert await page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    height = await page.locator(".main").evaluate("each => each.getBoundingClientRect().height")
    assert height >= 48


async def test_a_file_is_fetched_byte_for_byte_and_no_address_says_anything(counter, context, page):
    address = counter.download()
    await enter(page, address)
    await fits(page)
    await expect(page.locator(".name")).to_contain_text("名单")
    async with page.expect_download() as coming:
        await page.locator("a.main").click()
    download = await coming.value
    assert Path(await download.path()).read_bytes() == CONTENT
    assert download.suggested_filename.startswith("名单")
    root = urlsplit(counter.base).path
    assert {urlsplit(each).path for each in context.seen} == {
        urlsplit(address).path, f"{root}/s", f"{root}/s/file", f"{root}/page.css"
    }  # fmt: skip
    for each in context.seen:
        parts = urlsplit(each)
        assert (parts.query, parts.fragment) == ("", "")
        assert parts.netloc == urlsplit(counter.base).netloc
    assert await page.evaluate("document.referrer") == ""


async def test_an_upload_reaches_the_flow_and_the_page_says_so(counter, page):
    await enter(page, counter.upload())
    await fits(page)
    await page.set_input_files("input[type=file]", LIST)
    await page.locator("button.main").click()
    await expect(page.locator("p")).to_have_count(1)
    await expect(page.locator("[role=alert]")).to_have_count(0)
    ((telegram_id, received),) = counter.received
    assert telegram_id == OFFICER
    assert received.name == LIST["name"]
    assert counter.store.read(received.key) == LIST["buffer"]


async def test_a_file_too_large_gets_a_sentence_and_not_a_broken_connection(counter, page, tmp_path):
    large = tmp_path / "large.xlsx"
    large.write_bytes(bytes(30 * 1024 * 1024))
    await enter(page, counter.upload())
    await page.set_input_files("input[type=file]", large)
    await page.locator("button.main").click()
    await expect(page.locator("[role=alert]")).to_contain_text("20")
    assert counter.received == []


async def test_a_slow_clerk_with_a_large_file_is_told_that_the_time_is_over(counter, clock, page, tmp_path):
    large = tmp_path / "list.xlsx"
    large.write_bytes(bytes(15 * 1024 * 1024))
    await enter(page, counter.upload())
    await page.set_input_files("input[type=file]", large)
    clock.move_to(clock.now() + (START - START.replace(hour=0)))  # an hour later
    await page.locator("button.main").click()
    await expect(page.locator("[role=alert]")).to_have_count(1)
    assert counter.received == []


async def test_an_expired_link_opens_nothing(counter, clock, page):
    address = counter.download()
    clock.move_to(clock.now() + (START - START.replace(hour=0)))
    answer = await page.goto(address)
    assert answer.status == 410
    await expect(page.locator("[role=alert]")).to_have_count(1)
    await expect(page.locator("button, a")).to_have_count(0)


async def test_another_officers_link_ends_the_session_before_it(counter, context, page):
    await enter(page, counter.download())
    second = await context.new_page()
    await enter(second, counter.upload(COLLEAGUE))
    await page.reload()
    await expect(page.locator("input[type=file]")).to_have_count(1)  # the browser holds the other session now
    await expect(page.locator(".name")).to_have_count(0)
    await second.set_input_files("input[type=file]", LIST)
    await second.locator("button.main").click()
    await expect(second.locator("input[type=file]")).to_have_count(0)
    assert [telegram_id for telegram_id, _file in counter.received] == [COLLEAGUE]
    assert ("page.end", "another link") in await counter.notes()


async def test_a_form_on_another_site_does_nothing_in_an_officers_session(counter, context, page):
    await enter(page, counter.upload())
    served = await asyncio.start_server(_evil(counter.base), "127.0.0.1", 0)
    async with served:
        port = served.sockets[0].getsockname()[1]
        for path in ("/s", "/s/end"):
            evil = await context.new_page()
            await evil.goto(f"http://localhost:{port}{path}")
            await evil.locator("button").click()
            await evil.wait_for_url(f"{counter.base}{path}")
            await expect(evil.locator("[role=alert]")).to_have_count(1)
    assert counter.received == []
    await page.reload()
    await expect(page.locator("input[type=file]")).to_have_count(1)  # the session lives on


def _evil(base):
    """Another site whose form presses for the officer; it does not know the form's token."""

    async def answer(reader, writer):
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        form = f'<form method="post" action="{base}{path}"><input name="form" value="1"><button>go</button></form>'
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n{form}".encode())
        await writer.drain()
        writer.close()

    return answer


async def test_an_ended_session_does_not_come_back(counter, context, page):
    await enter(page, counter.download())
    await page.locator("button.end").click()
    await expect(page.locator("button, a")).to_have_count(0)
    assert [each["name"] for each in await context.cookies() if each["name"] == "xinxuan_page"] == []
    answer = await page.goto(f"{counter.base}/s")
    assert answer.status == 403
    with contextlib.suppress(Error):  # ERR_CACHE_MISS: no page of the session is kept by the browser
        await page.go_back()
    await expect(page.locator("a.main")).to_have_count(0)


async def test_no_script_of_any_site_reads_the_session(counter, context, page):
    await enter(page, counter.download())
    assert await page.evaluate("document.cookie") == ""
    cookie = next(each for each in await context.cookies() if each["name"] == "xinxuan_page")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    framing = await context.new_page()
    await framing.set_content(f'<iframe src="{counter.base}/s"></iframe>')
    await asyncio.sleep(0.5)
    texts = [await frame.locator("body").inner_text() for frame in framing.frames[1:]]
    assert not any("名单" in text for text in texts)


@pytest.fixture
async def bureau(server, api, clock, policy, tmp_path):
    """The whole application with a file page."""
    port = free_port()
    page = {"page_url": f"http://127.0.0.1:{port}", "page_bind": f"127.0.0.1:{port}"}
    settings = settings_for(tmp_path, server.base, **page)
    before = os.umask(0o077)
    try:
        async with Service(settings, policy, clock=clock, per_second=1000.0) as service:
            await enrol_cast(service.database)
            yield Bureau(service, api, clock, settings, tmp_path)
    finally:
        os.umask(before)


LABELS = {"give": ("打开文件", "Open the file"), "take": ("上传文件", "Upload a file")}


def link(officer, way):
    """Return the address behind the newest button that gives or takes a file; empty where there is none."""
    for message in reversed(officer.messages):
        for button in (each for row in message.buttons for each in row):
            if button["text"] in LABELS[way]:
                return button["url"]
    return ""


async def test_a_list_goes_in_and_its_template_comes_out_without_touching_the_chat(bureau, page, tmp_path):
    officer = bureau.person(OFFICER)
    await officer.type("/batch")
    offered = next(
        each for row in officer.messages[-1].buttons for each in row if ":btpl:" in each.get("callback_data", "")
    )
    await officer.press(offered["text"])
    await officer._until(lambda: link(officer, "give"), "the template's link")
    template = link(officer, "give")
    await enter(page, template)
    async with page.expect_download() as coming:
        await page.locator("a.main").click()
    fetched = Path(await (await coming.value).path()).read_bytes()
    assert fetched in {path.read_bytes() for path in (tmp_path / "files").iterdir()}

    sent = sheets.xlsx([sheets.row(1), sheets.row(2)])
    await officer.type("/batch")
    await enter(page, link(officer, "take"))
    await page.set_input_files("input[type=file]", LIST | {"buffer": sent})
    await page.locator("button.main").click()
    await expect(page.locator("input[type=file]")).to_have_count(0)
    await officer._until(lambda: link(officer, "give") != template, "the list comes back with its verdicts")
    assert not any("document" in message.body for message in officer.messages)
    async with bureau.database.read() as session:
        verbs = set(await session.scalars(select(Audit.verb)))
    assert {"page.open", "page.look", "page.download", "page.upload"} <= verbs
