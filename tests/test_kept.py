"""The look for what is kept sees what it is for: without that it proves nothing."""

from typing import Any

import pytest
from sqlalchemy import insert

from storage.database import Database
from storage.tables import Inbox, InboxState
from tests import kept
from tests.conftest import START

SPECIMEN = "11010519491231002X"  # a published specimen; nobody's
NUMBER = 110105194912310038  # its neighbour, all of digits


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ({"message": {"entities": [{"text": f"法人{SPECIMEN}"}]}}, ["inbox.raw"]),
        ({SPECIMEN: 1}, ["inbox.raw"]),
        ({"id": int(SPECIMEN[:8]), "date": int(SPECIMEN[8:17]), "data": "X"}, []),
        ({"update_id": NUMBER, "callback_query": {"id": str(NUMBER), "data": "1"}}, []),
        ({"message": {"date": NUMBER}}, ["inbox.raw"]),
    ],
)
async def test_an_id_number_that_is_kept_encrypted_is_found(sqlite: Database, raw: dict[str, Any], found: list[str]):
    given = {"update_id": 1, "lane": "1", "state": InboxState.DONE, "attempts": 0, "received_at": START}
    async with sqlite.write() as session:
        await session.execute(insert(Inbox), [given | {"raw": raw}])
    assert await kept.id_numbers(sqlite) == found
