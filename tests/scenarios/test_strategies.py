"""Each strategy chooses as `docs/routing.md` defines it, against a slow model written from the definition alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

import pytest

from cti import events as ev
from cti.ids import AgentNo, Instant, LegId, QueueName
from cti.records import QueueSettings
from cti.routing import strategies
from tests.world import World

AGENTS = ("1001", "1002", "1003", "1004")


@dataclass
class Tally:
    """What the definition counts of one agent."""

    calls: int = 0
    talk: float = 0.0
    answer_times: list[float] = field(default_factory=list)
    idle_since: float = 0.0


def tie(no: str, tally: Tally) -> tuple[float, str]:
    return (tally.idle_since, no)


def by_calls(free: dict[str, Tally], everybody: dict[str, Tally], last: str | None) -> str:
    return min(free, key=lambda no: (free[no].calls, *tie(no, free[no])))


def by_talk(free: dict[str, Tally], everybody: dict[str, Tally], last: str | None) -> str:
    return min(free, key=lambda no: (round(free[no].talk, 3), *tie(no, free[no])))


def by_idle(free: dict[str, Tally], everybody: dict[str, Tally], last: str | None) -> str:
    return min(free, key=lambda no: tie(no, free[no]))


def by_turn(free: dict[str, Tally], everybody: dict[str, Tally], last: str | None) -> str:
    after = [no for no in sorted(free) if last is not None and no > last]
    return (after or sorted(free))[0]


def by_answer(free: dict[str, Tally], everybody: dict[str, Tally], last: str | None) -> str:
    times = [t for tally in everybody.values() for t in tally.answer_times]
    mean = sum(times) / len(times) if times else 0.0
    share = 2 * ceil((len(times) + 1) / len(everybody))
    fair = {no: t for no, t in free.items() if len(t.answer_times) < share} or free

    def figure(no: str) -> float:
        own = fair[no].answer_times
        return round((5 * mean + sum(own)) / (5 + len(own)), 9)

    return min(fair, key=lambda no: (figure(no), *tie(no, fair[no])))


MODELS: dict[str, Callable[[dict[str, Tally], dict[str, Tally], str | None], str]] = {
    "least_calls": by_calls,
    "shortest_talk": by_talk,
    "longest_idle": by_idle,
    "round_robin": by_turn,
    "fastest_answer": by_answer,
    "skills": by_idle,  # callers who ask for none; those who do are in test_choosing_by_caller.py
    "sticky": by_idle,  # strangers; acquaintances likewise
}


def test_every_strategy_has_its_model() -> None:
    assert set(strategies) == set(MODELS)


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("name", sorted(MODELS))
def test_thirty_calls_go_where_the_definition_says(name: str, seed: int) -> None:
    rng = random.Random(f"{name}{seed}")
    world = World(*AGENTS, queues=[QueueSettings(name=QueueName("sales"), strategy=name, acw_seconds=0)])
    tallies = {no: Tally() for no in AGENTS}
    for no in AGENTS:
        world.passes(1)
        world.ready(no)
        tallies[no].idle_since = world.now / 1000
    last: str | None = None
    for n in range(30):
        world.passes(rng.randint(1, 20))
        away = rng.sample(AGENTS, rng.randint(0, 2))
        for no in away:
            world.status(no, "not_ready", "小休")
        free = {no: t for no, t in tallies.items() if no not in away}
        expected = MODELS[name](free, tallies, last)
        call = world.caller_joins(number=f"+86139{n:08d}")
        assert world.rung(call) == [expected]
        last = expected
        answer = rng.choice((1.0, 2.0, 3.5, 6.25))
        tally = tallies[expected]
        if rng.random() < 0.15:
            world.rings(call)
            world.passes(15)
            world.delivery_ends(call, "NOANSWER")
            tally.answer_times.append(15.0)
            last = world.rung(call)[-1]  # whoever is rung next does not count: the caller gives up at once
            world.caller_leaves(call)
            world.ready(expected)
        else:
            world.passes(answer)
            world.answers(call)
            talk = rng.randint(5, 300)
            world.passes(talk)
            world.agent_hangs_up(call)
            tally.calls += 1
            tally.talk += talk
            tally.answer_times.append(answer)
            tally.idle_since = world.now / 1000
        world.ready(*away)


def test_a_late_joiner_starts_at_the_lowest_figures_of_those_signed_in() -> None:
    world = World("1001", "1002", "1003")
    world.ready("1001", "1002")
    for _ in range(4):
        call = world.caller_joins()
        world.answers(call)
        world.passes(30)
        world.agent_hangs_up(call)
        world.passes(1)
    world.ready("1003")
    assert world.figures("1003").calls == 2
    assert world.figures("1003").talk_ms == 60_000


def test_the_running_call_counts_for_the_lowest_talk_time() -> None:
    world = World("1001", "1002")
    world.ready("1001")
    call = world.caller_joins()
    world.answers(call)
    world.passes(40)
    world.ready("1002")
    assert world.figures("1002").talk_ms == 40_000


def test_a_later_sign_in_keeps_the_own_figures() -> None:
    world = World("1001", "1002")
    world.ready("1001", "1002")
    call = world.caller_joins()
    world.answers(call)
    world.agent_hangs_up(call)
    world.status("1001", "logged_out")
    world.passes(60)
    world.ready("1001")
    assert world.figures("1001").calls == 1
    assert world.figures("1002").calls == 0


def test_a_break_resets_nothing() -> None:
    world = World("1001", "1002")
    world.ready("1001", "1002")
    before = world.board.agents[AgentNo("1001")].record.idle_since
    world.status("1001", "not_ready", "小休")
    world.passes(600)
    world.ready("1001")
    assert world.board.agents[AgentNo("1001")].record.idle_since == before
    assert world.rung(world.caller_joins()) == ["1001"]


def test_figures_start_anew_at_local_midnight() -> None:
    world = World("1001", "1002")
    world.ready("1001", "1002")
    call = world.caller_joins()
    world.answers(call)
    world.agent_hangs_up(call)
    assert world.figures("1001").calls == 1
    world.passes(14 * 3600)  # 10:00 in Shanghai and fourteen hours
    assert world.figures("1001").calls == 0
    assert world.figures("1001").signed_in


def test_a_caller_never_waits_beside_a_free_agent_for_the_sake_of_a_fair_share() -> None:
    queue = QueueSettings(name=QueueName("billing"), strategy="fastest_answer", acw_seconds=0)
    world = World("1001", "1002", "1003", queues=[queue])
    world.ready("1001", "1002", "1003")
    world.status("1002", "not_ready", "小休")
    world.status("1003", "not_ready", "小休")
    for _ in range(6):
        call = world.caller_joins("billing")
        assert world.rung(call) == ["1001"]
        world.answers(call)
        world.agent_hangs_up(call)


def test_a_window_of_a_week_begins_on_monday_and_a_month_on_the_first() -> None:
    from zoneinfo import ZoneInfo

    from cti.queues import window_bounds

    zone = ZoneInfo("Asia/Shanghai")
    wednesday = Instant(1_795_572_000_000)  # 2026-11-25 10:00
    day, week, month = (window_bounds(w, wednesday, zone) for w in ("day", "week", "month"))
    hour = 3600 * 1000
    assert day == (wednesday - 10 * hour, wednesday + 14 * hour)
    assert week == (wednesday - 58 * hour, wednesday + 110 * hour)
    assert month == (wednesday - (24 * 24 + 10) * hour, wednesday + (5 * 24 + 14) * hour)


def test_an_event_of_an_unknown_leg_is_ignored() -> None:
    world = World("1001")
    assert world.take(ev.LegEnded(at=world.now, leg=LegId("nobody"), cause=16)) == []
