"""Feature: recording follows the rules when an agent is chosen, and people while they talk.

Asterisk writes one file, from the first delivery, or the answer of a customer who is called, to the end of their
leg; pausing mutes it, so that its time goes on. What is wanted is on the board before it is ordered, and what is, only
when Asterisk has said so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cti import events as ev
from cti.board import Board, Feature, Fold
from cti.control import events as ce
from cti.effects import Effect, MuteRecording, News
from cti.errors import Conflict, NotAllowed, NotRecordable, PbxDown
from cti.ids import Instant
from cti.recording.policy import ON_DEMAND, Decision, decide
from cti.records import Call, Mark, OfferResult, Recording
from cti.shapes import recording_shape
from cti.telling import news_of

ON, OFF, PAUSED, BARRED, REFUSED = "on", "off", "paused", "barred", "refused"
INTERNAL: Final = "internal"
STEPS: Final[Mapping[str, Mapping[str, str]]] = {
    "start": {OFF: ON, PAUSED: ON, ON: ON},
    "stop": {ON: OFF, PAUSED: OFF, OFF: OFF},
    "pause": {ON: PAUSED, PAUSED: PAUSED},
    "resume": {PAUSED: ON, ON: ON},
}
"""What a command makes of each state; a step that is not here is refused."""


# --- folds ---------------------------------------------------------------------------------------------------------


def rules_changed(board: Board, event: ev.RecordingRulesChanged) -> None:
    board.recording = event.rules


def room_changed(board: Board, event: ev.RecordingRoomChanged) -> None:
    board.recording_trouble = event.trouble


def decided(board: Board, event: ev.RecordingDecided) -> None:
    call = board.calls[event.call]
    state = REFUSED if event.refused else ""
    call.recording = Recording(mode=event.mode, reason=event.refused or event.reason, state=state, wanted=state)
    board.touch_call(call)


def began(board: Board, event: ev.RecordingBegan) -> None:
    call = board.calls.get(event.call)
    if call is None or (call.recording is not None and call.recording.name):
        return
    if call.recording is None:
        call.recording = Recording(mode="always", reason="begun by the dialplan")
    recording = call.recording
    recording.name, recording.side = event.name, event.side
    recording.began_at = None if event.found else event.at
    recording.state, recording.wanted = ON, OFF if recording.mode == ON_DEMAND else ON
    recording.marks.append(Mark(Instant(0) if event.found else event.at, recording.wanted))
    board.touch_call(call)


def wanted(board: Board, event: ev.RecordingWanted) -> None:
    call = board.calls[event.call]
    assert call.recording is not None
    call.recording.wanted = event.state
    board.touch_call(call)


def muted(board: Board, event: ev.RecordingMuted) -> None:
    call = board.calls.get(event.call)
    if call is None or call.recording is None:
        return
    recording = call.recording
    if event.trouble:
        recording.wanted = recording.state
    else:
        recording.state = event.state
        if recording.marks[-1].state != event.state:
            recording.marks.append(Mark(event.at, event.state))
    board.touch_call(call)


FOLDS: Final[Mapping[type[ev.Event], Fold]] = {
    ev.RecordingRulesChanged: rules_changed,
    ev.RecordingRoomChanged: room_changed,
    ev.RecordingDecided: decided,
    ev.RecordingBegan: began,
    ev.RecordingWanted: wanted,
    ev.RecordingMuted: muted,
}


# --- features ------------------------------------------------------------------------------------------------------


def chosen(board: Board, event: ev.AgentChosen) -> Iterator[ev.Event | Effect]:
    """The rules are asked anew for each agent; what is being recorded already is only muted for one who must not be."""
    call = board.calls[event.call]
    rules = decide(
        board.recording,
        call.id,
        queue=call.queue,
        dialled=call.dialled,
        agent=event.agent,
        wish=_wish(call),
    )
    recording = call.recording
    if recording is None or recording.state == REFUSED:
        if rules.mode and not event.adopted:
            yield ev.RecordingDecided(
                at=event.at, call=call.id, mode=rules.mode, reason=rules.reason, refused=board.recording_trouble
            )
    elif recording.name:
        yield from _follow(call, rules, event.at)


def placed(board: Board, event: ce.CallPlaced | ev.CallbackTurn) -> Iterator[ev.Event]:
    """A call to a customer; the file begins when they answer. What colleagues say to one another is not recorded."""
    call = board.calls[event.call]
    if call.direction == INTERNAL:
        return
    rules = decide(
        board.recording,
        call.id,
        queue=call.queue,
        dialled=call.dialled,
        shown=event.caller_id if isinstance(event, ce.CallPlaced) else board.dialling.shown(""),
        agent=event.agent,
        wish=_wish(call),
    )
    if rules.mode:
        yield ev.RecordingDecided(
            at=event.at, call=call.id, mode=rules.mode, reason=rules.reason, refused=board.recording_trouble
        )


def to_begin(board: Board, call: Call) -> tuple[bool, str]:
    """Whether the way to this call's next agent, or customer, leads over the recording, and what is said before it."""
    recording = call.recording
    if recording is None or recording.state == REFUSED:
        return False, ""
    return True, "" if recording.name else board.recording.announcement


