"""Every drill at a small size: the same code as ``python -m tests.drills``."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.drills import mutants, registry, reminder_kills
from tests.drills.__main__ import main
from tests.drills.lives import ROOT, crash_points

pytestmark = pytest.mark.drill
SEED = 20261123


ORDINARY = [module for module in registry.drills() if not getattr(module, "ON_DEMAND", False)]


@pytest.mark.parametrize("module", ORDINARY, ids=lambda module: ",".join(module.GOALS))
async def test_goals_hold(module: ModuleType, tmp_path: Path):
    results = await registry.prove(module, full=False, seed=SEED, folder=tmp_path)
    failed = [result for result in results if not result["ok"]]
    assert not failed, failed  # whole, so that what failed can be told
    assert all(result["n"] > 0 for result in results)


def test_each_defect_can_still_be_sown():
    assert mutants.unsowable() == []
    assert len({mutant.name for mutant in mutants.MUTANTS}) == len(mutants.MUTANTS) >= 10


def test_places_named_in_the_design_stand_in_the_source():
    named = {"fetched", "stored", "processed", "before_commit", "committed", "shown", "claimed", "sent", "confirmed"}
    assert named | set(reminder_kills.PLACES) <= set(crash_points())


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
