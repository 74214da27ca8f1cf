"""Walks a flow for one caller, over a `Line`. The simulator runs the very same."""

from __future__ import annotations

import logging
from typing import Final

from cti.ids import Instant
from cti.ivr.flow import Flow, Node
from cti.ivr.kind import Jump, read
from cti.ivr.line import HungUp, Line
from cti.ivr.nodes import kinds
from cti.ivr.outcome import Broken, Caller, End, Left, Outcome, Step, ToAgent, ToNumber
from cti.ivr.ports import Ports
from cti.ivr.problems import BadFlow
from cti.ivr.talk import Talk

log: Final = logging.getLogger(__name__)

MOST_SILENT_STEPS: Final = 200
MOST_SILENT_JUMPS: Final = 8
MOST_STEPS: Final = 5000


async def run(flow: Flow, caller: Caller, line: Line, ports: Ports, *, at: str | None = None) -> Outcome:
    """Walk from the start, or from node `at`, to an end. Whatever goes wrong, there is an outcome."""
    walk = _Walk(flow, caller, line, ports)
    end = await walk.go(line, flow.start if at is None else at)
    return walk.outcome(end)


class _Walk:
    def __init__(self, flow: Flow, caller: Caller, line: Line, ports: Ports) -> None:
        self.flow, self.ports, self.call = flow, ports, caller.call
        self.talk = Talk(flow, caller, line, ports)
        self.pinned = {flow.name: flow}  # a call stays with the versions it has met
        self.at = ""
        self.path: list[Step] = []
        self.silent_steps = self.silent_jumps = 0

    async def go(self, line: Line, at: str) -> End:
        self.at = at
        try:
            await line.answer()
        except HungUp:
            return Left()
        while True:
            node = self.flow.nodes.get(self.at)
            if node is None:
                return Broken(why=f"flow {self.flow.name} has no node {self.at}")
            if why := self._too_long():
                return Broken(why=why)
            began = self.ports.now()
            way = await self._act(node)
            self._tell(node, began, way)
            if not isinstance(way, str | Jump):
                return way
            if why := self._follow(node, way):
                return Broken(why=why)

    async def _act(self, node: Node) -> str | End | Jump:
        self.talk.begin(node)
        try:
            way = await read(node).act(self.talk)
        except HungUp:
            return Left()
        except BadFlow as why:
            return Broken(why=why.message)
        except Exception as fault:
            log.exception("call %s: node %s of flow %s failed", self.call, node.id, self.flow.name)
            return Broken(why=f"node {node.id}: {type(fault).__name__}")
        return way

    def _follow(self, node: Node, way: str | Jump) -> str:
        """Go on to the next node; or say why there is none."""
        if isinstance(way, Jump):
            flow = self.pinned.get(way.flow) or self.ports.flow(way.flow)
            if flow is not None:
                self.pinned[flow.name] = flow
                self.flow, self.at = flow, flow.start
                self.silent_jumps += 1
                return ""
            way = "otherwise"
        optional = kinds[node.type].optional
        while way not in node.exits and optional.get(way):
            way = optional[way]
        if way not in node.exits:
            return f"node {node.id} has no exit {way}"
        self.at = node.exits[way]
        return ""

    def _too_long(self) -> str:
        """Why this walk is no longer a conversation."""
        if self.talk.typed_now:
            self.talk.typed_now, self.silent_steps, self.silent_jumps = False, 0, 0
        self.silent_steps += 1
        if self.silent_steps > MOST_SILENT_STEPS:
            return f"node {self.at}: {MOST_SILENT_STEPS} steps without a digit"
        if self.silent_jumps > MOST_SILENT_JUMPS:
            return f"node {self.at}: {MOST_SILENT_JUMPS} flows without a digit"
        return f"node {self.at}: {MOST_STEPS} steps" if len(self.path) >= MOST_STEPS else ""

    def _tell(self, node: Node, began: Instant, way: str | End | Jump) -> None:
        step = Step(
            flow=self.flow.name,
            version=self.flow.version,
            node=node.id,
            type=node.type,
            at=began,
            exit=way if isinstance(way, str) else _ends[type(way).__name__],
            digits=self.talk.shown_digits,
        )
        self.path.append(step)
        try:
            self.ports.on_step(step)
        except Exception:
            log.exception("call %s: a step could not be told", self.call)

    def outcome(self, end: End) -> Outcome:
        node, talk = self.flow.nodes.get(self.at), self.talk
        log.info("call %s: flow %s ended at %s: %s", self.call, self.flow.name, self.at, _reason(end))
        return Outcome(
            end=end,
            flow=self.flow,
            node=self.at,
            language=talk.language,
            otherwise=node.exits.get("otherwise") if node and isinstance(end, ToAgent | ToNumber) else None,
            variables=talk.shown_variables(),
            secrets=talk.secrets(),
            path=tuple(self.path),
            answers=tuple(talk.answers),
            messages=tuple(talk.messages),
        )


_ends: Final = {
    "ToQueue": "to_queue",
    "ToAgent": "to_agent",
    "ToNumber": "to_number",
    "Voicemail": "voicemail",
    "Callback": "callback",
    "HangUp": "hang_up",
    "Left": "left",
    "Broken": "broken",
    "Jump": "to_flow",
}


def _reason(end: End) -> str:
    return f"broken, {end.why}" if isinstance(end, Broken) else _ends[type(end).__name__]
