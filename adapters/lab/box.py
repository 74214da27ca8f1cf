"""The last thing `make run` prints before it goes quiet: where to look and how to log in."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from adapters.lab.place import Place


def show(place: Place, credentials: Mapping[str, Any], robots: int, calls_per_minute: int) -> None:
    """Print the box."""
    table = Table.grid(padding=(0, 2))
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_row("page", credentials["base_url"], "")
    table.add_row("", "", "")
    table.add_row("", "user", "password")
    for role, login in (("admin", credentials["admin"]), ("supervisor 班长", credentials["supervisor"])):
        table.add_row(role, login["username"], login["password"])
    for agent in credentials["agents"]:
        table.add_row("agent 座席", agent["username"], agent["password"])
    table.add_row("", "", "")
    table.add_row("phones", f"sip:127.0.0.1:{place.sip_port}", "user 1001..1006; passwords in credentials.json")
    table.add_row("callers", "from 127.0.0.2, no registration", "4000 main, 4001 sales, 4002 support, 4003 billing")
    table.add_row(
        "robots",
        f"{robots} agents 1101.., {calls_per_minute} calls a minute",
        "CTI_DEMO_ROBOTS, CTI_DEMO_CALLS_PER_MINUTE",
    )
    table.add_row("files", str(place.folder / "credentials.json"), f"{place.folder / 'log'}/*.out")
    console = Console(highlight=False)
    console.print(Panel(table, title="CTI", subtitle="Ctrl-C ends everything", expand=False), soft_wrap=True)
