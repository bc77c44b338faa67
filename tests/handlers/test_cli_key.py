"""``xinxuan key`` as the maintainer meets it: with the bot stopped, and beside the running bot."""

from pathlib import Path

from storage import keys
from tests.commands import Command
from tests.conftest import OFFICER, Bureau
from tests.handlers.test_cli_audit import _installation


async def test_a_key_is_changed_while_the_bot_is_stopped(told: Command, tmp_path: Path):
    data = tmp_path / "data"
    await _installation(data)
    before = keys.read(data / "key")
    code, out, err = await told("key", "rotate")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "the former key was taken out of the key file"
    assert len(keys.read(data / "key")) == 1
    assert keys.read(data / "key") != before
    code, out, _err = await told("key", "show")
    assert (code, out.splitlines()) == (0, ["keys in the key file: 1", "values under a former key: 0"])
    assert (await told("audit", "verify"))[0] == 0


async def test_a_key_is_changed_under_the_running_bot(bureau: Bureau, told: Command):
    me = bureau.person(OFFICER)
    first = await me.type("/new 排污许可证延续")
    path = bureau.settings.key_file
    former = keys.read(path)
    wish = {"XINXUAN_DATABASE_URL": bureau.settings.database_url, "XINXUAN_KEY_FILE": str(path)}
    code, out, err = await told("key", "rotate", **wish)
    assert (code, err) == (0, "")
    assert "the running bot takes it up within a minute" in out
    assert keys.read(path)[1:] == former
    code, _out, err = await told("key", "rotate", "--now", **wish)
    assert code == 1
    assert "stop it first" in err
    assert len(keys.read(path)) == 2
    await bureau.service.jobs.look_at_keys()
    for copied in (path.parent / "copies").glob("*"):  # the first day's copy was made under the former key
        copied.unlink()
    await bureau.service.jobs.look_at_keys()
    assert keys.read(path) == list(keys.in_use())
    assert former[0] not in keys.in_use()
    assert await me.type("/new 排污许可证延续") == first
