import datetime as dt
import shutil

import pytest

from bot.policy.loader import PolicyFaults, load, packaged


def copy(tmp_path, name="example"):
    folder = tmp_path / "pack"
    shutil.copytree(packaged(name), folder)
    return folder


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults_of(folder):
    with pytest.raises(PolicyFaults) as refused:
        load(folder)
    return refused.value.faults


def line_of(path, text):
    return next(n for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text in line)


def table_line(path, text):
    """The line of the last table header above the text."""
    lines = path.read_text(encoding="utf-8").splitlines()[: line_of(path, text)]
    return max(n for n, line in enumerate(lines, 1) if line.startswith("["))


@pytest.mark.parametrize("name", ["zhengzhou", "example"])
def test_shipped_packs_have_no_fault(name):
    assert load(packaged(name)).id == name


def test_a_broken_pack_is_refused_with_all_its_faults_at_once(tmp_path):
    folder = copy(tmp_path)
    guide, pack = folder / "guide.toml", folder / "pack.toml"
    replace(guide, 'product = "assessment"', 'product = "horoscope"')  # dangling id
    replace(guide, 'night = ["yes"]', 'night = ["maybe"]')  # option unknown
    replace(guide, 'when = { works = ["care"] }', 'when = { weather = ["rain"] }')  # question unknown
    replace(guide, "effective_to = 2025-12-31", "effective_to = 2025-06-30")  # gap
    replace(guide, 'owner = "garden"', 'owner = "garden"\ncolour = "green"')  # key unknown
    replace(guide, 'subject_word = "施工单位"\n', "")  # key missing
    replace(pack, 'unit = "sample"', 'unit = "nobody"')  # dangling id
    replace(pack, "feedback_working_days = 3", "feedback_working_days = 0")  # value
    (folder / "extra.toml").write_text('[surprise]\nx = 1\n\n[[units]]\ncode = "a"\n', encoding="utf-8")
    faults = faults_of(folder)
    found = {(fault.file, fault.key) for fault in faults}
    assert found >= {
        ("guide.toml", "rules[2].product"),
        ("guide.toml", "rules[2].when.night"),
        ("guide.toml", "rules[3].when.weather"),
        ("guide.toml", "rules[1].effective_from"),
        ("guide.toml", "matters[1].colour"),
        ("guide.toml", "matters[0].subject_word"),
        ("pack.toml", "legal_division[0].unit"),
        ("pack.toml", "settings.feedback_working_days"),
        ("extra.toml", "surprise"),
        ("pack.toml", "units"),
    }
    assert all(fault.problem.endswith(".") for fault in faults)
    by_key = {fault.key: fault for fault in faults}
    assert by_key["rules[2].product"].line == table_line(guide, '"horoscope"')
    assert by_key["matters[1].colour"].line == table_line(guide, "colour")
    assert by_key["settings.feedback_working_days"].line == table_line(pack, "feedback_working_days")
    assert str(by_key["rules[2].product"]).startswith("guide.toml:")


def test_one_misshapen_entry_does_not_make_others_look_dangling(tmp_path):
    folder = copy(tmp_path)
    replace(folder / "pack.toml", 'name = "信用信息审查"\n', "")
    assert [fault.key for fault in faults_of(folder)] == ["products[0].name"]


def test_a_syntax_error_is_located_and_the_other_files_are_still_checked(tmp_path):
    folder = copy(tmp_path)
    replace(folder / "pack.toml", "feedback_working_days = 3", "feedback_working_days = = 3")
    replace(folder / "guide.toml", 'night = ["yes"]', 'night = ["maybe"]')
    faults = faults_of(folder)
    broken = next(fault for fault in faults if fault.file == "pack.toml")
    assert broken.line == line_of(folder / "pack.toml", "= = 3")
    assert ("guide.toml", "rules[2].when.night") in {(fault.file, fault.key) for fault in faults}


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "words"),
    [
        ("guide.toml", 'id = "night"\ntext', 'id = "works"\ntext', "questions[1].id", "used twice"),
        ("guide.toml", 'code = "g2"', 'code = "g1"', "matters[1].code", "used twice"),
        ("guide.toml", '{ id = "care"', '{ id = "building"', "questions[0].options", "used twice"),
        ("guide.toml", "effective_to = 2025-12-31", "effective_to = 2026-01-31", "rules[1].effective_from", "overlap"),
        ("guide.toml", "effective_to = 2025-12-31", "effective_to = 2023-12-31", "rules[0].effective_to", "before"),
        ("guide.toml", 'category = "garden"', 'category = "sea"', "matters[0].category", "categories"),
        ("guide.toml", 'source = "confirmed"', 'source = "suggested"', "matters[1].required", "confirmed"),
        ("guide.toml", 'text = "夜间施工另附评价报告"', 'text = ""', "rules[2].text", "empty"),
        ("guide.toml", 'night = ["yes"]', 'night = ["yes", "no"]', "questions[1].id", "never asked"),
        ("pack.toml", 'document = "example-rules"', 'document = "lost"', "clauses[0].document", "documents"),
        ("pack.toml", 'unclear = "规则未列明，请转示例科研究"', 'unclear = " "', "off_catalogue.unclear", "empty"),
        ("pack.toml", 'kinds = ["enterprise", "institution"]', 'kinds = ["enterprise"]', "matters[1].routes", "serves"),
        ("pack.toml", 'id = "credit_office"', 'id = "credit_club"', "terms", "credit_office"),
    ],
)
def test_each_kind_of_fault_is_named(tmp_path, file, old, new, key, words):
    folder = copy(tmp_path)
    replace(folder / file, old, new)
    named = [fault for fault in faults_of(folder) if fault.key == key]
    assert any(words in fault.problem for fault in named)


