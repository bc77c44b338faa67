"""The catalogue from any chat: for officers, with the clause, and with nothing that is anybody's own."""

import asyncio
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from bot.guidance import Outcome, next_step
from bot.language import speaking
from bot.policy.model import MATTER, Policy
from bot.screens.inline import card
from bot.screens.screen import MAX_TEXT_UNITS
from handlers import inline
from handlers.turn import Turn
from handlers.web.botapi.html import parse_html, utf16_length
from handlers.web.botapi.model import InlineQuery
from storage import recent
from storage.tables import Inbox, InboxState, Person, PersonState
from tests.conftest import AUDITOR, OFFICER, START, STRANGER, Bureau

SPECIMEN = "11010519491231002X"  # a published specimen; nobody's


async def asked(bureau: Bureau, query: str, *, user_id: int = OFFICER) -> InlineQuery:
    """Type something behind the bot's name, and wait until the bot has dealt with it."""
    if user_id not in bureau.api.users:
        bureau.api.add_user(user_id, "外来访客（虚构）")
    said = bureau.api.inline(user_id, query)
    async with asyncio.timeout(30):
        while not said.answered:
            await bureau.api.changed.wait(bureau.api.changed.count, 0.02)
    return said


def titles(said: InlineQuery) -> list[str]:
    return [result["title"] for result in said.results]


async def person(bureau: Bureau, user_id: int = OFFICER) -> Person:
    async with bureau.database.read() as session:
        return (await session.scalars(select(Person).where(Person.telegram_id == user_id))).one()


async def test_an_officer_finds_a_matter_with_its_products_and_clause(bureau: Bureau):
    said = await asked(bureau, "排污许可证延续")
    first = said.results[0]
    assert first["title"] == "排污许可证延续"
    assert first["description"].startswith("● 信用信息核查")
    text = parse_html(first["input_message_content"]["message_text"]).text
    assert "● 信用信息核查（方案列明）" in text
    assert "郑环文〔2017〕15号 二（二）" in text
    assert "建议目录，以本局正式清单为准" in text
    assert len(said.results) <= inline.MOST
    call = next(call for call in reversed(bureau.api.calls) if call.method == "answerInlineQuery")
    assert (call.params["cache_time"], call.params["is_personal"]) == ("0", "true")


async def test_pinyin_finds_it_too_and_nonsense_finds_nothing(bureau: Bureau):
    assert "排污许可证延续" in titles(await asked(bureau, "pwxkzyx"))
    assert titles(await asked(bureau, "qqqqqqqqqq")) == []


async def test_without_words_the_last_five_matters_are_offered(bureau: Bureau, policy: Policy):
    codes = [matter.code for matter in policy.matters_on(START.date())][:7]
    officer = await person(bureau)
    async with bureau.database.write() as session:
        for minute, code in enumerate(codes):
            await recent.remember(session, officer, code, now=START + dt.timedelta(minutes=minute))
        await recent.remember(session, officer, "dropped-by-the-pack", now=START + dt.timedelta(hours=1))
    said = await asked(bureau, "")
    assert titles(said) == [policy.matters[code].name for code in reversed(codes[2:])]


async def test_an_auditor_may_look(bureau: Bureau):
    assert titles(await asked(bureau, "排污许可证延续", user_id=AUDITOR))


@pytest.mark.parametrize("who", ["stranger", "suspended"])
async def test_nobody_but_officers_sees_anything(bureau: Bureau, who: str):
    if who == "suspended":
        async with bureau.database.write() as session:
            row = (await session.scalars(select(Person).where(Person.telegram_id == OFFICER))).one()
            row.state = PersonState.SUSPENDED
    said = await asked(bureau, "排污许可证延续", user_id=STRANGER if who == "stranger" else OFFICER)
    assert said.results == []
    call = next(call for call in reversed(bureau.api.calls) if call.method == "answerInlineQuery")
    assert (call.params["cache_time"], call.params["is_personal"]) == ("0", "true")
    assert not [call for call in bureau.api.calls if call.method == "sendMessage"]


