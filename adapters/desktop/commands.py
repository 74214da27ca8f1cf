"""Commands of the event stream by name, each one request to the desk; the table is the list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from adapters.desktop.messages import (
    AcwMore,
    AgentStatus,
    BadFrame,
    CallAttach,
    CallCorrection,
    CallDial,
    CallDigits,
    CallDisposition,
    CallLeg,
    CallMaybeTo,
    CallPlay,
    CallRecord,
    CallRequeue,
    CallTo,
    CallWatch,
    CallWhy,
    Nothing,
    OneCall,
    arguments,
)
from adapters.desktop.ports import Desk
from cti.control import events as ce
from cti.errors import NotAllowed
from cti.ids import AgentNo, CallId, LegId, QueueName
from cti.people import Principal
from cti.permissions import (
    CALLS_CONTROL,
    CALLS_DIAL,
    DISPOSITIONS_CORRECT,
    OWN_DESK,
    RECORDINGS_STEER,
    SUPERVISION_BARGE,
    SUPERVISION_DROP,
    SUPERVISION_INTERCEPT,
    SUPERVISION_LISTEN,
    SUPERVISION_QUEUE,
    SUPERVISION_WHISPER,
)

Args = Mapping[str, Any]
Doing: TypeAlias = Awaitable[None] | None
"""What is still to be waited for; mostly nothing."""


def _own(who: Principal) -> AgentNo:
    if who.desk is None:
        raise NotAllowed("this sign-in has no agent number of its own")
    return who.desk


def set_status(desk: Desk, who: Principal, args: Args) -> None:
    asked = arguments(args, AgentStatus)
    desk.status(_own(who), asked.status, asked.reason, asked.device, who.username, False)


def finish_acw(desk: Desk, who: Principal, args: Args) -> None:
    arguments(args, Nothing)
    desk.finish_acw(_own(who))


def hang_up(desk: Desk, who: Principal, args: Args) -> None:
    asked = arguments(args, OneCall)
    desk.hang_up(CallId(asked.call), _own(who))


def record(desk: Desk, who: Principal, args: Args) -> None:
    asked = arguments(args, CallRecord)
    desk.record(CallId(asked.call), asked.action, who.agents_for(RECORDINGS_STEER), who.username)


def _plain(kind: type[ce.Wish]) -> Callable[[Desk, Principal, Args], None]:
    """A command about one's own part in a call that says nothing more."""

    def command(desk: Desk, who: Principal, args: Args) -> None:
        asked, mine = arguments(args, OneCall), _own(who)
        desk.wish(lambda at: kind(at=at, agent=mine, call=CallId(asked.call)))

    return command


def mute(desk: Desk, who: Principal, args: Args) -> None:
    asked, mine = arguments(args, OneCall), _own(who)
    desk.wish(lambda at: ce.MuteAsked(at=at, agent=mine, call=CallId(asked.call), muted=True))


def unmute(desk: Desk, who: Principal, args: Args) -> None:
    asked, mine = arguments(args, OneCall), _own(who)
    desk.wish(lambda at: ce.MuteAsked(at=at, agent=mine, call=CallId(asked.call), muted=False))


def transfer(desk: Desk, who: Principal, args: Args) -> None:
    asked, mine = arguments(args, CallTo), _own(who)
    desk.wish(lambda at: ce.TransferAsked(at=at, agent=mine, call=CallId(asked.call), to=asked.to))


def consult(desk: Desk, who: Principal, args: Args) -> None:
    asked, mine = arguments(args, CallTo), _own(who)
    desk.wish(lambda at: ce.ConsultAsked(at=at, agent=mine, call=CallId(asked.call), to=asked.to))


def conference(desk: Desk, who: Principal, args: Args) -> None:
    asked, mine = arguments(args, CallMaybeTo), _own(who)
    desk.wish(lambda at: ce.ConferenceAsked(at=at, agent=mine, call=CallId(asked.call), to=asked.to))


def conference_remove(desk: Desk, who: Principal, args: Args) -> None:
    asked, mine = arguments(args, CallLeg), _own(who)
    desk.wish(lambda at: ce.RemoveAsked(at=at, agent=mine, call=CallId(asked.call), leg=LegId(asked.leg)))


def dtmf(desk: Desk, who: Principal, args: Args) -> None:
    asked, mine = arguments(args, CallDigits), _own(who)
    desk.wish(lambda at: ce.DigitsAsked(at=at, agent=mine, call=CallId(asked.call), digits=asked.digits))


def play(desk: Desk, who: Principal, args: Args) -> None:
    asked = arguments(args, CallPlay)
    desk.play(_own(who), CallId(asked.call), asked.prompt, asked.side)


def attach(desk: Desk, who: Principal, args: Args) -> None:
    asked, mine = arguments(args, CallAttach), _own(who)
    desk.wish(lambda at: ce.AttachAsked(at=at, agent=mine, call=CallId(asked.call), data=asked.data))


def dispose(desk: Desk, who: Principal, args: Args) -> Doing:
    asked = arguments(args, CallDisposition)
    return desk.dispose(CallId(asked.call), _own(who), asked.code, asked.note)


def correct(desk: Desk, who: Principal, args: Args) -> Doing:
    asked = arguments(args, CallCorrection)
    return desk.correct(CallId(asked.call), who, AgentNo(asked.agent_no), asked.code, asked.note)


def pick_up(desk: Desk, who: Principal, args: Args) -> None:
    asked, mine, anybody = arguments(args, OneCall), _own(who), who.everywhere(SUPERVISION_QUEUE)
    desk.wish(lambda at: ce.PickUpAsked(at=at, agent=mine, call=CallId(asked.call), anybody=anybody))


def dial(desk: Desk, who: Principal, args: Args) -> None:
    asked = arguments(args, CallDial)
    desk.dial(_own(who), asked.to, asked.caller_id, asked.recording)


