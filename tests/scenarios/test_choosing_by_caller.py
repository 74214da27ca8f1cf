"""Who goes first and to whom, where the caller counts too: VIPs, age, skills, the agent of last time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from cti import events as ev
from cti.ids import AgentNo, CallId, Instant, QueueName
from cti.records import QueueSettings
from tests.world import MONDAY_10, World

SALES, SUPPORT = QueueName("sales"), QueueName("support")
VIP = "+8613800000001"
REGULAR = "+8613900000007"
DAY_MS = 86_400_000


def world_of(*agents: str, **settings: object) -> World:
    return World(*agents, queues=[QueueSettings(name=SALES, acw_seconds=0, **settings)])  # type: ignore[arg-type]


def skilled(world: World, **levels: Mapping[str, int]) -> None:
    """Agents a1001=..., so that their numbers can be keywords."""
    world.profiles = tuple(replace(one, skills=dict(levels.get(f"a{one.agent_no}", {}))) for one in world.profiles)
    world.take(ev.DirectoryChanged(at=world.now, queues=world.queue_settings, agents=world.profiles))


def reason(world: World, call: CallId) -> str:
    return world.call(call).offers[-1].reason


# --- order ---------------------------------------------------------------------------------------------------------


def test_a_vip_overtakes_ten_waiting_callers() -> None:
    world = world_of("1001")
    ten = []
    for _ in range(10):
        ten.append(world.caller_joins())
        world.passes(1)
    vip = world.caller_joins(number=VIP, screened=True)
    world.ready("1001")
    served = []
    for _ in range(11):
        call = world.delivered()[-1][0]
        served.append(call)
        world.answers(CallId(call))
        world.agent_hangs_up(CallId(call))
    assert served == [vip, *ten]


def test_where_waiting_counts_nobody_starves() -> None:
    world = world_of("1001", age_seconds_per_priority=60)
    patient = world.caller_joins(priority=0)
    world.passes(301)
    important = world.caller_joins(priority=5)
    world.passes(100)
    assert [call.id for call in world.board.queues[SALES].in_order()] == [patient, important]
    more = world.caller_joins(priority=7)
    world.ready("1001")
    assert world.delivered()[-1][0] == more, "seven times sixty seconds ahead of somebody who has waited 401"


def test_without_age_priority_always_goes_first() -> None:
    world = world_of("1001")
    world.caller_joins(priority=0)
    world.passes(3600)
    important = world.caller_joins(priority=1)
    world.ready("1001")
    assert world.delivered()[-1][0] == important


def test_an_order_that_ages_does_not_depend_on_when_it_is_looked_at() -> None:
    world = world_of("1001", age_seconds_per_priority=30)
    callers = []
    for n in range(20):
        callers.append(world.caller_joins(priority=n * 7 % 5))
        world.passes(11)
    before = [call.id for call in world.board.queues[SALES].in_order()]
    world.passes(1000)
    assert [call.id for call in world.board.queues[SALES].in_order()] == before
    assert before != callers


def test_a_queue_that_begins_to_age_puts_its_callers_in_the_new_order() -> None:
    world = world_of("1001")
    patient = world.caller_joins()
    world.passes(600)
    important = world.caller_joins(priority=1)
    aged = tuple(replace(one, age_seconds_per_priority=60) for one in world.queue_settings)
    world.take(ev.DirectoryChanged(at=world.now, queues=aged, agents=world.profiles))
    assert [call.id for call in world.board.queues[SALES].in_order()] == [patient, important]
    world.ready("1001")
    assert world.delivered()[-1][0] == patient


def test_across_queues_an_aged_caller_compares_by_what_waiting_has_added() -> None:
    queues = [
        QueueSettings(name=SALES, acw_seconds=0, age_seconds_per_priority=60),
        QueueSettings(name=SUPPORT, acw_seconds=0),
    ]
    world = World("1001", queues=queues)
    aged = world.caller_joins("sales")
    world.passes(301)
    world.caller_joins("support", priority=5)
    world.ready("1001")
    assert world.delivered()[-1][0] == aged


# --- skills --------------------------------------------------------------------------------------------------------


def test_the_best_match_takes_the_call_and_the_reason_says_so() -> None:
    world = world_of("1001", "1002", "1003", strategy="skills")
    skilled(world, a1001={"english": 5}, a1002={"english": 9, "billing": 2}, a1003={"billing": 9})
    world.ready("1001", "1002", "1003")
    call = world.caller_joins(skills={"english": 4})
    assert world.rung(call) == ["1002"]
    assert reason(world, call) == "sales: english 9 of 4; the best match of 3 ready agents"


def test_among_equal_matches_the_longest_idle_takes_the_call() -> None:
    world = world_of("1001", "1002", strategy="skills")
    skilled(world, a1001={"english": 5}, a1002={"english": 5})
    world.ready("1002")
    world.passes(5)
    world.ready("1001")
    assert world.rung(world.caller_joins(skills={"english": 5})) == ["1002"]


def test_a_caller_who_needs_nothing_gets_the_longest_idle() -> None:
    world = world_of("1001", "1002", strategy="skills")
    world.ready("1001", "1002")
    call = world.caller_joins()
    assert world.rung(call) == ["1001"]
    assert "no skill asked" in reason(world, call)


def test_what_is_needed_sinks_with_waiting_until_anybody_will_do() -> None:
    world = world_of("1001", "1002", strategy="skills", relax_after_seconds=30, relax_levels=2)
    skilled(world, a1001={"english": 4})
    world.ready("1002")
    call = world.caller_joins(skills={"english": 7})
    world.passes(59)
    assert world.rung(call) == []
    world.ready("1001")
    assert world.rung(call) == [], "five is asked still"
    world.passes(1)
    assert world.rung(call) == ["1001"]
    assert reason(world, call) == "sales: english 4 of 7, 4 less asked after 60 s; the best match of 2 ready agents"
    other = world.caller_joins(skills={"english": 7})
    world.passes(119)
    assert world.rung(other) == []
    world.passes(1)
    assert world.rung(other) == ["1002"]


def test_without_relaxing_a_caller_waits_for_somebody_who_can() -> None:
    world = world_of("1001", strategy="skills")
    world.ready("1001")
    call = world.caller_joins(skills={"english": 1})
    world.passes(3600)
    assert world.rung(call) == []
    skilled(world, a1001={"english": 1})
    assert world.rung(call) == ["1001"], "who learns it takes the call at once"


def test_who_cannot_be_served_does_not_hold_up_the_next_caller() -> None:
    world = world_of("1001", strategy="skills")
    world.caller_joins(skills={"english": 5})
    simple = world.caller_joins()
    world.ready("1001")
    assert world.delivered()[-1][0] == simple


def test_relaxing_goes_on_after_a_restart() -> None:
    world = world_of("1001", strategy="skills", relax_after_seconds=30)
    call = world.caller_joins(skills={"english": 3})
    world.passes(40)
    again = world_of(strategy="skills", relax_after_seconds=30)
    again.take(ev.Started(at=world.now, timezone="UTC", queues=world.queue_settings, calls=(world.call(call),)))
    assert again.timers[f"widen:{call}"].at == world.call(call).queued_at + 60_000


# --- the agent of last time ----------------------------------------------------------------------------------------


def sticky_world(**settings: object) -> World:
    """1002 has just spoken with the regular caller."""
    world = world_of("1001", "1002", "1003", strategy="sticky", **settings)
    world.ready("1002")
    talk(world, world.caller_joins(number=REGULAR))
    world.ready("1001", "1003")
    return world


def talk(world: World, call: CallId) -> None:
    world.answers(call)
    world.passes(10)
    world.agent_hangs_up(call)


def test_a_caller_gets_the_agent_of_last_time() -> None:
    world = sticky_world()
    call = world.caller_joins(number=REGULAR)
    assert world.rung(call) == ["1002"]
    assert reason(world, call) == "sales: spoke with this caller today"


def test_strangers_get_the_base_strategy() -> None:
    world = sticky_world(sticky_base="least_calls")
    call = world.caller_joins(number="+8613711111111")
    assert world.rung(call) == ["1001"]
    assert "answered, the fewest of" in reason(world, call)


def test_a_busy_agent_of_last_time_is_waited_for_and_then_not() -> None:
    world = sticky_world(sticky_seconds=20)
    other = world.caller_joins(number=REGULAR)
    world.answers(other)
    call = world.caller_joins(number=REGULAR)
    world.passes(19)
    assert world.rung(call) == [], "1001 and 1003 are free"
    world.passes(1)
    assert world.rung(call) == ["1001"]
    assert reason(world, call) == "sales: 1002 is busy; the longest idle of 2 ready agents"


def test_the_agent_of_last_time_comes_free_in_time() -> None:
    world = sticky_world()
    other = world.caller_joins(number=REGULAR)
    world.answers(other)
    call = world.caller_joins(number=REGULAR)
    world.passes(5)
    world.agent_hangs_up(other)
    assert world.rung(call) == ["1002"]


def test_an_agent_of_last_time_who_has_gone_home_is_not_waited_for() -> None:
    world = sticky_world()
    world.status("1002", "logged_out")
    assert world.rung(world.caller_joins(number=REGULAR)) == ["1001"]


def test_an_agent_who_goes_home_meanwhile_is_waited_for_no_longer() -> None:
    world = sticky_world(sticky_seconds=100)
    world.status("1002", "not_ready", "break")
    call = world.caller_joins(number=REGULAR)
    assert world.rung(call) == []
    world.status("1002", "logged_out")
    assert world.rung(call) == ["1001"]


def test_an_agent_who_let_it_ring_out_is_not_waited_for() -> None:
    world = sticky_world()
    call = world.caller_joins(number=REGULAR)
    world.rings_out(call)
    assert world.rung(call) == ["1002", "1001"]


def test_an_acquaintance_of_long_ago_counts_no_more() -> None:
    world = world_of("1001", "1002", strategy="sticky", sticky_days=30)
    old = {REGULAR: (AgentNo("1002"), Instant(MONDAY_10 - 31 * DAY_MS))}
    again = world_of("1001", "1002", strategy="sticky", sticky_days=30)
    for one, talks in ((world, old), (again, {REGULAR: (AgentNo("1002"), Instant(MONDAY_10 - 3 * DAY_MS))})):
        one.take(ev.Started(at=one.now, timezone="UTC", queues=one.queue_settings, agents=one.profiles, talks=talks))
        one.take(ev.SnapshotTaken(at=one.now, legs=(), devices=dict(one.board.devices)))
        one.ready("1001", "1002")
    assert world.rung(world.caller_joins(number=REGULAR)) == ["1001"]
    call = again.caller_joins(number=REGULAR)
    assert again.rung(call) == ["1002"]
    assert reason(again, call) == "sales: spoke with this caller 3 days ago"


def test_callers_without_a_number_are_nobodys_acquaintance() -> None:
    world = world_of("1001", "1002", strategy="sticky")
    world.ready("1002")
    talk(world, world.caller_joins(number=""))
    world.ready("1001")
    call = world.caller_joins(number="")
    assert "spoke with" not in reason(world, call)


@pytest.mark.parametrize("strategy", ["sticky", "skills"])
def test_a_restart_of_the_same_day_gives_the_same_choice(strategy: str) -> None:
    """The facts decide: a board that is told the same again chooses the same."""
    world = sticky_world() if strategy == "sticky" else world_of("1001", "1002", strategy="skills")
    if strategy == "skills":
        world.ready("1001", "1002")
    call = world.caller_joins(number=REGULAR)
    again = World("1001", "1002", "1003", queues=world.queue_settings)
    for fact in world.facts:
        again.take(fact)
    assert again.rung(call) == world.rung(call)
