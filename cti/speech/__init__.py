"""The grammar of saying things: a value becomes the names of the prompts that say it, in Chinese or English.

It declines to know how a prompt sounds; `cti/speech/words.py` has the text of every name that `say` can return.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from cti.speech import en, values, zh
from cti.speech.values import Unsayable

LANGUAGES: Final = ("zh", "en")

_READ: Final[Mapping[str, Callable[[object], Any]]] = {
    "digits": values.digits,
    "number": values.number,
    "money": values.money,
    "date": values.date_of,
    "weekday": values.weekday,
    "time": values.time_of,
    "datetime": values.moment,
    "duration": values.seconds,
    "agent": values.digits,
    "callers_ahead": values.count,
    "expected_wait": values.seconds,
}
_SAYS: Final[Mapping[str, Mapping[str, Callable[[Any], list[str]]]]] = {"zh": zh.SAYS, "en": en.SAYS}

KINDS: Final = tuple(_READ)
"""What can be said: `say(kind, value, language)`."""


def say(kind: str, value: object, language: str) -> list[str]:
    """Return the names of the prompts that say `value`; raises `Unsayable` when it is not of that kind."""
    if language not in _SAYS:
        raise Unsayable(f"nothing can be said in {language[:20]!r}; there are {', '.join(LANGUAGES)}")
    if kind not in _READ:
        raise Unsayable(f"{kind[:40]!r} is no kind of value to say; there are {', '.join(KINDS)}")
    return _SAYS[language][kind](_READ[kind](value))
