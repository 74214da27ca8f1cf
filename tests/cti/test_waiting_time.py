"""The expected wait: from nothing, from handling times, from the line itself; and how far off it is over a day."""

from __future__ import annotations

import pytest

from cti.ids import Instant, QueueName
from cti.records import QueueSettings
from cti.waiting_time import GAPS_MOST, HANDLED_MOST, PRIOR_MS, Pace
from tests.bench import ewt
from tests.world import World

SALES = QueueName("sales")


def test_before_anything_was_seen_the_prior_counts() -> None:
    pace = Pace()
    assert pace.wait(1, 1) == PRIOR_MS
    assert pace.wait(3, 6) == PRIOR_MS // 2


def test_nobody_knows_how_long_it_takes_when_nobody_serves() -> None:
    assert Pace().wait(1, 0) is None


def test_what_agents_take_outweighs_the_prior() -> None:
    pace = Pace()
    for _ in range(HANDLED_MOST * 2):
        pace.took(60_000)
    assert pace.wait(1, 1) == pytest.approx(60_000, rel=0.1)


def test_only_a_line_that_was_never_empty_tells_a_pace() -> None:
    pace = Pace()
    pace.moved(Instant(0), 2, left=3)
    pace.moved(Instant(30_000), 2, left=0)
    assert list(pace.gaps.values) == [60_000], "half a minute with two agents is a minute of one"
    pace.moved(Instant(900_000), 2, left=1)
    assert list(pace.gaps.values) == [60_000], "nobody stood there meanwhile"


def test_old_gaps_are_forgotten() -> None:
    pace = Pace()
    for n in range(100):
        pace.moved(Instant(n * 10_000), 1, left=5)
    assert len(pace.gaps.values) == GAPS_MOST
    assert pace.gaps.sum == GAPS_MOST * 10_000


def test_a_free_agent_means_no_wait_and_a_longer_line_a_longer_one() -> None:
    world = World("1001", "1002", queues=[QueueSettings(name=SALES, acw_seconds=0)])
    queue = world.board.queues[SALES]
    assert queue.expected_wait() is None
    world.ready("1001")
    assert queue.expected_wait() == 0
    world.answers(world.caller_joins())
    first, second = world.caller_joins(), world.caller_joins()
    waits = [queue.expected_wait(world.call(one)) for one in (first, second)]
    assert waits == [PRIOR_MS, 2 * PRIOR_MS]
    assert queue.expected_wait() == 3 * PRIOR_MS
    waiting = world.last("queue.updated")["waiting"]
    assert isinstance(waiting, list)
    assert [one["ewt_seconds"] for one in waiting] == [180, 360]


def test_over_a_simulated_day_it_is_nearer_than_app_queues_hold_time() -> None:
    (row,) = ewt.rows()
    assert row.met
    assert row.ratio < 0.8, f"it was 0.58 when this was written, now {row}"


def test_the_service_level_counts_who_was_answered_in_time_of_all_who_came() -> None:
    world = World("1001", queues=[QueueSettings(name=SALES, acw_seconds=0, service_level_seconds=20)])
    world.ready("1001")
    first = world.caller_joins()
    world.answers(first)
    slow, gone = world.caller_joins(), world.caller_joins()
    world.passes(30)
    world.caller_leaves(gone)
    world.agent_hangs_up(first)
    world.answers(slow)
    service = world.last("queue.updated")["service"]
    assert isinstance(service, dict)
    assert (service["answered"], service["in_time"], service["abandoned"]) == (2, 1, 1)
    assert service["level"] == pytest.approx(1 / 3, abs=1e-4)
    world.passes(24 * 3600)
    service = world.last("queue.updated")["service"]
    assert isinstance(service, dict)
    assert (service["answered"], service["level"]) == (0, None), "a new day"