def test_a_rule_that_no_answers_can_reach_is_refused(tmp_path):
    folder = copy(tmp_path)
    guide = folder / "guide.toml"
    replace(
        guide,
        '{ id = "no", label = "否" }]',
        '{ id = "no", label = "否" }, { id = "dusk", label = "黄昏", offered = false }]',
    )
    replace(guide, 'when = { works = ["care"] }', 'when = { works = ["care"], night = ["dusk"] }')
    assert ("rules[3].when", "No matter and no answers can make this hold.") in {
        (fault.key, fault.problem) for fault in faults_of(folder)
    }


def test_a_guide_that_takes_too_many_presses_is_refused(tmp_path):
    folder = copy(tmp_path, "zhengzhou")
    replace(folder / "pack.toml", "press_limit = 6", "press_limit = 4")
    replace(folder / "matters.toml", 'companions = ["fleet"]', 'triggers = ["fiscal_fund"], companions = ["fleet"]')
    found = {fault.key: fault.problem for fault in faults_of(folder)}
    assert found["off_catalogue.facts"] == "The guide may need 6 presses."
    assert found["matters[21].facts"] == "The guide may need 5 presses for it."


def test_a_folder_without_a_pack_is_refused_in_one_sentence(tmp_path):
    assert [fault.problem for fault in faults_of(tmp_path / "nowhere")] == [
        "There is no policy pack here: no .toml file was found."
    ]


def test_a_file_that_is_not_text_is_refused(tmp_path):
    folder = copy(tmp_path)
    (folder / "guide.toml").write_bytes(b"\xff\xfe\x00")
    assert "The file is not UTF-8 text." in {fault.problem for fault in faults_of(folder)}


def test_the_layout_of_the_files_does_not_change_the_version(tmp_path):
    folder = copy(tmp_path)
    merged = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.toml")))
    for path in folder.glob("*.toml"):
        path.unlink()
    (folder / "all.toml").write_text("# a remark\n" + merged, encoding="utf-8")
    assert load(folder).hash == load(packaged("example")).hash


def test_names_follow_the_day(zhengzhou):
    assert zhengzhou.term("bureau", on=dt.date(2018, 6, 1)) == "郑州市环境保护局"
    assert zhengzhou.term("bureau", on=dt.date(2026, 6, 1)) == "郑州市生态环境局"
    assert zhengzhou.legal_division(on=dt.date(2026, 6, 1)).short_name == "政法"
    with pytest.raises(KeyError):
        zhengzhou.term("bureau", on=dt.date(2010, 1, 1))


def test_the_pack_says_that_its_force_is_unconfirmed_until_somebody_signs(zhengzhou, example):
    assert zhengzhou.in_force_note == "效力待政法处确认"
    assert zhengzhou.label == "建议目录，以本局正式清单为准"
    assert example.in_force_note is None


def test_the_pack_carries_the_numbers_of_the_plan(zhengzhou):
    settings, reminders = zhengzhou.settings, zhengzhou.reminders
    assert (settings.feedback_working_days, settings.validity_months) == (5, 12)
    assert (reminders.receipt_after_working_days, reminders.before_due_working_days) == (1, (1, 0))
    assert (reminders.overdue_first_working_days, reminders.overdue_every_working_days) == (1, 2)
    assert reminders.submit_by_before_working_days == (3, 1, 0)
    assert len(zhengzhou.report_blocks) == 9
    assert [each.id for each in zhengzhou.documents.values() if not each.held][:2] == ["annex-2016-88", "annex-2017-1"]


def test_every_route_lists_its_papers(zhengzhou):
    assert set(zhengzhou.routes) == {"bureau", "counterpart", "natural_person", "batch"}
    assert all(route.materials for route in zhengzhou.routes.values())
