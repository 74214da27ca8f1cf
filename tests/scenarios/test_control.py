"""Call control through the core: what each command leads to, what it is refused for, and who hangs up when."""

from __future__ import annotations

from typing import Any

import pytest

from cti import events as ev
from cti.control import events as ce
from cti.control.effects import Invite, Move, PressAnswer
from cti.effects import Deliver, HangUp, News, SendOn
from cti.errors import NotAllowed, Refused
from cti.ids import AgentNo, CallId, DeviceName, LegId, QueueName
from cti.records import AgentProfile, QueueSettings, State
from tests.control_world import ControlWorld

TWO = ("1001", "1002", "1003", "1900")
QUEUES = tuple(QueueSettings(name=QueueName(name), acw_seconds=5) for name in ("sales", "support"))


def world() -> ControlWorld:
    return ControlWorld(*TWO, queues=QUEUES)


def settled(w: ControlWorld) -> None:
    """Nobody and nothing is left: no call, no leg, every agent free again."""
    w.follows_orders()
    w.passes(10)
    assert not w.board.calls
    assert not w.board.legs
    assert {agent.work.value for agent in w.board.agents.values()} == {"idle"}
    assert all(agent.call is None for agent in w.board.agents.values())


# --- the table: every command in every state --------------------------------------------------------------------------

WISHES: dict[str, tuple[type[ce.Wish], dict[str, Any]]] = {
    "hold": (ce.HoldAsked, {}),
    "retrieve": (ce.RetrieveAsked, {}),
    "mute": (ce.MuteAsked, {"muted": True}),
    "dtmf": (ce.DigitsAsked, {"digits": "1"}),
    "play": (ce.PlayAsked, {"prompt": "hello", "side": "both"}),
    "transfer": (ce.TransferAsked, {"to": "queue:support"}),
    "consult": (ce.ConsultAsked, {"to": "agent:1003"}),
    "complete": (ce.ConsultCompleteAsked, {}),
    "alternate": (ce.ConsultAlternateAsked, {}),
    "cancel": (ce.ConsultCancelAsked, {}),
    "conference": (ce.ConferenceAsked, {"to": "agent:1003"}),
    "merge": (ce.ConferenceAsked, {}),
    "pickup": (ce.PickUpAsked, {}),
    "listen": (ce.WatchAsked, {"mode": "listen"}),
    "barge": (ce.WatchAsked, {"mode": "barge"}),
    "stop": (ce.WatchStopAsked, {}),
}
STATES = ("waiting", "offered", "talking", "held", "asking", "consulting", "aside", "conference", "ended")

ALLOWED = {
    "talking": "hold mute dtmf play transfer consult conference listen barge",
    "held": "retrieve mute transfer consult listen",
    "asking": "mute cancel listen",
    "consulting": "mute dtmf complete alternate cancel merge listen",
    "aside": "mute dtmf complete alternate cancel merge listen barge",
    "conference": "mute dtmf play conference listen barge",
}
"""What 1001, who has the customer, may do; listen and barge are asked by 1900."""


def at(state: str) -> tuple[ControlWorld, CallId]:
    w = world()
    if state in ("waiting", "offered"):
        if state == "offered":
            w.ready("1001")
        return w, w.caller_joins()
    call = w.talk()
    match state:
        case "held":
            w.asks(ce.HoldAsked, "1001", call)
        case "asking":
            w.consulting(call, answered=False)
        case "consulting":
            w.consulting(call)
        case "aside":
            w.consulting(call)
            w.asks(ce.ConsultAlternateAsked, "1001", call)
        case "conference":
            w.consulting(call)
            w.asks(ce.ConferenceAsked, "1001", call)
        case "ended":
            w.caller_leaves(call)
    return w, call


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("wish", WISHES)
def test_a_command_in_a_wrong_state_is_a_named_error_and_changes_nothing(wish: str, state: str) -> None:
    w, call = at(state)
    kind, words = WISHES[wish]
    agent = "1900" if kind in (ce.WatchAsked, ce.WatchStopAsked) else "1001"
    allowed = wish in ALLOWED.get(state, "").split()
    if allowed:
        w.asks(kind, agent, call, **words)
        return
    if wish == "pickup" and state == "waiting":
        w.asks(kind, agent, call, **words)
        return
    code = w.refused(kind, agent, call, **words)
    assert code in ("wrong_state", "no_leg", "not_found", "busy", "bad_request"), (wish, state, code)


@pytest.mark.parametrize("wish", WISHES)
def test_no_command_touches_a_leg_while_the_link_is_down(wish: str) -> None:
    w, call = at("talking")
    w.take(ev.LinkLost(at=w.now, reason="cut"))
    kind, words = WISHES[wish]
    agent = "1900" if kind in (ce.WatchAsked, ce.WatchStopAsked) else "1001"
    assert w.refused(kind, agent, call, **words) in ("pbx_down", "wrong_state")


@pytest.mark.parametrize("wish", [name for name in WISHES if name not in ("listen", "barge", "stop", "pickup")])
def test_nobody_commands_the_call_of_another(wish: str) -> None:
    w, call = at("talking")
    kind, words = WISHES[wish]
    assert w.refused(kind, "1002", call, **words) == "no_leg"


# --- hold -------------------------------------------------------------------------------------------------------------


def test_both_legs_of_a_talk_are_moved_at_once() -> None:
    w = world()
    call = w.talk()
    w.asks(ce.HoldAsked, "1001", call)
    order = w.wished(Move)[-1]
    assert isinstance(order, Move)
    assert (order.spot.kind, order.leg) == ("hold", w.call(call).customer.channel)
    assert order.other_spot is not None
    assert (order.other_spot.kind, order.other) == ("alone", w.leg(call, "1001").channel)


