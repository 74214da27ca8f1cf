"""The pool keeps routable agents in the strategy's order, and a strategy needs no more than a look at it."""

from __future__ import annotations

import random
import types

import pytest

from cti import routing
from cti.agents import Agent, Work, natural
from cti.ids import AgentNo, CallId, DeviceName, Instant, QueueName
from cti.queues import Queue
from cti.records import AgentProfile, AgentRecord, Figures, QueueSettings
from cti.registry import Registry, load_folder
from cti.routing import Pool, strategies
from cti.routing._pool import Key


def agent(no: str, *, idle_since: int = 0, status: str = "ready", work: Work = Work.IDLE) -> Agent:
    profile = AgentProfile(agent_no=AgentNo(no), name=no, devices=(DeviceName(no), DeviceName(f"{no}-web")))
    record = AgentRecord(agent_no=AgentNo(no), status=status, idle_since=Instant(idle_since))
    made = Agent(profile, record, work=work)
    made.find_device({DeviceName(no): "NOT_INUSE"})
    return made


def queue_of(strategy: str, *agents: Agent) -> Queue:
    queue = Queue(QueueSettings(name=QueueName("sales"), strategy=strategy), members={one.no for one in agents})
    queue.recount(len(agents))
    for one in agents:
        queue.rank(one)
    return queue


@pytest.mark.parametrize("seed", range(20))
def test_a_pool_holds_each_agent_once_in_order_of_the_latest_key(seed: int) -> None:
    rng = random.Random(seed)
    pool = Pool()
    latest: dict[AgentNo, Key] = {}
    for _ in range(300):
        no = AgentNo(str(rng.randint(1, 12)))
        if rng.random() < 0.3:
            pool.drop(no)
            latest.pop(no, None)
        else:
            latest[no] = (rng.randint(0, 3), *natural(no))
            pool.put(no, latest[no])
        assert pool.entries == sorted((key, one) for one, key in latest.items())
        assert len(pool) == len(latest)


def test_dropping_whoever_is_not_there_is_nothing() -> None:
    pool = Pool()
    pool.drop(AgentNo("1001"))
    assert not pool.entries


@pytest.mark.parametrize("name", sorted(strategies))
def test_whom_a_caller_must_not_ring_again_is_passed_over(name: str) -> None:
    queue = queue_of(name, agent("1001"), agent("1002"), agent("1003"))
    call = CallId("a")
    rung = []
    while (choice := queue.choose(call)) is not None:
        rung.append(choice.agent)
        queue.bar(call, choice.agent)
    assert sorted(rung) == ["1001", "1002", "1003"]
    assert queue.choose(CallId("b")) is not None, "another caller may ring them"


@pytest.mark.parametrize("name", sorted(strategies))
def test_a_choice_comes_with_its_reason_and_changes_nothing(name: str) -> None:
    queue = queue_of(name, agent("1001"), agent("1002"))
    first, again = queue.choose(CallId("a")), queue.choose(CallId("a"))
    assert first is not None
    assert first == again
    assert "2" in first.reason


@pytest.mark.parametrize("name", sorted(strategies))
def test_nobody_ready_means_no_choice(name: str) -> None:
    assert queue_of(name).choose(CallId("a")) is None
    away = (agent("1001", status="not_ready"), agent("1002", work=Work.ACW), agent("1003", status="logged_out"))
    assert queue_of(name, *away).choose(CallId("a")) is None


@pytest.mark.parametrize("name", sorted(set(strategies) - {"round_robin"}))
def test_equal_figures_go_to_the_longest_idle_and_then_to_the_lowest_number(name: str) -> None:
    queue = queue_of(name, agent("1001", idle_since=5), agent("1002", idle_since=3), agent("999", idle_since=3))
    chosen = queue.choose(CallId("a"))
    assert chosen is not None
    assert chosen.agent == "999", "999 comes before 1002"


def test_round_robin_goes_on_from_an_agent_who_is_away() -> None:
    queue = queue_of("round_robin", agent("999"), agent("1001"), agent("1003"))
    told = []
    for last in (None, "999", "1001", "1002", "1003", "2000"):
        queue.pool.last = None if last is None else AgentNo(last)
        chosen = queue.choose(CallId("a"))
        assert chosen is not None
        told.append(str(chosen.agent))
    assert told == ["999", "1001", "1003", "1003", "999", "999"]


def test_an_agent_with_nothing_answered_yet_starts_at_the_mean_of_the_queue() -> None:
    slow, quick, fresh = agent("1001"), agent("1002"), agent("1003")
    queue = queue_of("fastest_answer", slow, quick, fresh)
    for no, answer_ms in (("1001", 9_000), ("1002", 3_000)):
        queue.count_offer(AgentNo(no), answer_ms)
    queue.recount(3)
    for one in (slow, quick, fresh):
        queue.rank(one)
    first = queue.choose(CallId("a"))
    assert first is not None
    assert (first.agent, first.reason.split(",")[0]) == ("1002", "answers in 5.5 s on average")  # (5 x 6 + 3) / 6
    queue.bar(CallId("a"), AgentNo("1002"))
    second = queue.choose(CallId("a"))
    assert second is not None
    assert second.agent == "1003"  # 6.0 s, before 1001's 6.5


def test_rank_tells_who_has_just_come_in() -> None:
    one = agent("1001")
    queue = queue_of("longest_idle", one)
    assert not queue.rank(one)
    one.record.status = "not_ready"
    assert not queue.rank(one)
    assert not queue.pool.entries
    one.record.status = "ready"
    assert queue.rank(one)


def test_an_agent_of_another_queue_is_in_no_pool() -> None:
    queue = queue_of("least_calls", agent("1001"))
    assert not queue.rank(agent("1002"))
    assert list(queue.pool.keys) == ["1001"]


def test_figures_of_an_agent_begin_at_nothing_in_the_window_that_runs() -> None:
    queue = queue_of("least_calls")
    queue.window_start = Instant(77)
    assert queue.figures_of(AgentNo("1001")) == Figures(
        queue=QueueName("sales"), agent_no=AgentNo("1001"), window_start=Instant(77)
    )


def test_two_plug_ins_of_one_name_are_an_error_and_every_file_is_one() -> None:
    registry: Registry[int] = Registry("number")
    registry.add("one")(1)
    with pytest.raises(ValueError, match="two of one name: number 'one'"):
        registry.add("one")(1)
    load_folder(routing.__name__, list(routing.__path__))  # a second time: no file runs twice
    files = {name for name, one in vars(routing).items() if isinstance(one, types.ModuleType)} - {"_pool"}
    assert files == set(strategies)
