"""The last thing `make run` prints before it goes quiet: where to look and how to log in."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from adapters.lab.place import Place


def show(place: Place, credentials: Mapping[str, Any], robots: int, calls_per_minute: int) -> None:
    """Print the box; it fits 80 columns, and a long path goes on in the next line."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("page", f"[bold]{credentials['base_url']}[/bold]")
    table.add_row("", "")
    table.add_row("admin", _login(credentials["admin"]))
    table.add_row("supervisor 班长", _login(credentials["supervisor"]))
    for agent in credentials["agents"]:
        table.add_row("agent 座席", _login(agent))
    table.add_row("", "")
    table.add_row("desk phones", f"sip:127.0.0.1:{place.sip_port}, users 1001 to 1006")
    table.add_row("callers", "from 127.0.0.2 to 4000, 4001, 4002, 4003")
    table.add_row("robots", f"{robots} agents, {calls_per_minute} calls a minute")
    table.add_row("all logins", str(place.folder / "credentials.json"))
    table.add_row("logs", str(place.folder / "log"))
    Console(highlight=False).print(Panel(table, title="CTI", subtitle="Ctrl-C ends everything", expand=False))


def _login(who: Mapping[str, str]) -> str:
    return f"{who['username']:<6} [bold]{who['password']}[/bold]"
