"""One instance: the second is refused every time, and a holder that was killed leaves nothing behind."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.lock import AlreadyRunning, InstanceLock

ROOT = Path(__file__).parents[2]
HOLDER = (
    "import pathlib, sys\nfrom handlers.lock import InstanceLock\n"
    "with InstanceLock(pathlib.Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()"
)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input ends."""
    with subprocess.Popen(
        (sys.executable, "-c", HOLDER, str(tmp_path / "x.lock")),
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_second_instance_is_refused_twenty_times_of_twenty(holder: subprocess.Popen[str], tmp_path: Path):
    for _ in range(20):
        with pytest.raises(AlreadyRunning, match="stop it first"), InstanceLock(tmp_path / "x.lock"):
            pass
    assert holder.poll() is None


def test_refusals_leave_no_file_open(holder: subprocess.Popen[str], tmp_path: Path):
    open_files = Path("/proc/self/fd")
    before = len(list(open_files.iterdir()))
    for _ in range(5):
        with pytest.raises(AlreadyRunning), InstanceLock(tmp_path / "x.lock"):
            pass
    assert len(list(open_files.iterdir())) == before


def test_killed_holder_drops_the_lock(holder: subprocess.Popen[str], tmp_path: Path):
    holder.kill()
    holder.wait(10)
    with InstanceLock(tmp_path / "x.lock"):
        pass


def test_holder_that_ends_drops_the_lock(holder: subprocess.Popen[str], tmp_path: Path):
    assert holder.stdin is not None
    holder.stdin.close()
    assert holder.wait(10) == 0
    with InstanceLock(tmp_path / "x.lock"):
        pass
