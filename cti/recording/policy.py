"""Whether a call is recorded: what the tenant, the number, the queue, the agent and the call itself say. Pure.

Of several words the strictest wins: `never`, `always`, a percentage, `on_demand`. The tenant's own word counts where
nobody else says anything.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cti.entry.numbers import plain
from cti.ids import CallId

NEVER: Final = "never"
ALWAYS: Final = "always"
ON_DEMAND: Final = "on_demand"
SAMPLED: Final = "sampled"

_PERCENT: Final = re.compile(r"([1-9][0-9]?|100)%")
_SOUND: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9_-]+){0,4}")
_LONGEST_SOUND: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRules:
    """One tenant's rules. `announcement`: what callers hear before they are recorded; `keep_days` 0: for ever."""

    default: str = ""
    queues: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)  # dialled, or shown by a call of ours
    agents: Mapping[str, str] = field(default_factory=dict)
    announcement: str = ""
    keep_days: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """`mode` is always, sampled, on_demand, or empty: nothing is recorded, and nobody can ask for it."""

    mode: str
    reason: str
    forbidden: bool = False  # somebody said never


def is_rule(word: str) -> bool:
    """Whether `word` is a rule; the empty one says nothing."""
    return word in ("", NEVER, ALWAYS, ON_DEMAND) or _PERCENT.fullmatch(word) is not None


def is_sound(name: str) -> bool:
    """Whether `name` can be the name of an announcement: a sound of Asterisk's, and no more than that."""
    return len(name) <= _LONGEST_SOUND and _SOUND.fullmatch(name) is not None


def share(call: CallId) -> int:
    """Where this call stands among a hundred: 0 to 99, the same whenever it is asked."""
    return int.from_bytes(hashlib.sha256(call.encode()).digest()[:8]) % 100


UNASKED: Final = Decision("", "no rule asks for it")


def decide(
    rules: RecordingRules,
    call: CallId,
    *,
    queue: str = "",
    dialled: str = "",
    shown: str = "",
    agent: str = "",
    wish: str = "",
) -> Decision:
    """Say whether this call is recorded once this agent takes it, and why.

    `shown`: the number of ours that an outbound call shows; `wish`: what the call's own flow says, or who placed it.
    """
    if not (wish or rules.default or rules.numbers or rules.queues or rules.agents):
        return UNASKED
    said = _said(rules, queue, (dialled, shown), agent, wish)
    for who, word in said:
        if word == NEVER:
            return Decision("", f"{who}: never", forbidden=True)
    for who, word in said:
        if word == ALWAYS:
            return Decision(ALWAYS, f"{who}: always")
    percents = sorted(((int(word[:-1]), who) for who, word in said if word.endswith("%")), reverse=True)
    if percents and share(call) < percents[0][0]:
        most, who = percents[0]
        return Decision(SAMPLED, f"{who}: {most} % of calls, and this is number {share(call) + 1} of 100")
    for who, word in said:
        if word == ON_DEMAND:
            return Decision(ON_DEMAND, f"{who}: on demand")
    return Decision("", f"{percents[0][1]}: not among the {percents[0][0]} %" if percents else UNASKED.reason)


def _of_number(rules: RecordingRules, number: str) -> str:
    """What is said of a number dialled or shown, however it and the rule are written."""
    if not number or not rules.numbers:
        return ""
    if number in rules.numbers:
        return rules.numbers[number]
    meant = plain(number)
    return next((word for one, word in rules.numbers.items() if plain(one) == meant), "")


def _said(rules: RecordingRules, queue: str, numbers: Sequence[str], agent: str, wish: str) -> list[tuple[str, str]]:
    """Who says something of this call, and what."""
    said = []
    if wish and is_rule(wish):
        said.append(("the call", wish))
    for number in numbers:
        if word := _of_number(rules, number):
            said.append((f"number {number}", word))
    if word := rules.queues.get(queue, ""):
        said.append((f"queue {queue}", word))
    if word := rules.agents.get(agent, ""):
        said.append((f"agent {agent}", word))
    if not said and rules.default:
        said.append(("the tenant", rules.default))
    return said
