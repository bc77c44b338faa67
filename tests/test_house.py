"""The house keeps its own rules: layers, sizes, one clock, one scheduler, packs that load."""

import ast
import graphlib
import shutil
import subprocess
import sys

import pytest

from bot.policy.loader import load
from tests.tools.catalogue import sources
from tests.tools.messages import ROOT

PACKS = sorted(path for path in (ROOT / "bot/policy/packs").iterdir() if path.is_dir())
TOP_LEVEL = {
    "bot",
    "handlers",
    "storage",
    "locale",
    "tests",
    "docs",
    "pyproject.toml",
    "README.md",
    "README.zh-CN.md",
    "LICENSE",
    "CHANGELOG.md",
    "SECURITY.md",
}
NOT_OURS = {"uv.lock", "data", "dist", "__pycache__"}  # made on the spot, ignored by git
MOST_LINES_OF_MODULE = 300
MOST_LINES_OF_FUNCTION = 40
WALL_CLOCK = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
GENERATED = "storage/migrations/versions/"


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def length(function):
    """Lines of a function without its docstring."""
    total = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        first = function.body[0]
        total -= first.end_lineno - first.lineno + 1
    return total


def ours():
    return [(path, tree) for path, tree in sources() if not path.as_posix().startswith(GENERATED)]


def dotted(node):
    """Return the last two parts of a name such as dt.datetime.now."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts[:2]))


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_layers_are_a_straight_line():
    run = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "3 kept, 0 broken" in run.stdout


def test_the_top_level_is_as_the_map_says():
    present = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert present - TOP_LEVEL - NOT_OURS == set()
    assert TOP_LEVEL - present == set()


def test_modules_are_short():
    long = {}
    for path, _tree in ours():
        count = len((ROOT / path).read_text("utf-8").splitlines())
        if count > MOST_LINES_OF_MODULE:
            long[path.as_posix()] = count
    assert long == {}


def test_functions_are_short():
    long = {
        f"{path.as_posix()}:{function.name}": length(function)
        for path, tree in ours()
        for function in functions(tree)
        if length(function) > MOST_LINES_OF_FUNCTION
    }
    assert long == {}


def test_everything_public_says_what_it_does():
    silent = []
    for path, tree in ours():
        if path.name != "__init__.py" and ast.get_docstring(tree) is None:
            silent.append(path.as_posix())
        for node in tree.body:
            members = [node, *node.body] if isinstance(node, ast.ClassDef) else [node]
            silent += [
                f"{path.as_posix()}:{each.name}"
                for each in members
                if isinstance(each, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
                and not (each.name.startswith("_") or node.name.startswith("_"))
                and ast.get_docstring(each) is None
            ]
    assert silent == []


def test_no_modules_import_each_other_in_a_circle():
    """Imports inside of functions and for the type checker count: a circle that hides is a circle."""
    names = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): tree for path, tree in sources()}
    graph = {name: {each for each in imported(tree) if each in names} - {name} for name, tree in names.items()}
    order = list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle
    assert len(order) == len(names)


def test_only_the_clock_reads_the_wall():
    readings = {
        f"{path.as_posix()}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and dotted(node.func) in WALL_CLOCK
    }
    assert {each.split(":")[0] for each in readings} == {"handlers/clock.py"}, readings


def test_the_scheduler_lives_in_one_place():
    users = {
        path.as_posix()
        for path, tree in sources()
        if any(name.split(".")[0] == "apscheduler" for name in imported(tree))
    }
    assert users == {"handlers/jobs.py"}


def test_only_the_edge_knows_telegram():
    users = {
        path.as_posix() for path, tree in sources() if any(name.split(".")[0] == "telegram" for name in imported(tree))
    }
    strays = {each for each in users if not each.startswith("handlers/telegram/")}
    assert strays <= {"handlers/app.py", "handlers/cli.py", "handlers/cli_frame.py"}  # composition root, command line


@pytest.mark.parametrize("folder", PACKS, ids=lambda path: path.name)
def test_every_pack_loads(folder):
    assert load(folder).matters


def test_there_is_a_second_pack_and_it_is_fictitious():
    fictitious = {folder.name: load(folder).fictitious for folder in PACKS}
    assert fictitious["zhengzhou"] is False
    assert fictitious["example"] is True


def test_the_lock_file_is_made_on_the_spot():
    assert "uv.lock" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
    git = shutil.which("git")
    if git is not None and (ROOT / ".git").exists():
        listed = subprocess.run(
            [git, "ls-files", "uv.lock"], cwd=ROOT, capture_output=True, text=True, check=True, encoding="utf-8"
        )
        assert listed.stdout == ""


def test_each_decision_has_its_own_number_and_says_it():
    numbers = []
    for path in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        numbers.append(int(path.name[:4]))
        assert path.read_text("utf-8").startswith(f"# {path.name[:4]} "), path.name
    assert numbers == list(range(1, len(numbers) + 1))
