"""Where a call enters and why: number, lists, schedule. The live call and the test of a number ask the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cti.entry.calendars import PLAIN, Calendar
from cti.entry.entries import DENY, EXACT
from cti.entry.lists import Found, Lists
from cti.entry.numbers import ANONYMOUS, plain
from cti.entry.schedules import Schedule, at
from cti.ids import Instant
from cti.targets import HANGUP, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPoint:
    """A number that people call, and what it leads to. `lists`: callers are looked for on the deny and VIP lists."""

    number: str
    entry: Target
    title: str = ""
    lists: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`rules`: the sentences that led to the target, in order. `list` names the list that the caller stands on."""

    target: Target
    rules: tuple[str, ...]
    list: str | None = None
    priority: int = 0
    period: str | None = None
    open: bool = True
    screened: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def vip(self) -> bool:
        return self.list == "vip"

    @property
    def denied(self) -> bool:
        return self.list == DENY

    @property
    def reason(self) -> str:
        """The whole way as one sentence."""
        return "; ".join(self.rules)


def decide(
    point: EntryPoint,
    caller: str,
    when: Instant,
    lists: Lists,
    schedules: Mapping[str, Schedule],
    calendars: Mapping[str, Calendar],
) -> Decision:
    """Where this caller goes at that moment: the deny list first, then the hours, then what a VIP has of their own."""
    rules = [f"{point.number} {point.title} leads to {point.entry}".replace("  ", " ")]
    both = lists.both(caller, when) if point.lists else ()
    stands = max(both, key=lambda one: one.fixed, default=None)
    rules.append(_said(both, stands, caller) if point.lists else "this number asks no lists")
    if stands is not None and stands.kind == DENY:
        way = _Way(stands.rule.target or HANGUP, open=False)
    else:
        way = _by_schedule(point.entry.name, when, schedules, calendars) if _asks_schedule(point) else _Way(point.entry)
        way = _of_vip(way, stands)
    return Decision(
        target=way.target,
        rules=(*rules, *way.rules),
        list=None if stands is None else stands.kind,
        priority=0 if stands is None else stands.rule.priority,
        period=way.period,
        open=way.open,
        screened=point.lists,
        options=point.options,
    )


@dataclass(frozen=True, slots=True)
class _Way:
    target: Target
    rules: tuple[str, ...] = ()
    period: str | None = None
    open: bool = True


def _asks_schedule(point: EntryPoint) -> bool:
    return point.entry.kind == "schedule"


def _by_schedule(
    name: str, when: Instant, schedules: Mapping[str, Schedule], calendars: Mapping[str, Calendar]
) -> _Way:
    schedule = schedules.get(name)
    if schedule is None:
        return _Way(HANGUP, (f"there is no schedule {name}",), open=False)
    found = at(schedule, when, calendars.get(schedule.calendar, PLAIN))
    return _Way(found.target, (f"schedule {name}: {found.reason}, to {found.target}",), found.name, found.open)


def _of_vip(way: _Way, stands: Found | None) -> _Way:
    """What a VIP has of their own takes the place of where others go, in open hours: nobody is there at night."""
    own = None if stands is None else stands.rule.target
    if own is None:
        return way
    if not way.open:
        return replace(way, rules=(*way.rules, f"{own} of the VIP is for open hours"))
    return replace(way, target=own, rules=(*way.rules, f"the VIP has {own}"))


def _said(both: tuple[Found, ...], stands: Found | None, caller: str) -> str:
    """The sentence about the lists. It names no caller: a role that sees no numbers may read it."""
    if stands is None:
        return "the caller hides their number and is on no list" if plain(caller) == ANONYMOUS else "on no list"
    words = f"{stands.kind} list: {_meant(stands)}"
    if stands.rule.reason:
        words += f" ({stands.rule.reason})"
    if stands.kind == DENY:
        words += f", to {stands.rule.target or HANGUP}"
    elif stands.rule.priority:
        words += f", priority {stands.rule.priority}"
    for other in both:
        if other is not stands:
            why = "is wider" if stands.fixed > other.fixed else "is as narrow, and VIPs come first"
            words += f"; {_meant(other)} of the {other.kind} list {why}"
    return words


def _meant(found: Found) -> str:
    return "this very number" if found.match == EXACT else f"{found.match} {found.number}"
