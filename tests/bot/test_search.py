import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.search import Entry, Index, pinyin_keys

MATTERS_TEXT = """
建设项目环评报告书审批 建设项目环评报告表审批 辐射类建设项目环评审批 排污许可证首次申请 排污许可证延续
排污许可证变更 排污许可证重新申请 危险废物经营许可 入河排污口设置审批 防治污染设施拆除或闲置审批
辐射安全许可证核发 危险废物跨省转移（转报） 环评登记表备案 突发环境事件应急预案备案 放射性同位素转让转移备案
竣工环保验收材料公开 排污权竞价交易 环保专项资金申报（市级） 省级大气污染防治资金项目 水污染防治资金项目
土壤污染防治资金项目 中央生态环境资金储备库申报 老旧车淘汰补贴 非道路移动机械淘汰补贴 重污染天气绩效分级复审
绿色环保引领企业评选 环境友好企业评选 环保先进集体表彰 环保先进个人表彰 节能环保示范企业推荐
生态文明示范创建推荐 绿色学校命名 环境教育基地命名 环境信用评价异议复核 监督执法正面清单纳入
重大项目要素保障白名单推荐 清洁生产审核评估验收 清洁生产财政奖补 政策性贷款推荐 EOD项目推荐
贷款贴息推荐 局政府采购公开招标 局政府采购非招标方式 国有资金治理工程招投标 监测运维咨询服务商遴选
社会化监测机构监管核查 环保专家库入库 机动车排放检验机构监管备案 环保社会组织资助 环境行政处罚信用修复受理
告知承诺制审批 科研标准示范工程立项
"""
MATTERS = MATTERS_TEXT.split()
INDEX = Index(
    [
        Entry(name, name, {"排污许可证延续": ("换证", "续期"), "绿色环保引领企业评选": ("绿引企业",)}.get(name, ()))
        for name in MATTERS
    ]
)
ODD = "龘"  # in no name, and with a sound of its own


def letters(name):
    return "".join(character for character in name if character.isalnum())


@pytest.mark.parametrize("name", MATTERS)
def test_every_matter_is_first_when_its_name_is_typed(name):
    assert INDEX.find(name)[0] == name


@pytest.mark.parametrize("name", MATTERS)
def test_every_matter_is_found_by_parts_of_its_name(name):
    plain = letters(name)
    parts = [plain[:6], plain[-6:], plain[1:7]]
    assert [part for part in parts if name not in INDEX.find(part)] == []


@pytest.mark.parametrize("name", MATTERS)
def test_every_matter_is_found_by_pinyin_and_initials(name):
    full, initials = pinyin_keys(name)
    queries = [full, initials, full[: len(full) * 2 // 3], initials[:5], initials[-5:], full.upper()]
    assert [query for query in queries if name not in INDEX.find(query)] == []


@pytest.mark.parametrize("name", MATTERS)
def test_every_matter_is_found_with_one_wrong_missing_or_swapped_character(name):
    plain = letters(name)
    slips = [plain[:n] + ODD + plain[n + 1 :] for n in range(len(plain))]
    slips += [plain[:n] + plain[n + 1 :] for n in range(len(plain))]
    slips += [plain[:n] + plain[n + 1] + plain[n] + plain[n + 2 :] for n in range(len(plain) - 1)]
    assert [slip for slip in slips if name not in INDEX.find(slip)[:3]] == []


@pytest.mark.parametrize("name", MATTERS)
def test_every_matter_is_found_by_pinyin_with_one_wrong_letter(name):
    full = pinyin_keys(name)[0]
    slips = [full[:n] + "v" + full[n + 1 :] for n in range(len(full))]
    assert [slip for slip in slips if name not in INDEX.find(slip)[:3]] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("pwxk", "排污许可证延续"),
        ("pwxkz", "排污许可证变更"),
        ("pwxkzyx", "排污许可证延续"),
        ("PWXK", "排污许可证延续"),
        ("排汙许可", "排污许可证延续"),
        ("排物许可", "排污许可证延续"),
        ("排污许司", "排污许可证延续"),
        ("paiwuxuke", "排污许可证延续"),
        ("pai wu xu ke", "排污许可证延续"),
        ("paiwuxvke", "排污许可证延续"),
        ("pwxuke", "排污许可证延续"),
        ("排污 延续", "排污许可证延续"),
        ("延续 排污", "排污许可证延续"),
        ("paiwu yanxu", "排污许可证延续"),
        ("环评审批", "建设项目环评报告书审批"),
        ("環評審批", "建设项目环评报告书审批"),
        ("换证", "排污许可证延续"),
        ("huanzheng", "排污许可证延续"),
        ("绿引", "绿色环保引领企业评选"),
        ("lvse", "绿色学校命名"),
        ("lüse", "绿色学校命名"),
        ("eod", "EOD项目推荐"),
        ("ＥＯＤ", "EOD项目推荐"),
        ("危废经营", "危险废物经营许可"),
        ("【排污许可证延续】", "排污许可证延续"),
    ],
)
def test_matter_is_found_as_officers_type_it(query, found):
    assert found in INDEX.find(query)


def test_the_whole_name_comes_before_names_that_contain_it():
    index = Index([Entry("long", "绿色学校命名推荐"), Entry("short", "绿色学校命名")])
    assert index.find("绿色学校命名") == ["short", "long"]


def test_beginning_comes_before_middle_and_slips_come_last():
    index = Index([Entry("slip", "排污许司"), Entry("middle", "重新申请排污许可"), Entry("start", "排污许可证")])
    assert index.find("排污许可") == ["start", "middle", "slip"]


@pytest.mark.parametrize("query", ["", "  ", "！？", "天气预报明天", "qqqqqqq", "zyxw", "你好", "hello", "z y x w"])
def test_nothing_is_found_where_nothing_is_near(query):
    assert INDEX.find(query) == []


def test_same_sound_in_one_piece_comes_before_an_abbreviation():
    index = Index([Entry("skips", "排污的许可"), Entry("sound", "全市范围内各类排污许可证年度执行报告审核")])
    assert index.find("排物许可") == ["sound", "skips"]


def test_no_more_than_the_limit_is_returned():
    assert len(INDEX.find("审批", limit=3)) == 3
    assert len(INDEX.find("环")) == 8


@given(query=st.text(max_size=100))
def test_any_query_is_answered_without_repetition(query):
    found = INDEX.find(query)
    assert len(found) == len(set(found)) <= 8


def test_empty_catalogue_finds_nothing():
    assert Index([]).find("排污") == []


def test_pinyin_of_a_name_for_storage():
    assert pinyin_keys("郑州（某）绿源ABC公司") == ("zhengzhoumoulvyuanabcgongsi", "zzmlyags")
    assert pinyin_keys("重庆长安") == ("chongqingchangan", "cqca")
    assert pinyin_keys("") == ("", "")


def test_pinyin_is_not_loaded_before_the_first_search():
    program = (
        "import sys; from bot.search import Entry, Index; index = Index([Entry('a', '排污许可证')]);"
        "before = 'pypinyin' in sys.modules; found = index.find('pwxk'); print(before, found)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False ['a']"
