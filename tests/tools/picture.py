"""Make the picture of the README anew: ``python -m tests.tools.picture`` (needs /usr/bin/chromium)."""

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright

from bot.policy.loader import load, packaged
from handlers import trial

TARGET = Path(__file__).resolve().parents[2] / "docs" / "trial.png"
SIZE = {"width": 1180, "height": 860}


async def main() -> None:
    """Walk from a matter to its reminder in the trial and take the picture."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            trial.running(load(packaged("zhengzhou")), Path(folder)) as address,
            async_playwright() as playwright,
        ):
            browser = await playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
            )
            page = await browser.new_page(viewport=SIZE, locale="zh-CN", timezone_id="Asia/Shanghai")
            await page.goto(address)
            await walk(page)
            await page.screenshot(path=TARGET)
            await browser.close()


async def walk(page: Page) -> None:
    """Find a matter, make an entry, and let the reminder come."""
    await page.get_by_test_id("start").click()
    for text, *labels in (
        ("绿色企业", "环境友好企业", "是", "登记台账"),
        ("示例环保科技有限公司（虚构） 91410100MA00000T42", "今天提交", "确认登记"),
    ):
        await page.get_by_test_id("composer").fill(text)
        await page.get_by_test_id("send").click()
        for label in labels:
            await page.get_by_test_id("key").filter(has_text=label).last.click()
    await page.get_by_test_id("message-text").filter(has_text="已登记台账").wait_for()
    for _turn in range(2):
        before = await page.get_by_test_id("message").count()
        await page.get_by_test_id("clock-deadline").click()
        await page.get_by_test_id("message").nth(before).wait_for()
        receipt = page.get_by_test_id("key").filter(has_text="）已收件")
        if await receipt.count():
            await receipt.last.click()
            await receipt.last.wait_for(state="detached")
    await page.wait_for_timeout(1500)


if __name__ == "__main__":
    asyncio.run(main())
