"""Whatever the order of things and the settings of queues: every caller stands in one line, or is cared for."""

from __future__ import annotations

import random

import msgspec
import pytest

from cti import events as ev
from cti.effects import Announce, SendOn
from cti.errors import Refused
from cti.features import new_board
from cti.ids import QueueName, TenantId
from cti.records import QueueSettings, State
from tests.scenarios.test_interleavings import AGENTS, act, check, everything
from tests.world import World

IN_LINE = (State.WAITING, State.OFFERED, State.RINGING)
TARGETS = ("queue:sales", "queue:support", "queue:billing", "number:1", "flow:x", "hangup", "callback")


def settings(name: str, rng: random.Random) -> QueueSettings:
    def where() -> str:
        return rng.choice([one for one in TARGETS if one != f"queue:{name}"])

    return QueueSettings(
        name=QueueName(name),
        acw_seconds=rng.choice((0, 10)),
        strategy=rng.choice(("skills", "sticky", "least_calls", "fastest_answer")),
        announce_position=rng.random() < 0.5,
        announce_ewt=rng.random() < 0.5,
        announce_every_seconds=rng.choice((0, 10)),
        comfort_prompts=rng.choice(((), ("patience",))),
        comfort_every_seconds=15,
        max_wait_seconds=rng.choice((0, 20)),
        max_wait_target=where(),
        max_length=rng.choice((0, 2)),
        max_length_target=where(),
        no_agents=rng.choice(("off", "signed_in", "ready")),
        no_agents_target=where(),
        age_seconds_per_priority=rng.choice((0, 30)),
        relax_after_seconds=rng.choice((0, 5)),
        sticky_seconds=10,
        sticky_base=rng.choice(("least_calls", "round_robin")),
    )


def also(world: World, rng: random.Random) -> None:
    """What else may happen where rules send callers about."""
    away = [call.id for call in world.board.calls.values() if call.state is State.IVR]
    match rng.randrange(8):
        case 0:
            world.caller_joins(
                "billing", number=f"+861390000000{rng.randrange(4)}", skills={"english": rng.randint(1, 9)}
            )
        case 1 if away:
            world.take(ev.CallReturned(at=world.now, call=rng.choice(away)))
        case 2 if away:
            world.take(ev.SendOnFailed(at=world.now, call=rng.choice(away), why="test"))
        case 3:
            world.queue_settings = tuple(settings(one.name, rng) for one in world.queue_settings)
            world.take(ev.DirectoryChanged(at=world.now, queues=world.queue_settings, agents=world.profiles))
        case _:
            act(world, rng)


def check_lines(world: World) -> None:
    board = world.board
    for queue in board.queues.values():
        assert set(queue.waiting) == {
            c.id for c in board.calls.values() if c.queue == queue.name and c.state in IN_LINE
        }
        assert queue.line == sorted(queue.place(queue.waiting[spot[2]]) for spot in queue.line)
        members = [board.agents[no] for no in queue.members]
        assert queue.present == {agent.no for agent in members if agent.signed_in}
        assert queue.serving == {agent.no for agent in members if agent.record.status == "ready"}
        assert len(queue.present) == queue.pool.signed_in
        assert set(queue.spoken) <= set(queue.waiting)
    sent = [effect for effect in world.effects if isinstance(effect, SendOn)]
    assert len(sent) == len({(one.call, one.target) for one in sent}), "sent twice to the same place"
    world.effects = [*sent]


@pytest.mark.parametrize("batch", range(4))
def test_no_rule_loses_a_caller_in_any_interleaving(batch: int) -> None:
    moved = announced = 0
    for seed in range(batch * 100, batch * 100 + 100):
        rng = random.Random(seed)
        world = World(*AGENTS, queues=[settings(name, rng) for name in ("sales", "support", "billing")])
        world.ready(*AGENTS[:3])
        for _ in range(60):
            try:
                also(world, rng)
            except Refused:
                pass
            announced += len(world.wished(Announce))
            check(world)
            check_lines(world)
        moved += len(world.wished(SendOn))
    assert moved > 50
    assert announced > 50


@pytest.mark.parametrize("seed", range(10))
def test_a_journal_of_facts_with_rules_replays_to_the_same_board(seed: int) -> None:
    rng = random.Random(seed)
    world = World(*AGENTS, queues=[settings(name, rng) for name in ("sales", "support", "billing")])
    world.ready(*AGENTS)
    for _ in range(150):
        try:
            also(world, rng)
        except Refused:
            world.facts.pop()
    again = new_board(TenantId("demo"))
    for fact in world.facts:
        again.take(msgspec.json.decode(msgspec.json.encode(fact), type=type(fact)))
    replayed = object.__new__(World)
    replayed.board = again
    assert everything(replayed) == everything(world)
