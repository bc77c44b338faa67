"""G29: updates of every type from strangers, the removed, the waiting and the suspended: no effect, no data byte.

G30: forged, foreign, stale and repeated payloads, at the codec and through the dispatch: none is accepted.
"""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from telegram import Update

from bot.screens.screen import Press
from storage.tables import PersonState, Request, Role
from tests.drills import door
from tests.drills.door import AIR_FIRM, CANARIES, WATER_FIRM, Door, body, person, press, rows_of, shown

GOALS = ("G29", "G30")
TOLD = {"refused", "still_waiting", "suspended", "invitation_invalid", "private_only"}
OWN = ("stranger",)  # how often somebody was told, and nothing else
OUTSIDES = (6_000_001, 6_000_002, 6_000_003)  # left, waiting, suspended
OWNER, WATCHER, ATTACKER = 6_000_011, 6_000_012, 6_000_013
THEIRS = ("draft", "audit", "recent_matter", "work", "outbox", "sheet", "reminder", "policy_snapshot", "summary")
"""What an attacker may move of their own: drafts, looks, what they asked for; entries and people stay as they are."""


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Knock, and count what gave way."""
    chance = random.Random(seed)
    first = await _outsiders(chance, 100_000 if full else 1_500, _folder(folder, "g29"))
    second = await _forgeries(chance, (1_000_000, 100_000) if full else (20_000, 1_200), _folder(folder, "g30"))
    return [first, second]


async def _outsiders(chance: random.Random, count: int, folder: Path) -> dict[str, Any]:
    began = time.monotonic()
    async with door.opened(folder) as bureau:
        await bureau.enrol(OWNER, Role.OFFICER, "air")
        await bureau.register(OWNER, AIR_FIRM)
        for number, state in zip(OUTSIDES, (PersonState.LEFT, PersonState.WAITING, PersonState.SUSPENDED), strict=True):
            await bureau.enrol(number, Role.COORDINATOR, "legal", state=state)
        before, makers = await bureau.digest(*OWN), _makers()
        assert set(makers) == {str(each) for each in Update.ALL_TYPES}, set(Update.ALL_TYPES) ^ set(makers)
        updates = [_update(chance, makers) for _ in range(count)]
        turns = await bureau.knock(updates)
        effects = int(await bureau.digest(*OWN) != before) + len(bureau.errors)
        leaks = sum(any(each in shown(turn) for each in CANARIES) for turn in turns)
        odd = sum(turn.screen is not None and turn.screen.name not in TOLD for turn in turns)
        odd += sum(turn.found is not None and turn.found.cards != () for turn in turns)
    ok = effects == leaks == odd == 0
    return {"goal": "G29", "n": count, "kinds": len(makers), "effects": effects, "leaks": leaks, "odd": odd,
            "seconds": round(time.monotonic() - began, 1), "ok": ok}  # fmt: skip


def _update(chance: random.Random, makers: dict[str, Callable[[random.Random, int], Any]]) -> dict[str, Any]:
    who = chance.choice((*OUTSIDES, 6_100_000 + chance.randrange(200)))
    kind = chance.choice((*makers, "message", "callback_query"))  # what people really send comes more often
    return {kind: makers[kind](chance, who)}


def _makers() -> dict[str, Callable[[random.Random, int], Any]]:
    group = {"id": -1_001, "type": "supergroup", "title": "虚构群"}
    channel = {"id": -1_002, "type": "channel", "title": "虚构频道"}

    def written(chance: random.Random, who: int) -> dict[str, Any]:
        command = chance.choice(
            ("/start", "/start i_AAAAAAAAAAAAAAAAAAAAAA", "/my", "/find 金丝雀", "/office", "/guide")
        )
        texts = (command, "91410100MA00000T42", "排污许可证")
        more: dict[str, Any] = chance.choice(
            (
                {"text": chance.choice(texts)},
                {"document": {"file_id": "a", "file_unique_id": "a", "file_name": "x.xlsx", "file_size": 9}},
                {"photo": [{"file_id": "a", "file_unique_id": "a", "width": 1, "height": 1}], "caption": "x"},
                {"text": "/my", "chat": group},
                {"dice": {"emoji": "x", "value": 1}},
            )
        )
        if str(more.get("text", "")).startswith("/"):
            length = len(more["text"].split(" ")[0])
            more |= {"entities": [{"type": "bot_command", "offset": 0, "length": length}]}
        return body(who, **more)

    def pressed(chance: random.Random, who: int) -> dict[str, Any]:
        verb = chance.choice(("req", "man", "jok", "mset", "guide", "find", "pkok", "rdo"))
        query: dict[str, Any] = press(who, Press(verb, chance.randrange(1, 4), chance.randrange(3), "ok").encode())
        return dict(query["callback_query"])

    def member(_chance: random.Random, who: int) -> dict[str, Any]:
        old = {"status": "left", "user": person(who)}
        new = {"status": "member", "user": person(who)}
        chat = {"id": who, "type": "private"}
        return {"chat": chat, "from": person(who), "date": 1, "old_chat_member": old, "new_chat_member": new}

    def edited(chance: random.Random, who: int) -> dict[str, Any]:
        return written(chance, who) | {"edit_date": 2}

    def posted(_chance: random.Random, _who: int) -> dict[str, Any]:
        return {"message_id": 5, "date": 1, "chat": channel, "text": "/my"}

    source = {"source": "premium", "user": person(1)}
    boost = {"boost_id": "1", "add_date": 1, "expiration_date": 2, "source": source}
    order = {"currency": "CNY", "total_amount": 1, "invoice_payload": "x"}
    poll = {"id": "1", "question": "x", "options": [{"text": "x", "voter_count": 0, "persistent_id": "0"}],
            "total_voter_count": 0, "is_closed": False, "is_anonymous": False, "type": "regular",
            "allows_multiple_answers": False, "allows_revoting": False, "members_only": False}  # fmt: skip
    reacted = {"chat": group, "message_id": 5, "date": 1}
    address = {
        "country_code": "CN",
        "state": "x",
        "city": "x",
        "street_line1": "x",
        "street_line2": "",
        "post_code": "1",
    }
    return {
        "message": written,
        "edited_message": edited,
        "channel_post": posted,
        "edited_channel_post": lambda c, w: posted(c, w) | {"edit_date": 2},
        "inline_query": lambda _c, w: {"id": "1", "from": person(w), "query": "金丝雀", "offset": ""},
        "chosen_inline_result": lambda _c, w: {"result_id": "1", "from": person(w), "query": "x"},
        "callback_query": pressed,
        "shipping_query": lambda _c, w: {
            "id": "1", "from": person(w), "invoice_payload": "x", "shipping_address": address,
        },
        "pre_checkout_query": lambda _c, w: {"id": "1", "from": person(w), **order},
        "poll": lambda _c, _w: poll,
        "poll_answer": lambda _c, w: {
            "poll_id": "1", "option_ids": [0], "option_persistent_ids": ["0"], "user": person(w),
        },
        "my_chat_member": member,
        "chat_member": member,
        "chat_join_request": lambda _c, w: {"chat": group, "from": person(w), "user_chat_id": w, "date": 1},
        "chat_boost": lambda _c, _w: {"chat": group, "boost": boost},
        "removed_chat_boost": lambda _c, _w: {"chat": group, "boost_id": "1", "remove_date": 1, "source": source},
        "message_reaction": lambda _c, w: {**reacted, "user": person(w), "old_reaction": [], "new_reaction": []},
        "message_reaction_count": lambda _c, _w: {**reacted, "reactions": []},
        "business_connection": lambda _c, w: {
            "id": "1", "user": person(w), "user_chat_id": w, "date": 1, "is_enabled": True,
        },
        "business_message": written,
        "edited_business_message": edited,
        "deleted_business_messages": lambda _c, _w: {"business_connection_id": "1", "chat": group, "message_ids": [5]},
        "purchased_paid_media": lambda _c, w: {"from": person(w), "paid_media_payload": "x"},
        "managed_bot": lambda _c, w: {"user": person(w), "bot": person(w) | {"is_bot": True}},
        "guest_message": written,
    }  # fmt: skip


async def _forgeries(chance: random.Random, counts: tuple[int, int], folder: Path) -> dict[str, Any]:
    began = time.monotonic()
    async with door.opened(folder) as bureau:
        for number, unit in ((OWNER, "air"), (WATCHER, "air"), (ATTACKER, "water")):
            await bureau.enrol(number, Role.OFFICER, unit)
        await bureau.register(OWNER, AIR_FIRM)
        await bureau.register(WATCHER, WATER_FIRM)
        real = await _harvest(bureau)
        misread = sum(_misreads(data) for data in _codec(chance, real, counts[0]))
        before = await bureau.digest(*THEIRS, *OWN)
        forged = [press(ATTACKER, data) for data in _dispatched(chance, real, counts[1])]
        turns = await bureau.knock(forged)
        accepted = int(await bureau.digest(*THEIRS, *OWN) != before)
        leaks = sum(any(each in shown(turn) for each in CANARIES) for turn in turns)
        replayed = await _replayed(bureau, real)
        failures = len(bureau.errors)
    ok = misread == accepted == leaks == replayed == failures == 0
    return {"goal": "G30", "n": counts[0] + counts[1], "payloads": len(real), "misread": misread, "accepted": accepted,
            "leaks": leaks, "replayed": replayed, "failures": failures,
            "seconds": round(time.monotonic() - began, 1), "ok": ok}  # fmt: skip


async def _harvest(bureau: Door) -> list[str]:
    """Collect the payloads of the owner's real screens."""
    found: list[str] = []
    for words in ("/my", "/find", "/guide", "/cover", "/batch", "/sheet", "/settings"):
        found += [data for _label, data in door.payloads(await bureau.say(OWNER, words))]
    entry = await bureau.knock([press(OWNER, data) for data in found if data.startswith("1:req:")])
    for turn in entry:
        found += [data for _label, data in door.payloads(turn.screen)] if turn.screen else []
    return list(dict.fromkeys(found))


