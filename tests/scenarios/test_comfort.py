"""What waiting callers hear, and what they do not: places, waiting times, kind words, the agent's number."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from cti import events as ev
from cti.effects import Announce, Deliver, Later, SetMusic
from cti.ids import CallId, QueueName
from cti.records import QueueSettings
from tests.world import World

SALES = QueueName("sales")


def world_of(*agents: str, **settings: object) -> World:
    return World(*agents, queues=[QueueSettings(name=SALES, acw_seconds=0, **settings)])  # type: ignore[arg-type]


def heard(world: World, call: CallId) -> list[tuple[str, ...]]:
    return [e.prompts for e in world.wished(Announce) if isinstance(e, Announce) and e.call == call]


def change(world: World, **settings: object) -> None:
    changed = tuple(replace(one, **settings) for one in world.queue_settings)  # type: ignore[arg-type]
    world.take(ev.DirectoryChanged(at=world.now, queues=changed, agents=world.profiles))


def test_a_bare_queue_sets_no_timer_and_says_nothing() -> None:
    world = world_of("1001")
    world.effects.clear()
    call = world.caller_joins()
    world.passes(600)
    assert heard(world, call) == []
    assert world.wished(Later) == []


def test_a_caller_hears_their_place_and_hears_it_again() -> None:
    world = world_of("1001", announce_position=True, announce_every_seconds=30)
    first, second = world.caller_joins(), world.caller_joins()
    world.passes(2)
    assert heard(world, second) == []
    world.passes(1)
    assert heard(world, first) == [("ahead-none",)]
    assert heard(world, second) != heard(world, first)
    world.caller_leaves(first)
    world.passes(30)
    assert heard(world, second)[-1] == ("ahead-none",)
    assert world.last("call.announced")["position"] == 1


def test_a_place_may_be_said_once() -> None:
    world = world_of(announce_position=True)
    call = world.caller_joins()
    world.passes(600)
    assert len(heard(world, call)) == 1


def test_the_expected_wait_is_said_only_when_somebody_serves() -> None:
    world = world_of("1001", announce_ewt=True, announce_every_seconds=60)
    call = world.caller_joins()
    world.passes(10)
    assert heard(world, call) == []
    world.ready("1001")
    waiting = world.caller_joins()
    world.passes(3)
    assert heard(world, waiting)[0][0] == "wait-about"


def test_a_caller_in_english_hears_english() -> None:
    world = world_of(announce_position=True)
    call = world.caller_joins()
    world.call(call).journey.language = "en"
    world.passes(3)
    order = world.wished(Announce)[-1]
    assert isinstance(order, Announce)
    assert order.language == "en"


def test_kind_words_take_turns() -> None:
    world = world_of(comfort_prompts=("patience", "thanks"), comfort_every_seconds=20)
    call = world.caller_joins()
    world.passes(65)
    assert heard(world, call) == [("patience",), ("thanks",), ("patience",)]


def test_two_announcements_do_not_cut_each_other_short() -> None:
    world = world_of(
        announce_position=True, announce_every_seconds=30, comfort_prompts=("patience",), comfort_every_seconds=30
    )
    call = world.caller_joins()
    at: list[int] = []
    for _ in range(120):
        world.passes(1)
        if len(heard(world, call)) > len(at):
            at.append(world.now)
    assert len(at) > 6
    assert min(later - earlier for earlier, later in itertools.pairwise(at)) >= 10_000


def test_an_offer_goes_before_an_announcement() -> None:
    world = world_of("1001", announce_position=True, announce_every_seconds=10)
    call = world.caller_joins()
    world.passes(3)
    world.ready("1001")
    assert world.delivered() == [(call, "1001")], "an announced caller stays offerable"
    world.passes(14)
    assert len(heard(world, call)) == 1, "and is not disturbed while it rings"
    world.answers(call)
    world.passes(60)
    assert len(heard(world, call)) == 1


def test_announcements_go_on_after_a_restart_where_they_were() -> None:
    world = world_of(announce_position=True, announce_every_seconds=30)
    call = world.caller_joins()
    world.passes(40)
    again = world_of(announce_position=True, announce_every_seconds=30)
    again.now = world.now
    again.take(ev.Started(at=world.now, timezone="UTC", queues=world.queue_settings, calls=(world.call(call),)))
    assert again.timers[f"position:{call}"].at == world.call(call).queued_at + 63_000


def test_a_queue_that_learns_to_speak_speaks_to_those_who_wait() -> None:
    world = world_of()
    call = world.caller_joins()
    world.passes(100)
    change(world, announce_position=True, announce_every_seconds=30)
    world.passes(30)
    assert heard(world, call) == [("ahead-none",)]
    change(world)
    world.passes(100)
    assert len(heard(world, call)) == 1


def test_the_agents_number_is_said_at_the_join_and_the_queue_is_whispered() -> None:
    world = world_of("1001", agent_announcement="number", whisper="queue-sales")
    world.ready("1001")
    world.caller_joins()
    order = world.wished(Deliver)[-1]
    assert isinstance(order, Deliver)
    assert order.say == ("agent-no", "digit-1", "digit-0", "digit-0", "digit-1", "at-your-service")
    assert order.whisper == ("queue-sales",)


def test_a_bare_queue_says_nothing_at_the_join() -> None:
    world = world_of("1001")
    world.ready("1001")
    world.caller_joins()
    order = world.wished(Deliver)[-1]
    assert isinstance(order, Deliver)
    assert (order.say, order.whisper) == ((), ())


def test_asterisk_is_told_of_a_queues_music_and_that_it_has_none_any_more() -> None:
    world = world_of()
    assert world.wished(SetMusic) == []
    change(world, music="jazz")
    assert world.wished(SetMusic) == [SetMusic(SALES, "jazz")]
    world.effects.clear()
    world.take(ev.LinkLost(at=world.now, reason="test"))
    world.take(ev.SnapshotTaken(at=world.now, legs=(), devices={}))
    assert world.wished(SetMusic) == [SetMusic(SALES, "jazz")], "Asterisk may have forgotten"
    change(world)
    assert world.wished(SetMusic)[-1] == SetMusic(SALES, "")


@pytest.mark.parametrize("link", [True, False])
def test_nothing_is_said_while_nobody_can_say_it(link: bool) -> None:
    world = world_of(announce_position=True)
    call = world.caller_joins()
    if not link:
        world.take(ev.LinkLost(at=world.now, reason="test"))
    world.passes(5)
    assert bool(heard(world, call)) is link