def extend_acw(desk: Desk, who: Principal, args: Args) -> None:
    asked, mine = arguments(args, AcwMore), _own(who)
    desk.wish(lambda at: ce.AcwExtendAsked(at=at, agent=mine, seconds=asked.seconds))


def _phone(who: Principal) -> AgentNo:
    if who.agent_no is None:
        raise NotAllowed("this sign-in has no agent number, and so no phone")
    return who.agent_no


def _watch(mode: str, permission: str) -> Callable[[Desk, Principal, Args], None]:
    def command(desk: Desk, who: Principal, args: Args) -> None:
        asked, mine = arguments(args, CallWatch), _phone(who)
        call = CallId(asked.call)
        desk.supervise(
            call,
            who,
            permission,
            lambda at: ce.WatchAsked(at=at, agent=mine, call=call, mode=mode, follow=asked.follow),
        )

    return command


def watch_stop(desk: Desk, who: Principal, args: Args) -> None:
    call, mine = CallId(arguments(args, CallWhy).call), _phone(who)
    desk.wish(lambda at: ce.WatchStopAsked(at=at, agent=mine, call=call))


def drop(desk: Desk, who: Principal, args: Args) -> None:
    call = CallId(arguments(args, CallWhy).call)
    desk.supervise(call, who, SUPERVISION_DROP, lambda at: ce.DropAsked(at=at, call=call, by=who.username))


def requeue(desk: Desk, who: Principal, args: Args) -> None:
    asked = arguments(args, CallRequeue)
    call, queue = CallId(asked.call), None if asked.queue is None else QueueName(asked.queue)
    desk.supervise(
        call,
        who,
        SUPERVISION_QUEUE,
        lambda at: ce.RequeueAsked(at=at, call=call, by=who.username, queue=queue, front=asked.front),
    )


def take(desk: Desk, who: Principal, args: Args) -> None:
    call, mine = CallId(arguments(args, CallWhy).call), _phone(who)
    desk.supervise(call, who, SUPERVISION_QUEUE, lambda at: ce.PickUpAsked(at=at, agent=mine, call=call, anybody=True))


COMMANDS: Final[Mapping[str, tuple[Callable[[Desk, Principal, Args], Doing], type, str]]] = {
    "agent.status": (set_status, AgentStatus, OWN_DESK),
    "agent.finish_acw": (finish_acw, Nothing, OWN_DESK),
    "call.hangup": (hang_up, OneCall, OWN_DESK),
    "call.record": (record, CallRecord, RECORDINGS_STEER),
    "agent.extend_acw": (extend_acw, AcwMore, OWN_DESK),
    "call.dial": (dial, CallDial, CALLS_DIAL),
    "call.answer": (_plain(ce.AnswerAsked), OneCall, CALLS_CONTROL),
    "call.hold": (_plain(ce.HoldAsked), OneCall, CALLS_CONTROL),
    "call.retrieve": (_plain(ce.RetrieveAsked), OneCall, CALLS_CONTROL),
    "call.mute": (mute, OneCall, CALLS_CONTROL),
    "call.unmute": (unmute, OneCall, CALLS_CONTROL),
    "call.dtmf": (dtmf, CallDigits, CALLS_CONTROL),
    "call.play": (play, CallPlay, CALLS_CONTROL),
    "call.attach": (attach, CallAttach, CALLS_CONTROL),
    "call.disposition": (dispose, CallDisposition, CALLS_CONTROL),
    "call.disposition.correct": (correct, CallCorrection, DISPOSITIONS_CORRECT),
    "call.transfer": (transfer, CallTo, CALLS_CONTROL),
    "call.consult": (consult, CallTo, CALLS_CONTROL),
    "call.consult.complete": (_plain(ce.ConsultCompleteAsked), OneCall, CALLS_CONTROL),
    "call.consult.alternate": (_plain(ce.ConsultAlternateAsked), OneCall, CALLS_CONTROL),
    "call.consult.cancel": (_plain(ce.ConsultCancelAsked), OneCall, CALLS_CONTROL),
    "call.conference": (conference, CallMaybeTo, CALLS_CONTROL),
    "call.conference.remove": (conference_remove, CallLeg, CALLS_CONTROL),
    "call.pickup": (pick_up, OneCall, CALLS_CONTROL),
    "call.supervision.listen": (_watch("listen", SUPERVISION_LISTEN), CallWatch, SUPERVISION_LISTEN),
    "call.supervision.whisper": (_watch("whisper", SUPERVISION_WHISPER), CallWatch, SUPERVISION_WHISPER),
    "call.supervision.barge": (_watch("barge", SUPERVISION_BARGE), CallWatch, SUPERVISION_BARGE),
    "call.supervision.intercept": (_watch("intercept", SUPERVISION_INTERCEPT), CallWatch, SUPERVISION_INTERCEPT),
    "call.supervision.stop": (watch_stop, CallWhy, SUPERVISION_LISTEN),
    "call.supervision.drop": (drop, CallWhy, SUPERVISION_DROP),
    "call.supervision.requeue": (requeue, CallRequeue, SUPERVISION_QUEUE),
    "call.supervision.take": (take, CallWhy, SUPERVISION_QUEUE),
}
"""What each command does, its arguments, and the permission it asks for."""


def carry_out(desk: Desk, who: Principal, name: str, args: Args) -> tuple[str, Doing]:
    """Do it, or raise `Refused`; returns the permission that was asked for, and what is to be waited for."""
    try:
        command, _, permission = COMMANDS[name]
    except KeyError:
        raise BadFrame("unknown command") from None
    if not who.may(permission):
        raise NotAllowed(f"this needs the permission {permission}")
    return permission, command(desk, who, args)