def test_talk_and_hold_are_counted_apart_and_together() -> None:
    w = world()
    call = w.talk()
    w.asks(ce.HoldAsked, "1001", call)
    w.passes(7)
    w.asks(ce.RetrieveAsked, "1001", call)
    w.passes(3)
    w.caller_leaves(call)
    assert w.spans(call)[-3:] == [("talking", "1001", 10), ("held", "1001", 7), ("talking", "1001", 3)]
    assert w.figures("1001").talk_ms == 20_000
    settled(w)


def test_an_agent_who_hangs_up_on_a_held_customer_sends_them_to_the_end_of_the_call() -> None:
    w = world()
    call = w.talk()
    w.asks(ce.HoldAsked, "1001", call)
    w.gone(w.leg(call, "1001").id)
    assert w.moves()[-1] == "after"
    w.gone(w.call(call).customer.id)
    settled(w)


# --- transfer ---------------------------------------------------------------------------------------------------------


def test_a_transferred_caller_keeps_the_time_of_arrival_and_the_data() -> None:
    w = world()
    call = w.talk()
    w.asks(ce.AttachAsked, "1001", call, data={"订单": "77"})
    queued = w.call(call).queued_at
    w.asks(ce.TransferAsked, "1001", call, to="queue:support")
    record = w.call(call)
    assert (record.state, record.queue, record.queued_at) == (State.WAITING, "support", queued)
    w.gone(w.call(call).legs[1].id)
    w.ready("1002")
    w.answers(call)
    assert w.last("screen_pop.requested")["attached"] == {"订单": "77"}
    assert w.call(call).agent_no == "1002"
    w.caller_leaves(call)
    settled(w)


def test_who_gives_a_call_to_a_queue_does_not_get_it_from_there() -> None:
    w = world()
    call = w.talk()
    w.asks(ce.TransferAsked, "1001", call, to="queue:sales")
    w.passes(10)
    assert w.work("1001") == "idle"
    assert w.call(call).state is State.WAITING


def test_a_transfer_nobody_answers_leaves_the_caller_waiting_in_the_queue() -> None:
    w = world()
    call = w.talk()
    w.asks(ce.TransferAsked, "1001", call, to="agent:1002")
    order = w.wished(Deliver)[-1]
    assert isinstance(order, Deliver)
    assert order.agent == "1002"
    w.rings_out(call)
    assert w.call(call).state is State.WAITING
    assert w.says("1002") == ("not_ready", "no_answer")


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("agent:9999", "no_such_target"),
        ("agent:1001", "no_such_target"),
        ("queue:nobody", "no_such_target"),
        ("number:0012025550123", "refused_by_policy"),
        ("Local/x", "bad_request"),
        ("voicemail:x", "bad_request"),
    ],
)
def test_a_target_that_is_none_is_refused_and_the_talk_goes_on(to: str, code: str) -> None:
    w = world()
    call = w.talk()
    assert w.refused(ce.TransferAsked, "1001", call, to=to) == code
    if not to.startswith(("queue", "voicemail")):
        assert w.refused(ce.ConsultAsked, "1001", call, to=to) == code
        assert w.refused(ce.ConferenceAsked, "1001", call, to=to) == code
    assert w.call(call).state is State.TALKING


def test_a_colleague_in_a_call_is_busy() -> None:
    w = world()
    call = w.talk()
    w.talk("1002")
    assert w.refused(ce.TransferAsked, "1001", call, to="agent:1002") == "busy"
    assert w.refused(ce.ConsultAsked, "1001", call, to="agent:1002") == "busy"


def test_a_number_that_does_not_answer_brings_the_caller_back_to_the_queue() -> None:
    w = world()
    call = w.talk()
    w.asks(ce.TransferAsked, "1001", call, to="13900001111")
    assert w.moves()[-1] == "out"
    customer = w.call(call).customer.id
    party = w.dials(call, customer, "cti-trunk", "p1")
    w.gone(party, 19)
    w.take(ce.DialEnded(at=w.now, leg=customer, status="NOANSWER", cause=19))
    assert w.call(call).state is State.WAITING
    w.gone(customer)
    settled(w)


def test_a_caller_sent_to_a_flow_is_in_the_flow_s_hands() -> None:
    w = world()
    call = w.talk()
    w.asks(ce.TransferAsked, "1001", call, to="flow:main")
    order = w.wished(SendOn)[-1]
    assert isinstance(order, SendOn)
    assert (order.target, w.call(call).state) == ("flow:main", State.IVR)
    w.gone(w.call(call).legs[1].id)
    w.gone(w.call(call).customer.id)
    assert w.call(call).result == "answered"
    settled(w)


@pytest.mark.parametrize("to", ["queue:gone", "agent:4999", "flow:gone"])
def test_nobody_is_transferred_to_what_is_not_there(to: str) -> None:
    w = world()
    w.board.has_flow = {"main"}.__contains__
    call = w.talk()
    assert w.refused(ce.TransferAsked, "1001", call, to=to) == "no_such_target"
    assert w.call(call).state is State.TALKING


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("flow:main", "bad_request"),
        ("survey:main", "bad_request"),
        ("queue:sales", "bad_request"),
        ("agent:4999", "no_such_target"),
    ],
)
def test_nobody_consults_what_is_no_person(to: str, code: str) -> None:
    w = world()
    call = w.talk()
    assert w.refused(ce.ConsultAsked, "1001", call, to=to) == code


