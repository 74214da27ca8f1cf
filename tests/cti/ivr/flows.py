"""Flows in few words, and callers who walk them by script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cti.ids import CallId, Instant
from cti.ivr.flow import Flow, from_dict
from cti.ivr.outcome import Caller
from cti.ivr.ports import Ports
from cti.ivr.simulate import Transcript, simulate

NOON = Instant(1_763_812_800_000)
CALLER = Caller(call=CallId("1763812800-17-123456"), number="+8613800001234", name="张伟明", dialled="4000")

END: Mapping[str, object] = {"type": "hang_up"}
HELLO: Mapping[str, object] = {"type": "play", "settings": {"prompts": ["hello"]}, "exits": {"next": "end"}}


def node(kind: str, exits: Mapping[str, str] | None = None, /, **settings: object) -> dict[str, object]:
    return {"type": kind, "settings": settings, "exits": dict(exits or {})}


def flow_of(first: Mapping[str, object], name: str = "f", /, **others: Mapping[str, object]) -> Flow:
    """A flow that starts at node `first`; an exit that leads to no other node leads to a hang-up of its own name."""
    nodes = {"first": first, **others}
    for one in list(nodes.values()):
        exits = one.get("exits", {})
        assert isinstance(exits, Mapping)
        for to in exits.values():
            nodes.setdefault(to, END)
    return from_dict({"name": name, "start": "first", "nodes": nodes})


def now() -> Instant:
    return NOON


PORTS = Ports(now=now)


async def walk(flow: Flow, *events: str, caller: Caller = CALLER, ports: Ports = PORTS) -> Transcript:
    return await simulate(flow, caller, events, ports)


def heard(transcript: Transcript, kind: str = "played") -> list[str]:
    """What was played (pressed, ...), without the language."""
    return [line.text.partition("] ")[2] or line.text for line in transcript.lines if line.kind == kind]


def way(transcript: Transcript) -> list[str]:
    """The exits taken."""
    return [step.exit for step in transcript.outcome.path]


def ports_with(**flows: Flow) -> Ports:
    return replace(PORTS, flow=flows.get)


def saying(words: Mapping[tuple[str, str, str], Sequence[str]]) -> Ports:
    def say(kind: str, value: str, language: str) -> Sequence[str]:
        if (kind, value, language) not in words:
            raise ValueError(value)
        return words[kind, value, language]

    return replace(PORTS, say=say)
