"""The directory changes under a running centre: trunks come and go, and phones change hands."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cti import events as ev
from cti.control import events as ce
from cti.control.effects import Invite, Move, Spot
from cti.effects import SendOn
from cti.errors import DeviceTaken, NotFound, RefusedByPolicy
from cti.ids import AgentNo, CallId, DeviceName, QueueName
from cti.records import AgentProfile, QueueSettings, State
from cti.trunks import Line
from tests.control_world import ControlWorld
from tests.world import World

NORTH = Line(trunk="cti-trunk-north", caller_ids=("02188886666", "4008"))
SOUTH = Line(trunk="cti-trunk-south", caller_ids=("4009",), is_default=True)
CALL = CallId("1795399200-9-123456")


def changes(w: World, trunks: tuple[Line, ...] = (), **devices: str) -> None:
    """The directory as it is now; `a1001="x y"`: the devices of 1001."""
    given: Mapping[str, tuple[DeviceName, ...]] = {
        no[1:]: tuple(map(DeviceName, names.split())) for no, names in devices.items()
    }
    agents = tuple(
        AgentProfile(
            agent_no=one.agent_no, name=one.name, devices=given.get(one.agent_no, one.devices), queues=one.queues
        )
        for one in w.profiles
    )
    w.take(ev.DirectoryChanged(at=w.now, queues=w.queue_settings, agents=agents, trunks=trunks))


def spots(w: World) -> list[Spot]:
    orders = [one for one in w.effects if isinstance(one, Invite | Move)]
    found = [one.spot for one in orders] + [one.other_spot for one in orders if isinstance(one, Move)]
    return [one for one in found if one is not None and one.trunk]


def dials(w: ControlWorld, caller_id: str = "") -> None:
    asked = ce.DialAsked(at=w.now, agent=AgentNo("1001"), call=CALL, to="number:13900001111", caller_id=caller_id)
    w.take(asked)


def test_a_call_leaves_by_the_trunk_of_its_caller_id_and_is_accounted_for_there() -> None:
    w = ControlWorld("1001", "1002")
    changes(w, (NORTH,))
    dials(w, "4008")
    (spot,) = spots(w)
    assert (spot.trunk, spot.caller_id, spot.number) == ("cti-trunk-north", "4008", "13900001111")
    agent = w.invited()
    w.picked_up(agent)
    other = w.dials(CALL, agent, "cti-trunk-north", "o1")
    w.picked_up(other)
    assert (w.work("1001"), w.call(CALL).state, w.call(CALL).leg(other).kind) == ("talking", State.TALKING, "customer")  # type: ignore[union-attr]
    w.gone(other)
    w.gone(agent)
    assert w.call(CALL).result == "answered"


def test_a_trunk_that_is_gone_shows_no_numbers_any_more() -> None:
    w = ControlWorld("1001")
    changes(w, (NORTH,))
    changes(w)
    with pytest.raises(RefusedByPolicy, match="caller_id"):
        dials(w, "4008")
    assert w.work("1001") == "idle"


def test_whatever_calls_a_number_does_so_by_the_default_trunk() -> None:
    w = ControlWorld("1001", "1002")
    changes(w, (SOUTH, NORTH))
    call = w.talk()
    w.asks(ce.ConsultAsked, "1001", call, to="number:13900001111")
    asked = w.dials(call, w.leg(call, "1001").id, "cti-trunk-south", "b1")
    w.picked_up(asked)
    w.asks(ce.ConsultCancelAsked, "1001", call)
    w.asks(ce.ConferenceAsked, "1001", call, to="number:13900002222")
    invite = next(one for one in w.effects if isinstance(one, Invite))
    assert (invite.number, invite.trunk, invite.shown) == ("13900002222", "cti-trunk-south", ("4009", ""))
    dials_by = {(spot.kind, spot.trunk, spot.caller_id) for spot in spots(w)}
    assert dials_by == {("ask_number", "cti-trunk-south", "4009")}
    w = ControlWorld("1001")
    changes(w, (SOUTH,))
    call = w.talk()
    w.asks(ce.TransferAsked, "1001", call, to="number:13900001111")
    assert [(spot.kind, spot.trunk, spot.caller_id) for spot in spots(w)] == [("out", "cti-trunk-south", "4009")]


def test_a_caller_whom_a_queue_sends_out_leaves_by_the_default_trunk() -> None:
    w = World(
        "1001",
        queues=[QueueSettings(name=QueueName("sales"), no_agents="signed_in", no_agents_target="number:13900001111")],
    )
    changes(w, (SOUTH,))
    w.caller_joins()
    (order,) = w.wished(SendOn)
    assert isinstance(order, SendOn)
    assert (order.target, order.trunk, order.shown) == ("number:13900001111", "cti-trunk-south", "4009")


def test_a_callback_leaves_by_the_default_trunk() -> None:
    w = World("1001")
    changes(w, (SOUTH,))
    asked = ev.CallbackAsked(
        at=w.now, call=CALL, source=CALL, queue=QueueName("sales"), number="+8613900001111", name="", since=w.now
    )
    w.take(asked)
    w.ready("1001")
    assert [(spot.kind, spot.trunk, spot.caller_id) for spot in spots(w)] == [
        ("call_number", "cti-trunk-south", "4009")
    ]


def test_a_new_phone_rings_without_a_restart() -> None:
    w = World("1001")
    w.ready("1001")
    changes(w, a1001="7001 1001-web")
    assert w.board.agents[AgentNo("1001")].routable is False
    call = w.caller_joins()
    assert w.rung(call) == []
    w.take(ev.DeviceChanged(at=w.now, device=DeviceName("7001"), state="NOT_INUSE"))
    assert w.delivered() == [(call, "7001")]


def test_the_phone_chosen_at_sign_in_is_forgotten_when_it_is_taken_away() -> None:
    w = World("1001")
    w.take(ev.DeviceChanged(at=w.now, device=DeviceName("1001-web"), state="NOT_INUSE"))
    chosen = DeviceName("1001-web")
    w.take(ev.StatusAsked(at=w.now, agent=AgentNo("1001"), status="ready", reason=None, device=chosen))
    agent = w.board.agents[AgentNo("1001")]
    assert agent.device == "1001-web"
    changes(w, a1001="1001")
    assert (agent.device, agent.routable) == ("1001", True)
    with pytest.raises(NotFound):
        w.take(ev.StatusAsked(at=w.now, agent=AgentNo("1001"), status="ready", reason=None, device=chosen))


def test_a_phone_that_changed_hands_is_no_longer_in_use_by_the_one_before() -> None:
    w = World("1001", "1002")
    for no in ("1001", "1002"):
        w.take(ev.DeviceChanged(at=w.now, device=DeviceName(f"{no}-web"), state="NOT_INUSE"))
    shared = DeviceName("1001-web")
    w.take(ev.StatusAsked(at=w.now, agent=AgentNo("1001"), status="ready", reason=None, device=shared))
    changes(w, a1001="1001 1001-web", a1002="1002 1001-web")
    with pytest.raises(DeviceTaken):
        w.take(ev.StatusAsked(at=w.now, agent=AgentNo("1002"), status="ready", reason=None, device=shared))
    changes(w, a1001="1001", a1002="1002 1001-web")
    w.take(ev.StatusAsked(at=w.now, agent=AgentNo("1002"), status="ready", reason=None, device=shared))
    assert w.board.agents[AgentNo("1002")].device == "1001-web"
