"""What callers hear when a value is said, in Chinese and in English."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.errors import BadRequest
from cti.speech import KINDS, LANGUAGES, say
from cti.speech.values import Unsayable
from cti.speech.words import WORDS


def heard(kind: str, value: object, language: str) -> str:
    return ("" if language == "zh" else " ").join(WORDS[language][name] for name in say(kind, value, language))


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        ("0", "零", "zero"),
        ("2", "二", "two"),
        ("10", "十", "ten"),
        ("11", "十一", "eleven"),
        ("20", "二十", "twenty"),
        ("22", "二十二", "twenty-two"),
        ("100", "一百", "one hundred"),
        ("105", "一百零五", "one hundred five"),
        ("110", "一百一十", "one hundred ten"),
        ("112", "一百一十二", "one hundred twelve"),
        ("200", "两百", "two hundred"),
        ("1005", "一千零五", "one thousand five"),
        ("1010", "一千零一十", "one thousand ten"),
        ("1050", "一千零五十", "one thousand fifty"),
        ("2222", "两千两百二十二", "two thousand two hundred twenty-two"),
        ("10003", "一万零三", "ten thousand three"),
        ("10010", "一万零一十", "ten thousand ten"),
        ("20000", "两万", "twenty thousand"),
        ("100500", "十万零五百", "one hundred thousand five hundred"),
        ("120000", "十二万", "one hundred twenty thousand"),
        ("1,000,000", "一百万", "one million"),
        ("100000001", "一亿零一", "one hundred million one"),
        ("200000000", "两亿", "two hundred million"),
        ("100100000", "一亿零一十万", "one hundred million one hundred thousand"),
        ("-3.14", "负三点一四", "minus three point one four"),
        (Decimal("12.50"), "十二点五零", "twelve point five zero"),
        (7, "七", "seven"),
    ],
)
def test_numbers(value: object, zh: str, en: str) -> None:
    assert (heard("number", value, "zh"), heard("number", value, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("kind", "value", "zh", "en"),
    [
        ("digits", "138-0013 8*#", "幺三八零零幺三八星号井号", "one three eight zero zero one three eight star hash"),
        ("digits", "+86A", "加八六A", "plus eight six A"),
        ("agent", "1001", "工号幺零零幺为您服务", "Agent one zero zero one is at your service."),
        ("money", "0", "零元", "zero yuan"),
        ("money", "2", "两元", "two yuan"),
        ("money", "12", "十二元", "twelve yuan"),
        ("money", "102.00", "一百零二元", "one hundred two yuan"),
        ("money", "12.05", "十二元零五分", "twelve yuan and five fen"),
        ("money", "2.20", "两元两角", "two yuan and twenty fen"),
        ("money", "1234.56", "一千两百三十四元五角六分", "one thousand two hundred thirty-four yuan and fifty-six fen"),
        ("money", "0.5", "五角", "fifty fen"),
        ("money", "-0.05", "负五分", "minus five fen"),
        ("money", "0.995", "一元", "one yuan"),
        ("date", "2026-11-22", "二零二六年十一月二十二日", "November twenty-second twenty twenty-six"),
        ("date", date(2005, 1, 31), "二零零五年一月三十一日", "January thirty-first two thousand five"),
        ("date", "19000203", "一九零零年二月三日", "February third nineteen hundred"),
        ("date", "1905-12-12T10:00:00Z", "一九零五年十二月十二日", "December twelfth nineteen oh five"),
        ("weekday", "2026-11-22", "星期日", "Sunday"),
        ("weekday", 1, "星期一", "Monday"),
        ("time", "00:00", "凌晨零点整", "twelve A M"),
        ("time", "09:10", "上午九点十分", "nine ten A M"),
        ("time", "12:30", "中午十二点三十分", "twelve thirty P M"),
        ("time", "14:05", "下午两点零五分", "two oh five P M"),
        ("time", time(22, 0), "晚上十点整", "ten P M"),
        ("time", "02:00:02", "凌晨两点零分两秒", "two A M and two seconds"),
        ("datetime", "2026-11-22T14:05:00.5+08:00", "二零二六年十一月二十二日下午两点零五分",
         "November twenty-second twenty twenty-six at two oh five P M"),
        ("duration", 0, "零秒", "zero seconds"),
        ("duration", "120", "两分钟", "two minutes"),
        ("duration", 90061.9, "一天一小时一分钟一秒", "one day one hour one minute one second"),
        ("callers_ahead", 0, "您是下一位，请稍候。", "You are next. Please hold the line."),
        ("callers_ahead", 2, "您前面还有两位客人，请稍候。",
         "There are two callers ahead of you. Please hold the line."),
        ("expected_wait", 59, "预计等待时间不到一分钟。", "The expected wait is less than a minute."),
        ("expected_wait", 61, "预计等待时间大约两分钟", "The expected wait is about two minutes"),
    ],
)  # fmt: skip
def test_everything_else(kind: str, value: object, zh: str, en: str) -> None:
    assert (heard(kind, value, "zh"), heard(kind, value, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("digits", ""),
        ("digits", "12,34"),
        ("digits", "1" * 41),
        ("digits", "１２"),
        ("number", "ten"),
        ("number", "1e5"),
        ("number", "1,23"),
        ("number", "NaN"),
        ("number", "1000000000000"),
        ("number", True),
        ("number", None),
        ("number", "$(reboot)"),
        ("money", "12 yuan"),
        ("callers_ahead", "1.5"),
        ("callers_ahead", -1),
        ("date", "2026-02-30"),
        ("date", "22.11.2026"),
        ("time", "25:00"),
        ("time", "9:00"),
        ("datetime", "2026-11-22"),
        ("datetime", "2026-11-22T24:61"),
        ("duration", -1),
        ("weekday", "8"),
        ("sum", "1"),
    ],
)
def test_what_cannot_be_said_is_refused(kind: str, value: object) -> None:
    for language in LANGUAGES:
        with pytest.raises(Unsayable):
            say(kind, value, language)


def test_a_flow_may_take_it_for_a_wrong_value_and_a_person_for_a_bad_request() -> None:
    assert issubclass(Unsayable, BadRequest)
    assert issubclass(Unsayable, ValueError)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(Unsayable, match="'fr'"):
        say("number", 1, "fr")


def _known(names: list[str], language: str) -> None:
    assert names
    assert set(names) <= set(WORDS[language]), names


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    number=st.decimals(min_value=-(10**12) + 1, max_value=10**12 - 1, places=3),
    seconds=st.integers(0, 10**9),
    moment=st.datetimes(),
    digits=st.from_regex("[0-9A-Za-z*#+]{1,40}", fullmatch=True),
)
def test_everything_that_is_said_has_a_prompt(
    language: str, number: Decimal, seconds: int, moment: datetime, digits: str
) -> None:
    values: dict[str, object] = {
        "digits": digits,
        "agent": digits,
        "number": number,
        "money": number,
        "duration": seconds,
        "expected_wait": seconds,
        "callers_ahead": seconds,
        "date": moment,
        "weekday": moment,
        "time": moment,
        "datetime": moment.isoformat(sep=" "),
    }
    assert set(values) == set(KINDS)
    for kind, value in values.items():
        _known(say(kind, value, language), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_small_number_day_and_minute_has_a_prompt(language: str) -> None:
    for n in range(12_000):
        _known(say("number", n, language), language)
    for n in range(1440):
        _known(say("time", f"{n // 60:02}:{n % 60:02}", language), language)
    for n in range(366):
        _known(say("date", date.fromordinal(date(2028, 1, 1).toordinal() + n), language), language)


def _value_of(names: list[str]) -> int:
    """Chinese numbers read back: figures count until a unit multiplies them; in 一十二 the 一 has no weight."""
    units = {"num-hundred": 100, "num-thousand": 1000}
    total = group = figure = 0
    for name in names:
        if name in units:
            group, figure = group + figure * units[name], 0
        elif name in ("num-wan", "num-yi"):
            total, group, figure = total + (group + figure) * (10**4 if name == "num-wan" else 10**8), 0, 0
        else:
            figure = 2 if name == "num-liang" else int(name.removeprefix("num-"))
    return total + group + figure


@given(st.integers(0, 10**12 - 1))
def test_a_chinese_number_read_back_is_that_number(n: int) -> None:
    assert _value_of(say("number", n, "zh")) == n


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["zh"].keys() == WORDS["en"].keys()
    assert all(text for words in WORDS.values() for text in words.values())