def _codec(chance: random.Random, real: list[str], count: int) -> Iterator[str]:
    """Yield what may come instead of a payload: flipped bits, cut, doubled, of other scripts."""
    for _ in range(count):
        data = bytearray(chance.choice(real).encode())
        for _flip in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        text = bytes(data).decode("utf-8", "replace")
        yield chance.choice((text, text[: chance.randrange(len(text) + 1)], text * 2, text + "\n", text.upper()))


def _misreads(data: str) -> bool:
    """Say whether the codec took something that does not say exactly what it was taken for."""
    read = Press.decode(data)
    if read is None:
        return False
    again = Press.decode(read.encode())
    return again != read or not data.isascii() or len(data.encode()) > 64


def _dispatched(chance: random.Random, real: list[str], count: int) -> Iterator[str]:
    """Yield payloads of another officer's screens, as they are and with other ids, versions and arguments."""
    for _ in range(count):
        read = Press.decode(chance.choice(real))
        assert read is not None
        yield Press(
            read.verb,
            chance.choice((read.id, chance.randrange(1, 9))),
            chance.choice((read.version, chance.randrange(1, 9))),
            chance.choice((read.arg, "ok", "all", "received,0", "1", "")),
        ).encode()


async def _replayed(bureau: Door, real: list[str]) -> int:
    """Press everything of an older state again after one act; only a look may come of it."""
    request = next(row for row in await rows_of(bureau, Request))
    received = Press("rdo", request.id, request.version, "received,0").encode()
    await bureau.knock([press(OWNER, received)])
    after = next(row for row in await rows_of(bureau, Request))
    assert after.version != request.version, "the act itself was not accepted"
    stale = [data for data in real if data.startswith(("1:rdo:", "1:rwd", "1:opn:", "1:use:", "1:undo:"))]
    stale += [Press(verb, request.id, request.version).encode() for verb in ("rwdok", "undo")]
    await bureau.knock([press(OWNER, data) for data in [*stale, received] * 3])
    return int(next(row for row in await rows_of(bureau, Request)).version != after.version)


def _folder(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made
