"""Copies: whole, checked, seven of each label, readable by nobody else; a damaged file is refused and left alone."""

import contextlib
import datetime as dt
import os
import sqlite3
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import backup

AT = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)


def _made(path: Path, rows: int = 500) -> Path:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE sentinel (n INTEGER PRIMARY KEY, word TEXT)")
        connection.executemany("INSERT INTO sentinel VALUES (?, ?)", [(n, f"word {n}" * 9) for n in range(rows)])
        connection.commit()
    return path


def _count(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM sentinel").fetchone()[0])


def test_copy_of_a_database_in_use_holds_every_committed_row(tmp_path):
    live = _made(tmp_path / "live.db")
    with contextlib.closing(sqlite3.connect(live)) as connection:
        connection.execute("INSERT INTO sentinel VALUES (1000, 'committed, still in the log')")
        connection.commit()
        connection.execute("INSERT INTO sentinel VALUES (1001, 'not committed')")
        copied = backup.copy(live, tmp_path / "copies", label="daily", at=AT)
    assert _count(copied) == 501


def test_seven_copies_of_a_label_are_kept_and_those_of_another_left_alone(tmp_path):
    live = _made(tmp_path / "live.db", rows=1)
    before = backup.copy(live, tmp_path / "copies", label="before-0002", at=AT)
    for day in range(10):
        backup.copy(live, tmp_path / "copies", label="daily", at=AT + dt.timedelta(days=day))
    kept = sorted(path.name for path in (tmp_path / "copies").glob("*daily*.db"))
    assert [path.name for path in sorted((tmp_path / "copies").glob("*daily*.json"))] == [
        each.replace(".db", ".json") for each in kept
    ]
    assert kept == [f"live-daily-202611{23 + day}T010000.db" for day in range(3, 8)] + [
        f"live-daily-202612{day:02d}T010000.db" for day in range(1, 3)
    ]
    assert before.exists()


def test_copies_are_for_their_owner_only(tmp_path):
    before = os.umask(0o022)
    try:
        copied = backup.copy(_made(tmp_path / "live.db"), tmp_path / "copies", label="daily", at=AT)
    finally:
        os.umask(before)
    assert stat.S_IMODE(copied.stat().st_mode) == 0o600
    assert stat.S_IMODE(copied.parent.stat().st_mode) == 0o700


def test_unsound_copy_is_an_alarm_and_never_counts_as_one(tmp_path, monkeypatch):
    live = _made(tmp_path / "live.db")

    def unsound(path: Path) -> None:
        raise backup.DamagedDatabase(f"{path} is damaged")

    monkeypatch.setattr(backup, "check", unsound)
    with pytest.raises(backup.DamagedDatabase):
        backup.copy(live, tmp_path / "copies", label="daily", at=AT)
    assert list((tmp_path / "copies").glob("*.db")) == []


def test_copy_left_half_by_a_death_does_not_stop_the_next(tmp_path):
    live = _made(tmp_path / "live.db")
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies" / "live-daily-20261123T010000.partial").write_bytes(b"half")
    assert _count(backup.copy(live, tmp_path / "copies", label="daily", at=AT)) == 500


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_file_is_refused_or_its_content_is_whole(tmp_path, data):
    """SQLite does not sum its pages: a flipped byte inside a value cannot be seen, one in the structure must be."""
    path = tmp_path / "damaged.db"
    path.unlink(missing_ok=True)
    content = bytearray(_made(path).read_bytes())
    at = data.draw(st.integers(0, len(content) // 4096 - 1)) * 4096
    content[at : at + 64] = b"\xa5" * 64  # the head of a page: its kind, its cells
    path.write_bytes(content)
    with pytest.raises(backup.DamagedDatabase, match="restore a copy"):
        backup.check_existing(path, path.parent / "copies")
    assert path.read_bytes() == bytes(content)


def test_text_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "xinxuan.db"
    path.write_text("this is not a database, however long the text may be " * 40)
    before = path.read_bytes()
    with pytest.raises(backup.DamagedDatabase):
        backup.check_existing(path, path.parent / "copies")
    assert path.read_bytes() == before


def test_missing_file_is_a_new_database(tmp_path):
    backup.check_existing(tmp_path / "none.db", tmp_path / "copies")
    assert list(tmp_path.iterdir()) == []


def test_missing_database_beside_its_copies_is_refused_and_not_begun_anew(tmp_path):
    copies = tmp_path / "copies"
    copies.mkdir()
    (copies / "none-daily-20261122T000000.db").write_bytes(b"a copy")
    with pytest.raises(backup.DamagedDatabase, match="copies of it"):
        backup.check_existing(tmp_path / "none.db", copies)
