"""Whole calls through the core: a caller, a queue, an agent, a record."""

import pytest

from cti import events as ev
from cti.effects import HangUp, TakeSnapshot
from cti.errors import BadRequest, Conflict, NoLeg, NotFound, NotInAcw, Refused
from cti.ids import AgentNo, CallId, DeviceName, Instant
from cti.records import QueueSettings
from cti.shapes import call_shape
from tests.world import World


def test_a_caller_is_offered_rung_answered_and_recorded() -> None:
    world = World("1001", acw=10)
    world.ready("1001")
    call = world.caller_joins()
    world.passes(0.2)
    world.rings(call)
    world.passes(3)
    world.answers(call)
    world.passes(20)
    world.agent_hangs_up(call)

    assert world.news(call) == [
        "call.started",
        "call.queued",
        "call.offered",
        "screen_pop.requested",
        "call.ringing",
        "call.answered",
        "call.left",
        "screen_pop.closed",
        "call.ended",
    ]
    record = call_shape(world.call(call))
    assert [(s["kind"], s["agent_no"], s["seconds"]) for s in record["segments"]] == [  # type: ignore[attr-defined]
        ("waiting", None, 0.2),
        ("ringing", "1001", 3.0),
        ("talking", "1001", 20.0),
    ]
    assert record["result"] == "answered"
    assert [(o["result"], o["agent_no"]) for o in record["offers"]] == [("accepted", "1001")]  # type: ignore[attr-defined]
    assert world.work("1001") == "acw"
    world.passes(10)
    assert world.work("1001") == "idle"
    assert world.board.agents[AgentNo("1001")].routable


def test_the_pop_is_wished_for_before_the_order_to_ring() -> None:
    world = World("1001")
    world.ready("1001")
    world.effects.clear()
    world.caller_joins()
    kinds = [getattr(e, "type", type(e).__name__) for e in world.effects]
    assert kinds.index("screen_pop.requested") < kinds.index("Deliver")


def test_the_reason_of_an_offer_is_a_sentence() -> None:
    world = World("1001", "1002")
    world.ready("1001", "1002")
    call = world.caller_joins()
    assert world.call(call).offers[0].reason == "sales: 0 calls answered, the fewest of 2 ready agents"


def test_callers_wait_in_order_of_priority_and_then_arrival() -> None:
    world = World("1001")
    first = world.caller_joins()
    world.passes(1)
    second = world.caller_joins()
    world.passes(1)
    vip = world.caller_joins(number="+8613800000001", screened=True)
    world.ready("1001")
    for expected in (vip, first, second):
        assert world.delivered()[-1][0] == expected
        world.answers(expected)
        world.agent_hangs_up(expected)


def test_a_bare_queue_does_not_look_at_lists() -> None:
    world = World("1001")
    plain = world.caller_joins(number="+8613800000001", screened=False)
    assert not world.call(plain).vip


def test_an_unanswered_offer_goes_to_the_next_agent_and_the_first_is_not_ready() -> None:
    world = World("1001", "1002")
    world.ready("1001", "1002")
    call = world.caller_joins()
    world.rings_out(call)
    assert world.says("1001") == ("not_ready", "no_answer")
    assert world.rung(call) == ["1001", "1002"]
    assert world.last("queue.updated")["waiting_count"] == 1
    world.answers(call)
    assert world.work("1002") == "talking"


def test_a_caller_handed_back_keeps_priority_and_time_of_arrival() -> None:
    world = World("1001")
    world.ready("1001")
    first = world.caller_joins()
    world.rings(first)
    world.passes(5)
    later = world.caller_joins()
    world.passes(10)
    world.delivery_ends(first, "NOANSWER")
    assert [w["call"] for w in world.last("queue.updated")["waiting"]] == [first, later]  # type: ignore[attr-defined]


def test_a_call_never_rings_an_agent_again_who_let_it_ring_out() -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.rings_out(call)
    world.ready("1001")
    assert world.rung(call) == ["1001"]
    other = world.caller_joins()
    assert world.rung(other) == ["1001"], "another caller may"


@pytest.mark.parametrize(
    ("status", "cause", "rang", "result", "says"),
    [
        ("BUSY", 17, True, "rejected", ("ready", None)),
        ("CONGESTION", 21, True, "rejected", ("ready", None)),
        ("CHANUNAVAIL", 20, False, "failed", ("not_ready", "unreachable")),
        ("NOANSWER", 0, False, "failed", ("not_ready", "unreachable")),
        ("CANCEL", 0, True, "cancelled", ("ready", None)),
        ("INVALID", 0, False, "failed", ("not_ready", "unreachable")),
    ],
)
def test_each_way_an_offer_ends(status: str, cause: int, rang: bool, result: str, says: tuple[str, str | None]) -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.delivery_ends(call, status, cause, rang=rang)
    assert world.call(call).offers[0].result == result
    assert world.says("1001") == says