async def test_words_with_an_id_number_in_them_find_nothing_and_are_not_kept(bureau: Bureau):
    assert (await asked(bureau, f"排污 {SPECIMEN}")).results == []
    async with bureau.database.read() as session:
        assert SPECIMEN not in str(list(await session.scalars(select(Inbox.raw))))


async def _kept(bureau: Bureau, query: str, *, age: dt.timedelta) -> InlineQuery:
    """Put a query of some age into the inbox, as if the process had just started, and let it be dealt with."""
    said = bureau.api.inline(OFFICER, query)
    bureau.api.updates.forget()
    sender = {"id": OFFICER, "is_bot": False, "first_name": "x"}
    raw = {"update_id": 77, "inline_query": {"id": said.id, "from": sender, "query": query, "offset": ""}}
    async with bureau.database.write() as session:
        session.add(
            Inbox(
                update_id=77, lane=str(OFFICER), raw=raw, state=InboxState.RECEIVED, attempts=0,
                received_at=bureau.clock.now() - age,
            )
        )  # fmt: skip
    bureau.service.dispatcher.wake()
    async with asyncio.timeout(30):
        while True:
            async with bureau.database.read() as session:
                row = (await session.scalars(select(Inbox).where(Inbox.update_id == 77))).one()
            if row.state is InboxState.SHOWN:
                return said
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(("seconds", "answered"), [(4, True), (11, False)])
async def test_a_query_that_has_waited_too_long_is_not_answered(bureau: Bureau, seconds: int, answered: bool):
    said = await _kept(bureau, "排污", age=dt.timedelta(seconds=seconds))
    await bureau.person(OFFICER).type("/help")  # whatever was to go out has gone out
    assert said.answered == answered


async def test_an_answer_that_comes_to_nothing_costs_nobody_anything(bureau: Bureau):
    bureau.api.faults.add("answerInlineQuery", "502")
    bureau.api.inline(OFFICER, "排污")
    assert "/guide" in await bureau.person(OFFICER).type("/help")
    assert titles(await asked(bureau, "排污"))


async def test_a_defect_in_the_search_ends_the_update_and_shows_nobody_anything(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
):
    async def broken(_turn: Turn, _query: str) -> tuple[Any, ...]:
        raise RuntimeError("a defect, on purpose")

    monkeypatch.setattr(inline, "find", broken)
    bureau.api.inline(OFFICER, "排污")
    async with asyncio.timeout(20):
        while True:
            async with bureau.database.read() as session:
                states = list(await session.scalars(select(Inbox.state)))
            if states == [InboxState.DEAD]:
                break
            await asyncio.sleep(0.05)
    assert not [call for call in bureau.api.calls if call.method == "sendMessage"]


async def test_what_was_sent_by_way_of_the_bot_does_not_come_back_as_words(bureau: Bureau):
    message = bureau.api._say(OFFICER, {"text": "排污许可证延续", "via_bot": bureau.api.me})
    await bureau.person(OFFICER)._until(lambda: not bureau.api.updates.pending(), "it is taken")
    await bureau.person(OFFICER).type("/help")
    assert bureau.api.messages(OFFICER)[0].id == message.id
    assert len(bureau.person(OFFICER).messages) == 1


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_matter_has_a_card_that_telegram_takes(policy: Policy, language: str):
    on = START.date()
    with speaking(language):
        for matter in policy.matters_on(on):
            shown = card(policy, matter.code, on=on)
            assert 1 <= len(shown.id.encode()) <= 64
            assert shown.description
            assert utf16_length(parse_html(shown.text).text) <= MAX_TEXT_UNITS
            assert policy.label in parse_html(shown.text).text


def test_a_matter_without_questions_shows_what_the_guide_decides(policy: Policy):
    on = START.date()
    for matter in policy.matters_on(on):
        step = next_step(policy, {MATTER: (matter.code,)}, on=on)
        if isinstance(step, Outcome):
            text = card(policy, matter.code, on=on).text
            assert all(each.product.name in text for each in step.recommendations)
            assert all(reason.citation in text for each in step.recommendations for reason in each.reasons)
