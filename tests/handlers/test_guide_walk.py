"""Every button of every screen of the guide, over all matters and answers of the shipped packs."""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

from bot.guidance import Outcome, next_step, still_valid
from bot.policy.loader import load, packaged
from bot.policy.model import MATTER, OTHER, Policy
from bot.screens.screen import MAX_DATA_BYTES, MAX_TEXT_UNITS, Press, Screen
from handlers import guide
from handlers.turn import Sender, Turn
from storage.tables import Draft, Person
from tests.handlers.conftest import NOW
from tests.handlers.desk import Desk, button, presses, verbs

FORWARD = ("gcat", "gmat", "gans", "gpick")


def require_sound(screen: Screen) -> None:
    payloads = [press.encode() for press in presses(screen)]
    assert len(payloads) == len(set(payloads)), screen
    assert all(len(payload.encode()) <= MAX_DATA_BYTES and Press.decode(payload) for payload in payloads), screen
    assert len(screen.text.encode("utf-16-le")) // 2 <= MAX_TEXT_UNITS, screen.name
    assert {"gback", "gend", "gkeep"} & verbs(screen), screen
    assert all(press.verb in guide.PRESSES or press.verb in ("reg", "look", "prop") for press in presses(screen)), (
        screen
    )
    assert all(button.text.strip() for row in screen.rows for button in row), screen


@dataclass
class Walk:
    """Presses every button of every screen once, each time from the state that the screen stands for.

    Toggles are followed up to two ticks; which products follow from more is the guidance's own table test.
    """

    turn: Turn
    draft: Draft
    outcomes: set[tuple[Any, ...]] = field(default_factory=set)
    presses_to_result: dict[str, int] = field(default_factory=dict)

    async def show(self, answers: dict[str, Any]) -> Screen:
        self.draft.answers, self.draft.purpose = answers, "guide"
        self.turn.draft, self.turn.press = self.draft, None
        return await guide.PRESENT["guide"](self.turn)

    async def follow(self, answers: dict[str, Any], press: Press) -> tuple[Screen, dict[str, Any]]:
        self.draft.answers, self.draft.purpose = answers, "guide"
        self.turn.draft = self.draft
        self.turn.press = replace(press, version=self.draft.version)
        screen = await guide.PRESSES[press.verb](self.turn)
        return screen, self.draft.answers

    async def run(self, start: dict[str, Any], *, skipped: frozenset[str]) -> int:
        seen = {repr(start)}
        waiting = deque([(start, 0)])
        while waiting:
            answers, pressed = waiting.popleft()
            screen = await self.show(answers)
            require_sound(screen)
            if screen.name == "guide.result":
                self.note(answers, pressed)
            for press in presses(screen):
                if press.verb in skipped or (press.verb == "gtog" and self.ticked(answers, press)):
                    continue
                if press == Press("gedit", press.id, press.version, MATTER):
                    continue  # any matter after any other: too many to walk, tested above
                if press.verb == "gpick" and self.nothing_ticked(screen):
                    continue  # refused, and the screen stays
                after, then = await self.follow(answers, press)
                assert after == await self.show(then)
                if repr(then) not in seen:
                    seen.add(repr(then))
                    waiting.append((then, pressed + (press.verb in FORWARD)))
        return len(seen)

    def nothing_ticked(self, screen: Screen) -> bool:
        return not any(press.verb == "gtog" and press.arg.endswith(",0") for press in presses(screen))

    def ticked(self, answers: dict[str, Any], press: Press) -> bool:
        return press.arg.endswith(",0") or len(answers["picked"] or ()) >= 2

    def note(self, answers: dict[str, Any], pressed: int) -> None:
        given = answers["answers"]
        self.outcomes.add(tuple(sorted((question, tuple(options)) for question, options in given.items())))
        self.presses_to_result[given[MATTER][0]] = max(pressed, self.presses_to_result.get(given[MATTER][0], 0))