def test_a_desk_phone_is_answered_from_the_screen_only_where_its_key_may_be_pressed() -> None:
    w = world()
    w.ready("1001")
    call = w.caller_joins()
    w.rings(call)
    assert w.refused(ce.AnswerAsked, "1001", call) == "answer_on_phone"
    w.board.can_press_answer = lambda: True
    assert w.asks(ce.AnswerAsked, "1001", call) == [PressAnswer(call, DeviceName("1001"))]
    assert w.refused(ce.AnswerAsked, "1002", call) == "wrong_state"


def test_nobody_is_transferred_to_a_flow_that_is_not_published() -> None:
    w = world()
    w.board.has_flow = {"main"}.__contains__
    call = w.talk()
    assert w.refused(ce.TransferAsked, "1001", call, to="flow:gone") == "no_such_target"
    w.asks(ce.TransferAsked, "1001", call, to="flow:main")


def test_a_queue_s_longest_wait_holds_for_who_is_transferred_there() -> None:
    queues = (QUEUES[0], QueueSettings(name=QueueName("support"), max_wait_seconds=20, max_wait_target="queue:sales"))
    w = ControlWorld(*TWO, queues=queues)
    call = w.talk()
    w.asks(ce.TransferAsked, "1001", call, to="queue:support")
    w.status("1001", "not_ready", "小休")
    w.passes(60)
    assert w.call(call).queue == "sales"


# --- consult ----------------------------------------------------------------------------------------------------------


def test_every_agent_second_of_a_completed_consultation_is_somebody_s() -> None:
    w = world()
    call = w.talk()
    leg = w.consulting(call)
    asker = w.leg(call, "1001").id
    w.asks(ce.ConsultCompleteAsked, "1001", call)
    w.gone(asker)
    assert (w.work("1001"), w.work("1002")) == ("acw", "talking")
    w.passes(8)
    w.gone(leg)
    w.gone(w.call(call).customer.id)
    assert w.spans(call)[-4:] == [
        ("talking", "1001", 10),
        ("held", "1001", 5),
        ("consulting", "1002", 5),
        ("talking", "1002", 8),
    ]
    assert w.figures("1001").talk_ms == 15_000
    assert w.figures("1002").talk_ms == 8_000
    assert w.call(call).agent_no == "1002"
    settled(w)


def test_a_colleague_who_was_only_asked_has_no_after_call_work() -> None:
    w = world()
    call = w.talk()
    leg = w.consulting(call)
    w.asks(ce.ConsultCancelAsked, "1001", call)
    w.gone(leg)
    assert (w.work("1001"), w.work("1002")) == ("talking", "idle")
    assert w.call(call).state is State.TALKING
    w.caller_leaves(call)
    settled(w)


def test_going_to_and_fro_is_talk_and_hold() -> None:
    w = world()
    call = w.talk()
    w.consulting(call)
    w.asks(ce.ConsultAlternateAsked, "1001", call)
    assert w.call(call).state is State.TALKING
    w.passes(4)
    w.asks(ce.ConsultAlternateAsked, "1001", call)
    assert w.call(call).state is State.HELD
    w.passes(2)
    w.asks(ce.ConsultCompleteAsked, "1001", call)
    spans = [one for one in w.spans(call) if one[1] == "1001"]
    assert spans[-3:] == [("held", "1001", 5), ("talking", "1001", 4), ("held", "1001", 2)]


WHO = ("customer", "asker", "asked")


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("stage", ["asking", "consulting", "aside", "conference"])
def test_whoever_hangs_up_whenever_leaves_no_orphan_and_no_ghost(stage: str, who: str) -> None:
    w, call = at(stage)
    record = w.call(call)
    legs = {
        "customer": record.customer.id,
        "asker": w.leg(call, "1001").id,
        "asked": LegId(f"{call}-b"),
    }
    w.gone(legs[who])
    w.follows_orders()
    if who != "customer" and call in w.board.calls:
        live = {leg.id for leg in w.call(call).live()}
        assert record.customer.id in live
        w.gone(record.customer.id)
    assert w.call(call).state is State.ENDED
    settled(w)
    assert all(one.ended_at is not None for one in w.call(call).segments)


# --- conference -------------------------------------------------------------------------------------------------------


def test_in_a_conference_each_agent_s_time_counts_and_the_call_s_once() -> None:
    w, call = at("conference")
    w.passes(6)
    w.gone(w.leg(call, "1001").id)
    assert w.call(call).agent_no == "1002"
    assert w.call(call).state is State.TALKING
    w.passes(4)
    w.gone(f"{call}-b")
    w.gone(w.call(call).customer.id)
    record = w.call(call)
    assert record.talked(AgentNo("1002")) == 10_000
    assert record.talked(AgentNo("1001")) == 21_000
    assert record.talked() == 25_000
    settled(w)


def test_one_invited_joins_or_is_free_again() -> None:
    w, call = at("conference")
    w.asks(ce.ConferenceAsked, "1001", call, to="agent:1003")
    leg = w.invited()
    assert w.work("1003") == "ringing"
    w.take(ce.LegNotReached(at=w.now, leg=leg, why="busy"))
    assert w.work("1003") == "idle"
    w.asks(ce.ConferenceAsked, "1001", call, to="agent:1003")
    leg = w.invited()
    w.picked_up(leg)
    assert w.work("1003") == "talking"
    w.asks(ce.RemoveAsked, "1001", call, leg=leg)
    w.follows_orders()
    w.passes(6)
    assert w.work("1003") == "idle"


def test_a_leg_that_begins_to_ring_for_a_call_that_has_ended_is_hung_up() -> None:
    w, call = at("conference")
    w.asks(ce.ConferenceAsked, "1001", call, to="agent:1003")
    order = w.wished(Invite)[-1]
    assert isinstance(order, Invite)
    w.gone(w.call(call).customer.id)
    w.follows_orders()
    w.effects.clear()
    w.take(ce.LegInvited(at=w.now, leg=order.leg, channel="PJSIP/1003-1"))
    assert [e.channel for e in w.effects if isinstance(e, HangUp)] == [order.leg]
    settled(w)


