"""The newcomer's first minute in a real browser: matter, result, entry, the clock moves, the reminder, one press."""

import contextlib
import io
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from playwright.async_api import TimeoutError as TookTooLong
from python_calamine import CalamineWorkbook

from bot.language import _, pgettext, speaking
from bot.policy.loader import load, packaged
from handlers import trial
from handlers.clock import Clock
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from handlers.web.trial import TrialDesk, trial_app
from tests.handlers.web.test_botapi import PNG
from tests.sheets import company, row, xlsx

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]  # fmt: skip
PHONE = {"width": 390, "height": 844}
FIRM = "郑州示例环保有限公司（虚构） 91410100MA00000T42"

pytestmark = pytest.mark.browser

if not CHROMIUM.exists():
    pytest.skip("THE BROWSER TEST DID NOT RUN: there is no /usr/bin/chromium", allow_module_level=True)


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    async with trial.running(load(packaged("zhengzhou")), tmp_path) as served:
        yield served


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        await opened.close()


@pytest.fixture
async def page(browser: Browser, address: str) -> AsyncIterator[Page]:
    """The trial page on a phone; an error in its script, or a request that leaves this machine, fails the test."""
    opened = await browser.new_page(viewport=PHONE, locale="zh-CN", timezone_id="Asia/Shanghai")
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("request", lambda sent: None if sent.url.startswith((address, "data:")) else faults.append(sent.url))
    await opened.goto(address)
    yield opened
    assert faults == []


