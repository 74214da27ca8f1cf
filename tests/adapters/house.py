"""The door where callers come in, in front of a pretend call centre: a board, flows, and a caller by script."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from adapters.asterisk.agi_line import AgiLine
from adapters.switchboard import Switchboard
from cti import events as ev
from cti.control.dialling import Diallable, DialRules, Way
from cti.entry.decide import Decision
from cti.ids import CallId, Instant, LegId, QueueName, TenantId
from cti.incidents import Incident
from cti.ivr import outcome as out
from cti.ivr.flow import Flow
from cti.ivr.ports import Ports
from cti.ivr.simulate import ScriptedLine
from cti.records import Call, QueueSettings
from cti.targets import ENDS, target
from tests.world import World

TENANT = TenantId("demo")
CALLER = "13800001234"


@dataclass
class Channel:
    """What the switchboard sees of a caller's line: the dialplan's variables."""

    script: str
    variables: dict[str, str]
    number: str = CALLER
    env: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.env = {
            "agi_network_script": self.script,
            "agi_callerid": self.number,
            "agi_uniqueid": f"{self.variables['CTI_CALLID']}-in",
            "agi_channel": "PJSIP/cti-trunk-00000001",
        }

    async def get_variable(self, name: str) -> str:
        return self.variables.get(name, "")

    async def set_variable(self, name: str, value: str) -> None:
        self.variables[name.removeprefix("__")] = value


class House:
    """`flows` are those that callers hear now, `older` all that ever were, by name and version."""

    def __init__(self, *agents: str, queues: Sequence[QueueSettings] = (), decision: Decision | None = None) -> None:
        self.world = World(*agents, queues=queues)
        self.published: dict[str, Flow] = {}
        self.older: dict[tuple[str, int], Flow] = {}
        self.decision = decision
        self.without_lists: Decision | None = None
        self.known_incidents: list[Incident] = []
        self.told: list[tuple[str, bool]] = []
        self.messages: list[tuple[str, out.Message]] = []
        self.dropped: list[str] = []
        self.blind: set[str] = set()
        self.heard: list[str] = []
        self.rules = DialRules()
        self.counter = 0
        self.restart()

    def restart(self) -> None:
        """A new process: nothing but the board is remembered."""
        self.switchboard = Switchboard(self, lambda: [TENANT])

    def publish(self, *flows: Flow) -> None:
        for flow in flows:
            version = 1 + max((number for name, number in self.older if name == flow.name), default=0)
            self.published[flow.name] = self.older[flow.name, version] = replace(flow, version=version)

    # --- what happens ---

    async def enters(
        self, *events: str, number: str = CALLER, dialled: str = "4000", leaves: int | None = None
    ) -> Channel:
        """Somebody calls; returns their line as it stands when the server is done with it."""
        self.counter += 1
        variables = {"CTI_CALLID": f"c{self.counter}", "CTI_DIALLED": dialled, "CALLERID(name)": "张伟明"}
        return await self._visits(Channel("entry", variables, number), events, leaves)

    async def again(self, channel: Channel, wanted: str, *events: str, leaves: int | None = None) -> Channel:
        """A queue, or a number that did not answer, sends the caller back to the server."""
        variables = {**channel.variables, "CTI_ELSE": "", "CTI_ARG": wanted, "CTI_NEXT": ""}
        return await self._visits(Channel("again", variables, channel.number), events, leaves)

    async def after(self, channel: Channel, survey: str, *events: str) -> Channel:
        variables = {**channel.variables, "CTI_SURVEY": survey, "CTI_NEXT": ""}
        return await self._visits(Channel("after", variables, channel.number), events, None)

    async def _visits(self, channel: Channel, events: Sequence[str], leaves: int | None) -> Channel:
        self.caller = ScriptedLine(events, self.world.now, leaves)
        await self.switchboard.on_call(cast(AgiLine, channel))
        self.heard = [line.text for line in self.caller.heard if line.kind == "played"]
        return channel

    def follows(self, channel: Channel) -> Call:
        """The dialplan does what it was told: into a queue."""
        assert channel.variables.get("CTI_NEXT") == "queue", channel.variables
        call = self.call(channel)
        channel.variables["CTI_QUEUE"] = channel.variables["CTI_ARG"]
        self.world.take(
            ev.CallerWaiting(
                at=self.world.now,
                call=call.id,
                leg=call.customer.id,
                channel=call.customer.channel,
                linkedid=call.linkedid,
                queue=QueueName(channel.variables["CTI_ARG"]),
                number=call.number,
                name=call.name,
                dialled=call.dialled,
                since=call.started_at,
                priority=0,
                screened=False,
            )
        )
        return call

    def hangs_up(self, channel: Channel) -> Call:
        call = self.call(channel)
        self.world.take(ev.LegEnded(at=self.world.now, leg=LegId(call.customer.id), cause=16))
        return self.world.call(call.id)

    def call(self, channel: Channel) -> Call:
        return self.world.call(CallId(channel.variables["CTI_CALLID"]))

    def callback(self, channel: Channel) -> Call | None:
        return self.world.board.calls.get(CallId(f"{channel.variables['CTI_CALLID']}-cb"))

    # --- what the switchboard asks for ---

    def now(self) -> Instant:
        return self.world.now

    def post(self, event: ev.Event, tenant: TenantId) -> None:
        assert tenant == TENANT
        self.world.take(event)

    def decide(self, dialled: str, caller: str, at: Instant, *, lists: bool = True) -> tuple[TenantId, Decision] | None:
        found = self.decision if lists or self.without_lists is None else self.without_lists
        return None if found is None else (TENANT, found)

    def story(self, tenant: TenantId, call: CallId) -> Call | None:
        return self.world.board.calls.get(call)

    def flows(self, tenant: TenantId) -> Mapping[str, Flow]:
        return dict(self.published)

    async def versions(self, tenant: TenantId, met: Collection[tuple[str, int]]) -> Mapping[str, Flow]:
        await asyncio.sleep(0)
        return {name: self.older[name, version] for name, version in met}

    def ports(self, tenant: TenantId) -> Ports:
        return Ports(now=self.now)

    def line(self, line: AgiLine, tenant: TenantId) -> ScriptedLine:
        return self.caller

    def incidents(self, tenant: TenantId, number: str) -> list[Incident]:
        return self.known_incidents

    def heard_of(self, tenant: TenantId, incident: Incident, call: CallId, number: str, wants_word: bool) -> None:
        self.told.append((incident.id, wants_word))

    def message_left(self, tenant: TenantId, caller: out.Caller, box: str, message: out.Message) -> None:
        self.messages.append((box, message))

    def message_dropped(self, message: str) -> None:
        self.dropped.append(message)

    def diallable(self, tenant: TenantId, number: str) -> Diallable:
        return self.rules.allow(number)

    def shows_numbers(self, tenant: TenantId, extension: str) -> bool:
        return extension not in self.blind

    def way(self, tenant: TenantId, caller_id: str) -> Way:
        return self.rules.way(caller_id)


def leads_to(text: str, **more: object) -> Decision:
    return Decision(target=target(text, ENDS), rules=(f"4000 leads to {text}",), **more)  # type: ignore[arg-type]
