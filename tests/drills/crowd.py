"""The people of a drill: they type and press as people do, twice where nothing happens, and note what they did."""

import asyncio
import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from bot.screens.screen import Press
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.model import Clock, Message
from handlers.web.botapi.updates import Updates

PATIENCE = 5.0
COUNTED = frozenset({"gcat", "gmat", "gans", "gback", "gedit", "gsrc", "gdate", "gkeep"})
"""Presses of the guide that move a draft on by exactly one step."""
_KEEP = re.compile(r"\d+:gkeep:[\w:]*")


class Sent(Updates):
    """What was given to Telegram, noted beside the queue: by update id, whose it was and what it said."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.noted: dict[int, tuple[int, str]] = {}

    def put(self, kind: str, payload: dict[str, Any]) -> int | None:
        """Queue an update and note it."""
        update_id = super().put(kind, payload)
        if update_id is not None:
            self.noted[update_id] = (payload["from"]["id"], payload.get("data") or payload.get("text") or "")
        return update_id

    def presses(self) -> Iterator[tuple[int, int, Press]]:
        """Yield update id, person and button of every press."""
        for update_id, (person, said) in self.noted.items():
            press = Press.decode(said)
            if press is not None:
                yield update_id, person, press


class Interrupted:
    """Where a draft asked whether it goes on: to ask moves it on by one step too, and nobody pressed a button of it."""

    def __init__(self) -> None:
        self.versions: dict[int, set[int]] = defaultdict(set)

    def __call__(self, _method: str, params: dict[str, Any]) -> None:
        """Note the version from which a draft was moved on, by the button that goes on with it."""
        for data in _KEEP.findall(json.dumps(params, default=str)):
            if (press := Press.decode(data)) is not None:
                self.versions[press.id].add(press.version - 1)


class Somebody:
    """A person who acts until told to stop.

    Args:
        api: The served Bot API.
        user_id: A fictitious id.
        dice: What they do next.
    """

    pause = 0.03  # seconds of thought, at most

    def __init__(self, api: BotApi, user_id: int, dice: random.Random) -> None:
        self.api = api
        self.id = user_id
        self.dice = dice
        if user_id not in api.users:
            api.add_user(user_id, f"虚构{user_id % 1000}").started = True

    async def live(self, stopped: asyncio.Event) -> None:
        """Act, wait for the answer, act again."""
        while not stopped.is_set():
            await self.act()
            await asyncio.sleep(self.dice.uniform(0, self.pause))

    async def act(self) -> None:
        """Do the next thing."""
        raise NotImplementedError

    def newest(self) -> Message | None:
        """The bot's newest message with buttons."""
        spoken = [message for message in self.api.messages(self.id) if message.from_bot and message.buttons]
        return spoken[-1] if spoken else None

    def buttons(self) -> list[tuple[Message, Press]]:
        """What can be pressed under the newest screen."""
        message = self.newest()
        if message is None:
            return []
        found = [Press.decode(each.get("callback_data", "")) for row in message.buttons for each in row]
        return [(message, press) for press in found if press is not None]

    async def type(self, text: str) -> None:
        """Type, and wait until the bot has said something below it."""
        mine = self.api.type(self.id, text)
        await self._until(lambda: any(each.from_bot and each.id > mine.id for each in self.api.messages(self.id)))

    async def press(self, message: Message, press: Press) -> None:
        """Press, sometimes twice at once, and wait until the button stops turning and the screen has settled."""
        times = 2 if self.dice.random() < 0.2 else 1
        queries = [self.api.press(self.id, message.id, press.encode()) for _ in range(times)]
        await self._until(lambda: all(query.answered for query in queries))
        await asyncio.sleep(0.01)  # the edit leaves together with the answer

    async def _until(self, met: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        while not met() and loop.time() < end:
            await self.api.changed.wait(self.api.changed.count, 0.05)


class Counting(Somebody):
    """Walks through the guide by steps that can be counted, and now and then asks for it anew in the middle."""

    async def act(self) -> None:
        drafted = [each for each in self.buttons() if each[1].id and each[1].verb.startswith("g")]
        counted = [each for each in drafted if each[1].verb in COUNTED]
        ends = [each for each in drafted if each[1].verb == "gend"]
        forward = [each for each in counted if each[1].verb in ("gcat", "gmat", "gans")]
        if ends and (not counted or self.dice.random() < 0.08):
            await self.press(*self.dice.choice(ends))
        elif counted and self.dice.random() < 0.95:
            await self.press(*self.dice.choice(forward if forward and self.dice.random() < 0.7 else counted))
        else:
            await self.type("/guide")


class Toggling(Somebody):
    """Changes the language again and again."""

    language = "zh_CN"

    async def act(self) -> None:
        offered = [each for each in self.buttons() if each[1].verb == "lang" and each[1].arg]
        if not offered:
            await self.type("/language")
            return
        self.language = "en" if self.language == "zh_CN" else "zh_CN"
        await self.press(*next(each for each in offered if each[1].arg == self.language))


class Asking(Somebody):
    """Asks for a sheet that is made aside, and for the next one as soon as it has come."""

    pause = 0.4  # notices to one chat leave one a second

    async def act(self) -> None:
        offered = [each for each in self.buttons() if each[1].verb == "btpl"]
        if offered:
            await self.press(*offered[-1])
        await self.type("/batch")


class Inviting(Somebody):
    """A coordinator who invites and lets in; everybody invited comes at once, and some come twice."""

    def __init__(self, api: BotApi, user_id: int, dice: random.Random) -> None:
        super().__init__(api, user_id, dice)
        self.seen: set[str] = set()
        self.newcomers: list[int] = []

    async def act(self) -> None:
        for link in self._links() - self.seen:
            self.seen.add(link)
            await self._comes(link.partition("?start=")[2])
        await self._let_in()
        offered = [each for each in self.buttons() if each[1].verb == "inv" and each[1].arg]
        roles = [each for each in offered if each[1].arg.endswith(",officer")]
        if offered:
            await self.press(*self.dice.choice(roles or offered))
        else:
            await self.type("/invite")

    async def _let_in(self) -> None:
        for message in self.api.messages(self.id):
            pressed = [Press.decode(each.get("callback_data", "")) for row in message.buttons or () for each in row]
            if wanted := next((press for press in pressed if press is not None and press.verb == "jok"), None):
                await self.press(message, wanted)

    def _links(self) -> set[str]:
        words = [word for message in self.api.messages(self.id) for word in message.text.split()]
        return {word for word in words if word.startswith("https://t.me/")}

    async def _comes(self, payload: str) -> None:
        newcomer = _Newcomer(self.api, 6_000_000 + len(self.newcomers), self.dice)
        self.newcomers.append(newcomer.id)
        await newcomer.type(f"/start {payload}")
        if self.dice.random() < 0.3:
            await newcomer.type(f"/start {payload}")


class _Newcomer(Somebody):
    pass


class Wandering(Somebody):
    """Presses whatever there is and types all sorts of things."""

    WORDS = ("排污", "/guide", "/new", "/my", "/settings", "/help", "/cancel", "/try", "今天", "2", "<b>&", "/nothing")
    ORGANISATION = "某某环保科技有限公司（虚构） 91350100M000100Y43"

    async def act(self) -> None:
        offered = self.buttons()
        if offered and self.dice.random() < 0.8:
            await self.press(*self.dice.choice(offered))
        elif self.dice.random() < 0.2:
            await self.type(self.ORGANISATION)
        else:
            await self.type(self.dice.choice(self.WORDS))
