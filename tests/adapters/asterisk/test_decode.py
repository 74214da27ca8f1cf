"""What a real Asterisk said becomes the right records; what is odd is refused by name or means nothing."""

from __future__ import annotations

import pytest

from adapters.asterisk.decode import WANTED, decode, device_of, instant, person, tenant_of
from adapters.asterisk.wire import Message
from cti import events as ev
from cti.control import events as ce
from cti.effects import Deliver
from cti.features import new_board
from cti.ids import AgentNo, CallId, DeviceName, Instant, LegId, QueueName, TenantId
from cti.records import AgentProfile, Call, QueueSettings
from tests.adapters.asterisk.stories import facts, messages

AGENT = AgentNo("1001")
NOW = Instant(1_795_350_990_000)


class Told:
    """A board that hears a captured story: one agent is ready, and her phone is there."""

    def __init__(self, story: str) -> None:
        board = new_board(TenantId("demo"))
        heard = facts(story)
        began = Instant(heard[0].at - 1000)
        sales = QueueSettings(name=QueueName("sales"), acw_seconds=10)
        profile = AgentProfile(agent_no=AGENT, name="Li", devices=(DeviceName("1001"),), queues=(sales.name,))
        effects = board.take(ev.Started(at=began, timezone="Asia/Shanghai", queues=(sales,), agents=(profile,)))
        board.take(ev.SnapshotTaken(at=began, legs=(), devices={DeviceName("1001"): "NOT_INUSE"}))
        board.take(ev.StatusAsked(at=began, agent=AGENT, status="ready"))
        self.calls: dict[CallId, Call] = {}
        for fact in heard:
            effects += board.take(fact)
            self.calls.update(board.calls)
        self.board, self.effects, self.agent = board, effects, board.agents[AGENT]
        (self.call,) = self.calls.values()
        self.segments = [
            (s.kind.value, s.agent_no, round(((s.ended_at or s.started_at) - s.started_at) / 1000, 1))
            for s in self.call.segments
        ]
        self.offers = [(o.agent_no, o.result) for o in self.call.offers]


@pytest.mark.parametrize("story", ["answered", "agent-waits-caller-hangs-up"])
def test_an_answered_call_is_recorded_as_answered_whoever_hangs_up(story: str) -> None:
    told = Told(story)
    assert told.call.result == "answered"
    assert told.offers == [("1001", "accepted")]
    assert [(kind, agent) for kind, agent, _ in told.segments] == [
        ("waiting", None),
        ("ringing", "1001"),
        ("talking", "1001"),
    ]
    ringing, talking = told.segments[1][2], told.segments[2][2]
    assert (ringing, talking) == ((0.8, 2.0) if story == "answered" else (0.3, 1.7))
    assert told.call.cause == "q850:16"
    assert [(leg.kind, leg.ended_at is not None, leg.cause) for leg in told.call.legs] == [
        ("customer", True, 16),
        ("agent", True, 16),
    ]
    assert told.agent.work == "acw"


def test_the_caller_of_a_captured_call_is_known_by_number_and_name() -> None:
    told = Told("answered")
    assert (told.call.number, told.call.name, told.call.dialled) == ("+8613800001234", "张伟明", "4001")
    (order,) = [effect for effect in told.effects if isinstance(effect, Deliver)]
    assert (order.channel, order.device, order.n) == ("PJSIP/cti-trunk-00000000", "1001", 1)


def test_an_abandoned_call_is_recorded_as_abandoned() -> None:
    told = Told("abandoned")
    assert told.call.result == "abandoned"
    assert told.offers == [("1001", "cancelled")]
    assert (told.agent.work, told.agent.record.status) == ("idle", "ready")


def test_a_phone_that_rings_out_is_recorded_and_its_agent_is_not_ready() -> None:
    told = Told("ring-no-answer")
    assert told.offers == [("1001", "no_answer")]
    assert (told.agent.record.status, told.agent.record.reason) == ("not_ready", "no_answer")
    assert told.segments == [("waiting", None, 0.0), ("ringing", "1001", 2.0), ("waiting", None, 2.5)]
    assert told.call.result == "abandoned"


def test_a_rejected_call_is_recorded_as_rejected_and_its_agent_stays_ready() -> None:
    told = Told("rejected")
    assert told.offers == [("1001", "rejected")]
    assert told.call.offers[0].detail == "BUSY q850:17"
    assert (told.agent.record.status, told.agent.work) == ("ready", "idle")
    assert told.call.result == "abandoned"


def test_a_caller_who_leaves_while_it_rings_cancels_the_offer() -> None:
    told = Told("caller-leaves-ringing")
    assert told.offers == [("1001", "cancelled")]
    assert told.segments[-1][:2] == ("ringing", "1001") or told.segments[-1][0] == "waiting"
    assert (told.call.result, told.agent.work) == ("abandoned", "idle")


@pytest.mark.parametrize(
    "story",
    ["answered", "agent-waits-caller-hangs-up", "abandoned", "ring-no-answer", "rejected", "caller-leaves-ringing"],
)
def test_every_captured_story_leaves_an_empty_board(story: str) -> None:
    told = Told(story)
    assert not told.board.calls
    assert not told.board.legs
    assert told.call.result is not None
    queue = told.board.queues[QueueName("sales")]
    assert (queue.waiting, queue.line, queue.barred) == ({}, [], {})


def captured(name: str, **like: str) -> Message:
    """One message of this kind out of the transcripts."""
    for story in ("answered", "ring-no-answer", "rejected"):
        for message in messages(story):
            if message.name == name and all(message.get(key) == value for key, value in like.items()):
                return message
    raise AssertionError(name)


