"""`make bench`: measures side by side, prints a table, writes `.bench/results.json`. `BENCH=flows`: that part alone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from typing import Final

from rich.console import Console
from rich.table import Table

from adapters.lab.place import CHECKOUT
from tests.alone import go_alone
from tests.bench import ewt, flows, lists, ring, stream

PARTS: Final[Mapping[str, Callable[[], list[ring.Row]]]] = {
    "ring": lambda: asyncio.run(ring.measure()),
    "flows": lambda: asyncio.run(flows.measure()),
    "ewt": ewt.rows,
    "stream": lambda: asyncio.run(stream.measure()),
    "lists": lambda: asyncio.run(lists.measure()),
}


def main(*wanted: str) -> None:
    go_alone()
    rows = [row for part in wanted or PARTS for row in PARTS[part]()]
    folder = CHECKOUT / ".bench"
    folder.mkdir(exist_ok=True)
    (folder / "results.json").write_text(ring.as_json(rows), encoding="utf-8")
    table = Table("row", "ours", "reference", "ratio", "at most", "met")
    for row in rows:
        met = "yes" if row.met else "no"
        table.add_row(row.row, f"{row.value} {row.unit}", f"{row.reference}", f"{row.ratio}", f"{row.target}", met)
    Console().print(table)


if __name__ == "__main__":
    main(*sys.argv[1:])
