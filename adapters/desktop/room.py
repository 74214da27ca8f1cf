"""One tenant's part of the event stream: its ring, who is connected, and the desk and board they talk to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from adapters.desktop.ports import Ports
from adapters.desktop.ring import Mask, Ring
from adapters.desktop.settings import Limits
from cti.ids import AgentNo, TenantId

if TYPE_CHECKING:
    from adapters.desktop.connection import Connection

K = TypeVar("K")


class Room:
    def __init__(self, tenant: TenantId, ports: Ports, limits: Limits, head: int) -> None:
        self.tenant = tenant
        self.desk = ports.desk(tenant)
        self.board = ports.board(tenant)
        self.journal = ports.journal
        self.numbers = ports.numbers
        self.audit = ports.audit
        self.mask: Mask = partial(ports.numbers.masked, tenant)
        self.ring = Ring(head, limits.ring_events, limits.ring_bytes, self.mask)
        self.connections: dict[Connection, None] = {}
        self._desks: dict[AgentNo, dict[Connection, None]] = {}
        self._users: dict[str, dict[Connection, None]] = {}

    def of_agent(self, no: AgentNo) -> list[Connection]:
        """Connections that sit at this agent's desk, oldest first."""
        return list(self._desks.get(no, ()))

    def of_user(self, username: str) -> list[Connection]:
        return list(self._users.get(username, ()))

    def add(self, connection: Connection) -> None:
        self.connections[connection] = None
        if connection.who is not None:
            self._users.setdefault(connection.who.username, {})[connection] = None
            if connection.who.desk is not None:
                self._desks.setdefault(connection.who.desk, {})[connection] = None

    def remove(self, connection: Connection) -> None:
        self.connections.pop(connection, None)
        if connection.who is not None:
            _drop(self._users, connection.who.username, connection)
            if connection.who.desk is not None:
                _drop(self._desks, connection.who.desk, connection)


def _drop(table: dict[K, dict[Connection, None]], key: K, connection: Connection) -> None:
    there = table.get(key, {})
    there.pop(connection, None)
    if not there:
        table.pop(key, None)