class Phone:
    """An officer's hands on the page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def become(self, person: int) -> None:
        choice = self.page.get_by_test_id(f"person-{person}")
        await choice.wait_for(state="attached")
        for _try in range(10):  # the list folds away once the page has chosen somebody
            if not await choice.is_visible():
                await self.page.get_by_test_id("switch").click()
            with contextlib.suppress(TookTooLong):
                return await choice.click(timeout=1_500)
        raise AssertionError("the list of people does not open")

    async def type(self, text: str) -> None:
        await self.page.get_by_test_id("composer").fill(text)
        await self.page.get_by_test_id("send").click()

    async def press(self, label: str) -> None:
        await self.page.get_by_test_id("key").filter(has_text=label).last.click()

    @property
    def last(self) -> Locator:
        return self.page.get_by_test_id("message").last

    async def reads(self, text: str | re.Pattern[str]) -> None:
        await expect(self.last).to_contain_text(text, timeout=15_000)

    async def shot(self, name: str) -> None:
        if folder := os.environ.get("SHOTS"):
            await self.page.screenshot(path=Path(folder) / f"{name}.png")

    async def fits(self) -> None:
        overflow = await self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0


async def test_an_officer_goes_from_question_to_entry_to_reminder_and_closes_it_with_one_press(page: Page) -> None:
    phone = Phone(page)
    await phone.become(900000001)
    await page.get_by_test_id("start").click()
    await phone.reads("不得发送涉密、工作秘密、内部敏感信息及个人证件信息")
    await phone.shot("1-start")

    await phone.type("排污许可延续")
    await phone.press("排污许可证延续")
    await phone.reads("信用信息核查（方案列明）")
    await phone.reads("郑环文〔2017〕15号 二（二）")
    await phone.fits()
    await phone.shot("2-card")

    await phone.press("登记台账")
    await phone.type(FIRM)
    await phone.press("今天提交")
    await phone.reads("提交")
    await phone.shot("3-confirm")
    await phone.press("确认登记")
    await phone.reads(re.compile(r"20\d\d-1"))
    await phone.shot("4-entry")

    await page.get_by_test_id("clock-deadline").click()
    await phone.reads("中心是否已收件")
    await phone.shot("5-receipt")
    await phone.press("已收件")
    await phone.reads("【已记录】")  # the question names 收件 too

    await page.get_by_test_id("clock-deadline").click()
    await phone.reads("核查反馈提醒")
    await phone.fits()
    await phone.shot("6-reminder")
    await phone.press("已收到意见")
    await phone.reads("已收到意见")
    await phone.shot("7-closed")

    await phone.type("/my")
    await phone.reads("待补录意见1")
    await phone.shot("8-my")


async def test_a_stranger_is_refused_once_and_sees_nothing_else(page: Page) -> None:
    phone = Phone(page)
    await phone.become(trial.STRANGER)
    await page.get_by_test_id("start").click()
    await phone.reads("仅供本局工作人员使用")
    await phone.type("/guide")
    await expect(page.get_by_test_id("message").filter(has_text="信用信息核查")).to_have_count(0)
    await expect(page.get_by_test_id("key")).to_have_count(0)


async def downloaded(phone: Phone, message: Locator) -> tuple[str, bytes]:
    """Press the file under a message, and return its name and bytes as the browser saved them."""
    async with phone.page.expect_download() as waiting:
        await message.get_by_test_id("file").click()
    saved = await waiting.value
    return saved.suggested_filename, Path(await saved.path()).read_bytes()


def sheet_of(content: bytes) -> list[list[object]]:
    return CalamineWorkbook.from_object(io.BytesIO(content)).get_sheet_by_index(0).to_python()


async def test_a_template_comes_down_a_list_goes_up_and_comes_back_checked(page: Page, tmp_path: Path) -> None:
    phone = Phone(page)
    with speaking("zh_CN"):
        template = pgettext("button", "Template")
    await phone.become(900000001)
    await page.get_by_test_id("start").click()
    await phone.type("/batch")
    await phone.press(template)
    brought = page.get_by_test_id("message").filter(has=page.get_by_test_id("file"))
    await expect(brought).to_have_count(1, timeout=15_000)
    name, content = await downloaded(phone, brought.last)
    assert name.endswith(".xlsx")
    assert "统一社会信用代码" in sheet_of(content)[0]
    await phone.shot("9-template")

    listed = tmp_path / "名单（虚构）.xlsx"
    listed.write_bytes(xlsx([row(1), row(2)]))
    await page.get_by_test_id("file-input").set_input_files(listed)
    await expect(brought).to_have_count(3, timeout=30_000)  # the template, the list as it went up, the list checked
    name, content = await downloaded(phone, brought.nth(1))
    assert (name, content) == (listed.name, listed.read_bytes())
    _name, content = await downloaded(phone, brought.last)
    assert company(2) in str(sheet_of(content))
    await phone.fits()
    await phone.shot("10-checked")


async def test_a_picture_is_shown_and_a_file_that_nothing_awaits_is_refused(page: Page, tmp_path: Path) -> None:
    phone = Phone(page)
    await phone.become(900000001)
    await page.get_by_test_id("start").click()
    photo = tmp_path / "现场.png"
    photo.write_bytes(PNG)
    await page.get_by_test_id("file-input").set_input_files(photo)
    picture = page.get_by_test_id("picture")
    await expect(picture).to_have_count(1)
    await expect(picture).to_have_js_property("naturalWidth", 1)
    with speaking("zh_CN"):
        said = _("No file is expected now. Please open the entry that it belongs to, then send the file.")
    await phone.reads(said)
    await phone.shot("11-picture")


async def test_a_button_with_an_address_opens_it_beside_the_chat(browser: Browser) -> None:
    api = BotApi("100000001:fictitious-token-of-the-tests-0000000", Clock())
    person = {"id": 900000001, "name": "陈经办（虚构）", "role": "officer", "unit": ""}

    async def stay(_target: str) -> dict[str, object]:
        return {"now": api.clock.now(), "moved": False}

    async with BotApiServer(api, trial_app(api, TrialDesk(lambda: [person], stay, api.clock.now))) as server:
        api.add_user(900000001, "陈经办（虚构）")
        keyboard = {"inline_keyboard": [[{"text": "打开文件", "url": f"{server.base}/trial/people"}]]}
        api.keep(api.chats[900000001], api.me, {"text": "文件"}, keyboard)
        page = await browser.new_page()
        await page.goto(server.base)
        async with page.expect_popup() as waiting:
            await page.get_by_test_id("key").click()
        opened = await waiting.value
        await opened.wait_for_load_state()
        assert opened.url == f"{server.base}/trial/people"
        assert await opened.evaluate("window.opener") is None
        await page.close()
