"""An entry on a natural person, screen by screen: none that names them can be forwarded."""

import pytest

from storage.tables import Request
from tests.conftest import COORDINATOR
from tests.journeys.story import Story, naming, only
from tests.journeys.test_finding import register_person
from tests.journeys.test_verification import receive, write_down
from tests.officer import Officer


@pytest.fixture(params=["sqlite"])
def database_url(tmp_path) -> str:
    """How a message is sent does not depend on the database."""
    return f"sqlite:///{tmp_path / 'xinxuan.db'}"


async def _press(me: Officer, *labels: str) -> None:
    for label in labels:
        await me.press(label)


async def test_no_message_that_names_a_person_can_be_forwarded(story: Story):
    me, coordinator = story.person(), story.person(COORDINATOR)
    await register_person(me)
    await receive(me)
    await _press(me, "已收到意见", "今天")
    await write_down(me, "有不良信息")
    await _press(me, "告知异议、修复途径", "已告知", "登记异议、修复情况", "已提出异议", "暂不填", "确认登记")
    await _press(me, "登记使用情况", "限制")
    await me.type("虚构办法第九条")
    await _press(me, "改使用日期", "今天", "确认登记")
    await _press(me, "更多", "更正（须说明原因）", "出具日期", "昨天")
    await me.type("虚构：录入有误")
    await _press(me, "确认", "更多", "附件", "返回", "更多", "转办", "李四")
    await me.type("/cancel")
    number = f"大气2026-{only(await story.rows(Request)).seq}"
    await coordinator.type(f"/erase {number}")
    await me.type("/find 1234")
    shown = naming(story.api.calls)
    assert {each.title for each in shown} == {"登记台账", "台账", "查询意见", "使用情况", "删除个人信息"}
    assert [each.text for each in shown if not each.protected] == []


async def test_nor_one_about_the_commitment_of_a_person(story: Story):
    me = story.person()
    await me.type("/new 环保专家库入库")
    await me.press("环保专家库入库")
    await me.type("张 1234 人事2026-8")
    await _press(me, "申请人自行申请", "确认登记", "查看台账", "更多", "登记承诺书")
    await me.type("11月20日")
    while "确认登记" not in me.buttons:
        await me.press(me.buttons[0])
    await _press(me, "确认登记", "更多", "登记履行情况")
    shown = naming(story.api.calls)
    assert {"承诺书", "履行情况"} <= {each.title for each in shown}
    assert [each.text for each in shown if not each.protected] == []
