"""Row *ring*: from a caller's INVITE in to the agent's INVITE out, beside Asterisk's own `app_queue`.

The same hundred phones, the same Asterisk, one run: blocks of calls to 4001 (ours, least_calls) and to 4090 (app_queue,
fewestcalls) take turns, so that a noisy machine is noisy for both.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from adapters.lab.people import BENCH_PHONES
from tests.bench.house import division, house
from tests.live.centre import Centre
from tests.live.sipp import Sipp
from tests.live.wire import InviteTap

OURS: Final = "4001"
APP_QUEUE: Final = "4090"
BLOCKS: Final = 8  # short ones, since the load of a machine's neighbours comes and goes in seconds
RATES: Final = {10: 40, 40: 120}  # calls a second -> calls in a block
MEDIAN_AT_MOST: Final = 1.5
P99_AT_MOST: Final = 2.0


@dataclass(frozen=True, slots=True)
class Row:
    row: str
    value: float
    unit: str
    reference: float
    ratio: float
    target: float
    met: bool


def compare(row: str, ours: float, theirs: float, at_most: float) -> Row:
    ratio = round(ours / theirs, 2)
    return Row(row, round(ours, 3), "ms", round(theirs, 3), ratio, at_most, ratio <= at_most)


async def measure() -> list[Row]:
    """Boot a bench lab and the server, run the blocks, and return the rows."""
    async with house(bench=True, furnish=seat_agents) as bench:
        bench.sipp.phones(BENCH_PHONES, ring_ms=50, talk_ms=400, secret=bench.keys["bench"], limit=600)
        await all_there(bench.centre)
        return await run_blocks(bench.sipp, bench.where.sip_port)


def seat_agents(database: Path) -> None:
    """A hundred agents, ready, in `sales` alone; no after-call work, so that the rate is the only load."""
    with sqlite3.connect(database) as connection:
        connection.execute("delete from queue_members")
        connection.execute("update queues set acw_seconds = 0 where name = 'sales'")
        for no in BENCH_PHONES:
            connection.execute(
                "insert into agents (tenant, agent_no, name, devices) values ('demo', ?, ?, ?)",
                (no, no, json.dumps([no])),
            )
            connection.execute("insert into queue_members (tenant, queue, agent_no) values ('demo', 'sales', ?)", (no,))
            connection.execute(
                "insert into agent_states (tenant, agent_no, status, status_since, idle_since, desktop)"
                " values ('demo', ?, 'ready', 0, 0, 0)",
                (no,),
            )
    connection.close()


async def all_there(centre: Centre) -> None:
    """Wait until every phone of the bench is registered and its agent routable."""
    async with centre.desktop(centre.admin, "agent:*") as wall:
        there = {one["agent_no"] for one in wall.snapshot["agent:*"] if one["routable"]}
        while not there.issuperset(BENCH_PHONES):
            told = await wall.client.event("agent.updated", deadline=60)
            if told.data["routable"]:
                there.add(told.data["agent_no"])


async def run_blocks(sipp: Sipp, sip_port: int) -> list[Row]:
    own, others = division()
    print(f"ring: the server on processor {_list(own)}, Asterisk and the phones on {_list(others)}", flush=True)  # noqa: T201
    rows = []
    serial = 0
    for rate, calls in RATES.items():
        waits: dict[str, list[float]] = {OURS: [], APP_QUEUE: []}
        for _ in range(BLOCKS):
            for number in (APP_QUEUE, OURS):
                callers = [(f"139{serial + n:08d}", "Bench") for n in range(calls)]
                serial += calls
                waits[number] += await block(sipp, sip_port, number, callers, rate)
        ours, theirs = waits[OURS], waits[APP_QUEUE]
        print(f"ring at {rate}/s: ours {figures(ours)}; app_queue {figures(theirs)}", flush=True)  # noqa: T201
        rows.append(compare(f"ring median {rate}/s", median(ours), median(theirs), MEDIAN_AT_MOST))
        rows.append(compare(f"ring p99 {rate}/s", p99(ours), p99(theirs), P99_AT_MOST))
    return rows


async def block(sipp: Sipp, sip_port: int, number: str, callers: Sequence[tuple[str, str]], rate: int) -> list[float]:
    """Milliseconds from INVITE to INVITE of each call; a call that rang nobody is an error."""
    with InviteTap(sip_port) as tap:
        run = sipp.callers(number, list(callers), patience_ms=20_000, rate=rate, traced=False)
        code = await run.done(120)
    missing = [caller for caller, _ in callers if caller not in tap.out_of]
    if code or missing:
        raise RuntimeError(f"{number} at {rate}/s: SIPp ended with {code}, {len(missing)} calls rang nobody")
    return [(tap.out_of[caller] - tap.into[caller]) * 1000 for caller, _ in callers]


def _list(processors: set[int]) -> str:
    return ", ".join(str(one) for one in sorted(processors))


def p99(values: Sequence[float]) -> float:
    return quantiles(values, n=100)[98]


def figures(values: Sequence[float]) -> str:
    return f"median {median(values):.2f} p99 {p99(values):.2f} worst {max(values):.2f} ms of {len(values)}"


def as_json(rows: Sequence[Row]) -> str:
    return json.dumps({"rows": [asdict(row) for row in rows]}, indent=2) + "\n"
