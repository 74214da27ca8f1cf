"""The words that `say` puts together: name of the prompt -> its text, for every name, in both languages alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import ascii_lowercase
from typing import Final

_ZH: Final = "零一二三四五六七八九"
_ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS: Final = {
    1: "first", 2: "second", 3: "third", 5: "fifth", 8: "eighth", 9: "ninth", 12: "twelfth", 20: "twentieth",
    30: "thirtieth",
}  # fmt: skip
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# name: (Chinese, English)
_SINGLE: Final[Mapping[str, tuple[str, str]]] = {
    "num-liang": ("两", "two"),
    "num-hundred": ("百", "hundred"),
    "num-thousand": ("千", "thousand"),
    "num-wan": ("万", "ten thousand"),
    "num-million": ("百万", "million"),
    "num-yi": ("亿", "hundred million"),
    "num-billion": ("十亿", "billion"),
    "num-point": ("点", "point"),
    "num-minus": ("负", "minus"),
    "num-oh": ("零", "oh"),
    "sign-star": ("星号", "star"),
    "sign-hash": ("井号", "hash"),
    "sign-plus": ("加", "plus"),
    "word-and": ("又", "and"),
    "word-at": ("在", "at"),
    "unit-yuan": ("元", "yuan"),
    "unit-jiao": ("角", "jiao"),
    "unit-fen": ("分", "fen"),
    "unit-year": ("年", "year"),
    "unit-oclock": ("点", "o'clock"),
    "unit-minute-mark": ("分", "minutes past"),
    "unit-day": ("天", "day"),
    "unit-days": ("天", "days"),
    "unit-hour": ("小时", "hour"),
    "unit-hours": ("小时", "hours"),
    "unit-minute": ("分钟", "minute"),
    "unit-minutes": ("分钟", "minutes"),
    "unit-second": ("秒", "second"),
    "unit-seconds": ("秒", "seconds"),
    "time-sharp": ("整", "sharp"),
    "time-am": ("上午", "A M"),
    "time-pm": ("下午", "P M"),
    "time-dawn": ("凌晨", "before dawn"),
    "time-morning": ("上午", "in the morning"),
    "time-noon": ("中午", "at noon"),
    "time-afternoon": ("下午", "in the afternoon"),
    "time-evening": ("晚上", "in the evening"),
    "agent-no": ("工号", "Agent"),
    "at-your-service": ("为您服务", "is at your service."),
    "ahead-none": ("您是下一位，请稍候。", "You are next. Please hold the line."),
    "ahead-one": ("您前面还有一位客人，请稍候。", "There is one caller ahead of you. Please hold the line."),
    "ahead-before": ("您前面还有", "There are"),
    "ahead-after": ("位客人，请稍候。", "callers ahead of you. Please hold the line."),
    "wait-short": ("预计等待时间不到一分钟。", "The expected wait is less than a minute."),
    "wait-about": ("预计等待时间大约", "The expected wait is about"),
}


def _number_zh(n: int) -> str:
    tens, ones = divmod(n, 10)
    if not tens:
        return _ZH[ones]
    return ("" if tens == 1 else _ZH[tens]) + "十" + (_ZH[ones] if ones else "")


def _number_en(n: int) -> str:
    if n < 20:
        return _ONES[n]
    tens, ones = divmod(n, 10)
    return _TENS[tens - 2] + (f"-{_ONES[ones]}" if ones else "")


def _ordinal(n: int) -> str:
    if n in _ORDINALS:
        return _ORDINALS[n]
    if n < 20:
        return f"{_ONES[n]}th"
    return f"{_TENS[n // 10 - 2]}-{_ordinal(n % 10)}"


def _all() -> Iterator[tuple[str, tuple[str, str]]]:
    yield from _SINGLE.items()
    for n in range(100):
        yield f"num-{n}", (_number_zh(n), _number_en(n))
    for n in range(10):
        yield f"digit-{n}", ("幺" if n == 1 else _ZH[n], _ONES[n])
    for letter in ascii_lowercase:
        yield f"letter-{letter}", (letter.upper(), letter.upper())
    for n in range(1, 13):
        yield f"month-{n}", (f"{_number_zh(n)}月", _MONTHS[n - 1])
    for n in range(1, 32):
        yield f"day-{n}", (f"{_number_zh(n)}日", _ordinal(n))
    for n in range(1, 8):
        yield f"weekday-{n}", (f"星期{'日' if n == 7 else _ZH[n]}", _WEEKDAYS[n - 1])


WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    language: {name: texts[column] for name, texts in _all()} for column, language in enumerate(("zh", "en"))
}
"""Language -> name -> text."""
