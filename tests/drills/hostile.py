"""G35, G36, G37, G44: hostile files, cells and names; ID numbers in every disguise, and codes that look like them."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import html
import io
import json
import os
import random
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path
from typing import Any, Final

from docx import Document
from python_calamine import CalamineWorkbook

from bot.documents.letters import SPECIMENS, Paper, Subject, rendered
from bot.documents.reading import COMMON_HEADINGS
from bot.documents.tables import Table, workbook
from bot.documents.text import one_line
from bot.errors import Refusal
from bot.id_numbers import ID_NUMBER_MARKER
from bot.policy.loader import load, packaged
from bot.screens.screen import Button, Press, Screen, bold, esc
from handlers import sheet_reading
from handlers.telegram.messages import message
from handlers.telegram.scrubbing import scrub
from handlers.web.botapi.html import parse_html
from handlers.web.botapi.model import ApiError
from tests.oracles.identifiers_oracle import random_code, random_id

LIST: Final = 20  # names in one letter
MODULE: Final = "bot.documents.reading"
TELLING: Final = f"""
import atexit, runpy, sys
atexit.register(lambda: sys.stderr.write(next(line for line in open("/proc/self/status") if "VmHWM" in line)))
runpy.run_module({MODULE!r}, run_name="__main__")
"""
"""The reading process, which says at its end how much memory it had: the system counts ours with a child's."""
ENOUGH_SECONDS, ENOUGH_KB = 1.0, 150 * 1024
"""What one file may take of the reading process: seconds of processor time beside its start, and resident memory."""
GOALS = ("G35", "G36", "G37", "G44")
EVIL: Final = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", '=HYPERLINK("http://x")', "=cmd|'/c calc'!A0", "A&B<公司>",
    "]]>", "</w:t></w:r>", "<b>", "</b>", "<a href='tg://x'>", "&lt;", "&#60;", "\x00", "\x1b[31m", "\u202e", "\u200b",
    "\ufeff", "\ud800", "{{7*7}}", "{% raw %}", "${x}", "%s%n", "\\", "'", '"', "`", "\u2028", "𝕏", "🏭", "e\u0301" * 5,
    "\uffff",
)  # fmt: skip


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Feed what nobody should send; the size alone differs."""
    dice = random.Random(seed)
    return [
        await _files(dice, 2_000 if full else len(_FILES)),
        _written(_cells(dice, 100_000 if full else 3_000), _papers(dice, 10_000 if full else 60)),
        _names(dice, 100_000 if full else 3_000),
        _numbers(dice, 10_000 if full else 400),
    ]


async def _files(dice: random.Random, count: int) -> dict[str, Any]:
    """Each is read or refused with a sentence, within limits, and nothing else happens."""
    crashed, refused = [], 0
    start = await asyncio.to_thread(_taken, _list())
    assert not start[2], "an honest list is read"
    most_seconds, most_kb = 0.0, 0
    for n in range(count):
        made = _FILES[n % len(_FILES)](dice)
        try:
            seconds, kb, was_refused = await asyncio.to_thread(_taken, made)
        except Exception as error:  # whatever comes here is the finding
            crashed.append(f"{_FILES[n % len(_FILES)].__name__}: {error}"[-200:])
            continue
        refused += was_refused
        most_seconds, most_kb = max(most_seconds, seconds - start[0]), max(most_kb, kb)
    ok = not crashed and refused > 0 and most_seconds <= ENOUGH_SECONDS and most_kb <= ENOUGH_KB
    return {"goal": "G35", "n": count, "crashed": crashed[:5], "refused": refused, "most_mb": most_kb // 1024,
            "most_cpu_seconds": round(most_seconds, 2), "ok": ok}  # fmt: skip


def _taken(content: bytes) -> tuple[float, int, bool]:
    """Let a file be read as the bot does; return the child's processor seconds and resident kilobytes, and its answer.

    The bot's own call does not say what one child used, so that the process is started here and waited for.
    """
    asked = json.dumps({"name": "虚构.xlsx", "headings": sorted(COMMON_HEADINGS), "language": "zh_CN"}).encode()
    child = subprocess.Popen(
        (sys.executable, "-c", TELLING),
        env=sheet_reading._environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin is not None and child.stdout is not None and child.stderr is not None
    with child.stdin as into, contextlib.suppress(BrokenPipeError):
        into.write(asked + b"\n" + content)
    with child.stdout as out, child.stderr as err:
        output, said = out.read(), err.read().decode()
    _pid, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, said[-300:]
    refused = False
    try:
        sheet_reading._answered(MODULE, child.returncode, output)
    except Refusal as refusal:
        refused = bool(refusal.message)
        assert refused
    return used.ru_utime + used.ru_stime, int(said.rpartition("VmHWM:")[2].split()[0]), refused


def _cells(dice: random.Random, count: int) -> dict[str, Any]:
    """Text goes into a sheet and comes back as text, whatever it looks like."""
    texts = [_evil(dice) for _n in range(count)]
    made = workbook([Table("虚构", ("名称",), [(text,) for text in texts])])
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        sheet = next(name for name in archive.namelist() if name.startswith("xl/worksheets/sheet"))
        formulas = archive.read(sheet).count(b"<f>") + archive.read(sheet).count(b"<f ")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(made)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    strange = sum(not isinstance(cell, str) for row in rows for cell in row)
    return {
        "goal": "G36",
        "n": len(rows),
        "formulas": formulas,
        "not_text": strange,
        "ok": not formulas and not strange,
    }


def _written(cells: dict[str, Any], papers: dict[str, Any]) -> dict[str, Any]:
    return cells | papers | {"ok": cells["ok"] and not papers["different"]}


def _papers(dice: random.Random, count: int) -> dict[str, Any]:
    """A name in a letter is that name when the letter is opened again; each letter carries a list of them."""
    template = load(packaged("zhengzhou")).templates[Paper.APPLICATION.value]
    different = written = 0
    while written < count:
        names = [f"甲{_evil(dice)}{_evil(dice)}乙" for _n in range(min(LIST, count - written))]
        subjects = tuple(Subject(name, "91410100MA00000T42") for name in names)
        letter = dataclasses.replace(SPECIMENS[Paper.APPLICATION], subjects=subjects, count=len(subjects))
        document = Document(io.BytesIO(rendered(template, letter)))
        cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
        cells |= {paragraph.text for paragraph in document.paragraphs}
        different += sum(not any(one_line(name) in cell for cell in cells) for name in names)
        written += len(names)
    return {"names": written, "different": different}


def _names(dice: random.Random, count: int) -> dict[str, Any]:
    """A name on a screen is a name, to a strict reader of Telegram's HTML; on a button too nothing of it is unseen."""
    errors = injected = unseen = 0
    for _n in range(count):
        name = _evil(dice)
        screen = message(Screen("drill", f"{bold(name)}\n{esc(name)}", ((Button(name, Press("req", 1)),),)))
        [[button]] = screen["reply_markup"]["inline_keyboard"]
        unseen += any(_is_unseen(each) for each in button["text"] + html.unescape(screen["text"]))
        try:
            read = parse_html(screen["text"])
        except ApiError:
            errors += 1
            continue
        injected += [each["type"] for each in read.entities] not in (["bold"], [])
    return {"goal": "G37", "n": count, "errors": errors, "injected": injected, "unseen": unseen,
            "ok": not errors and not injected and not unseen}  # fmt: skip


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs") and character not in "\n\t"


