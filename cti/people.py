"""Who is asking and what they may: roles, permissions, topics. Pure; passwords and tokens are handled elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cti.ids import AgentNo, QueueName, TenantId
from cti.news import EVERYONE, Published

AGENTS_SEE: Final = "agents.see"
AGENTS_SEE_CALLS: Final = "agents.see_calls"
AGENTS_FORCE: Final = "agents.force"
AGENTS_EDIT: Final = "agents.edit"
QUEUES_SEE_ALL: Final = "queues.see_all"
QUEUES_EDIT: Final = "queues.edit"
CALLS_SEE_ALL: Final = "calls.see_all"
DEVICES_SEE_ALL: Final = "devices.see_all"
USERS_EDIT: Final = "users.edit"
NUMBERS_SEE: Final = "numbers.see"
OWN_DESK: Final = "own.desk"
"""To have a place of one's own: `agent:me`, `calls:mine`, a status, a phone."""

_WATCH: Final = frozenset({AGENTS_SEE, AGENTS_SEE_CALLS, QUEUES_SEE_ALL, CALLS_SEE_ALL, DEVICES_SEE_ALL, NUMBERS_SEE})

ROLES: Final[Mapping[str, frozenset[str]]] = {
    "agent": frozenset({AGENTS_SEE, OWN_DESK, NUMBERS_SEE}),
    "supervisor": _WATCH | {OWN_DESK, AGENTS_FORCE},
    "admin": _WATCH | {AGENTS_FORCE, AGENTS_EDIT, QUEUES_EDIT, USERS_EDIT},
    "api": _WATCH,
}
"""What each role may do; the whole table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who has proved who they are. `token_version` rises when their tokens are revoked."""

    tenant: TenantId
    username: str
    role: str
    agent_no: AgentNo | None = None
    permissions: frozenset[str] = frozenset()
    token_version: int = 0

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    @property
    def desk(self) -> AgentNo | None:
        """The agent number this person works under, when the role has a desk of its own."""
        return self.agent_no if OWN_DESK in self.permissions else None


def principal(
    tenant: TenantId, username: str, role: str, agent_no: AgentNo | None = None, token_version: int = 0
) -> Principal:
    """A principal with the permissions of its role; an unknown role has none."""
    return Principal(
        tenant=tenant,
        username=username,
        role=role,
        agent_no=agent_no,
        permissions=ROLES.get(role, frozenset()),
        token_version=token_version,
    )


def keys_for(who: Principal, topic: str, own_queues: Collection[QueueName]) -> frozenset[str] | None:
    """The keys (`news.keys_of`) that `topic` means for this person; None when they may not have it."""
    noun, _, name = topic.partition(":")
    if not name:
        return None
    match noun, name:
        case "agent", "me":
            return None if who.desk is None else frozenset({f"me:{who.desk}"})
        case "agent", _:
            return frozenset({topic}) if who.may(AGENTS_SEE) else None
        case "queue", "*" if not who.may(QUEUES_SEE_ALL):
            return None if who.desk is None else frozenset(f"queue:{queue}" for queue in own_queues)
        case "queue", _:
            return frozenset({topic}) if who.may(QUEUES_SEE_ALL) or name in own_queues else None
        case "calls", "mine":
            return None if who.desk is None else frozenset({f"mine:{who.desk}"})
        case "calls", "*":
            return frozenset({topic}) if who.may(CALLS_SEE_ALL) else None
    return None


def may_subscribe(who: Principal, topic: str, own_queues: Collection[QueueName]) -> bool:
    return keys_for(who, topic, own_queues) is not None


def every_key(who: Principal, own_queues: Collection[QueueName]) -> frozenset[str]:
    """All this person could subscribe to: what they may read in the journal."""
    topics = ("agent:me", "agent:*", "queue:*", "calls:mine", "calls:*")
    found = [keys_for(who, topic, own_queues) for topic in topics]
    return frozenset({EVERYONE}).union(*(keys for keys in found if keys))


class Sight(Enum):
    """How much of an event somebody sees; each level is encoded once, however many look at it."""

    FULL = "full"
    COLLEAGUE = "colleague"  # an agent without the details of the call


def sight(who: Principal, news: Published) -> Sight:
    """The level at which this person sees this event."""
    if news.type == "agent.updated" and not who.may(AGENTS_SEE_CALLS) and who.desk not in news.agents:
        return Sight.COLLEAGUE
    return Sight.FULL


def sees_numbers(who: Principal) -> bool:
    """Whether numbers may reach this person unmasked; every exit asks here."""
    return who.may(NUMBERS_SEE)
