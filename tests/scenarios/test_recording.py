"""Recording in whole calls: rules when an agent is chosen, commands while they talk, and what Asterisk says to them."""

from __future__ import annotations

import pytest

from cti import events as ev
from cti.control import events as ce
from cti.control.dialling import DialRules
from cti.control.effects import Invite
from cti.effects import Deliver, MuteRecording
from cti.errors import Conflict, NotAllowed, NotFound, NotRecordable, PbxDown
from cti.ids import AgentNo, CallId, DeviceName, Instant, LegId, QueueName
from cti.recording.policy import RecordingRules
from cti.records import Recording
from tests.world import World


class Studio(World):
    """A call centre whose pretend Asterisk records, and mutes when it is told to."""

    def __init__(self, *agents: str, **rules: object) -> None:
        super().__init__(*agents)
        self.deaf = ""  # why Asterisk does not obey
        self.rules(**rules)
        self.ready(*agents)

    def rules(self, **rules: object) -> None:
        self.take(ev.RecordingRulesChanged(at=self.now, rules=RecordingRules(**rules)))  # type: ignore[arg-type]

    def begins(self, call: CallId) -> None:
        self.take(ev.RecordingBegan(at=self.now, call=call, name=f"{call}-7"))
        self.obeys()

    def obeys(self) -> None:
        """Asterisk answers every order to mute that it has not answered yet."""
        for order in self.wished(MuteRecording):
            assert isinstance(order, MuteRecording)
            self.effects.remove(order)
            self.take(ev.RecordingMuted(at=self.now, call=order.call, state=order.state, trouble=self.deaf))

    def asks(self, action: str, call: CallId) -> None:
        self.passes(1)
        self.take(ev.RecordAsked(at=self.now, call=call, action=action, by="1001"))
        self.obeys()

    def talks(self, agent: str = "1001") -> CallId:
        call = self.caller_joins()
        self.begins(call)
        self.answers(call)
        return call

    def recording(self, call: CallId) -> Recording:
        found = self.call(call).recording
        assert found is not None
        return found

    def states(self, call: CallId) -> list[str]:
        return [mark.state for mark in self.recording(call).marks]

    def order(self) -> Deliver:
        found = self.wished(Deliver)[-1]
        assert isinstance(found, Deliver)
        return found


def test_a_call_that_no_rule_concerns_is_delivered_as_ever() -> None:
    world = Studio("1001")
    call = world.caller_joins()

    assert not world.order().record
    assert world.call(call).recording is None


def test_a_recorded_call_is_delivered_with_the_announcement_and_told_when_its_file_begins() -> None:
    world = Studio("1001", queues={"sales": "always"}, announcement="recording-notice")
    call = world.caller_joins()

    assert (world.order().record, world.order().announcement) == (True, "recording-notice")
    assert "call.recording" not in world.news(call)
    world.begins(call)
    world.answers(call)

    told = world.last("call.recording")["recording"]
    assert isinstance(told, dict)
    assert (told["state"], told["mode"], told["reason"]) == ("on", "always", "queue sales: always")
    assert not world.wished(MuteRecording)


def test_the_next_offer_of_a_call_that_is_recorded_goes_on_with_its_file_and_announces_nothing() -> None:
    world = Studio("1001", "1002", default="always", announcement="recording-notice")
    call = world.caller_joins()
    world.begins(call)
    world.rings_out(call)

    assert world.rung(call) == ["1001", "1002"]
    assert (world.order().record, world.order().announcement) == (True, "")
    world.begins(call)
    assert world.states(call) == ["on"]
    assert world.news(call).count("call.recording") == 1


def test_what_is_silent_is_silenced_again_when_its_file_goes_on_with_the_next_agent() -> None:
    world = Studio("1001", "1002", default="on_demand")
    call = world.caller_joins()
    world.begins(call)
    world.rings_out(call)

    world.take(ev.RecordingBegan(at=world.now, call=call, name=f"{call}-7"))

    assert [order.state for order in world.wished(MuteRecording) if isinstance(order, MuteRecording)] == ["off"]
    world.obeys()
    assert world.states(call) == ["off"]


def test_pause_and_resume_are_marked_when_asterisk_has_done_them() -> None:
    world = Studio("1001", default="always")
    call = world.talks()

    world.asks("pause", call)
    paused_at = world.now
    world.asks("resume", call)

    assert world.states(call) == ["on", "paused", "on"]
    assert world.recording(call).marks[1].at == paused_at
    assert [n for n in world.news(call) if n == "call.recording"] == ["call.recording"] * 3


