"""A bureau with something of every kind in the ledger of one unit, and every button that its own people are shown."""

from dataclasses import dataclass, field

from bot.screens.screen import Press, Screen
from storage.tables import Role
from tests.drills.door import WATER_FIRM, Door, payloads, press

OWNER, COLLEAGUE, LIAISON, HEAD, COORDINATOR = (6_200_101 + number for number in range(5))
HELD_FIRM = "虚构丙环保有限公司 91410100MA00000021"
NOTE, CASE, LAST_FOUR = "密研究说明", "密人事2026-7", "9157"
SECRETS = (*WATER_FIRM.split(), "虚构乙", "水2026-", "密反馈", NOTE, CASE, LAST_FOUR)
"""What of it nobody of another unit may read. That a valid opinion on the other firm is held, everybody may know."""
READING = frozenset(
    ("my", "mfl", "req", "more", "tline", "atts", "attg", "find", "ffl", "cpt", "cover", "cvls", "fbls", "fbone",
     "quni", "qopn", "qfil", "qret", "qmat", "qgap", "qsum", "study", "scase", "stat", "stfig", "stuni", "off",
     "men", "man", "uni", "invs", "mats", "pros", "pview", "sets", "pack", "hand", "opn", "use", "tell", "fol", "corr",
     "let", "rep", "att", "paper", "rwd", "cvnew", "later", "smry", "rmd")
)  # fmt: skip
"""Verbs whose buttons are pressed for what their screens show; they leave looks and drafts behind, and nothing else."""


@dataclass
class Furnished:
    """The bureau with what it has shown.

    Args:
        door: The bureau.
        shown: Every button that the people of the unit and the coordinator were shown -> who was.
    """

    door: Door
    shown: dict[str, int] = field(default_factory=dict)

    async def say(self, who: int, words: str) -> Screen:
        """Type something, and keep what was shown."""
        return self._kept(who, await self.door.say(who, words))

    async def tap(self, who: int, screen: Screen, *labels: str) -> Screen:
        """Press buttons one after another, and keep what was shown."""
        for label in labels:
            screen = self._kept(who, await self.door.tap(who, screen, label))
        return screen

    def _kept(self, who: int, screen: Screen) -> Screen:
        for _label, data in payloads(screen):
            self.shown.setdefault(data, who)
        return screen

    async def look_around(self) -> None:
        """Let everybody press what only shows something, once for each thing, until nothing new is shown."""
        tried: set[tuple[str, int]] = set()
        while (data := next((each for each in self.shown if _opens(each) not in tried), None)) is not None:
            verb, key = _opens(data)
            tried.add((verb, key))
            if verb in READING:
                [turn] = await self.door.knock([press(self.shown[data], data)])
                if turn.screen is not None:
                    self._kept(self.shown[data], turn.screen)


def _opens(data: str) -> tuple[str, int]:
    decoded = Press.decode(data)
    assert decoded is not None, data
    return decoded.verb, decoded.id


async def furnish(door: Door) -> Furnished:
    """Put entries, an opinion, a person, a case, a feedback, a return and a cover into the ledger of the water unit."""
    for who, role, unit in ((OWNER, Role.OFFICER, "water"), (COLLEAGUE, Role.OFFICER, "water"),
                            (LIAISON, Role.LIAISON, "water"), (HEAD, Role.HEAD, "water"),
                            (COORDINATOR, Role.COORDINATOR, "legal")):  # fmt: skip
        await door.enrol(who, role, unit)
    bureau = Furnished(door)
    await _enter(bureau, WATER_FIRM)
    await _held(bureau)
    await _person(bureau)
    await _asked(bureau)
    await _away(bureau)
    for who in (OWNER, LIAISON, HEAD, COORDINATOR):
        for command in ("my", "find 虚构", "cover", "feedback", "quarter", "study", "stats", "handover", "later",
                        "settings", "office"):  # fmt: skip
            await bureau.say(who, f"/{command}")
            await bureau.say(who, "/cancel")
    await bureau.look_around()
    return bureau


async def _enter(bureau: Furnished, firm: str) -> Screen:
    screen = await bureau.tap(OWNER, await bureau.say(OWNER, "/new 排污许可证延续"), "排污许可证延续")
    screen = await bureau.tap(OWNER, await bureau.say(OWNER, firm), "今天提交", "确认登记", "查看台账")
    return await bureau.tap(OWNER, screen, "今天中心已收件")


async def _held(bureau: Furnished) -> None:
    """An opinion that the unit holds, adverse, so that its side tasks are open."""
    screen = await bureau.tap(
        OWNER, await _enter(bureau, HELD_FIRM), "已收到意见", "今天", "登记意见内容", "有不良信息"
    )
    for typed in ("2026-11-20", "信核2026-9", "密反馈：行政处罚1条"):
        screen = await bureau.say(OWNER, typed)
    await bureau.tap(OWNER, screen, "确认登记")


async def _person(bureau: Furnished) -> None:
    screen = await bureau.say(OWNER, "/new 环保先进个人表彰")
    await bureau.tap(OWNER, screen, "环保先进个人表彰", "是", "社会人士", "自然人")
    await bureau.tap(OWNER, await bureau.say(OWNER, f"密 {LAST_FOUR} {CASE}"), "今天提交", "确认登记", "查看台账")


async def _asked(bureau: Furnished) -> None:
    """A case for study, and the feedback handed in."""
    screen = await bureau.say(OWNER, "/feedback 密反馈：查询口径不一")
    await bureau.tap(OWNER, screen, "工作建议", "提交")
    screen = await bureau.say(OWNER, "/guide 绿色企业评选")
    await bureau.tap(OWNER, screen, "环境友好企业、绿色企业评选", "否", "转政法处研究")
    await bureau.say(OWNER, NOTE)


async def _away(bureau: Furnished) -> None:
    await bureau.tap(
        OWNER, await bureau.say(OWNER, "/cover"), "登记本人请假", str(COLLEAGUE % 1000), "另行通知", "确认代办"
    )
