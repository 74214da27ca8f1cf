"""Forty callers at once in the main flow, with keys of their own: each hears every prompt and comes to their queue."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.live.centre import Centre
from tests.live.listener import MUSIC, Listener, ear_of_main, late
from tests.live.pcap import Presses
from tests.live.sipp import Sipp

EACH = 10
LATE_MS = 500
"""On a machine that runs other tests as well; `make bench` is the strict one."""


@dataclass(frozen=True)
class Way:
    """The keys a caller presses, where they lead, and what is heard on the way."""

    keys: Presses
    queue: str
    digits: str
    hears: Sequence[str]

    def people(self, way: int) -> list[tuple[str, str]]:
        return [(f"1380009{way:02}{n:02}", "张伟明") for n in range(EACH)]


WAYS = (
    Way([(2.0, "1")], "sales", "1", ["greeting", MUSIC]),
    Way([(6.0, "2")], "support", "2", ["greeting", "main-menu", MUSIC]),
    Way([(5.5, "9"), (7.0, "3")], "billing", "93", ["greeting", "main-menu", "invalid", MUSIC]),
    Way([(6.0, "7"), (11.0, "0")], "sales", "70", ["greeting", "main-menu", "invalid", "main-menu", MUSIC]),
)


async def test_forty_callers_at_once_all_hear_their_prompts_and_reach_the_queue_they_asked_for(
    small: Centre, sipp: Sipp
) -> None:
    place = small.lab.place
    with Listener(place.sip_port, place.agi_port) as listener:
        runs = [sipp.walkers("4000", way.people(n), way.keys, seconds=13.0, rate=20) for n, way in enumerate(WAYS)]
        assert await asyncio.gather(*(run.done() for run in runs)) == [0] * len(WAYS)

    token = await small.token(small.admin)
    found = await small.until("/calls?limit=100", token, lambda calls: ended(calls) == EACH * len(WAYS))
    records = {one["number"].removeprefix("+86"): one for one in found["items"]}
    ear, waits = ear_of_main(place.voice), []
    for n, way in enumerate(WAYS):
        for number, _ in way.people(n):
            record, call = records[number], listener.calls[number]
            (menu,) = (step for step in record["path"] if step["kind"] == "menu")
            assert (record["queue"], menu["exit"], menu["digits"]) == (way.queue, way.digits[-1], way.digits)
            assert [segment["kind"] for segment in record["segments"]] == ["ivr", "waiting"]
            heard = list(ear.hear(call.sound))
            assert [one.name for one in heard] == way.hears
            waits += [ms for _, ms in late(call, heard)]
    assert median(waits) < LATE_MS


def ended(calls: Any) -> int:
    return sum(one["ended_at"] is not None for one in calls["items"])
