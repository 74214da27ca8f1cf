"""The engine: it goes from node to node, never for ever, and whatever goes wrong there is an end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.ids import Instant, QueueName
from cti.ivr.check import Known, check
from cti.ivr.flow import Flow, from_dict
from cti.ivr.nodes import kinds
from cti.ivr.outcome import Broken, HangUp, Left, Outcome, Step, ToAgent, ToQueue
from cti.ivr.run import MOST_SILENT_JUMPS, MOST_SILENT_STEPS, run
from cti.ivr.simulate import ScriptedLine
from tests.cti.ivr.flows import CALLER, NOON, PORTS, flow_of, node, ports_with, walk, way

QUEUE = node("to_queue", queue="sales")
MENU = node("menu", {"1": "first", "2": "end", "timeout": "end", "invalid": "end"}, prompts=["menu"])


def why(outcome: Outcome) -> str:
    assert isinstance(outcome.end, Broken)
    return outcome.end.why


async def test_every_step_is_told_as_it_is_done() -> None:
    told: list[Step] = []
    line = ScriptedLine(["2"], NOON)
    flow = replace(flow_of(node("play", {"next": "menu"}, prompts=["a"]), menu=MENU), version=7)
    outcome = await run(flow, CALLER, line, replace(PORTS, now=line.now, on_step=told.append))
    assert outcome.path == tuple(told)
    assert [(one.flow, one.version, one.node, one.type, one.exit, one.digits) for one in told] == [
        ("f", 7, "first", "play", "next", ""),
        ("f", 7, "menu", "menu", "2", "2"),
        ("f", 7, "end", "hang_up", "hang_up", ""),
    ]
    assert [one.at - NOON for one in told] == [0, 2000, 4300]


async def test_a_listener_that_fails_does_not_cost_the_call(caplog: pytest.LogCaptureFixture) -> None:
    def fails(_step: Step) -> None:
        raise KeyError("a bug")

    line = ScriptedLine((), NOON)
    outcome = await run(flow_of(QUEUE), CALLER, line, replace(PORTS, on_step=fails))
    assert outcome.end == ToQueue(queue=QueueName("sales"))
    assert "a step could not be told" in caplog.text


async def test_a_caller_who_is_gone_before_it_begins_has_left() -> None:
    outcome = await run(flow_of(QUEUE), CALLER, ScriptedLine((), NOON, leaves=0), PORTS)
    assert (outcome.end, outcome.path) == (Left(), ())


async def test_a_node_that_cannot_be_read_ends_the_walk_and_is_named() -> None:
    flow = flow_of(node("play", {"next": "bad"}, prompts=["a"]), bad=node("play", prompts=7))
    tried = await walk(flow)
    assert why(tried.outcome).startswith("node bad: prompts is to be a list")
    assert way(tried) == ["next", "broken"]
    assert why((await walk(flow_of({"type": "dance"}))).outcome).startswith("node first: there is no type dance")


async def test_an_exit_that_is_missing_ends_the_walk_and_is_named() -> None:
    assert why((await walk(flow_of(node("play", prompts=["a"])))).outcome) == "node first has no exit next"
    assert why((await walk(flow_of(node("to_agent", agent="?")))).outcome).startswith("node first: agent is to be")
    nowhere = from_dict({"name": "f", "start": "a", "nodes": {"a": node("play", {"next": "b"}, prompts=["x"])}})
    assert why((await walk(nowhere)).outcome) == "flow f has no node b"


async def test_a_bug_in_a_port_ends_the_walk_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def hours(_schedule: str, _at: Instant) -> Sequence[str]:
        raise KeyError("a bug")

    flow = flow_of(node("hours", {"otherwise": "end"}, schedule="s"))
    tried = await walk(flow, ports=replace(PORTS, hours=hours))
    assert why(tried.outcome) == "node first: KeyError"
    assert "node first of flow f failed" in caplog.text


async def test_a_task_that_is_cancelled_ends_without_an_outcome() -> None:
    class Waiting(ScriptedLine):
        async def digit(self, seconds: float) -> str:
            await asyncio.Event().wait()
            return ""

    task = asyncio.create_task(run(flow_of(MENU), CALLER, Waiting((), NOON), PORTS))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# --- loops ---------------------------------------------------------------------------------------------------------


async def test_a_loop_without_a_digit_ends() -> None:
    flow = flow_of(node("play", {"next": "first"}, prompts=["a"]))
    tried = await walk(flow)
    assert why(tried.outcome) == f"node first: {MOST_SILENT_STEPS} steps without a digit"
    assert len(tried.outcome.path) == MOST_SILENT_STEPS


async def test_a_digit_shows_that_somebody_is_there() -> None:
    chain = {f"n{n}": node("play", {"next": f"n{n + 1}"}, prompts=["a"]) for n in range(120)}
    flow = flow_of(node("play", {"next": "n0"}, prompts=["a"]), **chain, n120=MENU)
    tried = await walk(flow, "1", "1", "2")
    assert tried.outcome.end == HangUp()
    assert len(tried.outcome.path) > 2 * MOST_SILENT_STEPS - 50


# --- other flows ---------------------------------------------------------------------------------------------------


async def test_a_flow_goes_on_in_another_with_its_variables_and_what_was_typed_ahead() -> None:
    other = flow_of(MENU, "other")
    flow = flow_of(node("set", {"next": "hello"}, variables={"x": "1"}),
                   hello=node("play", {"next": "go"}, prompts=["a"]), go=node("to_flow", flow="other"))  # fmt: skip
    outcome = (await walk(flow, "!2", ports=ports_with(other=other))).outcome
    assert [(step.flow, step.exit) for step in outcome.path] == [
        ("f", "next"),
        ("f", "next"),
        ("f", "to_flow"),
        ("other", "2"),
        ("other", "hang_up"),
    ]
    assert outcome.variables["x"] == "1"
    assert outcome.flow == other


async def test_a_flow_that_is_not_published_is_passed_by() -> None:
    assert why((await walk(flow_of(node("to_flow", flow="gone")))).outcome) == "node first has no exit otherwise"
    tried = await walk(flow_of(node("to_flow", {"otherwise": "end"}, flow="gone")))
    assert tried.outcome.end == HangUp()


async def test_flows_that_send_a_silent_caller_round_come_to_an_end() -> None:
    here, there = (
        flow_of(node("to_flow", flow="there"), "here"),
        flow_of(node("to_flow", flow="here"), "there"),
    )
    outcome = (await walk(here, ports=ports_with(here=here, there=there))).outcome
    assert why(outcome) == f"node first: {MOST_SILENT_JUMPS} flows without a digit"


async def test_a_call_stays_with_the_versions_it_has_met() -> None:
    """Somebody publishes while a caller is in the menu; the next caller gets the new flow."""

    def version(n: int) -> Flow:
        menu = node("menu", {"1": "back", "2": f"v{n}", "timeout": "end", "invalid": "end"}, prompts=["menu"])
        flow = flow_of(menu, "main", back=node("to_flow", flow="other"), **{f"v{n}": node("voicemail", box=f"v{n}")})
        return replace(flow, version=n)

    published = {"main": version(1), "other": flow_of(node("to_flow", flow="main"), "other")}

    def told(_step: Step) -> None:
        published["main"] = version(2)

    line = ScriptedLine(["1", "2"], NOON)
    ports = replace(PORTS, now=line.now, flow=published.get, on_step=told)
    outcome = await run(published["main"], CALLER, line, ports)
    assert [(step.flow, step.version) for step in outcome.path] == [
        ("main", 1),
        ("main", 1),
        ("other", 0),
        ("main", 1),
        ("main", 1),
    ]
    assert (await walk(published["main"], "2")).outcome.node == "v2"


# --- going on ------------------------------------------------------------------------------------------------------


async def test_a_call_that_nobody_answered_goes_on_where_the_flow_says() -> None:
    exits = {"done": "agent", "timeout": "end", "invalid": "end"}
    pin = node("collect", exits, variable="pin", prompts=["a"], length=4, masked=True)
    agent = node("to_agent", {"otherwise": "test"}, agent="1001")
    test = node("test", {"yes": "queue", "no": "end"}, value="${pin}", to="1234")
    flow = flow_of(pin, agent=agent, test=test, queue=QUEUE)
    first = (await walk(flow, "1234")).outcome
    assert (type(first.end), first.otherwise) == (ToAgent, "test")

    again = replace(CALLER, language=first.language, variables=first.variables, secrets=first.secrets)
    assert first.otherwise is not None
    second = await run(first.flow, again, ScriptedLine((), NOON), PORTS, at=first.otherwise)
    assert second.end == ToQueue(queue=QueueName("sales"))
    assert second.variables["pin"] == "****"
    assert [step.node for step in second.path] == ["test", "queue"]


# --- anything ------------------------------------------------------------------------------------------------------

KEYS = st.text("0123456789*#", min_size=1, max_size=12)
EVENTS = st.lists(st.just("") | KEYS | KEYS.map("!{}".format) | st.just("hangup"), max_size=12)
TYPES = {
    "play": {"prompts": ["a"]},
    "say": {"kind": "number", "value": "${x}"},
    "menu": {"prompts": ["a"], "tries": 1},
    "collect": {"prompts": ["a"], "variable": "x", "length": 3, "tries": 1},
    "set": {"variables": {"x": "1${x}"}},
    "test": {"value": "${x}", "to": "1", "test": "starts_with"},
    "lookup": {},
    "survey": {"survey": "s", "question": "q", "prompts": ["a"], "answers": {"1": "x"}, "tries": 1},
    "record": {"prompts": ["a"]},
    "callback": {"queue": "sales", "prompts": ["a"], "tries": 1},
    "to_queue": {"queue": "sales"},
    "to_agent": {"agent": "1001"},
    "to_flow": {"flow": "f"},
    "hang_up": {},
}
EXITS = ["next", "1", "2", "timeout", "invalid", "done", "yes", "no", "found", "not_found", "failed", "answered",
         "unanswered", "empty", "declined", "otherwise"]  # fmt: skip


@st.composite
def any_flow(draw: st.DrawFn) -> Flow:
    """Some nodes, each exit of which leads anywhere, or is missing."""
    ids = [f"n{n}" for n in range(draw(st.integers(1, 6)))]
    nodes = {}
    for one in ids:
        kind = draw(st.sampled_from(sorted(TYPES)))
        exits = draw(st.dictionaries(st.sampled_from(EXITS), st.sampled_from(ids), max_size=len(EXITS)))
        nodes[one] = node(kind, exits, **TYPES[kind])  # type: ignore[arg-type]
    return from_dict({"name": "f", "start": "n0", "nodes": nodes})


@st.composite
def sound_flow(draw: st.DrawFn) -> Flow:
    """Nodes with all their exits, which lead onwards, or back where the caller has typed something."""
    ids = [f"n{n}" for n in range(draw(st.integers(1, 8)))]
    nodes = {}
    for n, one in enumerate(ids):
        onwards = [*ids[n + 1 :], "end"]
        kind = kinds[name := draw(st.sampled_from(sorted(set(TYPES) - {"to_flow"})))]
        exits = {way: draw(st.sampled_from(ids if way in kind.typed else onwards)) for way in kind.exits}
        if kind.free == "keys":
            exits["1"] = draw(st.sampled_from(ids))
        nodes[one] = node(name, exits, **TYPES[name])  # type: ignore[arg-type]
    return from_dict({"name": "f", "start": "n0", "nodes": {**nodes, "end": node("hang_up")}})


@settings(max_examples=150, deadline=None)
@given(any_flow(), EVENTS)
def test_any_flow_with_any_caller_comes_to_an_end(flow: Flow, events: list[str]) -> None:
    logging.disable(logging.INFO)
    try:
        outcome = asyncio.run(walk(flow, *events, ports=ports_with(f=flow))).outcome
    finally:
        logging.disable(logging.NOTSET)
    assert len(outcome.path) <= (1 + sum(map(len, events))) * (MOST_SILENT_STEPS + 1)


@settings(max_examples=150, deadline=None)
@given(sound_flow(), EVENTS)
def test_a_flow_that_was_checked_never_breaks_whatever_is_typed(flow: Flow, events: list[str]) -> None:
    assert {problem.code for problem in check(flow, Known())} <= {"unreachable"}
    outcome = asyncio.run(walk(flow, *events)).outcome
    assert not isinstance(outcome.end, Broken)
