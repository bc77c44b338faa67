"""A pack installed on the server: shown with what it changes, put in force by a press, refused with all its faults."""

import shutil
from pathlib import Path

import pytest

from bot.policy.loader import load, packaged
from handlers import cli, cli_frame, rulekeeping
from storage.tables import Audit, Decision, Outbox, Request
from tests.conftest import COORDINATOR, OFFICER
from tests.journeys.story import Story, only, register
from tests.officer import Officer

MATTER = "排污许可证延续"


@pytest.fixture(params=["sqlite"])
def database_url(tmp_path) -> str:
    """What is shown does not depend on the database."""
    return f"sqlite:///{tmp_path / 'xinxuan.db'}"


@pytest.fixture
async def installed(story: Story, tmp_path: Path) -> Path:
    """The Zhengzhou pack in a folder of its own, which the running bot looks at."""
    folder = tmp_path / "pack"
    shutil.copytree(packaged("zhengzhou"), folder)
    story.folder, story.policy = folder, load(folder)
    await story.restart()
    await story.service.jobs.look_at_pack()
    return folder


def _edit(folder: Path, before: str, after: str) -> None:
    path = folder / "rules.toml"
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


def _advised(folder: Path) -> None:
    """Approvals are only advised to be checked from now on."""
    rule = 'when = { triggers = ["approval"] }\nproduct = "verification"\nstrength = '
    _edit(folder, rule + '"named"', rule + '"advised"')


async def _card(me: Officer) -> str:
    await me.type("/cancel")
    await me.type(f"/guide {MATTER}")
    return await me.press(MATTER)


async def _another_pack(story: Story, installed: Path) -> str:
    """Install a pack that advises otherwise, with an entry open under the first; return the first one's hash."""
    await register(story.person(OFFICER), MATTER)
    first = story.service.office.policy.hash
    _advised(installed)
    await story.service.jobs.look_at_pack()
    return first


async def test_a_new_pack_decides_nothing_before_a_coordinator_has_put_it_in_force(story: Story, installed: Path):
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    first = await _another_pack(story, installed)
    said = await coordinator.wait_for("【新规则包】已安装，尚未启用")
    assert "涉及在办事项1件" in said
    assert f"{MATTER}：核查（方案列明），承诺（可选） → 核查（建议），承诺（可选）" in said, said
    assert "信用信息核查（方案列明）" in await _card(me)

    await story.restart()  # whatever lies in the folder, the approved one decides
    story.policy = load(installed)
    await story.restart()
    assert story.service.office.policy.hash == first
    await story.service.jobs.look_at_pack()
    await story.settle()
    assert len(await story.rows(Outbox, Outbox.kind == rulekeeping.WAITING)) == 1  # told once

    assert "有新安装的规则包待启用，请用 /office 处理。" in await coordinator.type("/doctor")
    await coordinator.type("/office")
    assert "有新安装的规则包待启用" in coordinator.screen
    await coordinator.press("查看规则包")
    await coordinator.press("确认启用")
    assert "【规则包】已启用" in coordinator.screen
    await story.settle()
    assert story.service.office.policy.hash == load(installed).hash != first
    assert "信用信息核查（建议）" in await _card(me)
    request = only(await story.rows(Request))
    assert only(await story.rows(Decision, Decision.id == request.decision_id)).policy_hash == first
    await coordinator.press_data(coordinator.messages[-1].id, f"1:pkok:0:0:{load(installed).hash[:12]}")
    assert len(await story.rows(Audit, Audit.verb == "rules.pack", Audit.actor_id.is_not(None))) == 1


async def test_a_pack_is_put_in_force_with_the_effect_that_was_seen_and_no_other(story: Story, installed: Path):
    coordinator = story.person(COORDINATOR)
    first = await _another_pack(story, installed)
    await coordinator.wait_for("【新规则包】已安装，尚未启用")
    shown = coordinator.messages[-1].id
    await _retired(coordinator, "排污许可证变更")
    await coordinator.press("确认启用", on=shown)
    assert "规则已有变动" in coordinator.toast
    assert await story.rows(Audit, Audit.verb == "rules.pack", Audit.actor_id.is_not(None)) == []
    await coordinator.press("确认启用")
    assert "【规则包】已启用" in coordinator.screen
    await story.settle()
    assert story.service.office.pack.hash == load(installed).hash != first


async def _retired(coordinator: Officer, matter: str) -> None:
    """Let the bureau handle a matter no more, beside the pack."""
    await coordinator.type("/office")
    await coordinator.press("事项目录")
    await coordinator.type(matter)
    for label in (matter, "停办"):
        await coordinator.press(label)
    for words in ("2026-12-31", "虚构局务会议纪要第3号"):
        await coordinator.type(words)
    await coordinator.press("确认启用")


async def test_a_pack_with_faults_is_refused_with_all_of_them_and_the_last_good_one_kept(
    story: Story, installed: Path, monkeypatch: pytest.MonkeyPatch
):
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    good = story.service.office.policy.hash
    award = 'when = { triggers = ["commendation", "honour"] }\nproduct = '
    _edit(installed, award + '"verification"', award + '"no_such_product"')
    _edit(installed, 'strength = "named"', 'strength = "mandatory"')
    await story.service.jobs.look_at_pack()
    said = await coordinator.wait_for("【新规则包】有错误，未采用")
    for words in ("rules.toml:", "no_such_product", "strength"):
        assert words in said, said
    assert story.service.office.policy.hash == good
    assert "信用信息核查（方案列明）" in await _card(me)

    await story.close()
    story.settings.policy = installed
    story.policy = await cli._installed(story.settings, story.clock)
    await story.open()
    await story.service.jobs.look_at_pack()
    await story.settle()
    assert story.service.office.policy.hash == good
    assert len(await story.rows(Outbox, Outbox.kind == rulekeeping.FAULTY)) == 1
    assert "信用信息核查（方案列明）" in await _card(me)

    shutil.copy(packaged("zhengzhou") / "rules.toml", installed / "rules.toml")
    await story.service.jobs.look_at_pack()
    await coordinator.type("/office")
    assert "规则包" not in coordinator.screen  # it is the approved one again


async def test_the_very_first_start_with_faults_ends_with_a_sentence(tmp_path: Path, story: Story):
    folder = tmp_path / "broken"
    shutil.copytree(packaged("example"), folder)
    (folder / "pack.toml").write_text("no toml", "utf-8")
    await story.close()
    settings = story.settings.model_copy(
        update={"policy": folder, "key_file": tmp_path / "new" / "key", "database_url": f"sqlite:///{tmp_path}/new.db"}
    )
    with pytest.raises(cli_frame.Sentence, match="cannot be used"):
        await cli._installed(settings, story.clock)
    await story.open()