def _numbers(dice: random.Random, count: int) -> dict[str, Any]:
    """An ID number is struck out in any disguise, and a company's code is left alone.

    A code that is a valid ID number as well is nobody's false alarm: of it the marker is wanted (``bot.id_numbers``).
    """
    missed = false_alarms = both = 0
    for _n in range(count):
        said = scrub({"message": {dice.choice(("text", "caption", "file_name")): _disguised(random_id(dice), dice)}})
        missed += ID_NUMBER_MARKER not in str(said)
        code = random_code(dice)
        struck_out = ID_NUMBER_MARKER in str(scrub({"text": f"虚构公司 {code}，联系人"}))
        if _is_id_number_too(code) and code[:2] not in ("91", "92", "93"):  # the market regulator's stay
            both += 1
        else:
            false_alarms += struck_out
    result = {"goal": "G44", "n": count, "missed": missed, "false_alarms": false_alarms, "both": both}
    return result | {"ok": not missed and not false_alarms}


def _is_id_number_too(code: str) -> bool:
    """Say by the standard's own words whether a code is an ID number: seventeen digits, a birthday, the check."""
    if not code[:17].isdecimal():
        return False
    weights = [2**place % 11 for place in range(17, 0, -1)]
    rest = sum(int(digit) * weight for digit, weight in zip(code[:17], weights, strict=True)) % 11
    with contextlib.suppress(ValueError):
        born = dt.date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
        return born.year >= 1900 and code[17] == "10X98765432"[rest]
    return False


