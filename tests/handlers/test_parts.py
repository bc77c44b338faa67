"""Long work leaves room for what officers press, and stops where it is told to."""

import asyncio
import time

from handlers.parts import SIZE, in_parts


async def test_all_of_it_comes_in_its_order():
    ids = list(range(3 * SIZE + 2))
    found = [part async for part in in_parts(ids, goes_on=lambda: True)]
    assert [each for part in found for each in part] == ids
    assert {len(part) for part in found} == {SIZE, 2}


async def test_between_two_parts_others_get_as_long_as_a_part_took():
    begun: list[float] = []
    ended: list[float] = []
    async for _part in in_parts(range(2 * SIZE), goes_on=lambda: True):
        begun.append(time.monotonic())
        await asyncio.sleep(0.05)
        ended.append(time.monotonic())
    assert begun[1] - ended[0] >= 0.05


async def test_a_stop_leaves_the_rest_undone():
    found: list[int] = []
    async for part in in_parts(range(3 * SIZE), goes_on=lambda: not found):
        found.extend(part)
    assert found == list(range(SIZE))
