"""The yearly notice: what is read is what is written, and what cannot be right is told with its line."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.calendar_notice import FESTIVALS, parse
from bot.calendar_year import Festival, Notice, from_toml, require_sound, title
from bot.errors import Refusal
from bot.language import speaking
from bot.workdays import Calendar, DayKind, in_library, statutory
from tests.handlers.test_calendar import NOTICE
from tests.oracles import workdays_oracle as oracle

CALENDAR = Calendar()

NOTICES = {
    2024: """国务院办公厅关于2024年部分节假日安排的通知
国办发明电〔2023〕7号
各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
经国务院批准，现将2024年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下。
一、元旦：1月1日放假，与周末连休。
二、春节：2月10日至17日放假调休，共8天。2月4日（星期日）、2月18日（星期日）上班。鼓励各单位结合带薪年休假等制度落实，安排职工在除夕（2月9日）休息。
三、清明节：4月4日至6日放假调休，共3天。4月7日（星期日）上班。
四、劳动节：5月1日至5日放假调休，共5天。4月28日（星期日）、5月11日（星期六）上班。
五、端午节：6月10日放假，与周末连休。
六、中秋节：9月15日至17日放假调休，共3天。9月14日（星期六）上班。
七、国庆节：10月1日至7日放假调休，共7天。9月29日（星期日）、10月12日（星期六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫等工作，确保人民群众祥和平安度过节日假期。
国务院办公厅
2023年10月25日""",
    2025: """国务院办公厅关于2025年部分节假日安排的通知
一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
三、清明节：4月4日（周五）至6日（周日）放假，共3天。
四、劳动节：5月1日（周四）至5日（周一）放假调休，共5天。4月27日（周日）上班。
五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。
六、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。
（此件公开发布）""",
    2026: """国务院办公厅关于２０２６年部分节假日安排的通知
