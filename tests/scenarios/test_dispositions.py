"""Dispositions: what agents say their calls came to, and the after-call work that waits for it."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from cti import events as ev
from cti.control import events as ce
from cti.dispositions import Disposition, in_order
from cti.errors import Refused
from cti.features import new_board
from cti.ids import AgentNo, CallId, LegId, QueueName, TenantId
from cti.records import QueueSettings
from cti.shapes import agent_shape, call_shape
from tests.control_world import ControlWorld
from tests.scenarios.test_reconcile import restarted
from tests.world import World

SALES, SUPPORT = QueueName("sales"), QueueName("support")
KNOWN = (
    Disposition(code="sold", title="成交", title_en="Sold", order=1),
    Disposition(code="complaint", title="投诉", title_en="Complaint", order=2),
    Disposition(code="late", title="延误", title_en="Late", parent="complaint", queues=(SUPPORT,)),
    Disposition(code="rude", title="态度", title_en="Rude", parent="complaint"),
    Disposition(code="old", title="旧", title_en="Old", active=False),
    Disposition(code="repair", title="报修", title_en="Repair", queues=(SUPPORT,)),
    Disposition(code="gone", title="停用", title_en="Gone", active=False),
    Disposition(code="below", title="之下", title_en="Below", parent="gone"),
)


def world_of(*agents: str, acw: int = 10, required: bool = False, bare: bool = False) -> ControlWorld:
    queues = [
        QueueSettings(name=SALES, acw_seconds=acw, disposition_required=required),
        QueueSettings(name=SUPPORT, acw_seconds=acw),
    ]
    return ControlWorld(*(agents or ("1001", "1002")), queues=queues, dispositions=() if bare else KNOWN)


def says(w: World, call: CallId, code: str = "sold", agent: str = "1001", **more: Any) -> None:
    w.take(ev.DispositionAsked(at=w.now, agent=AgentNo(agent), call=call, disposition=code, **more))


def refused(w: ControlWorld, call: CallId, code: str = "sold", agent: str = "1001", **more: Any) -> str:
    before = w.everything()
    try:
        says(w, call, code, agent, **more)
    except Refused as refusal:
        assert w.everything() == before
        return refusal.code
    raise AssertionError("it was accepted")


def status_refused(w: ControlWorld, agent: str, status: str) -> str:
    before = w.everything()
    try:
        w.status(agent, status)
    except Refused as refusal:
        assert w.everything() == before
        return refusal.code
    raise AssertionError("it was accepted")


DIALLED = CallId("1-1-123456")


def dials(w: ControlWorld, agent: str = "1001", call: CallId = DIALLED) -> LegId:
    """The agent calls a number of their own accord; their phone rings."""
    w.take(ce.DialAsked(at=w.now, agent=AgentNo(agent), call=call, to="13900001111"))
    return w.invited()


def finishes(w: World, agent: str = "1001") -> None:
    w.take(ev.AcwFinishAsked(at=w.now, agent=AgentNo(agent)))


def said(w: World, call: CallId) -> list[tuple[str, str, str]]:
    return [(one.agent_no, one.code, one.note) for one in w.call(call).dispositions]


def due(w: World, agent: str = "1001") -> object:
    return agent_shape(w.board.agents[AgentNo(agent)])["disposition_due"]


# --- saying it --------------------------------------------------------------------------------------------------


def test_an_agent_says_what_a_call_came_to_while_it_runs_and_everybody_hears() -> None:
    w = world_of()
    call = w.talk()
    says(w, call, "sold", note="两台，周五送货")
    told = w.last("call.disposition_said")
    assert told["id"] == call
    assert told["disposition"] == {
        "agent_no": "1001",
        "code": "sold",
        "note": "两台，周五送货",
        "said_at": "2026-11-23T02:00:10.000Z",
        "said_by": None,
    }
    assert call_shape(w.call(call))["dispositions"] == [told["disposition"]]
    assert w.saved[call].dispositions == w.call(call).dispositions


def test_what_is_said_again_takes_the_place_of_what_was_said_before() -> None:
    w = world_of()
    call = w.talk()
    says(w, call, "sold", note="x")
    w.caller_leaves(call)
    says(w, call, "rude")
    assert said(w, call) == [("1001", "rude", "")]
    w.passes(20)
    says(w, call, "sold")
    assert said(w, call) == [("1001", "sold", "")]


def test_each_agent_of_a_call_says_it_for_their_own_part() -> None:
    w = world_of()
    call = w.talk()
    w.asks(ce.TransferAsked, "1001", call, to="queue:support")
    w.gone(w.call(call).legs[1].id)
    says(w, call, "sold")
    w.ready("1002")
    w.answers(call)
    says(w, call, "late", "1002")
    w.caller_leaves(call)
    says(w, call, "rude", "1001")
    assert said(w, call) == [("1001", "rude", ""), ("1002", "late", "")]


def test_the_queue_that_counts_is_the_one_in_which_the_agent_had_the_call() -> None:
    w = world_of()
    call = w.talk()
    w.asks(ce.TransferAsked, "1001", call, to="queue:support")
    assert refused(w, call, "late") == "bad_request"
    assert refused(w, call, "repair") == "bad_request"


@pytest.mark.parametrize("code", ["", "nonsense", "SOLD", "old", "complaint", "late", "repair", "below", "gone"])
def test_what_is_unknown_retired_a_heading_or_of_another_queue_is_refused(code: str) -> None:
    w = world_of()
    call = w.talk()
    assert refused(w, call, code) == "bad_request"


def test_a_note_has_an_end() -> None:
    w = world_of()
    call = w.talk()
    assert refused(w, call, note="话" * 1001) == "bad_request"
    says(w, call, note="话" * 1000)


def test_only_who_had_a_part_in_a_call_says_what_it_came_to() -> None:
    w = world_of("1001", "1002", "1900")
    w.ready("1001")
    call = w.caller_joins()
    assert refused(w, call) == "no_leg"
    w.rings(call)
    assert refused(w, call) == "no_leg"
    w.answers(call)
    assert refused(w, call, "sold", "1002") == "no_leg"
    w.asks(ce.WatchAsked, "1900", call, mode="listen")
    w.picked_up(w.invited())
    assert refused(w, call, "sold", "1900") == "no_leg"
    assert refused(w, CallId("nothing")) == "not_found"
    says(w, call)


def test_who_was_asked_in_a_consultation_had_a_part() -> None:
    w = world_of()
    call = w.talk()
    leg = w.consulting(call, answered=False)
    assert refused(w, call, "sold", "1002") == "no_leg"
    w.picked_up(leg)
    says(w, call, "rude", "1002")
    assert said(w, call) == [("1002", "rude", "")]


def test_an_outbound_call_that_reached_nobody_is_disposed_of_too() -> None:
    w = world_of()
    call = CallId("1-1-000000")
    w.take(ce.DialAsked(at=w.now, agent=AgentNo("1001"), call=call, to="number:13900000000"))
    assert refused(w, call, "sold") == "no_leg"
    leg = w.invited()
    w.picked_up(leg)
    customer = w.dials(call, leg, "cti-trunk", "b1")
    w.gone(customer, 17)
    w.gone(leg)
    assert w.call(call).result == "not_reached"
    says(w, call, "rude")
    assert refused(w, call, "repair") == "bad_request"


def test_a_day_after_the_call_only_who_corrects_may_still_say_it() -> None:
    w = world_of()
    call = w.talk()
    w.caller_leaves(call)
    w.passes(24 * 3600)
    says(w, call, "sold")
    w.passes(1)
    assert refused(w, call, "rude") == "wrong_state"
    says(w, call, "rude", by="boss")
    one = call_shape(w.call(call))["dispositions"]
    assert isinstance(one, list)
    assert (one[0]["agent_no"], one[0]["code"], one[0]["said_by"]) == ("1001", "rude", "boss")


def test_a_call_the_board_has_forgotten_comes_from_the_record_which_stays_as_it_was() -> None:
    w = world_of()
    call = w.talk()
    w.caller_leaves(call)
    record = copy.deepcopy(w.saved[call])
    restarted(w)
    assert refused(w, call) == "not_found"
    says(w, call, "sold", record=record)
    assert record.dispositions == []
    assert said(w, call) == [("1001", "sold", "")]
    stale = copy.deepcopy(record)
    says(w, call, "rude", "1001", record=stale)
    assert said(w, call) == [("1001", "rude", "")]
    assert call not in w.board.calls


def test_records_from_the_past_do_not_pile_up() -> None:
    w = world_of()
    call = w.talk()
    w.caller_leaves(call)
    record = w.saved[call]
    for n in range(300):
        says(w, CallId(f"old-{n}"), record=replace(record, id=CallId(f"old-{n}"), dispositions=[]))
        assert (
            refused(w, CallId(f"odd-{n}"), "nonsense", record=replace(record, id=CallId(f"odd-{n}"))) == "bad_request"
        )
    assert len(w.board.ended) == 256


# --- where the queue says so --------------------------------------------------------------------------------------


def wrapping_up(**more: Any) -> tuple[ControlWorld, CallId]:
    w = world_of(required=True, **more)
    call = w.talk()
    w.caller_leaves(call)
    return w, call


def test_where_nothing_is_required_after_call_work_ends_by_itself() -> None:
    w = world_of()
    call = w.talk()
    w.caller_leaves(call)
    assert due(w) is None
    w.passes(10)
    assert w.work("1001") == "idle"


def test_after_call_work_goes_on_until_it_is_said_however_it_is_asked_to_end() -> None:
    w, call = wrapping_up()
    assert due(w) == call
    with pytest.raises(Refused, match="sales wants to know"):
        finishes(w)
    assert status_refused(w, "1001", "ready") == "disposition_missing"
    w.passes(3600)
    assert (w.work("1001"), w.says("1001")) == ("acw", ("ready", None))
    assert status_refused(w, "1001", "ready") == "disposition_missing"
    waiting = w.caller_joins()
    assert w.rung(waiting) == []
    says(w, call)
    assert due(w) is None
    assert w.rung(waiting) == ["1001"]


def test_said_in_time_it_leaves_the_agent_the_rest_of_the_time() -> None:
    w, call = wrapping_up()
    w.passes(4)
    says(w, call)
    assert (w.work("1001"), due(w)) == ("acw", None)
    w.passes(6)
    assert w.work("1001") == "idle"


def test_said_in_time_after_call_work_may_be_finished_and_be_ended_by_ready() -> None:
    for end in (finishes, lambda w: w.ready("1001")):
        w, call = wrapping_up()
        says(w, call)
        end(w)
        assert w.work("1001") == "idle"


def test_said_during_the_call_nothing_is_due_after_it() -> None:
    w = world_of(required=True)
    call = w.talk()
    says(w, call)
    w.caller_leaves(call)
    assert due(w) is None
    w.passes(10)
    assert w.work("1001") == "idle"


def test_without_any_time_for_after_call_work_it_lasts_until_it_is_said() -> None:
    w, call = wrapping_up(acw=0)
    w.passes(60)
    assert w.work("1001") == "acw"
    says(w, call)
    assert w.work("1001") == "idle"


def test_what_another_call_came_to_is_not_what_is_asked_for() -> None:
    w = world_of()
    first = w.talk()
    w.caller_leaves(first)
    w.passes(10)
    w.queue_settings = tuple(replace(one, disposition_required=True) for one in w.queue_settings)
    w.edited()
    second = w.talk()
    w.caller_leaves(second)
    says(w, first)
    assert due(w) == second


def test_it_is_still_due_after_a_call_that_the_agent_dialled_meanwhile() -> None:
    w, first = wrapping_up()
    w.picked_up(leg := dials(w))
    w.picked_up(w.dials(DIALLED, leg, "cti-trunk", "o1"))
    w.passes(60)
    w.gone(leg)
    assert (w.work("1001"), due(w)) == ("acw", first)
    waiting = w.caller_joins()
    assert w.refused(ce.PickUpAsked, "1001", waiting) == "disposition_missing"
    says(w, first)
    assert w.rung(waiting) == ["1001"]


@pytest.mark.parametrize("after", ["asked", "answered"])
def test_said_while_the_agent_dials_it_leaves_only_the_time(after: str) -> None:
    w, first = wrapping_up()
    w.picked_up(leg := dials(w))
    if after == "answered":
        w.picked_up(w.dials(DIALLED, leg, "cti-trunk", "o1"))
    says(w, first)
    w.passes(3)
    w.gone(leg)
    assert (w.work("1001"), due(w)) == ("acw", None)
    w.passes(10)
    assert w.work("1001") == "idle"


@pytest.mark.parametrize("what", ["due", "free"])
def test_a_sign_out_asked_for_while_supervising_in_after_call_work_outlives_a_restart(what: str) -> None:
    w = world_of(required=what == "due")
    heard, call = w.talk("1002"), w.talk()
    w.caller_leaves(call)
    w.asks(ce.WatchAsked, "1001", heard, mode="listen")
    w.picked_up(w.invited())
    w.status("1001", "logged_out")
    restarted(w)
    w.take(ev.SnapshotTaken(at=w.now, legs=(), devices={}))
    assert (w.work("1001"), w.says("1001")[0], due(w)) == ("idle", "logged_out", None)


def test_a_restart_while_the_agent_dials_in_after_call_work_forgets_nothing_that_is_due() -> None:
    w, first = wrapping_up()
    leg = dials(w)
    restarted(w)
    w.passes(60)
    w.gone(leg)
    assert (w.work("1001"), due(w)) == ("acw", first)


def test_a_break_asked_for_waits_for_it_too() -> None:
    w, call = wrapping_up()
    w.status("1001", "not_ready", "小休")
    w.passes(60)
    assert w.work("1001") == "acw"
    says(w, call)
    assert (w.work("1001"), w.says("1001")) == ("idle", ("not_ready", "小休"))


def test_nobody_is_kept_from_signing_out() -> None:
    w = world_of(required=True)
    call = w.talk()
    w.status("1001", "logged_out")
    w.caller_leaves(call)
    assert (w.work("1001"), w.says("1001"), due(w)) == ("idle", ("logged_out", None), None)

    w, call = wrapping_up()
    w.status("1001", "logged_out")
    assert (w.work("1001"), w.says("1001"), due(w)) == ("idle", ("logged_out", None), None)
    w.ready("1001")
    assert w.work("1001") == "idle"
    says(w, call)


@pytest.mark.parametrize("status", ["ready", "logged_out"])
@pytest.mark.parametrize("waited", [3, 60])
def test_a_forced_state_waives_it_and_the_time_goes_on(status: str, waited: int) -> None:
    w, _ = wrapping_up()
    w.passes(waited)
    w.status("1001", status, forced=True)
    assert due(w) is None
    assert w.work("1001") == ("acw" if waited < 10 else "idle")
    w.passes(10)
    assert (w.work("1001"), w.says("1001")[0]) == ("idle", status)


def test_a_forced_break_waives_nothing() -> None:
    w, call = wrapping_up()
    w.status("1001", "not_ready", "培训", forced=True)
    w.passes(60)
    assert (w.work("1001"), due(w)) == ("acw", call)
    says(w, call, by="boss")
    assert (w.work("1001"), w.says("1001")) == ("idle", ("not_ready", "培训"))


def test_more_time_does_not_replace_it() -> None:
    w, call = wrapping_up()
    w.passes(30)
    w.take(ce.AcwExtendAsked(at=w.now, agent=AgentNo("1001"), seconds=30))
    says(w, call)
    assert w.work("1001") == "acw"
    w.passes(30)
    assert w.work("1001") == "idle"


def test_it_is_not_asked_of_who_was_only_asked() -> None:
    w = world_of(required=True)
    call = w.talk()
    w.gone(w.consulting(call))
    assert (w.work("1002"), due(w, "1002")) == ("idle", None)


def test_it_is_asked_of_everybody_who_had_the_customer() -> None:
    w = world_of(required=True)
    call = w.talk()
    w.consulting(call)
    w.asks(ce.ConferenceAsked, "1001", call)
    w.caller_leaves(call)
    w.follows_orders()
    assert (due(w, "1001"), due(w, "1002")) == (call, call)
    says(w, call, "sold", "1002")
    w.passes(10)
    assert (w.work("1001"), w.work("1002")) == ("acw", "idle")


def test_it_is_due_after_a_transfer_to_a_queue_that_does_not_ask() -> None:
    w = world_of(required=True)
    call = w.talk()
    w.asks(ce.TransferAsked, "1001", call, to="queue:support")
    assert due(w) == call
    w.gone(w.call(call).legs[1].id)
    w.ready("1002")
    w.answers(call)
    w.caller_leaves(call)
    assert due(w, "1002") is None


def test_it_is_due_over_a_restart() -> None:
    w, call = wrapping_up()
    record = copy.deepcopy(w.saved[call])
    restarted(w)
    w.passes(60)
    assert (w.work("1001"), due(w)) == ("acw", call)
    says(w, call, record=record)
    assert w.work("1001") == "idle"


def test_with_nothing_to_say_nobody_is_kept() -> None:
    w, _ = wrapping_up(bare=True)
    assert due(w) is None
    w.passes(10)
    assert w.work("1001") == "idle"


@pytest.mark.parametrize("what", ["queue", "dispositions"])
@pytest.mark.parametrize("how", ["edited", "restarted"])
def test_nobody_is_kept_for_what_is_not_asked_any_more(what: str, how: str) -> None:
    w, _ = wrapping_up()
    w.passes(60)
    if what == "queue":
        w.queue_settings = tuple(replace(one, disposition_required=False) for one in w.queue_settings)
    else:
        w.dispositions = tuple(one for one in KNOWN if one.code in ("repair", "old"))
    if how == "edited":
        w.edited()
    else:
        restarted(w)
        w.passes(0)
    assert (w.work("1001"), due(w)) == ("idle", None)


def test_losing_the_desktop_keeps_it_due() -> None:
    w, call = wrapping_up()
    w.take(ev.DesktopOpened(at=w.now, agent=AgentNo("1001")))
    w.take(ev.DesktopClosed(at=w.now, agent=AgentNo("1001")))
    w.passes(61)
    assert (w.work("1001"), w.says("1001"), due(w)) == ("acw", ("not_ready", "connection_lost"), call)
    says(w, call)
    assert w.work("1001") == "idle"


# --- the list -----------------------------------------------------------------------------------------------------


def test_headings_come_in_order_each_before_those_below_it() -> None:
    found = [one.code for one in in_order(KNOWN)]
    assert found == ["sold", "complaint", "late", "rude", "gone", "below", "old", "repair"]


# --- whatever happens ---------------------------------------------------------------------------------------------


def act(w: ControlWorld, rng: random.Random) -> None:
    """One random thing, much of it about dispositions."""
    w.passes(rng.choice((0, 0.5, 3, 11)))
    agent = rng.choice(("1001", "1002"))
    live = list(w.board.calls)
    match rng.randrange(10):
        case 0 | 1:
            w.caller_joins(rng.choice(("sales", "support")))
        case 2:
            w.status(agent, rng.choice(("ready", "ready", "not_ready", "logged_out")), forced=rng.random() < 0.3)
        case 3 | 4 if live:
            call = rng.choice(live)
            if w.call(call).state in ("offered", "ringing"):
                w.answers(call)
            elif w.call(call).nobody_there or rng.random() < 0.3:
                w.gone(rng.choice(w.call(call).live()).id)
            else:
                w.caller_leaves(call)
        case 5 | 6 if w.saved:
            says(w, rng.choice(list(w.saved)), rng.choice(("sold", "rude", "late", "old")), agent)
        case 7:
            required = rng.random() < 0.7
            w.queue_settings = tuple(replace(one, disposition_required=required) for one in w.queue_settings)
            w.edited()
        case 8:
            dials(w, agent, CallId(f"{w.now // 1000}-9-{rng.randrange(10**6):06}"))
        case 9 if live:
            if rng.random() < 0.5:
                w.asks(ce.PickUpAsked, agent, rng.choice(live))
            else:
                w.asks(ce.WatchAsked, agent, rng.choice(live), mode=rng.choice(("listen", "intercept")))
                w.picked_up(w.invited())


@pytest.mark.parametrize("seed", range(30))
def test_whatever_happens_nobody_is_idle_and_in_debt_and_the_journal_replays_to_the_same_board(seed: int) -> None:
    rng = random.Random(seed)
    w = world_of(required=True)
    for _ in range(120):
        try:
            act(w, rng)
        except Refused:
            w.facts.pop()  # what was refused is in no journal
        for agent in w.board.agents.values():
            assert agent.work != "idle" or (agent.record.acw_until, agent.record.due_call) == (None, None)
            assert agent.work != "acw" or agent.record.acw_until is not None
    again = object.__new__(ControlWorld)
    again.board, again.timers = new_board(TenantId("demo")), w.timers
    for fact in w.facts:
        kind = type(fact)
        again.board.take(msgspec.json.decode(msgspec.json.encode(fact), type=kind))
    assert again.everything() == w.everything()
