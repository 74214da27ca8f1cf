"""What the switchboard asks of the rest of the server: entries, flows, prompts, history and rules, brought together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from adapters.asterisk.agi_line import AgiLine
from adapters.asterisk.flow_line import FlowLine
from adapters.asterisk.waiting import VALUE_MOST
from adapters.incidents import IncidentBoard
from adapters.store.failures import StoreFailure
from adapters.store.queries import Queries
from adapters.store.voicemails import Message
from adapters.voicemails import Mailroom
from cti import events as ev
from cti.control.dialling import Diallable, DialRules, Way
from cti.engine import Engine
from cti.entry.decide import Decision
from cti.entry.numbers import international
from cti.ids import AgentNo, CallId, DeviceName, Instant, TenantId
from cti.incidents import Incident
from cti.ivr import outcome as out
from cti.ivr.flow import Flow
from cti.ivr.line import Line
from cti.ivr.ports import LookupFailed, Ports
from cti.records import Call

CUSTOMER_SECONDS: Final = 2.0
SORRY: Final = ("try-later", "goodbye")
"""The prompts of the fallback message; a tenant may have their own of these names."""


class Entries(Protocol):
    """Where calls enter, from memory."""

    def decide(
        self, dialled: str, caller: str, at: Instant, *, lists: bool = True
    ) -> tuple[TenantId, Decision] | None: ...


class Published(Protocol):
    """What callers hear now, and what they heard before."""

    def live(self, tenant: TenantId) -> Mapping[str, Flow]: ...

    async def versions(self, tenant: TenantId, met: Collection[tuple[str, int]]) -> Mapping[str, Flow]: ...


class Heard(Protocol):
    """Which file says a prompt."""

    def path(self, tenant: TenantId, name: str, language: str) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDesk:
    """The switchboard's `Parts`."""

    engine: Engine
    clock: Callable[[], Instant]
    entries: Entries
    published: Published
    flow_ports: Callable[[TenantId], Ports]
    prompts: Heard
    mailroom: Mailroom
    incident_board: IncidentBoard
    queries: Queries
    dialling: Callable[[TenantId], DialRules]

    def now(self) -> Instant:
        return self.clock()

    def post(self, event: ev.Event, tenant: TenantId) -> None:
        self.engine.post(event, tenant)

    def decide(self, dialled: str, caller: str, at: Instant, *, lists: bool = True) -> tuple[TenantId, Decision] | None:
        return self.entries.decide(dialled, caller, at, lists=lists)

    def story(self, tenant: TenantId, call: CallId) -> Call | None:
        return self.engine.board(tenant).calls.get(call)

    def flows(self, tenant: TenantId) -> Mapping[str, Flow]:
        return self.published.live(tenant)

    async def versions(self, tenant: TenantId, met: Collection[tuple[str, int]]) -> Mapping[str, Flow]:
        return await self.published.versions(tenant, met)

    def ports(self, tenant: TenantId) -> Ports:
        return self.flow_ports(tenant)

    def line(self, line: AgiLine, tenant: TenantId) -> Line:
        def file(name: str, language: str) -> str | None:
            return self.prompts.path(tenant, name, language)

        return FlowLine(line, file, self.mailroom.path)

    def incidents(self, tenant: TenantId, number: str) -> list[Incident]:
        return self.incident_board.concerning(tenant, number)

    def heard_of(self, tenant: TenantId, incident: Incident, call: CallId, number: str, wants_word: bool) -> None:
        self.incident_board.heard(tenant, incident, call, number, wants_word)

    def message_left(self, tenant: TenantId, caller: out.Caller, box: str, message: out.Message) -> None:
        self.mailroom.left(
            tenant,
            Message(
                id=message.name,
                call=caller.call,
                box=box,
                number=caller.number,
                name=caller.name,
                left_at=message.at,
                seconds=message.seconds,
                file=message.name,
            ),
        )

    def message_dropped(self, message: str) -> None:
        self.mailroom.dropped(message)

    def diallable(self, tenant: TenantId, number: str) -> Diallable:
        return self.dialling(tenant).allow(number)

    def shows_numbers(self, tenant: TenantId, extension: str) -> bool:
        board = self.engine.board(tenant)
        agent = board.agents.get(board.owners.get(DeviceName(extension), AgentNo("")))
        return agent is None or agent.profile.sees_numbers

    def way(self, tenant: TenantId, caller_id: str) -> Way:
        return self.dialling(tenant).way(caller_id)


async def customer_of(queries: Queries, tenant: TenantId, number: str) -> Mapping[str, object] | None:
    """What is known of a caller, for a flow: when they called last, whom they spoke with. Raises LookupFailed."""
    try:
        async with asyncio.timeout(CUSTOMER_SECONDS):
            forms = await queries.contacts(tenant, [number, international(number)])  # it may be one that was typed
    except (TimeoutError, StoreFailure):
        raise LookupFailed("the history is not to be had now") from None
    found = forms.get(number) or forms.get(international(number)) or ()
    answered = [one for one in found if one.get("agent_no")]
    if not found:
        return None
    last = answered[0] if answered else found[0]
    return {"calls": len(found), "queue": last["queue"], "agent": last["agent_no"], "since": last["started_at"]}


def said_without_us(prompts: Heard, tenants: Iterable[TenantId]) -> Mapping[str, str]:
    """What the dialplan says, in the tenant's own words, to who waits while there is no server."""
    files = {tenant: "&".join(sounds(prompts)(tenant, SORRY, "")) for tenant in tenants}
    return {f"CTI_FALLBACK_SAY_{tenant}": said if len(said) <= VALUE_MOST else "" for tenant, said in files.items()}


def sounds(prompts: Heard) -> Callable[[str, Collection[str], str], list[str]]:
    """The files of prompts for orders to the dialplan; a prompt that is not there is passed over."""

    def found(tenant: str, names: Collection[str], language: str) -> list[str]:
        if not names:
            return []
        files = (prompts.path(TenantId(tenant), name, language or "zh") for name in names)
        return [file for file in files if file]

    return found