# --- pick-up ----------------------------------------------------------------------------------------------------------


def test_a_picked_up_call_rings_the_picker_and_the_first_agent_is_free() -> None:
    w = world()
    w.ready("1001")
    call = w.caller_joins()
    w.rings(call)
    w.asks(ce.PickUpAsked, "1002", call)
    w.gone(w.call(call).legs[1].id)
    assert (w.work("1001"), w.work("1002")) == ("idle", "offered")
    assert w.rung(call) == ["1001", "1002"]
    w.take(ev.DeliveryEnded(at=w.now, call=call, n=1, status="CANCEL", cause=0))
    w.answers(call)
    assert w.work("1002") == "talking"
    assert w.says("1001") == ("ready", None)
    w.caller_leaves(call)
    settled(w)


def test_the_caller_gone_at_the_moment_of_a_pick_up_frees_both() -> None:
    w = world()
    w.ready("1001")
    call = w.caller_joins()
    w.rings(call)
    w.asks(ce.PickUpAsked, "1002", call)
    w.caller_leaves(call)
    settled(w)


def test_the_call_of_a_foreign_queue_is_not_picked_up() -> None:
    w = world()
    profile = AgentProfile(agent_no=AgentNo("1003"), name="x", devices=w.profiles[2].devices, queues=())
    profiles = (*w.profiles[:2], profile, w.profiles[3])
    w.take(ev.DirectoryChanged(at=w.now, queues=w.queue_settings, agents=profiles))
    call = w.caller_joins()
    assert w.refused(ce.PickUpAsked, "1003", call) == "not_allowed"
    w.asks(ce.PickUpAsked, "1003", call, anybody=True)


# --- outbound ---------------------------------------------------------------------------------------------------------


def asked(w: ControlWorld, to: str = "13900001111") -> CallId:
    call = CallId(f"{w.now // 1000}-9-123456")
    w.take(ce.DialAsked(at=w.now, agent=AgentNo("1001"), call=call, to=to))
    return call


def dialled(w: ControlWorld, to: str = "13900001111") -> tuple[CallId, LegId]:
    return asked(w, to), w.invited()


def test_an_outbound_call_is_recorded_from_the_first_ring_to_the_end() -> None:
    w = world()
    call, leg = dialled(w)
    w.passes(3)
    w.picked_up(leg)
    other = w.dials(call, leg, "cti-trunk", "o1")
    w.passes(6)
    w.picked_up(other)
    assert (w.work("1001"), w.call(call).state) == ("talking", State.TALKING)
    w.passes(20)
    w.gone(other)
    w.gone(leg)
    record = w.call(call)
    assert (record.direction, record.number, record.result) == ("outbound", "+8613900001111", "answered")
    assert w.spans(call) == [("ringing", "1001", 9), ("talking", "1001", 20)]
    settled(w)


@pytest.mark.parametrize(
    ("cause", "said"), [(17, "busy"), (19, "no_answer"), (1, "wrong_number"), (21, "rejected"), (16, "no_answer")]
)
def test_the_other_side_s_failure_is_named(cause: int, said: str) -> None:
    w = world()
    call, leg = dialled(w)
    w.picked_up(leg)
    other = w.dials(call, leg, "cti-trunk", "o1")
    w.gone(other, cause)
    assert (w.call(call).result, w.call(call).cause) == ("not_reached", f"customer:{said}")
    settled(w)


def test_the_agent_s_own_failure_is_named_too() -> None:
    w = world()
    call, leg = dialled(w)
    w.take(ce.LegNotReached(at=w.now, leg=leg, why="no_answer"))
    assert (w.call(call).result, w.call(call).cause) == ("not_reached", "agent:no_answer")
    settled(w)


def test_a_refused_phone_is_named_though_asterisk_s_answer_comes_before_the_news_of_it() -> None:
    w = world()
    call = asked(w)
    leg = w.call(call).legs[0].id
    w.take(ce.InviteFailed(at=w.now, leg=leg))
    w.passes(0.1)
    w.take(ce.LegInvited(at=w.now, leg=leg, channel="PJSIP/1001-0000000b"))
    w.take(ce.LegNotReached(at=w.now, leg=leg, why="busy"))
    assert (w.call(call).result, w.call(call).cause) == ("not_reached", "agent:busy")
    w.gone(leg, 17)
    settled(w)


def test_a_phone_that_was_never_called_is_unreachable() -> None:
    w = world()
    call = asked(w)
    w.take(ce.InviteFailed(at=w.now, leg=w.call(call).legs[0].id))
    w.passes(0.6)
    assert (w.call(call).result, w.call(call).cause) == ("not_reached", "agent:unreachable")
    settled(w)


def test_forbidden_numbers_and_foreign_caller_ids_ring_nobody() -> None:
    w = world()
    for to, caller_id in (("0012025550123", ""), ("13900001111", "110"), ("PJSIP/1@x", "")):
        with pytest.raises(Refused):
            w.take(
                ce.DialAsked(
                    at=w.now, agent=AgentNo("1001"), call=CallId("1-1-123456"), to=f"number:{to}", caller_id=caller_id
                )
            )
    assert not w.wished(Invite)
    assert w.work("1001") == "idle"


# --- what is begun in after-call work ---------------------------------------------------------------------------------


def wrapping_up(agent: str = "1001") -> ControlWorld:
    """After-call work of five seconds has just begun for this agent."""
    w = world()
    w.caller_leaves(w.talk(agent))
    assert w.work(agent) == "acw"
    return w


