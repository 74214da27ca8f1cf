"""`make bench`: measures side by side, prints a table, and writes `.bench/results.json`."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.table import Table

from adapters.lab.place import CHECKOUT
from tests.alone import go_alone
from tests.bench import ewt, lists, ring


def main() -> None:
    go_alone()
    rows = [*asyncio.run(ring.measure()), *ewt.rows(), *asyncio.run(lists.measure())]
    folder = CHECKOUT / ".bench"
    folder.mkdir(exist_ok=True)
    (folder / "results.json").write_text(ring.as_json(rows), encoding="utf-8")
    table = Table("row", "ours", "reference", "ratio", "at most", "met")
    for row in rows:
        met = "yes" if row.met else "no"
        table.add_row(row.row, f"{row.value} {row.unit}", f"{row.reference}", f"{row.ratio}", f"{row.target}", met)
    Console().print(table)


if __name__ == "__main__":
    main()
