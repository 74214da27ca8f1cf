"""Who may call where: every number that anything here dials has been allowed by `DialRules.allow`.

The first rule that fits decides, and what no rule knows is refused. Numbers come as `+86…` where they could be parsed.
By which trunk a call leaves, and what it shows there, `DialRules.way` alone decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NewType

from cti.entry.numbers import international
from cti.errors import RefusedByPolicy
from cti.trunks import Line

Diallable = NewType("Diallable", str)
"""Digits for the trunk. Nobody but `DialRules.allow` makes one, and what dials the outside world takes nothing else."""

_NUMBER: Final = re.compile(r"\+?[0-9]{2,20}")


@dataclass(frozen=True, slots=True)
class Rule:
    """`pattern` is a regular expression for the whole number."""

    name: str
    pattern: str
    allowed: bool


CHINA: Final = (
    Rule("emergency", r"(\+86)?(110|119|120|122)", True),
    Rule("premium", r"(\+86)?(168\d{5}|12[18]\d{5,})", False),
    Rule("mobile", r"\+861[3-9]\d{9}", True),
    Rule("landline", r"\+86(10\d{8}|2\d{9}|[3-9]\d{8,10})", True),
    Rule("service", r"1(00|2[023])\d{2,3}|9[5-6]\d{3,4}", True),
    Rule("international", r"\+(?!86).*|00.*", False),
)
"""Emergency and domestic numbers; everything abroad is refused until a rule of one's own says otherwise."""


SITE: Final = "cti-trunk"
"""What Asterisk calls the way out that its own configuration has."""


@dataclass(frozen=True, slots=True)
class Way:
    """The trunk that a call leaves by, and the number that the other side sees."""

    trunk: str
    shown: str


@dataclass(frozen=True, slots=True)
class DialRules:
    """`caller_ids`: the numbers that may be shown on the site's own `trunk`; `lines`: the tenant's trunks.

    The first caller id is shown where nobody asks for another.
    """

    rules: tuple[Rule, ...] = CHINA
    caller_ids: tuple[str, ...] = ()
    trunk: str = SITE
    lines: tuple[Line, ...] = ()

    def allow(self, number: str) -> Diallable:
        """The digits to dial, however the number is written; raises `RefusedByPolicy`, naming the rule."""
        if not _NUMBER.fullmatch(number):
            raise RefusedByPolicy("rule number: that is no telephone number")
        number = international(number)
        rule = next((one for one in self.rules if re.fullmatch(one.pattern, number)), None)
        if rule is None:
            raise RefusedByPolicy("rule unknown: no rule allows this number")
        if not rule.allowed:
            raise RefusedByPolicy(f"rule {rule.name}: such numbers are not dialled")
        return Diallable(digits(number))

    def allows(self, number: str) -> bool:
        """Whether `allow` would."""
        try:
            return bool(self.allow(number))
        except RefusedByPolicy:
            return False

    def way(self, caller_id: str = "") -> Way:
        """A caller id asked for chooses a trunk that may show it, the default one if it may; else the default trunk.

        Where the tenant has no such trunk, it is the site's. Raises `RefusedByPolicy` for a number that is not ours.
        """
        lines = sorted(self.lines, key=lambda line: not line.is_default)
        for line in lines:
            if (not caller_id and line.is_default) or caller_id in line.caller_ids:
                return Way(line.trunk, (caller_id or next(iter(line.caller_ids), "")).lstrip("+"))
        return Way(self.trunk, self.shown(caller_id))

    @property
    def default_trunk(self) -> str:
        """By which calls leave whose caller id nobody chooses."""
        return self.way().trunk

    def shown(self, caller_id: str) -> str:
        """The number that the other side sees; raises `RefusedByPolicy` for one that is not ours."""
        if caller_id and caller_id not in self.caller_ids:
            raise RefusedByPolicy("rule caller_id: that number is not ours to show")
        return (caller_id or next(iter(self.caller_ids), "")).lstrip("+")


def digits(number: str) -> str:
    """As the trunk dials it: mobiles and short numbers plain, landlines with the leading 0."""
    if not number.startswith("+86"):
        return number.lstrip("+")
    national = number[3:]
    plain = len(national) < 9 or re.fullmatch(r"1[3-9]\d{9}|[48]00\d{7}", national)
    return national if plain else f"0{national}"