def test_a_caller_gone_while_waiting_leaves_nothing() -> None:
    world = World("1001")
    call = world.caller_joins()
    world.passes(7)
    world.caller_leaves(call)
    assert not world.board.calls
    assert not world.board.legs
    assert world.call(call).result == "abandoned"
    assert world.last("queue.updated")["waiting_count"] == 0
    world.ready("1001")
    assert world.delivered() == []


def test_a_caller_gone_while_it_rings_frees_the_agent() -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.rings(call)
    world.caller_leaves(call)
    assert world.call(call).offers[0].result == "cancelled"
    assert world.work("1001") == "idle"
    assert world.says("1001") == ("ready", None)
    assert world.rung(world.caller_joins()) == ["1001"]


def test_a_late_word_about_an_offer_that_is_over_changes_nothing() -> None:
    world = World("1001", "1002")
    world.ready("1001", "1002")
    call = world.caller_joins()
    world.rings_out(call)
    world.take(ev.DeliveryEnded(at=world.now, call=call, n=1, status="BUSY", cause=17))
    assert world.rung(call) == ["1001", "1002"]
    assert world.work("1002") == "offered"


def test_a_status_asked_in_a_call_waits_for_its_end() -> None:
    world = World("1001", acw=10)
    world.ready("1001")
    call = world.caller_joins()
    world.answers(call)
    world.status("1001", "not_ready", "小休")
    assert world.says("1001") == ("ready", None)
    assert world.last("agent.updated")["pending_status"] == "not_ready"
    world.agent_hangs_up(call)
    assert world.work("1001") == "acw"
    world.passes(10)
    assert world.says("1001") == ("not_ready", "小休")


def test_logging_out_in_a_call_ends_nothing_and_happens_after_it() -> None:
    world = World("1001", acw=10)
    world.ready("1001")
    call = world.caller_joins()
    world.answers(call)
    world.status("1001", "logged_out")
    assert world.work("1001") == "talking"
    world.agent_hangs_up(call)
    assert world.says("1001") == ("logged_out", None)
    assert world.work("1001") == "idle"


def test_ready_ends_after_call_work_at_once() -> None:
    world = World("1001", acw=10)
    world.ready("1001")
    call = world.caller_joins()
    world.answers(call)
    world.agent_hangs_up(call)
    world.ready("1001")
    assert world.work("1001") == "idle"
    world.passes(30)
    assert world.work("1001") == "idle"


def test_finishing_after_call_work_needs_after_call_work() -> None:
    world = World("1001")
    with pytest.raises(NotInAcw):
        world.take(ev.AcwFinishAsked(at=world.now, agent=AgentNo("1001")))


@pytest.mark.parametrize(
    ("event", "refusal"),
    [
        (ev.StatusAsked(at=Instant(1), agent=AgentNo("9999"), status="ready"), NotFound),
        (ev.StatusAsked(at=Instant(1), agent=AgentNo("1001"), status="asleep"), BadRequest),
        (ev.StatusAsked(at=Instant(1), agent=AgentNo("1001"), status="not_ready", reason="x" * 65), BadRequest),
        (ev.StatusAsked(at=Instant(1), agent=AgentNo("1001"), status="ready", device=DeviceName("1002")), NotFound),
        (ev.StatusAsked(at=Instant(1), agent=AgentNo("1001"), status="ready", forced=True), Conflict),
        (ev.HangUpAsked(at=Instant(1), agent=AgentNo("1001"), call=CallId("none")), NotFound),
    ],
)
def test_a_refused_wish_changes_nothing(event: ev.Event, refusal: type[Refused]) -> None:
    world = World("1001", "1002")
    before = (world.says("1001"), world.work("1001"))
    with pytest.raises(refusal):
        world.take(event)
    assert (world.says("1001"), world.work("1001")) == before


def test_an_agent_hangs_up_only_their_own_leg() -> None:
    world = World("1001", "1002")
    world.ready("1001")
    call = world.caller_joins()
    world.answers(call)
    with pytest.raises(NoLeg):
        world.take(ev.HangUpAsked(at=world.now, agent=AgentNo("1002"), call=call))
    world.take(ev.HangUpAsked(at=world.now, agent=AgentNo("1001"), call=call))
    (order,) = world.wished(HangUp)
    assert isinstance(order, HangUp)
    assert order.channel == world.call(call).legs[1].channel


