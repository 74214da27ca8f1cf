"""One caller at the FastAGI door: who they are, what is known of their call, and what the door asks of the server."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from adapters.asterisk.agi_line import AgiLine
from cti import events as ev
from cti.control.dialling import Diallable, Way
from cti.entry.decide import Decision
from cti.ids import CallId, Instant, TenantId
from cti.incidents import Incident
from cti.ivr import outcome as out
from cti.ivr.flow import Flow
from cti.ivr.line import Line
from cti.ivr.ports import Ports
from cti.records import Call, Step

LANGUAGE: Final = "zh"
"""What callers are spoken to in until a flow says otherwise."""

UNANSWERED: Final = ("to_agent", "to_number")
"""Types of node from which a flow goes on when nobody answers."""


class Parts(Protocol):
    """What the switchboard asks of the rest of the server."""

    def now(self) -> Instant: ...

    def post(self, event: ev.Event, tenant: TenantId) -> None: ...

    def decide(self, dialled: str, caller: str, at: Instant, *, lists: bool = True) -> tuple[TenantId, Decision] | None:
        """Where the caller goes; without `lists`, where anybody would go who is on none."""

    def story(self, tenant: TenantId, call: CallId) -> Call | None:
        """What the board knows of a call that is up."""

    def flows(self, tenant: TenantId) -> Mapping[str, Flow]:
        """All published flows as they are now; a call keeps the mapping it began with."""

    async def versions(self, tenant: TenantId, met: Collection[tuple[str, int]]) -> Mapping[str, Flow]:
        """Flows in certain versions, those of them that can be had."""

    def ports(self, tenant: TenantId) -> Ports: ...

    def line(self, line: AgiLine, tenant: TenantId) -> Line: ...

    def incidents(self, tenant: TenantId, number: str) -> list[Incident]: ...

    def heard_of(self, tenant: TenantId, incident: Incident, call: CallId, number: str, wants_word: bool) -> None: ...

    def message_left(self, tenant: TenantId, caller: out.Caller, box: str, message: out.Message) -> None: ...

    def message_dropped(self, message: str) -> None:
        """What was recorded under this name is no message."""

    def diallable(self, tenant: TenantId, number: str) -> Diallable:
        """The digits to dial; raises `RefusedByPolicy`."""

    def shows_numbers(self, tenant: TenantId, extension: str) -> bool:
        """Whether a phone may show the number of a caller: it may not where its agent may not see any."""

    def way(self, tenant: TenantId, caller_id: str) -> Way:
        """By which trunk, and under which number, perhaps none; raises `RefusedByPolicy`."""


@dataclass(frozen=True, slots=True)
class Visit:
    """`flows`: what this call hears, in the versions it has met. `story`: what is known of a call that comes back."""

    tenant: TenantId
    call: CallId
    number: str
    name: str
    dialled: str
    flows: Mapping[str, Flow]
    story: Call | None = None

    @property
    def chosen(self) -> str:
        """The language that the caller has been spoken to in; empty before any flow."""
        return "" if self.story is None else self.story.journey.language

    @property
    def language(self) -> str:
        return self.chosen or LANGUAGE

    @property
    def caller(self) -> out.Caller:
        return out.Caller(
            call=self.call, number=self.number, name=self.name, dialled=self.dialled, language=self.chosen
        )

    def unfinished(self) -> tuple[Flow, str] | None:
        """The flow whose last step led to somebody who has not answered, and the node at which it goes on."""
        step = last_step(self.story)
        flow = None if step is None else self.flows.get(step.flow)
        node = None if step is None or flow is None else flow.nodes.get(step.node)
        if step is None or flow is None or node is None or node.type != step.kind or node.type not in UNANSWERED:
            return None
        otherwise = node.exits.get("otherwise")
        return None if otherwise is None else (flow, otherwise)

    def variables(self) -> Mapping[str, str]:
        """What the call's flows have collected, without what nobody may see."""
        data = {} if self.story is None else self.story.journey.data
        return {name: value for name, value in data.items() if value != out.MASK}


def last_step(story: Call | None) -> Step | None:
    return None if story is None else next(reversed(story.journey.path), None)
