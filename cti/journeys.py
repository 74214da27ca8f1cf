"""Feature: what a caller meets before and after the queue: the way in, flows, voicemail, the survey.

The flow itself runs elsewhere (`cti/ivr`), one coroutine a call; here it becomes part of the call's story.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cti import events as ev
from cti.board import Board, Feature, Fold
from cti.calls import advance
from cti.effects import Effect, News
from cti.ids import QueueName
from cti.records import Call, Leg, Result, SegmentKind, State, Step, Survey
from cti.shapes import survey_shape
from cti.telling import news_of
from cti.tracking import IN_TALK

# --- folds ---------------------------------------------------------------------------------------------------------


def call_entered(board: Board, event: ev.CallEntered) -> None:
    if event.call in board.calls:
        return  # told twice: by the door, and by a snapshot
    call = Call(
        id=event.call,
        tenant=board.tenant,
        number=event.number,
        name=event.name,
        dialled=event.dialled,
        queue=QueueName(""),
        started_at=event.since,
        queued_at=event.since,
        priority=event.priority,
        vip=event.vip,
        linkedid=event.linkedid,
        state=State.IVR,
        state_since=event.since,
        legs=[Leg(event.leg, event.channel, "customer", event.since)],
    )
    call.journey.rules = list(event.rules)
    call.journey.ends_as = event.ends_as
    call.enter(SegmentKind.IVR, event.since)
    board.calls[call.id] = call
    board.legs[event.leg] = call.id
    board.touch_call(call)


def flow_stepped(board: Board, event: ev.FlowStepped) -> None:
    """The step in which a caller hangs up is told by the flow, and may come after the end of the call."""
    call = board.calls.get(event.call) or board.ended.get(event.call)
    if call is not None:
        call.journey.path.append(
            Step(event.flow, event.version, event.node, event.kind, event.at, event.exit, event.digits)
        )
        board.touch_call(call)


def flow_ended(board: Board, event: ev.FlowEnded) -> None:
    call = board.calls.get(event.call)
    if call is not None:
        journey = call.journey
        journey.ends_as = event.ends_as
        journey.language = event.language or journey.language
        journey.data.update(event.data)
        call.skills = dict(event.skills) or call.skills
        call.rank(event.priority)
        journey.patience = event.seconds
        board.touch_call(call)


def voicemail_began(board: Board, event: ev.VoicemailBegan) -> None:
    call = board.calls.get(event.call)
    if call is not None:
        if call.journey.ends_as != Result.DENIED:
            call.journey.ends_as = Result.VOICEMAIL
        call.enter(SegmentKind.VOICEMAIL, event.at)
        board.touch_call(call)


def survey_began(board: Board, event: ev.SurveyBegan) -> None:
    call = board.calls[event.call]
    advance(call, event)
    taken = next((offer for offer in reversed(call.offers) if offer.result == "accepted"), None)
    agent = None if taken is None else taken.agent_no
    call.journey.survey = Survey(agent_no=agent, queue=call.queue or None, began_at=event.at)
    call.enter(SegmentKind.SURVEY, event.at, agent)
    board.touch_call(call)


def survey_answered(board: Board, event: ev.SurveyAnswered) -> None:
    call = board.calls.get(event.call)
    survey = None if call is None else call.journey.survey
    if call is None or survey is None:
        return
    survey.answers[event.question] = event.answer
    if event.score is not None:
        survey.score = event.score
    board.touch_call(call)


def survey_ended(board: Board, event: ev.SurveyEnded) -> None:
    call = board.calls.get(event.call)
    survey = None if call is None else call.journey.survey
    if call is not None and survey is not None and not survey.result:
        survey.result = event.result
        board.touch_call(call)


FOLDS: Final[Mapping[type[ev.Event], Fold]] = {
    ev.CallEntered: call_entered,
    ev.FlowStepped: flow_stepped,
    ev.FlowEnded: flow_ended,
    ev.VoicemailBegan: voicemail_began,
    ev.SurveyBegan: survey_began,
    ev.SurveyAnswered: survey_answered,
    ev.SurveyEnded: survey_ended,
}


# --- features ------------------------------------------------------------------------------------------------------


def let_in(board: Board, event: ev.CallEntered) -> Iterator[Effect]:
    call = board.calls[event.call]
    if not call.told:
        call.told = True
        yield news_of(call, "started", event.at)


def survey_due(board: Board, event: ev.SurveyDue) -> Iterator[ev.Event]:
    """The door of the survey may be quicker than the news that the agent has hung up."""
    call = board.calls.get(event.call)
    offer = None if call is None else call.offer
    if call is None or call.state not in IN_TALK:
        return
    if offer is not None and board.agents[offer.agent_no].call == call.id:
        yield ev.AgentLeft(at=event.at, call=call.id, agent=offer.agent_no)
    yield ev.SurveyBegan(at=event.at, call=call.id)


def survey_over(board: Board, event: ev.SurveyEnded) -> Iterator[Effect]:
    call = board.calls.get(event.call)
    survey = None if call is None else call.journey.survey
    if call is not None and survey is not None and survey.result == event.result:
        yield News(
            "survey.answered",
            event.at,
            {"call": call.id, **survey_shape(survey)},
            call=call.id,
            agents=frozenset(() if survey.agent_no is None else (survey.agent_no,)),
            queue=survey.queue,
        )


def message_left(board: Board, event: ev.VoicemailLeft) -> Iterator[Effect]:
    data = {"id": event.message, "box": event.box, "number": event.number, "seconds": round(event.seconds, 1)}
    yield News("voicemail.left", event.at, data, call=event.call)


def message_changed(board: Board, event: ev.VoicemailChanged) -> Iterator[Effect]:
    """Whoever is to see to it hears so at once."""
    data = {
        "id": event.message,
        "box": event.box,
        "number": event.number,
        "seconds": round(event.seconds, 1),
        "state": event.state,
        "agent_no": event.agent,
        "note": event.note,
    }
    agents = frozenset(() if event.agent is None else (event.agent,))
    yield News("voicemail.updated", event.at, data, call=event.call, agents=agents)


FEATURES: Final[Mapping[type[ev.Event], tuple[Feature, ...]]] = {
    ev.VoicemailLeft: (message_left,),
    ev.VoicemailChanged: (message_changed,),
    ev.CallEntered: (let_in,),
    ev.SurveyDue: (survey_due,),
    ev.SurveyEnded: (survey_over,),
}