BESIDE = frozenset({"gsrc", "gedit", "gdate", "gref"})
ENDS = frozenset({"gend", "gsend", "reg", "look", "prop"})


async def walk(desk: Desk, session: Any) -> Walk:
    person = await session.get_one(Person, desk.person.id)
    turn = Turn(desk.office, session, NOW, 1, Sender(person.telegram_id), person=person)
    await guide.COMMANDS["guide"](turn)
    assert turn.draft is not None
    return Walk(turn, turn.draft)


async def test_every_path_through_the_shipped_pack_ends_in_a_result_within_six_presses(desk: Desk) -> None:
    policy = desk.office.policy
    async with desk.database.write() as session:
        walker = await walk(desk, session)
        start = walker.draft.answers
        await walker.run(start, skipped=BESIDE | ENDS | {"gback"})
    assert max(walker.presses_to_result.values()) <= policy.settings.press_limit == 6
    assert set(walker.presses_to_result) == {*(m.code for m in policy.matters_on(NOW.date())), OTHER}


async def test_another_bureaus_pack_walks_without_a_line_of_python(desk: Desk) -> None:
    desk.office = replace(desk.office, policy=load(packaged("example")))
    async with desk.database.write() as session:
        walker = await walk(desk, session)
        await walker.run(walker.draft.answers, skipped=ENDS)
    assert {*(m.code for m in desk.office.policy.matters_on(NOW.date()))} <= set(walker.presses_to_result)
    assert max(walker.presses_to_result.values()) <= desk.office.policy.settings.press_limit


async def test_matter_found_by_search_or_used_lately_is_at_most_three_presses_from_its_result(desk: Desk) -> None:
    async with desk.database.write() as session:
        walker = await walk(desk, session)
        start = walker.draft.answers
        for matter in desk.office.policy.matters_on(NOW.date()):
            found = {**start, "at": "found", "query": matter.name}
            screen = await walker.show(found)
            chosen = button(screen, "gmat", matter.code).press
            assert chosen is not None
            _screen, answers = await walker.follow(found, chosen)
            await walker.run(answers, skipped=BESIDE | ENDS | {"gback"})
    assert 1 + max(walker.presses_to_result.values()) <= 3


async def test_every_button_of_every_catalogued_path_leads_to_a_sound_screen(desk: Desk) -> None:
    async with desk.database.write() as session:
        walker = await walk(desk, session)
        await walker.run(walker.draft.answers, skipped=ENDS | {"gtog"})
    expected = 0
    for matter in desk.office.policy.matters_on(NOW.date()):
        expected += results_of(desk.office.policy, {MATTER: (matter.code,)})
    assert len(walker.outcomes) == expected


def results_of(policy: Policy, answers: dict[str, tuple[str, ...]]) -> int:
    """Count the results below some answers, straight from the guidance."""
    step = next_step(policy, answers, on=NOW.date())
    if isinstance(step, Outcome):
        return 1
    return sum(results_of(policy, {**answers, step.question.id: (o.id,)}) for o in step.question.options)


async def test_screens_behind_the_fullest_result_fit_a_message(desk: Desk) -> None:
    policy = desk.office.policy
    every = tuple(option.id for option in policy.questions["triggers"].offered)
    answers = {MATTER: (OTHER,), "triggers": every}
    while not isinstance(step := next_step(policy, answers, on=NOW.date()), Outcome):
        answers = {**answers, step.question.id: (step.question.options[0].id,)}
    assert still_valid(policy, answers, on=NOW.date()) == answers
    async with desk.database.write() as session:
        walker = await walk(desk, session)
        given = {question: list(options) for question, options in answers.items()}
        start = {**walker.draft.answers, "answers": given, "at": ""}
        for page in ("", "src.why", "src.papers", "src.alike", "edit", "edit.triggers", "note", "date"):
            require_sound(await walker.show({**start, "at": page}))