def test_an_offer_turned_down_on_the_screen_goes_to_the_next_agent() -> None:
    world = World("1001", "1002")
    world.ready("1001", "1002")
    call = world.caller_joins()
    world.rings(call)
    world.take(ev.HangUpAsked(at=world.now, agent=AgentNo("1001"), call=call))
    assert world.call(call).offers[0].result == "rejected"
    assert world.says("1001") == ("ready", None)
    assert world.rung(call) == ["1001", "1002"]
    kinds = [type(e).__name__ for e in world.effects if type(e).__name__ in ("Recall", "Deliver")]
    assert kinds == ["Deliver", "Recall", "Deliver"]


def test_a_phone_that_is_away_or_busy_is_not_rung() -> None:
    world = World("1001")
    world.ready("1001")
    world.take(ev.DeviceChanged(at=world.now, device=DeviceName("1001"), state="UNAVAILABLE"))
    call = world.caller_joins()
    assert world.rung(call) == []
    world.take(ev.DeviceChanged(at=world.now, device=DeviceName("1001"), state="INUSE"))
    assert world.rung(call) == []
    world.take(ev.DeviceChanged(at=world.now, device=DeviceName("1001"), state="NOT_INUSE"))
    assert world.rung(call) == ["1001"]


def test_without_a_desk_phone_the_browser_rings() -> None:
    world = World("1001")
    world.take(ev.DeviceChanged(at=world.now, device=DeviceName("1001"), state="UNAVAILABLE"))
    world.take(ev.DeviceChanged(at=world.now, device=DeviceName("1001-web"), state="NOT_INUSE"))
    world.ready("1001")
    call = world.caller_joins()
    assert world.delivered() == [(call, "1001-web")]


def test_a_freed_agent_takes_the_most_urgent_caller_of_all_their_queues() -> None:
    queues = [QueueSettings(name=n, acw_seconds=0) for n in ("sales", "support")]  # type: ignore[arg-type]
    world = World("1001", queues=queues)
    world.caller_joins("sales")
    world.passes(1)
    urgent = world.caller_joins("support", priority=5)
    world.ready("1001")
    assert world.delivered() == [(urgent, "1001")]


def test_a_lost_desktop_makes_an_agent_not_ready_after_a_minute_but_never_in_a_call() -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.answers(call)
    world.take(ev.DesktopOpened(at=world.now, agent=AgentNo("1001")))
    world.take(ev.DesktopClosed(at=world.now, agent=AgentNo("1001")))
    world.passes(61)
    assert world.work("1001") == "talking"
    assert world.says("1001") == ("ready", None)
    world.agent_hangs_up(call)
    assert world.says("1001") == ("not_ready", "connection_lost")


def test_a_desktop_back_in_time_keeps_the_state() -> None:
    world = World("1001")
    world.ready("1001")
    world.take(ev.DesktopOpened(at=world.now, agent=AgentNo("1001")))
    world.take(ev.DesktopClosed(at=world.now, agent=AgentNo("1001")))
    world.passes(59)
    world.take(ev.DesktopOpened(at=world.now, agent=AgentNo("1001")))
    world.passes(10)
    assert world.says("1001") == ("ready", None)


def test_a_call_on_hold_is_held_and_retrieved_in_the_record() -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.answers(call)
    leg = world.call(call).legs[1].id
    world.passes(5)
    world.take(ev.LegHeld(at=world.now, leg=leg))
    assert world.work("1001") == "held"
    world.passes(3)
    world.take(ev.LegRetrieved(at=world.now, leg=leg))
    world.passes(2)
    world.agent_hangs_up(call)
    assert [s.kind for s in world.call(call).segments][-3:] == ["talking", "held", "talking"]
    assert world.figures("1001").talk_ms == 10_000


def test_an_offer_whose_end_is_never_told_makes_us_look() -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.rings(call)
    world.passes(21)
    assert world.wished(TakeSnapshot)
    assert world.work("1001") == "ringing", "looking decides, the clock alone does not"
    assert world.call(call).offer is not None


def test_an_order_that_failed_because_the_caller_left_needs_no_looking() -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.take(ev.DeliveryFailed(at=world.now, call=call, n=1, why="no such channel"))
    world.caller_leaves(call)
    world.passes(30)
    assert not world.wished(TakeSnapshot)
    assert world.says("1001") == ("ready", None)


def test_an_order_that_failed_for_no_known_reason_makes_us_look_soon() -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.take(ev.DeliveryFailed(at=world.now, call=call, n=1, why="deadline"))
    world.passes(3)
    assert world.wished(TakeSnapshot)


def test_nobody_is_offered_anything_while_the_link_is_down() -> None:
    world = World("1001")
    world.ready("1001")
    world.take(ev.LinkLost(at=world.now, reason="cut"))
    call = world.caller_joins()
    assert world.rung(call) == []
    assert "pbx.link_down" in world.news()