def test_a_customer_is_called_back_in_after_call_work_which_then_goes_on() -> None:
    w = wrapping_up()
    w.passes(2)
    call, leg = dialled(w)
    assert w.work("1001") == "ringing"
    w.picked_up(leg)
    w.picked_up(other := w.dials(call, leg, "cti-trunk", "o1"))
    w.passes(1)
    w.gone(other)
    w.gone(leg)
    assert w.work("1001") == "acw"
    w.passes(1.9)
    assert w.work("1001") == "acw", "there were two seconds left"
    w.passes(0.2)
    assert w.work("1001") == "idle"
    settled(w)


def test_a_call_that_outlasts_after_call_work_leaves_none_of_it() -> None:
    w = wrapping_up()
    call, leg = dialled(w)
    w.picked_up(leg)
    w.picked_up(other := w.dials(call, leg, "cti-trunk", "o1"))
    w.passes(20)
    w.gone(other)
    w.gone(leg)
    assert w.work("1001") == "idle"
    settled(w)


@pytest.mark.parametrize(("after", "work"), [(1, "acw"), (9, "idle")])
def test_a_call_that_reaches_nobody_gives_back_the_after_call_work_that_is_left(after: float, work: str) -> None:
    w = wrapping_up()
    _, leg = dialled(w)
    w.passes(after)
    w.take(ce.LegNotReached(at=w.now, leg=leg, why="no_answer"))
    assert w.work("1001") == work
    w.passes(5)
    assert w.work("1001") == "idle"
    settled(w)


def test_a_waiting_caller_does_not_get_an_agent_who_is_back_in_after_call_work_and_gets_them_after_it() -> None:
    w = wrapping_up()
    _, leg = dialled(w)
    waiting = w.caller_joins()
    w.take(ce.LegNotReached(at=w.now, leg=leg, why="busy"))
    assert w.rung(waiting) == []
    w.passes(5)
    assert w.rung(waiting) == ["1001"]
    w.answers(waiting)
    w.caller_leaves(waiting)
    settled(w)


def test_a_supervisor_who_has_taken_a_call_listens_to_another_in_after_call_work() -> None:
    w = world()
    heard, taken = w.talk("1002"), w.talk()
    w.asks(ce.WatchAsked, "1900", taken, mode="intercept")
    w.picked_up(w.invited())
    w.follows_orders()
    w.caller_leaves(taken)
    assert w.work("1900") == "acw"
    leg = watched(w, heard)
    assert w.work("1900") == "supervising"
    w.gone(leg)
    assert w.work("1900") == "acw"
    w.passes(5)
    assert w.work("1900") == "idle"
    w.caller_leaves(heard)
    settled(w)


def test_a_caller_is_picked_up_in_after_call_work_of_which_the_rest_follows() -> None:
    w = wrapping_up()
    waiting = w.caller_joins()
    w.asks(ce.PickUpAsked, "1001", waiting)
    w.answers(waiting)
    assert (w.work("1001"), w.call(waiting).agent_no) == ("talking", "1001")
    w.caller_leaves(waiting)
    assert w.work("1001") == "acw"
    w.passes(5)
    settled(w)


@pytest.mark.parametrize(("after", "work"), [(1, "acw"), (9, "idle")])
def test_a_caller_picked_up_in_after_call_work_who_hangs_up_gives_back_what_is_left(after: float, work: str) -> None:
    w = wrapping_up()
    waiting = w.caller_joins()
    w.asks(ce.PickUpAsked, "1001", waiting)
    w.rings(waiting)
    w.passes(after)
    w.caller_leaves(waiting)
    assert w.work("1001") == work
    w.passes(5)
    settled(w)


def test_who_lets_a_picked_up_call_ring_out_in_after_call_work_is_not_ready_and_gets_back_what_is_left() -> None:
    w = wrapping_up()
    waiting = w.caller_joins()
    w.asks(ce.PickUpAsked, "1001", waiting)
    w.rings_out(waiting)
    assert w.says("1001") == ("not_ready", "no_answer")
    w.caller_leaves(waiting)
    w.passes(5)
    settled(w)


@pytest.mark.parametrize(("status", "forced"), [("not_ready", False), ("logged_out", True), ("ready", True)])
def test_what_waits_for_the_end_of_after_call_work_waits_while_the_agent_picks_up(status: str, forced: bool) -> None:
    w = wrapping_up()
    w.status("1001", status, "培训" if status == "not_ready" else None, forced=forced)
    before = w.says("1001")
    waiting = w.caller_joins()
    w.asks(ce.PickUpAsked, "1001", waiting)
    w.rings(waiting)
    assert (w.work("1001"), w.says("1001")) == ("ringing", before)
    assert w.call(waiting).state is State.RINGING
    w.caller_leaves(waiting)
    w.passes(5)
    assert w.says("1001")[0] == status
    settled(w)


def test_nobody_else_rings_an_agent_in_after_call_work() -> None:
    w = world()
    call = w.talk("1002")
    w.caller_leaves(w.talk("1001"))
    assert w.work("1001") == "acw"
    assert w.refused(ce.TransferAsked, "1002", call, to="agent:1001") == "busy"
    assert w.refused(ce.ConsultAsked, "1002", call, to="agent:1001") == "busy"


@pytest.mark.parametrize(("status", "forced"), [("logged_out", False), ("not_ready", False), ("logged_out", True)])
def test_a_status_asked_for_while_dialling_in_after_call_work_applies_as_it_would_have(
    status: str, forced: bool
) -> None:
    w = wrapping_up()
    _, leg = dialled(w)
    w.status("1001", status, "培训" if status == "not_ready" else None, forced=forced)
    w.take(ce.LegNotReached(at=w.now, leg=leg, why="no_answer"))
    w.passes(6)
    assert (w.work("1001"), w.says("1001")[0]) == ("idle", status)
    settled(w)


