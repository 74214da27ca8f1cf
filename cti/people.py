"""Who is asking, how far their permissions reach, and which topics are theirs; the table is `cti/permissions.py`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from cti.ids import AgentNo, QueueName, TenantId
from cti.news import EVERYONE, RECORDINGS, Published
from cti.permissions import (
    AGENTS_SEE,
    AGENTS_SEE_CALLS,
    CALLS_SEE,
    NUMBERS_SEE,
    OWN_DESK,
    QUEUES_SEE,
    RECORDINGS_SEE,
    ROLES,
    Role,
    Scope,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who has proved who they are. `token_version` rises when their tokens are revoked.

    `team` holds the agents of the person's team and of those below it; None: they stand at the root, above everybody.
    """

    tenant: TenantId
    username: str
    role: str
    agent_no: AgentNo | None = None
    permissions: Mapping[str, Scope] = field(default_factory=dict)
    team: frozenset[AgentNo] | None = None
    token_version: int = 0

    def may(self, permission: str, scope: Scope = Scope.OWN) -> bool:
        """Whether this is permitted so far; without a scope, whether at all."""
        return self.permissions.get(permission, 0) >= scope

    def everywhere(self, permission: str) -> bool:
        """Whether this reaches all of the tenant: a team's permission does so at the root."""
        return self.may(permission, Scope.TEAM if self.team is None else Scope.TENANT)

    def reaches(self, permission: str, agent: AgentNo | None) -> bool:
        """Whether this is permitted for what belongs to that agent; None belongs to nobody."""
        if self.everywhere(permission):
            return True
        if agent is None or not self.may(permission):
            return False
        return agent == self.desk or (self.may(permission, Scope.TEAM) and self.team is not None and agent in self.team)

    def agents_for(self, permission: str) -> frozenset[AgentNo] | None:
        """The agents this reaches, None when everybody: what a list in the database is cut down to."""
        if self.everywhere(permission):
            return None
        own = frozenset() if self.desk is None or not self.may(permission) else frozenset({self.desk})
        return own | self.team if self.may(permission, Scope.TEAM) and self.team is not None else own

    @property
    def desk(self) -> AgentNo | None:
        """The agent number this person works under, when the role has a desk of its own."""
        return self.agent_no if OWN_DESK in self.permissions else None

    @property
    def at_one_desk(self) -> bool:
        """Whether this person works at one screen, so that a new one closes the old."""
        return self.desk is not None and not self.may(CALLS_SEE, Scope.TEAM)


def principal(
    tenant: TenantId,
    username: str,
    role: str,
    agent_no: AgentNo | None = None,
    token_version: int = 0,
    *,
    roles: Mapping[str, Role] = ROLES,
    team: frozenset[AgentNo] | None = None,
) -> Principal:
    """A principal with the permissions of its role; an unknown role has none."""
    return Principal(
        tenant=tenant,
        username=username,
        role=role,
        agent_no=agent_no,
        permissions=roles[role].permissions if role in roles else {},
        team=team,
        token_version=token_version,
    )


def queues_for(
    who: Principal, permission: str, queues_of: Callable[[AgentNo], Iterable[QueueName]]
) -> frozenset[QueueName] | None:
    """The queues this reaches: those that its agents serve; None when all."""
    agents = who.agents_for(permission)
    return None if agents is None else frozenset(queue for agent in agents for queue in queues_of(agent))


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose calls somebody may see: those offered to these agents, and those of these queues."""

    agents: frozenset[AgentNo] = frozenset()
    queues: frozenset[QueueName] = frozenset()

    def holds(self, agents: Iterable[AgentNo], queue: QueueName | None) -> bool:
        return queue in self.queues or not self.agents.isdisjoint(agents)


def calls_for(who: Principal, permission: str, queues_of: Callable[[AgentNo], Iterable[QueueName]]) -> Reach | None:
    """The calls (and what belongs to them: recordings, surveys) this reaches; None when all.

    A team's callers are the team's before they are anybody's; of one's own calls one knows from the offer on.
    """
    agents = who.agents_for(permission)
    if agents is None:
        return None
    queues = queues_for(who, permission, queues_of) if who.may(permission, Scope.TEAM) else None
    return Reach(agents, queues or frozenset())


def keys_for(who: Principal, topic: str, own_queues: Collection[QueueName]) -> frozenset[str] | None:
    """The keys (`news.keys_of`) that `topic` means for this person; None when they may not have it.

    `own_queues` are those within the person's reach (`queues_for`).
    """
    noun, _, name = topic.partition(":")
    if not name:
        return None
    match noun, name:
        case "agent", "me":
            return None if who.desk is None else frozenset({f"me:{who.desk}"})
        case "agent", "*":
            agents = who.agents_for(AGENTS_SEE)
            found = frozenset({topic}) if agents is None else frozenset(f"agent:{no}" for no in agents)
            return found if who.may(AGENTS_SEE) else None
        case "agent", _:
            return frozenset({topic}) if who.reaches(AGENTS_SEE, AgentNo(name)) else None
        case "queue", "*" if not who.everywhere(QUEUES_SEE):
            seen = who.may(QUEUES_SEE) and (who.desk is not None or who.may(QUEUES_SEE, Scope.TEAM))
            return frozenset(f"queue:{queue}" for queue in own_queues) if seen else None
        case "queue", _:
            reached = who.everywhere(QUEUES_SEE) or (who.may(QUEUES_SEE) and name in own_queues)
            return frozenset({topic}) if reached else None
        case "calls", "mine":
            return None if who.desk is None or not who.may(CALLS_SEE) else frozenset({f"mine:{who.desk}"})
        case "calls", "*" if not who.everywhere(CALLS_SEE):
            offered = frozenset(f"mine:{no}" for no in who.agents_for(CALLS_SEE) or ())
            callers = frozenset(f"calls:{queue}" for queue in own_queues)
            return offered | callers if who.may(CALLS_SEE, Scope.TEAM) else None
        case "calls", "*":
            return frozenset({topic, RECORDINGS} if who.everywhere(RECORDINGS_SEE) else {topic})
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
    MASKED = "masked"  # customers' numbers hidden
    MASKED_COLLEAGUE = "masked colleague"

    @property
    def without_call(self) -> bool:
        return self in (Sight.COLLEAGUE, Sight.MASKED_COLLEAGUE)

    @property
    def masked(self) -> bool:
        return self in (Sight.MASKED, Sight.MASKED_COLLEAGUE)


def sight(who: Principal, news: Published) -> Sight:
    """The level at which this person sees this event."""
    clear = sees_numbers(who)
    if news.type == "agent.updated" and not _sees_calls(who, news):
        return Sight.COLLEAGUE if clear else Sight.MASKED_COLLEAGUE
    return Sight.FULL if clear else Sight.MASKED


def _sees_calls(who: Principal, news: Published) -> bool:
    return who.everywhere(AGENTS_SEE_CALLS) or any(sees_call_of(who, no) for no in news.agents)


def sees_call_of(who: Principal, agent: AgentNo) -> bool:
    """Whether this person sees what that agent talks about: oneself always."""
    return agent == who.desk or who.reaches(AGENTS_SEE_CALLS, agent)


def sees_numbers(who: Principal) -> bool:
    """Whether numbers may reach this person unmasked; every exit asks here."""
    return who.may(NUMBERS_SEE)