国办发明电〔２０２５〕７号
一、元旦:１月１日(周四)至３日(周六)放假调休,共３天。１月４日(周日)上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、
2月28日（周六）上班。
三、清明节：四月四日（周六）至六日（周一）放假，共三天
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班
五、端午节：6月19日（周五）至21日（周日）放
假，共3天。
六、中秋节：9月25日—27日放假，共3天；
七、国庆节：10月1-7日放假调休，共7天。9月20日（周日）、10月10日（周六）上班。""",
}


@pytest.mark.parametrize("year", NOTICES)
def test_the_notices_of_three_years_give_exactly_the_official_days(year: int):
    days = parse(NOTICES[year]).days()
    assert len(days) == (366 if year == 2024 else 365)
    for on, day in days.items():
        assert day.kind is CALENDAR.day(on).kind, on
        assert day.is_workday == oracle.is_workday(on), on
        assert not day.provisional


@pytest.mark.parametrize("year", range(2016, 2027))
def test_no_published_year_lacks_a_day_of_the_law(year: int):
    named = [(on, kind) for on, kind in in_library().named.items() if on.year == year]
    off, makeups = (tuple(on for on, kind in named if kind is each) for each in (DayKind.HOLIDAY, DayKind.MAKEUP))
    require_sound(Notice(year, title(year), (Festival("", off, makeups),)), (), {})


def test_number_and_title_say_where_the_days_come_from():
    assert parse(NOTICES[2024]).number == "国办发明电〔2023〕7号"
    assert parse(NOTICES[2026]).number == "国办发明电〔2025〕7号"
    assert parse(NOTICES[2025]).number == title(2025)


def test_days_of_the_december_before_belong_to_the_notice_that_names_them():
    text = NOTICES[2026].replace(
        "１月１日(周四)至３日(周六)放假调休,共３天", "2025年12月31日（周三）至1月3日放假，共4天"
    )
    notice = parse(text.replace("上班。", "上班。2025年12月28日（周日）上班。", 1))
    assert notice.named[date(2025, 12, 31)] is DayKind.HOLIDAY
    assert notice.named[date(2025, 12, 28)] is DayKind.MAKEUP
    assert min(notice.days()) == date(2025, 12, 28)


def test_a_year_may_stand_alone_above_the_text():
    text = NOTICES[2025].partition("\n")[2]
    with speaking("en"), pytest.raises(Refusal, match="The year is missing"):
        parse(text)
    assert parse(f"2025年\n{text}").days() == parse(NOTICES[2025]).days()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("1月1日（周三）", "1月1日（周四）", r"Line 2: the calendar has Wed 1 Jan"),
        ("周二）放假调休，共8天", "周二）放假调休，共7天", r"Line 3: 8 days off are named, but the text counts 7"),
        ("1月26日（周日）、", "1月27日（周一）、", r"Line 3: Mon 27 Jan is a working day already"),
        ("1月26日（周日）、", "2月2日（周日）、", r"Line 3: Sun 2 Feb is both a day off and a working day"),
        ("1月26日（周日）、", "2024年1月27日（周六）、", r"Line 3: Sat 27 Jan 2024 lies outside 2025"),
        ("1月26日（周日）、", "2月30日、", r"Line 3: there is no day 2-30"),
        ("4月4日（周五）至6日（周日）", "4月6日至4日", r"Line 4: Sun 6 Apr to Fri 4 Apr is no possible span"),
        ("4月27日（周日）上班", "4月27日（周日）上斑", r"Line 5: it is not said whether Sun 27 Apr is off or worked"),
        ("五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。", "", "Not named as a day off: 端午节"),
        ("1月1日（周三）放假1天，不调休", "1月2日（周四）放假1天，不调休", "Not named as a day off: Wed 1 Jan"),
        ("5月1日（周四）至5日（周一）放假调休，共5天", "5月1日放假1天", "Not named as a day off: Fri 2 May"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_has_its_sentence(before: str, after: str, said: str):
    text = NOTICES[2025].replace(before, after)
    assert text != NOTICES[2025]
    with speaking("en"), pytest.raises(Refusal, match=said):
        parse(text)


def test_all_faults_are_told_at_once():
    text = NOTICES[2025].replace("1月1日（周三）", "1月1日（周四）").replace("共5天", "共6天")
    with speaking("en"), pytest.raises(Refusal) as refused:
        parse(text)
    assert [line.split(":")[0] for line in refused.value.message.splitlines()] == ["Line 2", "Line 5"]


@pytest.mark.parametrize("text", ["2025年", "2025年\n今天天气很好。", "2025年国庆节放假", "2025年部分节假日安排：\n\n"])
def test_words_without_days_are_no_notice(text: str):
    with speaking("en"), pytest.raises(Refusal, match="No day off can be read"):
        parse(text)


@given(
    st.text(max_size=300)
    | st.text(alphabet="2027年1234567890月日至、，。：（）周六放假上班共天元旦春节\n", max_size=300)
)
def test_any_text_is_read_or_refused(text: str):
    try:
        notice = parse(text)
    except Refusal as refusal:
        assert refusal.message
    else:
        assert notice.festivals


def _shown(on: date, *, month: bool = True) -> str:
    return f"{f'{on.month}月' if month else ''}{on.day}日（周{'一二三四五六日'[on.weekday()]}）"


def _written(notice: Notice) -> str:
    """A notice in the form of the State Council's, made from days."""
    said = []
    for number, each in enumerate(notice.festivals, start=1):
        first, last = each.off[0], each.off[-1]
        span = _shown(first) if first == last else f"{_shown(first)}至{_shown(last, month=first.month != last.month)}"
        line = f"{'一二三四五六七'[number - 1]}、{each.name}：{span}放假调休，共{len(each.off)}天。"
        said.append(line + ("、".join(_shown(on) for on in each.makeups) + "上班。" if each.makeups else ""))
    return f"国务院办公厅关于{notice.year}年部分节假日安排的通知\n{notice.number}\n" + "\n".join(said)


