"""The tables of states are the whole law: a step they do not name is refused and changes nothing."""

from __future__ import annotations

import copy
import inspect
from dataclasses import MISSING, fields
from itertools import product

import pytest

from cti import events as ev
from cti.agents import WORK_NEXT, Agent, Work
from cti.calls import NEXT, advance
from cti.errors import OutOfTurn
from cti.ids import AgentNo, CallId, Instant, LegId, QueueName, TenantId
from cti.records import AgentProfile, AgentRecord, Call, Leg, State

BEGAN, NOW = Instant(1_000), Instant(2_000)
EVENTS = sorted(
    (one for _, one in inspect.getmembers(ev, inspect.isclass) if issubclass(one, ev.Event) and one is not ev.Event),
    key=lambda one: one.__name__,
)


def an(kind: type[ev.Event]) -> ev.Event:
    """An event of this kind; its table cares for nothing but the kind and the time."""
    needed = {field.name: "" for field in fields(kind) if field.default is MISSING}
    return kind(**{**needed, "at": NOW})  # type: ignore[arg-type]


def call_in(state: State) -> Call:
    leg = Leg(LegId("c1"), "PJSIP/cti-trunk-00000001", "customer", BEGAN)
    return Call(
        id=CallId("1-1-111111"),
        tenant=TenantId("demo"),
        number="+8613800001234",
        name="",
        dialled="4001",
        queue=QueueName("sales"),
        started_at=BEGAN,
        queued_at=BEGAN,
        state=state,
        state_since=BEGAN,
        legs=[leg],
    )


def agent_at(work: Work) -> Agent:
    no = AgentNo("1001")
    return Agent(AgentProfile(agent_no=no, name="a"), AgentRecord(agent_no=no), work=work, work_since=BEGAN)


def test_a_call_takes_every_step_of_the_table() -> None:
    for (state, kind), step in NEXT.items():
        call = call_in(state)
        advance(call, an(kind))
        assert (call.state, call.state_since) == (step, NOW)


@pytest.mark.parametrize("state", State)
def test_a_call_takes_no_step_that_is_not_in_the_table(state: State) -> None:
    refused = [kind for kind in EVENTS if (state, kind) not in NEXT]
    assert refused
    for kind in refused:
        call = call_in(state)
        before = copy.deepcopy(call)
        with pytest.raises(OutOfTurn, match=kind.__name__):
            advance(call, an(kind))
        assert call == before


def test_an_agent_takes_every_step_of_the_table() -> None:
    for (work, kind), step in WORK_NEXT.items():
        agent = agent_at(work)
        agent.step(an(kind))
        assert (agent.work, agent.work_since) == (step, NOW)


@pytest.mark.parametrize("work", Work)
def test_an_agent_takes_no_step_that_is_not_in_the_table(work: Work) -> None:
    for kind in EVENTS:
        if (work, kind) in WORK_NEXT:
            continue
        agent = agent_at(work)
        before = copy.deepcopy(agent)
        with pytest.raises(OutOfTurn, match=kind.__name__):
            agent.step(an(kind))
        assert agent == before


def test_nothing_leads_out_of_the_end_of_a_call_and_everything_leads_to_it() -> None:
    assert not [state for state, _ in NEXT if state is State.ENDED]
    reached = {State.IVR, State.WAITING, State.DIALLING}  # let in by a flow, into a queue, or dialled
    while more := {step for (state, _), step in NEXT.items() if state in reached} - reached:
        reached |= more
    assert reached == set(State)
    assert {state for state, kind in NEXT if kind is ev.CallEnded} == set(State) - {State.ENDED}


def test_an_agent_can_always_come_back_to_idle() -> None:
    for work, _ in product({work for work, _ in WORK_NEXT}, (None,)):
        reached = {work}
        while more := {step for (at, _), step in WORK_NEXT.items() if at in reached} - reached:
            reached |= more
        assert Work.IDLE in reached
