"""Whatever the order of things: one agent never has two offers, and one caller is never offered twice at once."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest

from cti import events as ev
from cti.agents import Work
from cti.errors import Refused
from cti.features import new_board
from cti.ids import DeviceName, LegId, QueueName, TenantId
from cti.records import QueueSettings, State
from cti.shapes import agent_shape, call_shape, queue_shape
from tests.world import World

AGENTS = tuple(str(1001 + n) for n in range(5))
RINGING_OUT = (State.OFFERED, State.RINGING)


def check(world: World) -> None:
    """Invariants I3, I4, I6 and that nobody waits beside a free agent."""
    board = world.board
    held = Counter(c.offer.agent_no for c in board.calls.values() if c.offer is not None and c.state != State.FALLBACK)
    busy = {a.no: a for a in board.agents.values() if a.work not in (Work.IDLE, Work.ACW)}
    assert all(n == 1 for n in held.values()), "two live offers to one agent"
    assert set(held) == set(busy), "an agent's work and the calls disagree"
    for call in board.calls.values():
        assert sum(o.result is None for o in call.offers) == (call.state in RINGING_OUT)
        running = [s for s in call.segments if s.ended_at is None]
        assert len(running) == (call.state != State.FALLBACK)
        for one, two in zip(call.segments, call.segments[1:], strict=False):
            assert one.ended_at == two.started_at
    for queue in board.queues.values():
        assert set(queue.pool.keys) == {no for no in queue.members if board.agents[no].routable}
        waiting = {c.id for c in board.calls.values() if c.queue == queue.name and c.state is State.WAITING}
        assert {key[2] for key in queue.line} == waiting
        for call_id in waiting:
            choice = queue.choose(call_id, world.now, board.talks)
            assert choice is None or not board.link_up, "a caller waits beside a free agent"


def act(world: World, rng: random.Random) -> None:
    """One random thing that may happen in a call centre, in any state."""
    agent = rng.choice(AGENTS)
    calls = list(world.board.calls.values())
    world.passes(rng.choice((0, 0, 0.05, 1, 4)))
    match rng.randrange(12):
        case 0 | 1 | 2:
            world.caller_joins(rng.choice(("sales", "support")), priority=rng.choice((0, 0, 5)))
        case 3:
            world.status(agent, rng.choice(("ready", "ready", "not_ready", "logged_out")))
        case 4 if calls:
            world.caller_leaves(rng.choice(calls).id)
        case 5 | 6 | 7 if offered := [c for c in calls if c.state in RINGING_OUT]:
            call = rng.choice(offered).id
            choice = rng.choice(("rings", "answers", "answers", "busy", "no answer", "gone", "late"))
            if choice == "rings":
                world.rings(call)
            elif choice == "answers":
                world.answers(call)
            elif choice == "late":
                world.take(ev.DeliveryEnded(at=world.now, call=call, n=99, status="NOANSWER", cause=0))
            else:
                status = {"busy": "BUSY", "no answer": "NOANSWER", "gone": "CHANUNAVAIL"}[choice]
                world.delivery_ends(call, status, rang=rng.random() < 0.7)
        case 8 if talking := [c for c in calls if c.state in (State.TALKING, State.HELD)]:
            call_now = rng.choice(talking)
            leg = call_now.agent_leg(call_now.offers[-1].agent_no)
            assert leg is not None
            if rng.random() < 0.5:
                world.agent_hangs_up(call_now.id)
            else:
                kind = ev.LegHeld if call_now.state is State.TALKING else ev.LegRetrieved
                world.take(kind(at=world.now, leg=leg.id))
        case 9:
            state = rng.choice(("NOT_INUSE", "NOT_INUSE", "UNAVAILABLE", "INUSE"))
            world.take(ev.DeviceChanged(at=world.now, device=DeviceName(agent), state=state))
        case 10:
            world.take(ev.LegEnded(at=world.now, leg=LegId(f"c{rng.randint(1, 40)}"), cause=16))
        case 11:
            world.passes(rng.choice((11, 16, 30)))


@pytest.mark.parametrize("batch", range(8))
def test_two_callers_never_get_one_agent_in_any_interleaving(batch: int) -> None:
    for seed in range(batch * 250, batch * 250 + 250):
        rng = random.Random(seed)
        queues = [
            QueueSettings(name=QueueName("sales"), strategy=rng.choice(("least_calls", "round_robin"))),
            QueueSettings(name=QueueName("support"), strategy=rng.choice(("shortest_talk", "fastest_answer"))),
        ]
        world = World(*AGENTS, queues=queues)
        world.ready(*AGENTS[:3])
        for _ in range(60):
            try:
                act(world, rng)
            except Refused:
                pass
            check(world)


def everything(world: World) -> object:
    board = world.board
    return (
        [agent_shape(a) for a in board.agents.values()],
        [call_shape(c) for c in board.calls.values()],
        [queue_shape(q) for q in board.queues.values()],
    )


@pytest.mark.parametrize("seed", range(20))
def test_a_journal_of_facts_replays_to_the_same_board(seed: int) -> None:
    """Through JSON and back, as the journal keeps them."""
    rng = random.Random(seed)
    world = World(*AGENTS, queues=[QueueSettings(name=QueueName(n)) for n in ("sales", "support")])
    world.ready(*AGENTS)
    for _ in range(150):
        try:
            act(world, rng)
        except Refused:
            world.facts.pop()  # what was refused is in no journal
    lines = [(type(fact).__name__, msgspec.json.encode(fact)) for fact in world.facts]

    again = object.__new__(World)
    again.board = new_board(TenantId("demo"))
    told: list[object] = []
    for name, line in lines:
        told += again.board.take(msgspec.json.decode(line, type=getattr(ev, name)))

    assert everything(again) == everything(world)
    assert [e for e in told if type(e).__name__ in ("News", "Deliver")] == [
        e for e in world.effects if type(e).__name__ in ("News", "Deliver")
    ]
