"""Whoever tries to have a call dialled that somebody else pays for is refused, whichever way they try."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from adapters.desks import Desk
from cti import events as ev
from cti.control import events as ce
from cti.control.effects import Invite, Move
from cti.effects import Effect, SendOn
from cti.engine import Carriers, Engine
from cti.errors import BadRequest, Refused
from cti.ids import AgentNo, CallId, QueueName
from cti.ivr.problems import BadFlow
from cti.records import QueueSettings
from cti.targets import ENDS, target
from tests.adapters.house import TENANT, House, leads_to
from tests.control_world import ControlWorld
from tests.cti.ivr.flows import flow_of, node
from tests.fraud import ATTEMPTS
from tests.world import MONDAY_10, World

REFUSED = ("refused_by_policy", "bad_request")


def dialled(effects: list[Effect]) -> list[object]:
    """Whatever would have the outside world dialled."""
    found: list[object] = []
    for one in effects:
        match one:
            case Move():
                found += [spot.number for spot in (one.spot, one.other_spot) if spot is not None]
            case Invite():
                found += [one.number, one.spot.number]
            case SendOn():
                found.append(one.number)
    return [one for one in found if one is not None]


BY_HAND: dict[str, Callable[[ControlWorld, CallId, str], object]] = {
    "transfer": lambda w, call, to: w.refused(ce.TransferAsked, "1001", call, to=to),
    "consult": lambda w, call, to: w.refused(ce.ConsultAsked, "1001", call, to=to),
    "conference": lambda w, call, to: w.refused(ce.ConferenceAsked, "1001", call, to=to),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("way", BY_HAND)
def test_no_command_in_a_call_dials_it(way: str, attempt: str) -> None:
    w = ControlWorld("1001", "1002")
    call = w.talk()
    for to in {f"number:{attempt}", attempt} - {""}:
        assert BY_HAND[way](w, call, to) in REFUSED
    assert not dialled(w.effects)
    assert w.work("1001") == "talking"


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_click_dials_it(attempt: str) -> None:
    w = ControlWorld("1001", "1002")
    for to in (f"number:{attempt}", attempt):
        with pytest.raises(Refused) as refusal:
            w.take(ce.DialAsked(at=w.now, agent=AgentNo("1001"), call=CallId("1-1-123456"), to=to))
        assert refusal.value.code in REFUSED
    assert not dialled(w.effects)
    assert w.work("1001") == "idle"


@pytest.mark.parametrize("attempt", [*ATTEMPTS, "110", "13900001111"])
def test_no_number_but_one_of_ours_is_shown(attempt: str) -> None:
    w = ControlWorld("1001", "1002")
    if attempt:
        with pytest.raises(Refused):
            w.take(
                ce.DialAsked(
                    at=w.now, agent=AgentNo("1001"), call=CallId("1-1-123456"), to="13900001111", caller_id=attempt
                )
            )
        assert not dialled(w.effects)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_callback_dials_it(attempt: str) -> None:
    w = ControlWorld("1001")
    call = CallId("1-1-123456-cb")
    w.take(
        ev.CallbackAsked(
            at=w.now, call=call, source=call, queue=QueueName("sales"), number=attempt, name="x", since=w.now
        )
    )
    w.ready("1001")
    assert not dialled(w.effects)
    assert w.saved[call].result == "not_reached"


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_nobody_asks_for_a_callback_to_it(attempt: str) -> None:
    engine = Engine(Carriers(lambda _: None, lambda *_: None, {}), lambda: MONDAY_10)
    settings = QueueSettings(name=QueueName("sales"))
    engine.open(TENANT, ev.Started(at=MONDAY_10, timezone="Asia/Shanghai", queues=(settings,)), last_seq=0)
    desk = Desk(engine, TENANT, lambda *_: (), cast(Any, None))
    with pytest.raises(Refused) as refusal:
        desk.call_back(attempt, "x", QueueName("sales"), {})
    assert refusal.value.code in REFUSED
    assert not engine.board(TENANT).calls


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_rule_of_a_queue_dials_it(attempt: str) -> None:
    settings = QueueSettings(name=QueueName("sales"), max_wait_seconds=5, max_wait_target=f"number:{attempt}")
    w = World("1001", queues=(settings,))
    call = w.caller_joins()
    w.passes(60)
    assert not dialled(w.effects)
    assert w.call(call).state == "waiting"


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("kind", ["number", "deny list"])
async def test_no_way_in_leads_to_it(kind: str, attempt: str) -> None:
    try:
        target(f"number:{attempt}", ENDS)
    except BadRequest:
        return  # it can be no target at all
    more = {"list": "deny", "open": False} if kind == "deny list" else {}
    caller = await House("1001", decision=leads_to(f"number:{attempt}", **more)).enters()
    assert caller.variables.get("CTI_NEXT") in (None, "hangup")


WAYS_IN_A_FLOW: dict[str, Callable[[str], tuple[dict[str, object], str]]] = {
    "written in it": lambda attempt: (node("play", {"next": "a"}, prompts=["x"]), attempt),
    "typed by the caller": lambda attempt: (
        node("set", {"next": "a"}, variables={"number": attempt[:200]}),
        "${number}",
    ),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("way", WAYS_IN_A_FLOW)
async def test_no_flow_dials_it(way: str, attempt: str) -> None:
    place = House("1001", queues=(QueueSettings(name=QueueName("sales")),), decision=leads_to("flow:f"))
    first, number = WAYS_IN_A_FLOW[way](attempt)
    then = node("to_number", {"otherwise": "b"}, number=number)
    try:
        place.publish(flow_of(first, a=then, b=node("to_queue", queue="sales")))
    except BadFlow:
        return  # it cannot even be written
    caller = await place.enters()
    assert caller.variables.get("CTI_NEXT") in ("queue", None), "a flow that is broken leaves the caller the safe queue"