# --- supervision ------------------------------------------------------------------------------------------------------


def watched(w: ControlWorld, call: CallId, mode: str = "listen", by: str = "1900") -> LegId:
    w.asks(ce.WatchAsked, by, call, mode=mode)
    leg = w.invited()
    w.picked_up(leg)
    return leg


def test_a_supervisor_s_leg_is_called_once_and_changes_mode() -> None:
    w = world()
    call = w.talk()
    watched(w, call)
    for mode in ("whisper", "barge", "listen"):
        w.asks(ce.WatchAsked, "1900", call, mode=mode)
    assert len(w.wished(Invite)) == 1
    assert w.moves()[-1] == "listen"
    assert w.news()[-3:].count("supervision.changed") >= 1
    w.caller_leaves(call)
    settled(w)


def test_whoever_supervises_a_call_is_told_of_it_to_its_end() -> None:
    w = world()
    call = w.talk()
    leg = watched(w, call)
    w.asks(ce.HoldAsked, "1001", call)
    w.gone(leg)
    w.asks(ce.RetrieveAsked, "1001", call)
    w.caller_leaves(call)
    told = [news.type for news in w.wished(News) if isinstance(news, News) and "1900" in news.agents]
    assert next(one for one in told if one.startswith("call.")) == "call.held"
    assert {"call.retrieved", "call.left", "call.ended"} <= set(told)


def test_who_has_an_intercepted_call_is_told_to_everybody() -> None:
    w = world()
    call = w.talk()
    w.asks(ce.WatchAsked, "1900", call, mode="intercept")
    w.picked_up(w.invited())
    assert (w.last("call.updated")["id"], w.last("call.updated")["agent_no"]) == (call, "1900")


def test_two_supervisors_who_intercept_one_call_leave_one_with_the_customer() -> None:
    w = world()
    call = w.talk()
    w.asks(ce.WatchAsked, "1900", call, mode="intercept")
    leg = w.invited()
    assert w.refused(ce.WatchAsked, "1003", call, mode="intercept") == "wrong_state"
    w.picked_up(leg)
    w.follows_orders()
    assert (w.work("1001"), w.work("1900")) == ("acw", "talking")
    assert w.call(call).agent_no == "1900"
    assert w.refused(ce.WatchAsked, "1003", call, mode="intercept") == "wrong_state", "meant for the agent"
    w.passes(5)
    w.asks(ce.WatchAsked, "1003", call, mode="listen")
    w.gone(leg)
    w.gone(w.call(call).customer.id)
    settled(w)


@pytest.mark.parametrize("mode", ["listen", "whisper", "barge", "intercept"])
@pytest.mark.parametrize("answered", [False, True])
def test_a_caller_who_hangs_up_at_any_step_of_supervision_frees_everybody(mode: str, answered: bool) -> None:
    w = world()
    call = w.talk()
    w.asks(ce.WatchAsked, "1900", call, mode=mode)
    leg = w.invited()
    if answered:
        w.picked_up(leg)
    w.caller_leaves(call)
    settled(w)


def test_supervision_goes_on_with_the_agent_a_call_is_transferred_to() -> None:
    w = world()
    call = w.talk()
    watched(w, call)
    first = w.leg(call, "1001").id
    w.asks(ce.TransferAsked, "1001", call, to="agent:1002")
    w.gone(first)
    assert w.moves()[-1] == "spare"
    w.answers(call)
    assert w.moves()[-1] == "listen"
    assert w.last("supervision.changed")["leg"] == w.leg(call, "1002").id
    w.caller_leaves(call)
    settled(w)


def test_an_agent_does_not_take_back_what_a_supervisor_has_set_and_may_still_sign_out() -> None:
    w = world()
    call = w.talk()
    w.status("1001", "not_ready", "培训", forced=True)
    for again in ("ready", "not_ready"):
        with pytest.raises(NotAllowed):
            w.status("1001", again)
    w.caller_leaves(call)
    assert w.work("1001") == "acw"
    with pytest.raises(NotAllowed):
        w.status("1001", "ready")
    w.take(ev.AcwFinishAsked(at=w.now, agent=AgentNo("1001")))
    assert w.says("1001") == ("not_ready", "培训")
    w.status("1001", "ready")
    assert w.says("1001")[0] == "ready", "what was set has been done, and the agent may go on"

    call = w.talk()
    w.status("1001", "not_ready", "培训", forced=True)
    w.status("1001", "logged_out")
    with pytest.raises(NotAllowed):
        w.status("1001", "not_ready", "小休")
    w.caller_leaves(call)
    assert w.says("1001")[0] == "logged_out"


def test_what_decides_on_recordings_is_not_an_agents_to_attach() -> None:
    w = world()
    call = w.talk()
    assert w.refused(ce.AttachAsked, "1001", call, data={"order": "1", "recording": "never"}) == "bad_request"
    assert w.call(call).journey.data == {}


@pytest.mark.parametrize("told", [False, True])
def test_the_agent_who_is_heard_is_told_of_it_only_where_the_tenant_says_so(told: bool) -> None:
    w = world()
    w.board.tell_supervision = told
    call = w.talk()
    mine = watched(w, call)
    w.asks(ce.WatchAsked, "1900", call, mode="whisper")
    w.gone(mine)
    heard = [one for one in w.effects if isinstance(one, News) and one.type.startswith("supervision.")]
    assert [one.type for one in heard] == ["supervision.started", "supervision.changed", "supervision.ended"]
    for one in heard:
        assert one.agents == ({"1900", "1001"} if told else {"1900"})