def test_a_pause_that_asterisk_refuses_is_not_said_to_be_one() -> None:
    world = Studio("1001", default="always")
    call = world.talks()
    world.deaf = "Channel not found"

    world.asks("pause", call)

    assert world.states(call) == ["on"]
    assert world.last("call.recording")["trouble"] == "Channel not found"
    world.deaf = ""
    world.asks("pause", call)
    assert world.states(call) == ["on", "paused"]


def test_on_demand_a_call_stands_by_in_silence_until_somebody_starts_it() -> None:
    world = Studio("1001", agents={"1001": "on_demand"})
    call = world.talks()
    assert (world.recording(call).state, world.states(call)) == ("off", ["off"])

    world.asks("start", call)
    world.asks("pause", call)
    world.asks("start", call)
    world.asks("stop", call)
    world.asks("stop", call)

    assert world.states(call) == ["off", "on", "paused", "on", "off"]


def test_what_a_rule_demands_can_be_paused_but_not_stopped() -> None:
    world = Studio("1001", default="always")
    call = world.talks()

    with pytest.raises(NotAllowed):
        world.asks("stop", call)
    world.asks("pause", call)
    assert world.states(call) == ["on", "paused"]


def test_a_command_at_the_wrong_moment_is_refused_and_changes_nothing() -> None:
    world = Studio("1001", "1002", agents={"1001": "on_demand"})
    call = world.talks()

    with pytest.raises(Conflict):
        world.asks("resume", call)
    with pytest.raises(NotFound):
        world.asks("start", CallId("1-1-1"))
    world.take(ev.LinkLost(at=world.now, reason="test"))
    with pytest.raises(PbxDown):
        world.asks("start", call)
    assert world.states(call) == ["off"]


def test_a_call_without_a_file_says_why_it_cannot_be_recorded() -> None:
    world = Studio("1001")
    call = world.talks("1001")  # Asterisk says it began, as if somebody had changed the rules meanwhile
    assert world.recording(call).reason == "begun by the dialplan"

    silent = Studio("1001")
    other = silent.caller_joins()
    silent.answers(other)
    with pytest.raises(NotRecordable, match="no rule asks"):
        silent.asks("start", other)


def test_without_room_a_call_is_not_recorded_and_everybody_hears_why() -> None:
    world = Studio("1001", default="always")
    world.take(ev.RecordingRoomChanged(at=world.now, trouble="40 MB are free, 500 are kept free"))
    call = world.caller_joins()

    assert not world.order().record
    told = world.last("call.recording")["recording"]
    assert isinstance(told, dict)
    assert (told["state"], told["reason"]) == ("refused", "40 MB are free, 500 are kept free")
    assert world.last("recording.trouble")["trouble"] == "40 MB are free, 500 are kept free"
    world.answers(call)
    with pytest.raises(NotRecordable, match="40 MB"):
        world.asks("start", call)

    world.take(ev.RecordingRoomChanged(at=world.now))
    world.agent_hangs_up(call)
    world.passes(1)
    world.caller_joins()
    assert world.order().record


def test_with_an_agent_who_must_not_be_recorded_the_running_file_is_silent() -> None:
    world = Studio("1001", "1002", default="always", agents={"1002": "never"})
    call = world.caller_joins()
    world.begins(call)
    world.rings_out(call)
    world.obeys()
    world.answers(call)

    assert world.rung(call) == ["1001", "1002"]
    assert world.states(call) == ["on", "barred"]
    with pytest.raises(NotAllowed):
        world.asks("resume", call)


def test_after_a_lost_link_what_should_be_silent_is_silenced_again_and_unheard_files_are_found() -> None:
    world = Studio("1001", agents={"1001": "on_demand"})
    call = world.caller_joins()
    world.answers(call)
    world.take(ev.LinkLost(at=world.now, reason="test"))
    world.passes(5)
    record = world.call(call)
    caller = ev.LegSeen(
        leg=record.customer.id,
        channel=record.customer.channel,
        linkedid="",
        place="cti-deliver",
        state="Up",
        bridge="b1",
        device=None,
        number=record.number,
        name="",
        seconds=9,
        call=call,
        queue=record.queue,
        since=record.queued_at,
        recording=f"{call}-7",
    )

    world.take(ev.SnapshotTaken(at=world.now, legs=(caller,), devices={}))

    assert [order.state for order in world.wished(MuteRecording) if isinstance(order, MuteRecording)] == ["off", "off"]
    world.obeys()
    recording = world.recording(call)
    assert (recording.name, recording.state, recording.began_at) == (f"{call}-7", "off", None)
    assert recording.marks[0].at == Instant(0)