@st.composite
def notices(draw: st.DrawFn) -> Notice:
    year = draw(st.integers(2008, 2098))
    offs = []
    for name in FESTIVALS:
        by_law = [on for on, festivals in statutory(year).items() if name in festivals]
        longer = draw(st.integers(0, 6)) if name != "中秋" else 0  # it may lie a day before 国庆节
        offs.append(tuple(min(by_law) + timedelta(days=n) for n in range(len(by_law) + longer)))
    taken = {on for off in offs for on in off}
    weekends = [
        on for n in range(364) if (on := date(year, 1, 1) + timedelta(days=n)).weekday() >= 5 and on not in taken
    ]
    chosen = draw(st.lists(st.sampled_from(weekends), unique=True, max_size=8))
    shares: list[list[date]] = [[] for _ in offs]
    for on in chosen:
        shares[draw(st.integers(0, 6))].append(on)
    festivals = tuple(
        Festival(name, off, tuple(sorted(share))) for name, off, share in zip(FESTIVALS, offs, shares, strict=True)
    )
    return Notice(year, f"国办发明电〔{year - 1}〕{draw(st.integers(1, 99))}号", festivals)


@settings(max_examples=200)
@given(notices())
def test_a_notice_that_is_written_out_is_read_back(notice: Notice):
    assume(len(set(notice.named)) == len(notice.named))
    assert parse(_written(notice)) == notice


@given(notices())
def test_a_file_says_the_same_as_the_text(notice: Notice):
    rows = [
        f'[[day]]\ndate = {on}\nkind = "{kind}"\nname = "{each.name}"\n'
        for each in notice.festivals
        for kind, days in (("holiday", each.off), ("makeup", each.makeups))
        for on in days
    ]
    file = f'year = {notice.year}\nnotice = "{notice.number}"\n' + "\n".join(rows)
    assert from_toml(file).days() == parse(_written(notice)).days()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("year = ", "The file is not TOML"),
        ("[[day]]\ndate = 2027-01-01", "The year is missing"),
        ('year = 2027\n[[day]]\ndate = "2027-01-01"\nkind = "holiday"', "Line 2: a day needs a date and a kind"),
        ("year = 2027\n[[day]]\ndate = 2027-01-01\nkind = 'feast'", "Line 2: a day needs a date and a kind"),
        ("year = 2027\nday = [{date = 2027-01-01, kind = 'makeup'}]", "Line 1: Fri 1 Jan is a working day already"),
        ("year = 2027\n[[day]]\ndate = 2027-01-02\nkind = 'workday'", "Line 2: Sat 2 Jan is no ordinary working day"),
        ("year = 2027\n[[day]]\ndate = 2027-01-01\nkind = 'holiday'",
         "Not named as a day off: Sat 1 May, Sun 2 May, Fri 1 Oct, Sat 2 Oct, Sun 3 Oct, 春节, 清明节, 端午节, 中秋节"),
        ("year = 2027\nday = 3", "No day off can be read"),
        ("year = 2027\n[[day]]\ndate = 2027-01-01\nkind = 'holiday'\n[[day]]\ndate = 2027-01-01\nkind = 'workday'",
         "Line 5: Fri 1 Jan is both a day off and a working day"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_in_a_file_has_its_sentence(content: str, said: str):
    with speaking("en"), pytest.raises(Refusal, match=said):
        from_toml(content)


def test_a_published_year_is_provisional_no_more_and_other_years_stay():
    text = NOTICES[2026].replace("２０２６", "2027")
    with pytest.raises(Refusal):
        parse(text)  # the weekdays of another year
    days = parse(NOTICE).days()
    calendar = CALENDAR.with_days(days)
    assert calendar.is_published(2027)
    assert not CALENDAR.is_published(2027)
    assert not calendar.is_published(2028)
    assert calendar.day(date(2027, 1, 9)).kind is DayKind.MAKEUP
    own = CALENDAR.with_days({date(2027, 3, 1): days[date(2027, 1, 1)]})
    assert not own.is_published(2027)
