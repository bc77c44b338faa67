"""Questions in between: whatever was entered comes back, the newest first, and nothing else does."""

import random
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import update

from bot.errors import Refusal
from bot.screens.screen import Screen
from handlers import drafts_aside, frame
from handlers.turn import Turn
from storage.tables import Person, Role
from tests.handlers.desk import Desk

FORM, SEARCH = "form", "find"
OWED = dict[int, int]
"""Number of a form -> what was entered in it last; in the order in which they began."""


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("beneath", [True, False])
async def test_what_was_entered_comes_back_whatever_comes_upon_it(desk: Desk, seed: int, beneath: bool):
    chance, owed = random.Random(seed), OWED()
    if beneath:
        await desk.command("new")
    for value in range(1, 40):
        act = chance.choice((_form, _form, _entered, _entered, _search, _passing))
        if act in (_form, _search) and len(owed) + beneath >= drafts_aside.MOST_UNFINISHED:
            with pytest.raises(Refusal):
                await act(desk, chance, owed, value)
        else:
            await act(desk, chance, owed, value)
    while (draft := await desk.draft()) is not None and drafts_aside.SET_ASIDE in draft.answers:
        if (number := draft.answers.get("subject")) in owed:
            assert (number, draft.answers["value"]) == owed.popitem()
        await _run(desk, drafts_aside.take_up)
    assert owed == {}
    assert (await desk.draft() is not None) == beneath


async def test_no_more_is_half_filled_in_than_anybody_has_in_mind(desk: Desk):
    for number in range(drafts_aside.MOST_UNFINISHED):
        await desk.command("feedback", f"虚构问题{number}")
    with pytest.raises(Refusal, match="5项"):
        await desk.command("feedback", "虚构问题")
    for number in reversed(range(drafts_aside.MOST_UNFINISHED)):
        draft = await desk.draft()
        assert draft is not None and draft.answers["values"] == {"text": f"虚构问题{number}"}
        await desk.command("cancel")
    assert await desk.draft() is None


@pytest.mark.parametrize("name", sorted(set(frame.COMMANDS) - {"cancel"}))
@pytest.mark.parametrize("entered", [True, False])
async def test_a_question_hidden_by_a_command_takes_nothing_that_is_typed_unless_something_is_entered_in_it(
    desk: Desk, name: str, entered: bool
):
    async def begin(turn: Turn) -> None:
        await drafts_aside.put_aside(turn, purpose="counterpart", answers={"id": 1, "act": "merge"}, entered=entered)

    async with desk.database.write() as session:
        await session.execute(update(Person).values(role=Role.COORDINATOR))
    await _run(desk, begin)
    await desk.command(name)
    assert ("counterpart" in await _asked(desk)) == entered


async def _asked(desk: Desk) -> list[str]:
    """Return what is asked, the newest first: for what is on the screen, and for all that waits beneath it."""
    draft = await desk.draft()
    found = [] if draft is None else [draft.purpose]
    beneath = draft.answers.get(drafts_aside.SET_ASIDE) if draft is not None else None
    while beneath is not None:
        found.append(beneath["purpose"])
        beneath = beneath["answers"].get(drafts_aside.SET_ASIDE)
    return found


async def _form(desk: Desk, chance: random.Random, owed: OWED, _value: int) -> None:
    """A form begins in which nothing is entered yet."""
    number = chance.choice([each for each in range(40) if each not in owed])

    async def begin(turn: Turn) -> None:
        await drafts_aside.put_aside(turn, purpose=FORM, answers={"form": "f", "subject": number, "value": 0})

    await _run(desk, begin)


async def _entered(desk: Desk, _chance: random.Random, owed: OWED, value: int) -> None:
    """Something is entered in the form on the screen, where there is one."""
    draft = await desk.draft()
    if draft is None or draft.purpose != FORM:
        return
    number, answers = draft.answers["subject"], {**draft.answers, "value": value}

    async def keep(turn: Turn) -> None:
        drafts_aside.keep(turn, answers)

    await _run(desk, keep)
    owed[number] = value


async def _search(desk: Desk, _chance: random.Random, _owed: OWED, value: int) -> None:
    """Somebody looks for something, with one word and another."""

    async def search(turn: Turn) -> None:
        await drafts_aside.put_aside(turn, purpose=SEARCH, answers={"query": ""})
        assert turn.draft is not None
        drafts_aside.keep(turn, {**turn.draft.answers, "query": str(value)}, entered=False)

    await _run(desk, search)


async def _passing(desk: Desk, _chance: random.Random, _owed: OWED, _value: int) -> None:
    """Something is opened that asks nothing."""
    await _run(desk, drafts_aside.let_go)


async def _run(desk: Desk, act: Callable[[Turn], Awaitable[None]]) -> None:
    async def flow(turn: Turn) -> Screen:
        await act(turn)
        return Screen("x", "x")

    await desk.run(flow)