def _wish(call: Call) -> str:
    """What the flow says that let the caller in; once an agent has had the call, its data is not the flow's alone."""
    wish = call.journey.data.get("recording", "")
    return "" if wish and any(offer.result is OfferResult.ACCEPTED for offer in call.offers) else wish


def _follow(call: Call, rules: Decision, at: Instant) -> Iterator[ev.Event]:
    recording = call.recording
    assert recording is not None
    if rules.forbidden and recording.wanted != BARRED:
        yield ev.RecordingWanted(at=at, call=call.id, state=BARRED, by=rules.reason)
    elif not rules.forbidden and recording.wanted == BARRED:
        state = OFF if recording.mode == ON_DEMAND else ON
        yield ev.RecordingWanted(at=at, call=call.id, state=state, by=rules.reason)


def refused(board: Board, event: ev.RecordingDecided) -> Iterator[Effect]:
    if event.refused:
        yield _news(board.calls[event.call], event.at)


def told(board: Board, event: ev.RecordingBegan) -> Iterator[Effect]:
    """With each agent the file is opened anew, and nothing of it is silent then."""
    call = board.calls.get(event.call)
    if call is None or call.recording is None or call.recording.name != event.name:
        return
    if call.recording.wanted != ON:
        yield MuteRecording(call.id, call.customer.channel, call.recording.wanted)
    elif event.found or event.at == call.recording.began_at:
        yield _news(call, event.at)


def asked(board: Board, event: ev.RecordAsked) -> Iterator[ev.Event]:
    """Raises `NotFound`, `NotRecordable`, `PbxDown`, `NotAllowed` or `Conflict`, and changes nothing."""
    call = board.call(event.call)
    recording = call.recording
    if recording is None or not recording.name:
        raise NotRecordable(f"this call is not recorded: {_why_not(board, recording)}")
    if not board.link_up:
        raise PbxDown("there is no link to Asterisk")
    if recording.wanted == BARRED or (event.action == "stop" and recording.mode != ON_DEMAND):
        raise NotAllowed(f"a rule decides on this recording ({recording.reason}); it can be paused, not stopped")
    state = STEPS[event.action].get(recording.wanted)
    if state is None:
        raise Conflict(f"{event.action}: this recording is {recording.wanted}")
    if state != recording.wanted:
        yield ev.RecordingWanted(at=event.at, call=call.id, state=state, by=event.by)


def _why_not(board: Board, recording: Recording | None) -> str:
    if recording is None:
        return "no rule asks for it"
    return recording.reason if recording.state == REFUSED else "it has not begun"


def order(board: Board, event: ev.RecordingWanted) -> Iterator[Effect]:
    yield MuteRecording(event.call, board.calls[event.call].customer.channel, event.state)


def set_(board: Board, event: ev.RecordingMuted) -> Iterator[Effect]:
    call = board.calls.get(event.call)
    if call is not None and call.recording is not None:
        yield _news(call, event.at, event.trouble)


def corrected(board: Board, event: ev.SnapshotTaken) -> Iterator[ev.Event | Effect]:
    """A file that began unheard is known from the caller's channel; whatever should be muted is muted once more."""
    for seen in event.legs:
        call = board.calls.get(seen.call) if seen.call is not None and seen.recording else None
        if call is not None and seen.leg == call.customer.id and (call.recording is None or not call.recording.name):
            yield ev.RecordingBegan(at=event.at, call=call.id, name=seen.recording, found=True)
    for call in board.calls.values():
        recording = call.recording
        if recording is not None and recording.name and recording.wanted != ON:
            yield MuteRecording(call.id, call.customer.channel, recording.wanted)


def kept(board: Board, event: ev.RecordingKept) -> Iterator[Effect]:
    yield News("recording.kept", event.at, {"id": event.recording, "seconds": event.seconds}, call=event.call)


def room_told(board: Board, event: ev.RecordingRoomChanged) -> Iterator[Effect]:
    if event.trouble:
        yield News("recording.trouble", event.at, {"trouble": event.trouble})
    else:
        yield News("recording.recovered", event.at, {})


def _news(call: Call, at: Instant, trouble: str = "") -> News:
    assert call.recording is not None
    return news_of(call, "recording", at, recording=recording_shape(call.recording), trouble=trouble or None)


FEATURES: Final[Mapping[type[ev.Event], tuple[Feature, ...]]] = {
    ev.AgentChosen: (chosen,),
    ce.CallPlaced: (placed,),
    ev.CallbackTurn: (placed,),
    ev.RecordingDecided: (refused,),
    ev.RecordingBegan: (told,),
    ev.RecordAsked: (asked,),
    ev.RecordingWanted: (order,),
    ev.RecordingMuted: (set_,),
    ev.RecordingKept: (kept,),
    ev.RecordingRoomChanged: (room_told,),
}
"""`chosen` and `placed` come before the order to ring; `corrected`, after the board has been put right, by name."""