MUST = [
    (captured("UserEvent", UserEvent="CtiWaiting"), ("Call", "Uniqueid", "Channel", "Queue", "Since", "CallerIDNum")),
    (captured("UserEvent", UserEvent="CtiOfferEnded"), ("Call", "Offer", "Status")),
    (captured("DialBegin"), ("DestChannel", "DestUniqueid")),
    (captured("DialState"), ("DestUniqueid", "DialStatus")),
    (captured("DialEnd", DialStatus="ANSWER"), ("DestUniqueid", "DialStatus")),
    (captured("BridgeEnter"), ("Uniqueid", "BridgeUniqueid")),
    (captured("Hangup"), ("Uniqueid",)),
    (captured("DeviceStateChange"), ("Device", "State")),
]
LACKING = [(message, name) for message, names in MUST for name in names]


@pytest.mark.parametrize(("whole", "name"), LACKING, ids=[f"{m.get('UserEvent') or m.name}-{n}" for m, n in LACKING])
def test_a_message_that_lacks_what_it_must_have_is_refused_by_name(whole: Message, name: str) -> None:
    lacking = Message.of(*((key, value) for key, value in whole.items() if key != name))
    assert decode(whole, NOW) is not None
    with pytest.raises(KeyError, match=name):
        decode(lacking, NOW)


def test_numbers_that_are_none_are_refused_or_count_as_nothing() -> None:
    whole = captured("UserEvent", UserEvent="CtiWaiting")

    def with_(**other: str) -> ev.Event | None:
        return decode(Message.of(*((key, other.get(key, value)) for key, value in whole.items())), NOW)

    with pytest.raises(ValueError):
        with_(Since="yesterday")
    for rank in ("", "high", "1.5"):
        waiting = with_(Rank=rank)
        assert isinstance(waiting, ev.CallerWaiting)
        assert waiting.priority == 0
    late = with_(Since="9999999999.000")
    assert isinstance(late, ev.CallerWaiting)
    assert late.since == NOW, "nobody has been waiting since tomorrow"


def test_events_that_mean_nothing_here_mean_nothing() -> None:
    for message in (
        Message.of(("Event", "Newchannel"), ("Channel", "PJSIP/1001-00000001")),
        Message.of(("Event", "UserEvent"), ("UserEvent", "CtiSomethingNew"), ("Tenant", "demo")),
        Message.of(("Event", "OriginateResponse"), ("Response", "Success"), ("Exten", "u_1_c-1")),
        Message.of(("Event", "DialBegin"), ("DestChannel", "Local/1@x-1;1"), ("DestUniqueid", "1"), ("Uniqueid", "2")),
        Message.of(("Event", "DeviceStateChange"), ("Device", "Queue:sales"), ("State", "INUSE")),
        Message.of(("Event", "DialState"), ("DestUniqueid", "1"), ("DialStatus", "PROGRESS")),
        Message.of(("Event", "DialEnd"), ("Uniqueid", "1"), ("DestUniqueid", "2"), ("DialStatus", "BUSY")),
        Message.of(("Response", "Success")),
    ):
        assert decode(message, NOW) is None


def test_every_wanted_event_is_understood() -> None:
    heard = {message.name.encode() for story in ("answered", "ring-no-answer") for message in messages(story)}
    unseen = {name for name in WANTED if name not in heard}
    assert unseen == {b"Hold", b"Unhold", b"OriginateResponse"}, "what no transcript shows"
    for name, kind in (("Hold", ev.LegHeld), ("Unhold", ev.LegRetrieved)):
        assert isinstance(decode(Message.of(("Event", name), ("Uniqueid", "1.2")), NOW), kind)


def test_a_leg_that_we_asked_for_is_known_by_the_id_we_gave_it() -> None:
    rung = Message.of(("Event", "DialBegin"), ("DestChannel", "PJSIP/1001-00000001"), ("DestUniqueid", "c-1"))
    failed = Message.of(("Event", "OriginateResponse"), ("Response", "Failure"), ("Exten", "u_1_c-1"))

    assert decode(rung, NOW) == ce.LegInvited(at=NOW, leg=LegId("c-1"), channel="PJSIP/1001-00000001")
    assert decode(failed, NOW) == ce.InviteFailed(at=NOW, leg=LegId("c-1"))


@pytest.mark.parametrize(
    ("channel", "device"),
    [
        ("PJSIP/1001-0000000a", "1001"),
        ("PJSIP/1001-web-0000000a", "1001-web"),
        ("PJSIP/1001", "1001"),
        ("PJSIP/1001-web", "1001-web"),
        ("PJSIP/cti-trunk-00000000", "cti-trunk"),
        ("Local/1001@x-0000000a;1", None),
        ("", None),
    ],
)
def test_a_device_is_told_from_its_channel(channel: str, device: str | None) -> None:
    assert device_of(channel) == device


@pytest.mark.parametrize(
    ("sent", "name"),
    [("<unknown>", ""), ("", ""), ('say \\"hi\\"', 'say "hi"'), ("张\\\\\\\\三", "张\\三"), ("${X},|;", "${X},|;")],
)
def test_a_name_is_read_as_the_caller_wrote_it(sent: str, name: str) -> None:
    assert person(sent) == name


def test_asterisks_seconds_become_our_milliseconds() -> None:
    assert instant("1795350972.438", 250) == 1_795_350_972_688
    assert instant("") == 0


def test_a_tenant_is_only_what_our_own_dialplan_says() -> None:
    assert tenant_of(Message.of(("Event", "UserEvent"), ("Tenant", "demo"))) == "demo"
    assert tenant_of(Message.of(("Event", "UserEvent"), ("UserEvent", "CtiWaiting"))) is None
    assert tenant_of(Message.of(("Event", "Hangup"), ("Tenant", "demo"))) is None
