"""Whether a flow may be published: every problem, each naming its node."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cti.ivr.flow import Flow, Node
from cti.ivr.kind import Kind, is_exit, needs_typing, read, settings_of
from cti.ivr.nodes import kinds
from cti.ivr.problems import BadFlow, Problem
from cti.ivr.settings import in_language

POINTS_AT: Final = {
    "queue": "queues",
    "flow": "flows",
    "schedule": "schedules",
    "agent": "agents",
    "prompt": "prompts",
    "box": "boxes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What nodes may point at; None: not looked at. A flow always knows itself."""

    queues: Collection[str] | None = None
    flows: Collection[str] | None = None
    schedules: Collection[str] | None = None
    agents: Collection[str] | None = None
    prompts: Collection[str] | None = None
    boxes: Collection[str] | None = None


def check(flow: Flow, known: Known | None = None) -> tuple[Problem, ...]:
    """All that is wrong with a flow, in the order of its nodes; nothing when it may be published."""
    found: list[Problem] = []
    for node in flow.nodes.values():
        found += _settings(flow, node, known or Known())
        found += _exits(flow, node)
    found += _unreachable(flow)
    found += _silent_loops(flow)
    order = {name: n for n, name in enumerate(flow.nodes)}
    return tuple(sorted(found, key=lambda problem: order[problem.node]))


def references(flow: Flow, to: str) -> frozenset[str]:
    """The names of one kind (queue, flow, schedule, agent, prompt, box) that a flow points at."""
    found: set[str] = set()
    for node in flow.nodes.values():
        try:
            kind = read(node)
        except BadFlow:
            continue
        found.update(name for what, name in _pointed(kind) if what == to)
    return frozenset(found)


def _settings(flow: Flow, node: Node, known: Known) -> Iterator[Problem]:
    try:
        kind = read(node)
    except BadFlow as bad:
        yield from bad.problems
        return
    for why in kind.faults(node):
        yield Problem(node.id, "bad_setting", why)
    for what, name in _pointed(kind):
        there: Collection[str] | None = getattr(known, POINTS_AT[what])
        if there is not None and name not in there and not (what == "flow" and name == flow.name):
            code = "missing_prompt" if what == "prompt" else f"unknown_{what}"
            yield Problem(node.id, code, f"there is no {what} {name}")


def _pointed(kind: Kind) -> Iterator[tuple[str, str]]:
    """What the settings of a node point at: (queue, sales), (prompt, welcome), ...; not what comes from a variable."""
    for name, (what, _) in settings_of(type(kind)).items():
        if what.refers in POINTS_AT:
            value = getattr(kind, name)
            for one in (value,) if isinstance(value, str) else value:
                if "${" not in one:
                    yield what.refers, in_language(one)[1] if what.refers == "prompt" else one


def _exits(flow: Flow, node: Node) -> Iterator[Problem]:
    for name, to in node.exits.items():
        if to not in flow.nodes:
            yield Problem(node.id, "exit_to_nowhere", f"exit {name} leads to {to}, which is not there")
    if node.type not in kinds:
        return
    kind = kinds[node.type]
    for name in kind.exits:
        if name not in node.exits:
            yield Problem(node.id, "missing_exit", f"the exit {name} is missing")
    if kind.free == "keys" and not any(needs_typing(kind, name) for name in node.exits if name not in kind.exits):
        yield Problem(node.id, "missing_exit", "no key is an exit")
    for name in node.exits:
        if not is_exit(kind, name):
            there = ", ".join([*kind.exits, *kind.optional]) or "none"
            yield Problem(node.id, "unknown_exit", f"{node.type} has no exit {name}; there are {there}")


def _unreachable(flow: Flow) -> Iterator[Problem]:
    seen, ahead = {flow.start}, [flow.start]
    while ahead:
        for to in flow.nodes[ahead.pop()].exits.values():
            if to in flow.nodes and to not in seen:
                seen.add(to)
                ahead.append(to)
    for name in flow.nodes:
        if name not in seen:
            yield Problem(name, "unreachable", f"no way leads here from {flow.start}")


def _silent_loops(flow: Flow) -> Iterator[Problem]:
    """Loops in which a caller who types nothing goes round for ever; each is told once."""
    ways = {name: list(dict.fromkeys(_silent_ways(flow, node))) for name, node in flow.nodes.items()}
    for loop in _loops(ways):
        first = min(loop, key=list(flow.nodes).index)
        at = loop.index(first)
        round_trip = " -> ".join([*loop[at:], *loop[:at], first])
        yield Problem(first, "loop_without_input", f"a caller who types nothing goes round for ever: {round_trip}")


def _silent_ways(flow: Flow, node: Node) -> Iterator[str]:
    for name, to in node.exits.items():
        if to in flow.nodes and node.type in kinds and not needs_typing(kinds[node.type], name):
            yield to


def _loops(ways: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """A loop for each knot of the graph, found by walking each node once; without recursion, for long flows."""
    done: set[str] = set()
    for start in ways:
        trail: list[str] = []
        ahead = [(start, 0)] if start not in done else []
        while ahead:
            name, depth = ahead.pop()
            for left in trail[depth:]:
                done.add(left)
            del trail[depth:]
            if name in done:
                continue
            trail.append(name)
            for to in ways[name]:
                if to in trail:
                    yield trail[trail.index(to) :]
                elif to not in done:
                    ahead.append((to, depth + 1))
        done.update(trail)
