"""Test a value: yes or no."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from cti.ivr import settings as of
from cti.ivr.kind import Kind, node_type
from cti.ivr.settings import setting
from cti.ivr.talk import Talk

TESTS: Final = ("equals", "differs", "starts_with", "ends_with", "contains", "among", "less", "more", "empty")


@node_type("test")
@dataclass(frozen=True, slots=True, kw_only=True)
class Test(Kind):
    """`among`: one of `to`, which are apart by commas. `less` and `more` compare numbers; what is none is neither."""

    __test__ = False  # of a value, not of ours

    exits = ("yes", "no")

    value: str = setting(of.text())
    test: str = setting(of.one_of(*TESTS), "equals")
    to: str = setting(of.text(1000), "")

    async def act(self, talk: Talk) -> str:
        return "yes" if _holds(self.test, talk.fill(self.value).strip(), talk.fill(self.to).strip()) else "no"


def _holds(test: str, value: str, to: str) -> bool:
    match test:
        case "equals":
            return value == to
        case "differs":
            return value != to
        case "starts_with":
            return value.startswith(to)
        case "ends_with":
            return value.endswith(to)
        case "contains":
            return to in value
        case "among":
            return value in [one.strip() for one in to.split(",")]
        case "empty":
            return not value
    left, right = _number(value), _number(to)
    if left is None or right is None:
        return False
    return left < right if test == "less" else left > right


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