def test_supervision_that_follows_the_agent_ends_when_they_give_the_call_away() -> None:
    w = world()
    call = w.talk()
    mine = watched(w, call)
    assert w.refused(ce.WatchAsked, "1900", call, mode="listen") == "wrong_state"
    assert w.refused(ce.WatchAsked, "1900", call, mode="whisper", follow="nobody") == "bad_request"
    w.asks(ce.WatchAsked, "1900", call, mode="listen", follow="agent")
    assert w.moves().count("listen") == 0, "the phone was called once, and stays where it is"
    w.asks(ce.WatchAsked, "1900", call, mode="whisper")
    first = w.leg(call, "1001").id
    w.asks(ce.HoldAsked, "1001", call)
    w.asks(ce.RetrieveAsked, "1001", call)
    w.asks(ce.TransferAsked, "1001", call, to="agent:1002")
    w.effects.clear()
    w.gone(first)
    address = next(leg.address for leg in w.call(call).legs if leg.id == mine)
    assert w.wished(HangUp) == [HangUp(call, address)]
    w.answers(call)
    assert "spare" not in w.moves()
    w.follows_orders()
    w.caller_leaves(call)
    settled(w)


def test_a_dropped_call_is_hung_up_on_every_side() -> None:
    w = world()
    call = w.talk()
    watched(w, call)
    w.effects.clear()
    w.take(ce.DropAsked(at=w.now, call=call, by="boss"))
    assert len(w.wished(HangUp)) == 3
    w.follows_orders()
    settled(w)


def test_a_waiting_caller_goes_to_the_front_and_to_another_queue() -> None:
    w = world()
    first, second = w.caller_joins(), w.caller_joins()
    w.take(ce.RequeueAsked(at=w.now, call=second, by="boss", front=True))
    assert [one["call"] for one in w.last("queue.updated")["waiting"]] == [second, first]  # type: ignore[attr-defined]
    w.take(ce.RequeueAsked(at=w.now, call=second, by="boss", queue=QueueName("support")))
    assert w.call(second).queue == "support"
    assert [call.id for call in w.board.queues[QueueName("sales")].in_order()] == [first]


def shown(w: ControlWorld, call: CallId, **places: str) -> None:
    """A snapshot in which each leg stands in one of our contexts."""
    legs = [
        ev.LegSeen(
            leg=leg.id,
            channel=leg.channel,
            linkedid="",
            place=places["customer" if leg.agent_no is None else "agent"],
            state="Up",
            bridge="",
            device=leg.device,
            number="",
            name="",
            seconds=1,
            call=call,
            since=w.call(call).started_at if leg.agent_no is None else None,
        )
        for leg in w.call(call).live()
    ]
    devices = {DeviceName(p.agent_no): "NOT_INUSE" for p in w.profiles}
    w.take(ev.SnapshotTaken(at=w.now, legs=tuple(legs), devices=devices))


@pytest.mark.parametrize(
    ("customer", "agent", "moved"),
    [
        ("cti-hold", "cti-room", ["customer"]),
        ("cti-room", "cti-consult", ["agent"]),
        ("cti-hold", "cti-alone", ["agent", "customer"]),
        ("cti-room", "cti-room", []),
    ],
)
def test_a_customer_and_an_agent_whom_a_lost_order_left_apart_are_brought_together(
    customer: str, agent: str, moved: list[str]
) -> None:
    w = world()
    call = w.talk()
    leg = w.consulting(call, answered=False)
    w.gone(leg, 21)
    w.take(ce.DialEnded(at=w.now, leg=w.leg(call, "1001").id, status="BUSY", cause=21))
    assert w.call(call).state is State.TALKING
    w.effects.clear()
    w.take(ce.OrderFailed(at=w.now, call=call, why="Redirect: Asterisk said no"))
    shown(w, call, customer=customer, agent=agent)
    sides = {w.call(call).customer.channel: "customer", w.leg(call, "1001").channel: "agent"}
    moves = [one for one in w.wished(Move) if isinstance(one, Move)]
    assert sorted(sides[one.leg] for one in moves) == moved
    assert all(one.spot.kind == "room" for one in moves)
    w.caller_leaves(call)
    settled(w)


def test_a_customer_whom_the_agent_put_on_hold_stays_there_when_somebody_looks() -> None:
    w = world()
    call = w.talk()
    w.asks(ce.HoldAsked, "1001", call)
    w.effects.clear()
    shown(w, call, customer="cti-hold", agent="cti-alone")
    assert not w.moves()
    w.caller_leaves(call)
    settled(w)


# --- what crosses what: each of these has once gone wrong -------------------------------------------------------------


def test_a_plain_talk_is_brought_into_a_room_by_one_order() -> None:
    w = world()
    call = w.talk()
    w.asks(ce.ConferenceAsked, "1001", call, to="agent:1002")
    (order,) = w.wished(Move)
    assert isinstance(order, Move)
    assert {order.leg, order.other} == {w.call(call).customer.channel, w.leg(call, "1001").channel}


def test_an_agent_who_hangs_up_in_the_moment_of_a_retrieval_leaves_nobody_alone_in_a_room() -> None:
    w = world()
    call = w.talk()
    w.asks(ce.HoldAsked, "1001", call)
    w.asks(ce.RetrieveAsked, "1001", call)
    w.gone(w.leg(call, "1001").id)
    assert w.moves()[-1] == "after"
    w.gone(w.call(call).customer.id)
    settled(w)


