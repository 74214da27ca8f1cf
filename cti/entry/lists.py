"""Finds a caller among a million entries in microseconds: whole numbers, beginnings, patterns; the narrowest wins.

Entries that mean the same share one `Rule`, so a list of a million numbers is little more than its numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from cti.entry.entries import DENY, EXACT, PATTERN, PREFIX, VIP, ListEntry
from cti.entry.numbers import plain
from cti.errors import BadRequest
from cti.ids import Instant
from cti.targets import Target

MOST_PATTERNS: Final = 1000
"""Patterns of one list. Beginnings cost nothing and have no limit."""

_WHOLE: Final = 1_000
"""As how many fixed digits a whole number counts."""

_SIGNS: Final = {"X": "[0-9]", "N": "[2-9]", "Z": "[1-9]", "?": ".", "*": ".*", "+": r"\+"}
_HEAD: Final = re.compile(r"\+?[0-9]*")


@dataclass(frozen=True, slots=True)
class Rule:
    """What an entry does, whomever it means."""

    target: Target | None
    priority: int
    expires_at: Instant | None
    reason: str

    def holds(self, at: Instant) -> bool:
        return self.expires_at is None or self.expires_at > at


@dataclass(frozen=True, slots=True)
class Found:
    """The entry that a caller stands on."""

    kind: str
    match: str
    number: str
    rule: Rule
    fixed: int  # digits that had to be right: the more, the narrower


@dataclass(slots=True)
class _Pattern:
    text: str
    expression: re.Pattern[str]
    fixed: int
    rule: Rule


@dataclass(slots=True)
class _List:
    """The entries of one kind."""

    exact: dict[str, dict[str, Rule]] = field(default_factory=dict)  # by the last digits: a small table grows faster
    prefixes: dict[int, dict[str, Rule]] = field(default_factory=dict)  # by length
    patterns: dict[int, dict[str, dict[str, _Pattern]]] = field(default_factory=dict)  # by the digits they begin with
    pattern_count: int = 0

    def find(self, kind: str, number: str, at: Instant) -> Found | None:
        rule = self.exact.get(number[-2:], {}).get(number)
        if rule is not None and rule.holds(at):
            return Found(kind, EXACT, number, rule, _WHOLE)
        return max(self._wide(kind, number, at), key=_narrowest, default=None)

    def _wide(self, kind: str, number: str, at: Instant) -> Iterator[Found]:
        for length in sorted(self.prefixes, reverse=True):
            rule = self.prefixes[length].get(number[:length])
            if rule is not None and length <= len(number) and rule.holds(at):
                yield Found(kind, PREFIX, number[:length], rule, length)
                break
        for length, heads in self.patterns.items():
            for one in heads.get(number[:length], {}).values():
                if one.rule.holds(at) and one.expression.fullmatch(number):
                    yield Found(kind, PATTERN, one.text, one.rule, one.fixed)

    def put(self, match: str, number: str, rule: Rule) -> None:
        if match == EXACT:
            self.exact.setdefault(number[-2:], {})[number] = rule
        elif match == PREFIX:
            self.prefixes.setdefault(len(number), {})[number] = rule
        else:
            head = _head(number)
            bucket = self.patterns.setdefault(len(head), {}).setdefault(head, {})
            self.pattern_count += number not in bucket
            fixed = sum(sign.isdigit() for sign in number)
            bucket[number] = _Pattern(number, _expression(number), fixed, rule)

    def drop(self, match: str, number: str) -> None:
        if match == EXACT:
            self.exact.get(number[-2:], {}).pop(number, None)
        elif match == PREFIX:
            same_length = self.prefixes.get(len(number), {})
            same_length.pop(number, None)
            if not same_length:
                self.prefixes.pop(len(number), None)
        else:
            head = _head(number)
            bucket = self.patterns.get(len(head), {}).get(head, {})
            self.pattern_count -= bucket.pop(number, None) is not None

    def __len__(self) -> int:
        tables = (*self.exact.values(), *self.prefixes.values())
        return sum(map(len, tables)) + self.pattern_count


class Lists:
    """The deny and the VIP list of one tenant, in memory."""

    def __init__(self) -> None:
        self._lists = {VIP: _List(), DENY: _List()}
        self._rules: dict[Rule, Rule] = {}

    def put(self, entry: ListEntry) -> None:
        """Add the entry, or change the one of this number; it has been `checked`."""
        rule = Rule(entry.target, entry.priority, entry.expires_at, entry.reason)
        self.put_rule(entry.kind, entry.match, entry.number, self.rule(rule))

    def put_rule(self, kind: str, match: str, number: str, rule: Rule) -> None:
        self._lists[kind].put(match, number, rule)

    def rule(self, rule: Rule) -> Rule:
        """The one rule of this meaning."""
        return self._rules.setdefault(rule, rule)

    def drop(self, kind: str, match: str, number: str) -> None:
        self._lists[kind].drop(match, number)

    def find(self, caller: str, at: Instant) -> Found | None:
        """The entry that counts for this caller: the narrower one; of two as narrow, the VIP's."""
        both = self.both(caller, at)
        return max(both, key=lambda one: one.fixed, default=None)

    def both(self, caller: str, at: Instant) -> tuple[Found, ...]:
        """What each list says of this caller, the VIP list first."""
        number = plain(caller)
        found = (entries.find(kind, number, at) for kind, entries in self._lists.items())
        return tuple(one for one in found if one is not None)

    def let_go(self) -> None:
        """Empty the lists piece by piece: a million entries that go at once would hold up everybody."""
        for entries in self._lists.values():
            while entries.exact:
                entries.exact.popitem()

    def __len__(self) -> int:
        return sum(map(len, self._lists.values()))


def _narrowest(one: Found) -> tuple[int, bool, str]:
    return one.fixed, one.match == PREFIX, one.number


def _head(pattern: str) -> str:
    """The digits a pattern begins with, before anything that varies."""
    found = _HEAD.match(pattern)
    return found[0] if found else ""


@lru_cache(maxsize=MOST_PATTERNS)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_SIGNS.get(sign, sign) for sign in pattern))


def refuse_more_patterns(count: int) -> None:
    """Each pattern is tried for each call, so there is an end to them."""
    if count > MOST_PATTERNS:
        raise BadRequest(f"a list has at most {MOST_PATTERNS} patterns; beginnings of numbers have no limit")
