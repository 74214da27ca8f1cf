"""How many calls an agent has had today, whichever way they came, and that the day ends at midnight of the place."""

from __future__ import annotations

from cti import events as ev
from cti.control import events as ce
from cti.ids import AgentNo, CallId
from cti.shapes import agent_shape
from tests.control_world import ControlWorld
from tests.world import World


def today(w: World, agent: str) -> object:
    return agent_shape(w.board.agents[AgentNo(agent)])["calls_today"]


def test_every_way_to_a_customer_counts_once() -> None:
    w = ControlWorld("1001", "1002", "1900")
    call = w.talk()
    assert (today(w, "1001"), w.last("agent.updated")["calls_today"]) == (1, 1)
    w.asks(ce.HoldAsked, "1001", call)
    w.asks(ce.RetrieveAsked, "1001", call)
    assert today(w, "1001") == 1, "the same call"
    leg = w.consulting(call)
    assert today(w, "1002") == 0, "asked, and not talking with the customer"
    w.asks(ce.ConsultCompleteAsked, "1001", call)
    assert today(w, "1002") == 1
    w.asks(ce.WatchAsked, "1900", call, mode="listen")
    w.picked_up(w.invited())
    assert today(w, "1900") == 0
    w.asks(ce.WatchAsked, "1900", call, mode="intercept")
    assert today(w, "1900") == 1
    w.gone(leg)


def test_an_outbound_call_counts_when_the_customer_is_there() -> None:
    w = ControlWorld("1001")
    call = CallId("1-9-123456")
    w.take(ce.DialAsked(at=w.now, agent=AgentNo("1001"), call=call, to="13900001111"))
    leg = w.invited()
    w.picked_up(leg)
    other = w.dials(call, leg, "cti-trunk", "o1")
    assert today(w, "1001") == 0
    w.picked_up(other)
    assert today(w, "1001") == 1


def test_nobody_has_had_a_call_at_midnight_and_a_restart_forgets_none_before_it() -> None:
    w = ControlWorld("1001")  # it is 10:00 in Shanghai
    w.caller_leaves(w.talk())
    w.passes(13.9 * 3600)
    assert today(w, "1001") == 1
    w.passes(0.2 * 3600)
    assert (today(w, "1001"), w.last("agent.updated")["calls_today"]) == (0, 0)
    w.caller_leaves(w.talk())
    w.passes(24 * 3600)
    assert today(w, "1001") == 0, "every midnight"

    again = World("1001")
    again.take(
        ev.Started(at=again.now, timezone="Asia/Shanghai", agents=again.profiles, calls_today={AgentNo("1001"): 7})
    )
    assert today(again, "1001") == 7
