"""Before and after the queue: a caller let in by a flow, sent on, and asked afterwards."""

from __future__ import annotations

from cti import events as ev
from cti.effects import News
from cti.ids import CallId, Instant, LegId, QueueName
from cti.records import Result, SegmentKind, State
from tests.world import World


def enters(world: World, number: str = "+8613800000002") -> CallId:
    world.counter += 1
    call = CallId(f"c{world.counter}")
    world.take(
        ev.CallEntered(
            at=world.now,
            call=call,
            leg=LegId(f"{call}-in"),
            channel=f"PJSIP/cti-trunk-{world.counter:08}",
            linkedid=call,
            number=number,
            name="张伟明",
            dialled="4000",
            since=world.now,
            rules=("4000 leads to flow main",),
        )
    )
    return call


def joins(world: World, call: CallId, queue: str = "sales") -> None:
    known = world.board.calls[call]
    world.take(
        ev.CallerWaiting(
            at=world.now,
            call=call,
            leg=known.customer.id,
            channel=known.customer.channel,
            linkedid=known.linkedid,
            queue=QueueName(queue),
            number=known.number,
            name=known.name,
            dialled=known.dialled,
            since=known.started_at,
            priority=0,
            screened=False,
        )
    )


def told(world: World, call: CallId) -> list[str]:
    return [
        one.type
        for one in world.effects
        if isinstance(one, News) and one.call == call and one.type[:5] in ("call.", "surve")
    ]


def leaves(world: World, call: CallId) -> None:
    world.take(ev.LegEnded(at=world.now, leg=world.board.calls[call].customer.id, cause=16))


def test_a_caller_of_a_flow_is_one_call_from_the_first_node_to_the_hang_up() -> None:
    world = World("1001")
    world.status("1001", "ready")
    call = enters(world)
    world.passes(7)
    world.take(
        ev.FlowStepped(at=world.now, call=call, flow="main", version=3, node="menu", kind="menu", exit="1", digits="1")
    )
    world.take(ev.FlowEnded(at=world.now, call=call, outcome="queue:sales", language="zh", data={"order": "88"}))
    joins(world, call)

    known = world.board.calls[call]
    assert known.state is State.OFFERED
    assert [(one.kind, one.ended_at) for one in known.segments[:1]] == [(SegmentKind.IVR, world.now)]
    assert known.queued_at == world.now, "the wait for an agent begins in the queue"
    assert [step.exit for step in known.journey.path] == ["1"]
    assert known.journey.data == {"order": "88"}
    assert told(world, call)[:3] == ["call.started", "call.queued", "call.offered"]


def test_a_caller_who_leaves_in_the_flow_is_no_abandoned_call_of_a_queue() -> None:
    world = World("1001")
    call = enters(world)
    world.passes(3)
    leaves(world, call)

    ended = world.saved[call]
    assert (ended.result, ended.queue) == (Result.IVR, "")
    assert told(world, call) == ["call.started", "call.ended"]
    assert not world.board.legs


def test_the_step_in_which_a_caller_hung_up_is_on_record_though_it_is_told_after_the_end() -> None:
    world = World("1001")
    call = enters(world)
    leaves(world, call)
    world.take(ev.FlowStepped(at=world.now, call=call, flow="main", version=1, node="menu", kind="menu", exit="left"))

    assert [(step.node, step.exit) for step in world.saved[call].journey.path] == [("menu", "left")]
    assert not world.board.calls
    assert told(world, call) == ["call.started", "call.ended"]


def test_what_a_flow_decided_last_is_how_the_call_ended() -> None:
    world = World("1001")
    for ends_as in ("denied", "voicemail", "callback", "forwarded"):
        call = enters(world)
        world.take(ev.FlowEnded(at=world.now, call=call, outcome=ends_as, ends_as=ends_as, data={}))
        leaves(world, call)
        assert world.saved[call].result == ends_as


def asked(world: World) -> CallId:
    """A call whose agent has hung up, at the door of the survey."""
    world.status("1001", "ready")
    call = enters(world)
    joins(world, call)
    world.rings(call)
    world.answers(call)
    world.passes(30)
    return call


def test_the_answer_of_a_caller_belongs_to_call_agent_and_queue() -> None:
    world = World("1001", acw=10)
    call = asked(world)
    world.take(ev.SurveyDue(at=world.now, call=call))
    assert world.work("1001") == "acw", "the agent is free of the call, whichever news is first"
    world.passes(4)
    world.take(ev.SurveyAnswered(at=world.now, call=call, question="satisfied", answer="1", score=1))
    world.take(ev.SurveyEnded(at=world.now, call=call, result="answered"))
    leaves(world, call)

    ended = world.saved[call]
    survey = ended.journey.survey
    assert survey is not None
    assert (survey.agent_no, survey.queue, survey.score, survey.result) == ("1001", "sales", 1, "answered")
    assert [one.kind for one in ended.segments][-1] is SegmentKind.SURVEY
    assert ended.result is Result.ANSWERED
    assert ended.talked() == 30_000, "the survey is nobody's talk time"
    assert told(world, call)[-4:] == ["call.left", "call.updated", "survey.answered", "call.ended"]


def test_a_caller_who_hangs_up_in_the_survey_is_recorded_as_having_left() -> None:
    world = World("1001")
    call = asked(world)
    world.take(ev.SurveyDue(at=world.now, call=call))
    leaves(world, call)
    survey = world.saved[call].journey.survey
    assert survey is not None
    assert survey.result == "left"


def test_news_of_the_survey_for_a_call_that_is_over_changes_nothing() -> None:
    world = World("1001")
    call = asked(world)
    leaves(world, call)
    before = len(world.effects)
    world.take(ev.SurveyDue(at=world.now, call=call))
    world.take(ev.SurveyAnswered(at=world.now, call=call, question="q", answer="1", score=1))
    world.take(ev.SurveyEnded(at=Instant(world.now), call=call, result="answered"))
    assert len(world.effects) == before