def test_a_phone_answered_in_the_moment_of_a_pick_up_is_not_taken_for_the_picker_s() -> None:
    w = world()
    w.ready("1001")
    call = w.caller_joins()
    w.rings(call)
    late = w.leg(call, "1001").id
    w.asks(ce.PickUpAsked, "1002", call)
    w.picked_up(late)
    assert (w.work("1001"), w.work("1002")) == ("idle", "offered")
    w.gone(late)
    w.asks(ce.PickUpAsked, "1001", call)
    w.picked_up(late)
    assert w.work("1001") == "offered", "that was the offer before"
    w.answers(call)
    w.caller_leaves(call)
    settled(w)


def test_who_is_still_being_rung_for_a_talk_that_has_been_given_away_is_free_again() -> None:
    w = world()
    call = w.talk()
    w.asks(ce.ConferenceAsked, "1001", call, to="agent:1003")
    order = w.wished(Invite)[-1]
    assert isinstance(order, Invite)
    w.asks(ce.TransferAsked, "1001", call, to="queue:support")
    assert w.work("1003") == "idle"
    w.effects.clear()
    w.take(ce.LegInvited(at=w.now, leg=order.leg, channel="PJSIP/1003-1"))
    assert [e.channel for e in w.effects if isinstance(e, HangUp)] == [order.leg], "it had not rung yet"
    w.picked_up(order.leg)
    assert w.call(call).state is State.WAITING
    w.gone(order.leg)
    w.gone(w.call(call).customer.id)
    w.gone(w.call(call).legs[1].id)
    settled(w)


def test_a_key_of_the_phone_does_not_take_back_a_customer_whom_the_server_holds() -> None:
    w = world()
    call = w.talk()
    leg = w.leg(call, "1001").id
    w.asks(ce.HoldAsked, "1001", call)
    w.take(ev.LegHeld(at=w.now, leg=leg))
    w.take(ev.LegRetrieved(at=w.now, leg=leg))
    assert (w.call(call).state, w.work("1001")) == (State.HELD, "held")
    w.asks(ce.RetrieveAsked, "1001", call)
    w.caller_leaves(call)
    settled(w)


def test_a_key_of_one_phone_holds_nobody_in_a_conference() -> None:
    w, call = at("conference")
    w.passes(3)
    w.take(ev.LegHeld(at=w.now, leg=w.leg(call, "1002").id))
    w.passes(3)
    w.take(ev.LegRetrieved(at=w.now, leg=w.leg(call, "1002").id))
    w.passes(3)
    assert w.call(call).state is State.TALKING
    w.caller_leaves(call)
    assert w.call(call).talked(AgentNo("1002")) == 9_000


def test_the_other_side_of_an_internal_call_is_held_and_given_away_like_a_customer() -> None:
    w = world()
    call, leg = dialled(w, to="agent:1003")
    w.picked_up(leg)
    other = w.dials(call, leg, "1003", "o1")
    w.picked_up(other)
    w.asks(ce.HoldAsked, "1001", call)
    order = w.wished(Move)[-1]
    assert isinstance(order, Move)
    assert (order.leg, order.other) == (w.call(call).leg(other).channel, w.leg(call, "1001").channel)  # type: ignore[union-attr]
    w.asks(ce.TransferAsked, "1001", call, to="queue:support")
    assert w.call(call).state is State.WAITING
    w.gone(leg)
    w.gone(other)
    settled(w)


def waiting_callback(w: ControlWorld) -> CallId:
    call = CallId("1-1-123456-cb")
    w.take(
        ev.CallbackAsked(
            at=w.now, call=call, source=call, queue=QueueName("sales"), number="+8613900001111", name="x", since=w.now
        )
    )
    return call


def test_a_waiting_callback_is_picked_up_by_calling_the_picker_s_phone() -> None:
    w = world()
    call = waiting_callback(w)
    w.asks(ce.PickUpAsked, "1002", call)
    leg = w.invited()
    w.picked_up(leg)
    other = w.dials(call, leg, "cti-trunk", "o1")
    w.picked_up(other)
    assert w.work("1002") == "talking"
    w.gone(other)
    w.gone(leg)
    settled(w)


def test_a_waiting_callback_is_moved_and_dropped_like_a_caller() -> None:
    w = world()
    call = waiting_callback(w)
    w.take(ce.RequeueAsked(at=w.now, call=call, by="boss", queue=QueueName("support"), front=True))
    assert w.call(call).queue == "support"
    w.take(ce.DropAsked(at=w.now, call=call, by="boss"))
    assert w.call(call).cause == "dropped by boss"
    settled(w)


def test_a_called_back_customer_who_waits_for_the_next_agent_is_not_dialled_again() -> None:
    w = world()
    call = waiting_callback(w)
    w.ready("1001")
    leg = w.invited()
    w.picked_up(leg)
    other = w.dials(call, leg, "cti-trunk", "o1")
    w.picked_up(other)
    w.asks(ce.TransferAsked, "1001", call, to="queue:support")
    w.gone(leg)
    w.ready("1002")
    assert len(w.wished(Invite)) == 1
    order = w.wished(Deliver)[-1]
    assert isinstance(order, Deliver)
    assert (order.channel, order.agent) == (w.call(call).leg(other).channel, "1002")  # type: ignore[union-attr]
    w.answers(call)
    w.caller_leaves(call)
    settled(w)


def test_supervision_that_rings_for_a_call_given_away_is_left_to_ring() -> None:
    w = world()
    call = w.talk()
    w.asks(ce.WatchAsked, "1900", call, mode="listen")
    leg = w.invited()
    first = w.leg(call, "1001").id
    w.asks(ce.TransferAsked, "1001", call, to="agent:1002")
    w.gone(first)
    assert "spare" not in w.moves(), "a leg that rings cannot be moved"
    w.answers(call)
    w.picked_up(leg)
    assert w.moves()[-1] == "listen"
    assert w.last("supervision.changed")["leg"] == w.leg(call, "1002").id
    w.caller_leaves(call)
    settled(w)
