"""Rows *prompt late*: forty callers at once walk the main flow, and what they hear is measured on the wire.

They are SIPp, with sound and RFC 4733 keys of their own. A pause of fifty milliseconds is not noticed,
one of two hundred is.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from tests.bench.house import House, house
from tests.bench.lists import row
from tests.bench.ring import Row, figures, p99
from tests.live.listener import MUSIC, Call, Listener, ear_of_main, late
from tests.live.pcap import Presses

AT_ONCE: Final = 40
ROUNDS: Final = 3
MEDIAN_AT_MOST: Final = 50.0
P99_AT_MOST: Final = 200.0


@dataclass(frozen=True, slots=True)
class Walk:
    """When which keys are pressed, how long the caller stays, and what they are to hear."""

    keys: Presses
    seconds: float
    hears: Sequence[str]


WALKS: Final = (
    Walk([(8.0, "1")], 14.0, ["greeting", "main-menu", MUSIC]),
    Walk([(13.2, "2")], 18.0, ["greeting", "main-menu", MUSIC]),  # after the menu
    Walk([(7.1, "9"), (13.7, "3")], 20.0, ["greeting", "main-menu", "invalid", "main-menu", MUSIC]),
    Walk([(24.0, "1")], 28.0, ["greeting", "main-menu", "timeout", "main-menu", MUSIC]),
    Walk([(2.3, "2")], 9.0, ["greeting", MUSIC]),  # knows it by heart
)


async def measure() -> list[Row]:
    """Boot a lab and the server, let callers walk, and return the rows."""
    calls: list[tuple[Walk, Call]] = []
    turns: list[float] = []
    async with house() as bench:
        for nth in range(ROUNDS):
            calls += await walked(bench, nth, turns)
        ear = ear_of_main(bench.where.voice)
    found: dict[str, list[float]] = defaultdict(list)
    for walk, call in calls:
        heard = list(ear.hear(call.sound))
        if [one.name for one in heard] != walk.hears:
            raise RuntimeError(f"a caller of {walk.keys} heard {[one.name for one in heard]}")
        for kind, ms in late(call, heard):
            found[kind].append(ms)
    for kind in sorted(found):
        print(f"prompts, {kind}: {figures(found[kind])}", flush=True)  # noqa: T201
    print(f"prompts, the server's part of a step: {figures([1000 * one for one in turns])}", flush=True)  # noqa: T201
    every = [ms for each in found.values() for ms in each]
    return [
        row("prompt late median", median(every), "ms", MEDIAN_AT_MOST),
        row("prompt late p99", p99(every), "ms", P99_AT_MOST),
    ]


async def walked(bench: House, nth: int, turns: list[float]) -> list[tuple[Walk, Call]]:
    """One round: all are in the flow at once."""
    each = AT_ONCE // len(WALKS)
    with Listener(bench.where.sip_port, bench.where.agi_port) as listener:
        runs = [
            bench.sipp.walkers("4000", people(nth, way, each), walk.keys, seconds=walk.seconds, rate=20)
            for way, walk in enumerate(WALKS)
        ]
        codes = await asyncio.gather(*(run.done() for run in runs))
    turns += listener.turns
    if any(codes):
        raise RuntimeError(f"SIPp ended with {codes}")
    return [(walk, listener.calls[number]) for way, walk in enumerate(WALKS) for number, _ in people(nth, way, each)]


def people(nth: int, way: int, count: int) -> list[tuple[str, str]]:
    return [(f"138{nth:02}{way:02}{n:04}", "Bench") for n in range(count)]