def _evil(dice: random.Random) -> str:
    count = dice.randint(1, 6)
    return "".join(dice.choice(EVIL if dice.random() < 0.6 else "虚构公司甲乙丙ABC123 ") for _n in range(count))


def _disguised(number: str, dice: random.Random) -> str:
    ways = (
        lambda text: text,
        lambda text: "".join(chr(ord(each) + 0xFEE0) for each in text),
        lambda text: f"{text[:6]} {text[6:14]} {text[14:]}",
        lambda text: f"{text[:6]}-{text[6:14]}-{text[14:]}",
        lambda text: "\u200b".join(text),
        lambda text: text.lower(),
        lambda text: f"身份证号：{text}，请核对",
        lambda text: f"扫描件{text}.pdf",
        lambda text: " ".join(text),
    )
    return dice.choice(ways)(number)


def _bomb(_dice: random.Random) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 50_000_000)
    return made.getvalue()


def _noise(dice: random.Random) -> bytes:
    return b"PK\x03\x04" + dice.randbytes(2_000)


def _torn(dice: random.Random) -> bytes:
    whole = _list()
    return whole[: dice.randint(100, len(whole) - 100)]


def _list() -> bytes:
    return workbook([Table("虚构", ("企业名称", "统一社会信用代码"), [("虚构公司", "91410100MA00000T42")] * 5)])


def _bitten(dice: random.Random) -> bytes:
    whole = bytearray(
        workbook([Table("虚构", ("企业名称", "统一社会信用代码"), [("虚构公司", "91410100MA00000T42")] * 5)])
    )
    for _n in range(20):
        whole[dice.randrange(len(whole))] = dice.randrange(256)
    return bytes(whole)


def _document(_dice: random.Random) -> bytes:
    made = io.BytesIO()
    Document().save(made)
    return made.getvalue()


def _entities(_dice: random.Random) -> bytes:
    made = io.BytesIO()
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8)
    )
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", bomb + "]><workbook>&i;</workbook>")
    return made.getvalue()


def _evil_document(dice: random.Random) -> bytes:
    """A Word file with macros' names, a remote template, a way out of the folder and a bitten part."""
    made = io.BytesIO(_document(dice))
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr("word/vbaProject.bin", dice.randbytes(500))
        archive.writestr("../../evil.xml", "x")
        target = "http://127.0.0.1:9/evil.dotm"
        archive.writestr("word/_rels/settings.xml.rels", f'<Relationship TargetMode="External" Target="{target}"/>')
    whole = bytearray(made.getvalue())
    whole[dice.randrange(len(whole))] ^= dice.randrange(1, 256)
    return bytes(whole)


def _many(dice: random.Random) -> bytes:
    """A container of thousands of parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(dice.randint(3_000, 5_000)):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", "")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return made.getvalue()


def _nested(dice: random.Random) -> bytes:
    """A container in a container, each of which promises less than it holds."""
    inner = _bomb(dice)
    for _level in range(3):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr("xl/workbook.xml", inner)
        inner = made.getvalue()
    return inner.replace((50_000_000).to_bytes(4, "little"), (50).to_bytes(4, "little"))


def _liar(dice: random.Random) -> bytes:
    """A bomb whose directory says that it is small."""
    return _bomb(dice).replace((50_000_000).to_bytes(4, "little"), (50).to_bytes(4, "little"))


_FILES: Final = (
    _bomb, _noise, _torn, _bitten, _document, _entities, _evil_document, _many, _nested, _liar,
)  # fmt: skip
