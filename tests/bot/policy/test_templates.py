import io
import shutil

import pytest
from docx import Document

from bot.documents.bulletins import Bulletin
from bot.documents.letters import Paper
from bot.policy.loader import PolicyFaults, load, packaged, restore


@pytest.fixture
def pack(tmp_path):
    folder = tmp_path / "pack"
    shutil.copytree(packaged("example"), folder)
    (folder / "templates").mkdir()
    return folder


def docx_with(text):
    made = io.BytesIO()
    document = Document()
    document.add_paragraph(text)
    document.save(made)
    return made.getvalue()


@pytest.mark.parametrize("name", ["zhengzhou", "example"])
def test_every_shipped_pack_has_a_template_for_every_letter(name):
    assert set(load(packaged(name)).templates) == {each.value for each in (*Paper, *Bulletin)}


def test_a_pack_s_own_template_wins_and_changes_no_rule(pack):
    own = docx_with("{{ bureau }} {{ matter }}")
    (pack / "templates" / "commitment.docx").write_bytes(own)
    (pack / "templates" / "~$commitment.docx").write_bytes(b"an editor's own file")
    policy, shipped = load(pack), load(packaged("example"))
    assert policy.templates["commitment"] == own
    assert policy.templates["notice"] == shipped.templates["notice"]
    assert policy == shipped == restore(policy.snapshot)


def test_templates_that_do_not_serve_are_refused_with_all_faults_at_once(pack):
    (pack / "templates" / "commitment.docx").write_bytes(docx_with("{{ bureu }} {{ horoscope }}"))
    (pack / "templates" / "notice.docx").write_bytes(b"no document")
    (pack / "templates" / "decree.docx").write_bytes(docx_with(""))
    (pack / "templates" / "inquiry.doc").write_bytes(b"")
    with pytest.raises(PolicyFaults) as refused:
        load(pack)
    found = [(fault.file, fault.problem) for fault in refused.value.faults]
    assert [file for file, _problem in found] == [
        "templates/commitment.docx",
        "templates/commitment.docx",
        "templates/decree.docx",
        "templates/inquiry.doc",
        "templates/notice.docx",
    ]
    assert "bureu" in found[0][1] and "horoscope" in found[1][1]
    assert "application.docx" in found[2][1]
    assert all(problem.endswith(".") for _file, problem in found)