def test_a_recording_that_is_kept_is_told_to_those_who_watch() -> None:
    world = Studio("1001", default="always")
    call = world.talks()
    world.agent_hangs_up(call)

    world.take(ev.RecordingKept(at=world.now, call=call, recording="abc", seconds=3.5))

    assert world.last("recording.kept") == {"id": "abc", "seconds": 3.5}


# --- calls of ours ----------------------------------------------------------------------------------------------------


def places(world: Studio, to: str = "13900001111", recording: str = "") -> tuple[CallId, Invite]:
    call = CallId(f"{world.now // 1000}-9-123456")
    world.take(ce.DialAsked(at=world.now, agent=AgentNo("1001"), call=call, to=to, recording=recording))
    (order,) = world.wished(Invite)
    assert isinstance(order, Invite)
    return call, order


@pytest.mark.parametrize(
    ("rules", "recording", "mode"),
    [
        ({}, "", ""),
        ({"default": "always"}, "", "always"),
        ({"agents": {"1001": "always"}}, "", "always"),
        ({"agents": {"1002": "always"}}, "", ""),
        ({"numbers": {"4000": "on_demand"}}, "", "on_demand"),  # the number of ours that is shown
        ({"numbers": {"+8613900001111": "always"}}, "", "always"),
        ({"queues": {"sales": "always"}}, "", ""),  # it is of no queue
        ({}, "always", "always"),
        ({"agents": {"1001": "never"}}, "always", ""),
        ({"default": "never", "agents": {"1001": "on_demand"}}, "", "on_demand"),
    ],
)
def test_rules_for_numbers_agents_and_the_call_itself_hold_for_calls_of_ours(
    rules: dict[str, object], recording: str, mode: str
) -> None:
    world = Studio("1001", "1002", announcement="recording-notice", **rules)
    world.board.dialling = DialRules(caller_ids=("4000",))
    call, order = places(world, recording=recording)

    assert (order.record, order.announcement) == ((True, "recording-notice") if mode else (False, ""))
    found = world.call(call).recording
    assert ("" if found is None else found.mode) == mode


def test_what_colleagues_say_to_one_another_is_not_recorded() -> None:
    world = Studio("1001", "1002", default="always")
    _, order = places(world, to="agent:1002")
    assert not order.record


def test_a_call_of_ours_on_demand_is_silent_from_its_beginning_until_somebody_asks() -> None:
    world = Studio("1001", agents={"1001": "on_demand"})
    call, order = places(world)
    world.take(ce.LegInvited(at=world.now, leg=order.leg, channel="PJSIP/1001-00000001"))
    world.take(ev.LegAnswered(at=world.now, leg=order.leg))
    customer = LegId("o1")
    trunk = "PJSIP/cti-trunk-00000002"
    world.take(
        ev.LegDialled(at=world.now, leg=order.leg, dialled=customer, channel=trunk, device=DeviceName("cti-trunk"))
    )
    world.take(ev.LegAnswered(at=world.now, leg=customer))
    world.take(ev.RecordingBegan(at=world.now, call=call, name=f"{call}-7"))

    assert [one.channel for one in world.wished(MuteRecording) if isinstance(one, MuteRecording)] == [trunk]
    world.obeys()
    world.asks("start", call)
    assert world.states(call) == ["off", "on"]


def test_a_callback_is_recorded_as_its_queue_says_and_judged_anew_for_each_agent() -> None:
    world = Studio("1001", "1002", queues={"sales": "always"}, agents={"1002": "never"})
    call = CallId("c9-cb")
    asked = ev.CallbackAsked(
        at=world.now,
        call=call,
        source=CallId("c9"),
        queue=QueueName("sales"),
        number="+8613900001111",
        name="",
        since=world.now,
    )
    world.take(asked)
    assert [one.record for one in world.wished(Invite) if isinstance(one, Invite)] == [True]

    world.take(ev.LegEnded(at=world.now, leg=world.call(call).legs[0].id, cause=19))
    assert world.call(call).offers[-1].agent_no == "1002"
    assert [one.record for one in world.wished(Invite) if isinstance(one, Invite)] == [True, False]
