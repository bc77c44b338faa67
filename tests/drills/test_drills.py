"""The drills at a small size: the same code as ``python -m tests.drills``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.drills import kills
from tests.drills.__main__ import main
from tests.drills.lives import ROOT, crash_points

pytestmark = pytest.mark.drill


async def test_updates_survive_kills_at_random_and_at_every_named_place(tmp_path: Path):
    results = await kills.run(kills=25, hits=1, seed=20261123, folder=tmp_path)
    assert [result for result in results if not result["ok"]] == []
    assert {result["goal"] for result in results} == {"G1", "G2", "G8"}
    hit = results[0]["points"]
    assert {name for name in crash_points() if not hit.get(name)} == set()
    assert results[0]["kills"] >= 25
    assert results[2]["steps"] > 0


def test_places_named_in_the_design_stand_in_the_source():
    named = {"fetched", "stored", "processed", "before_commit", "committed", "shown", "claimed", "sent", "confirmed"}
    assert named <= set(crash_points())


def test_configured_database_is_refused():
    answer = subprocess.run(
        (sys.executable, "-m", "tests.drills", "G1"),
        cwd=ROOT,
        env=os.environ | {"XINXUAN_DATABASE_URL": "sqlite:////nowhere/bureau.db"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "never touches" in answer.stderr


def test_unknown_goal_is_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["G99"])
    assert "no drill for G99" in capsys.readouterr().err
