"""``xinxuan calendar``: what it prints, what it records, and the sentence with which it refuses."""

from pathlib import Path

import pytest

from tests.commands import Command
from tests.conftest import COORDINATOR
from tests.handlers.test_calendar import NOTICE, OTHER

CUT_OFF = b"year = 2027" + b"".join(
    b'\n[[day]]\ndate = 2027-%s\nkind = "holiday"' % each for each in (b"01-01", b"05-01", b"10-01")
)


async def test_a_year_is_tried_imported_shown_and_only_replaced_on_purpose(told: Command, tmp_path: Path):
    (tmp_path / "notice.txt").write_text(NOTICE, "utf-8")
    (tmp_path / "other.txt").write_text(OTHER, "utf-8")
    admin = {"XINXUAN_ADMIN_IDS": str(COORDINATOR)}

    async def run(*arguments: str) -> tuple[int, str, str]:
        return await told("calendar", *arguments, **admin)

    assert "provisional" in (await run("show", "2027"))[1]
    tried = await run("import", "notice.txt", "--dry-run")
    assert (tried[0], "Nothing was changed" in tried[1]) == (0, True)
    assert "provisional" in (await run("show", "2027"))[1]
    assert "is in force" in (await run("import", "notice.txt"))[1]
    assert "Nothing was changed" in (await run("import", "notice.txt"))[1]
    shown = (await run("show", "2027"))[1]
    assert "2027: published" in shown
    assert "2027-01-09 Sat makeup 国办发明电〔2026〕99号" in shown
    refused = await run("import", "other.txt")
    assert refused[0] == 1
    assert "--replace" in refused[2]
    assert "different: 2027-01-16" in refused[1]
    assert (await run("import", "other.txt", "--replace"))[0] == 0
    assert "2027-01-16 Sat makeup" in (await run("show", "2027"))[1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no file"),
        (b"year = ", "not TOML"),
        (b"\xff\xfe", "not UTF-8"),
        (b"year = 2027", "No day off can be read"),
        (b"#" * 1_000_001, "too large"),
        (CUT_OFF, "Not named as a day off: Sun 2 May, Sat 2 Oct, Sun 3 Oct, 春节, 清明节, 端午节, 中秋节."),
    ],
)
async def test_a_file_that_cannot_be_used_has_one_sentence(told: Command, tmp_path: Path, content, said: str):
    if content is not None:
        (tmp_path / "year.toml").write_bytes(content)
    code, _out, err = await told("calendar", "import", "year.toml")
    assert code == 1
    assert said in err
    assert err.strip().count("\n") == 0
