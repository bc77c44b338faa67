"""G35, G36, G37, G44: hostile files, cells and names; ID numbers in every disguise, and codes that look like them."""

import asyncio
import io
import random
import time
import zipfile
from pathlib import Path
from typing import Any, Final

from docx import Document
from python_calamine import CalamineWorkbook

from bot.documents.tables import Table, workbook
from bot.errors import Refusal
from bot.id_numbers import ID_NUMBER_MARKER
from bot.screens.screen import Screen, bold, esc
from handlers.sheet_reading import read_sheet
from handlers.telegram.intake import scrub
from handlers.telegram.messages import message
from handlers.web.botapi.html import parse_html
from handlers.web.botapi.model import ApiError
from tests.oracles.identifiers_oracle import random_code, random_id

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
        await _files(dice, 2_000 if full else 6),
        _cells(dice, 100_000 if full else 3_000),
        _names(dice, 100_000 if full else 3_000),
        _numbers(dice, 10_000 if full else 400),
    ]


async def _files(dice: random.Random, count: int) -> dict[str, Any]:
    """Each is read or refused with a sentence, in time, and nothing else happens."""
    crashed, slow = [], 0.0
    for n in range(count):
        made = _FILES[n % len(_FILES)](dice)
        began = time.monotonic()
        try:
            await asyncio.wait_for(read_sheet(made, "虚构.xlsx"), 40)
        except Refusal as refusal:
            assert refusal.message
        except Exception as error:  # whatever comes here is the finding
            crashed.append(f"{_FILES[n % len(_FILES)].__name__}: {type(error).__name__}")
        slow = max(slow, time.monotonic() - began)
    return {"goal": "G35", "n": count, "crashed": crashed[:5], "slowest": round(slow, 2), "ok": not crashed}


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


def _names(dice: random.Random, count: int) -> dict[str, Any]:
    """A name on a screen is a name, to a strict reader of Telegram's HTML."""
    errors = injected = 0
    for _n in range(count):
        name = _evil(dice)
        screen = message(Screen("drill", f"{bold(name)}\n{esc(name)}"))
        try:
            read = parse_html(screen["text"])
        except ApiError:
            errors += 1
            continue
        injected += [each["type"] for each in read.entities] not in (["bold"], [])
    return {"goal": "G37", "n": count, "errors": errors, "injected": injected, "ok": not errors and not injected}


def _numbers(dice: random.Random, count: int) -> dict[str, Any]:
    """An ID number is struck out in any disguise, and a company's code is left alone."""
    missed = false_alarms = 0
    for _n in range(count):
        said = scrub({"message": {dice.choice(("text", "caption", "file_name")): _disguised(random_id(dice), dice)}})
        missed += ID_NUMBER_MARKER not in str(said)
        code = random_code(dice)
        false_alarms += ID_NUMBER_MARKER in str(scrub({"text": f"虚构公司 {code}，联系人"}))
    result = {"goal": "G44", "n": count, "missed": missed, "false_alarms": false_alarms}
    return result | {"ok": not missed and not false_alarms}


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


_FILES: Final = (_bomb, _noise, _torn, _bitten, _document, _entities)
