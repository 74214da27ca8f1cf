"""The states of a call. The NEXT table is the whole law; `docs/call-states.md` is drawn from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cti import events as ev
from cti.control import events as ce
from cti.errors import OutOfTurn
from cti.records import Call, State

_LIVE: Final = tuple(state for state in State if state is not State.ENDED)

NEXT: Final[Mapping[tuple[State, type[ev.Event]], State]] = {
    (State.IVR, ev.CallerWaiting): State.WAITING,
    (State.IVR, ev.FallbackTaken): State.FALLBACK,
    (State.WAITING, ev.AgentChosen): State.OFFERED,
    (State.OFFERED, ev.PhoneRinging): State.RINGING,
    (State.OFFERED, ev.OfferEnded): State.WAITING,
    (State.RINGING, ev.OfferEnded): State.WAITING,
    (State.OFFERED, ev.AgentAnswered): State.TALKING,  # a phone may answer without ringing first
    (State.RINGING, ev.AgentAnswered): State.TALKING,
    (State.TALKING, ev.CallHeld): State.HELD,
    (State.HELD, ev.CallRetrieved): State.TALKING,
    (State.WAITING, ev.CallOverflowed): State.WAITING,  # in another queue
    (State.WAITING, ev.CallSentOn): State.IVR,
    (State.IVR, ev.CallReturned): State.WAITING,
    (State.WAITING, ev.FallbackTaken): State.FALLBACK,
    (State.TALKING, ev.SurveyBegan): State.SURVEY,
    (State.HELD, ev.SurveyBegan): State.SURVEY,
    **{(state, ce.CallRequeued): State.WAITING for state in (State.WAITING, State.TALKING, State.HELD)},
    **{(state, ce.CallForwarded): State.TALKING for state in (State.TALKING, State.HELD)},
    (State.HELD, ce.ConsultSwapped): State.TALKING,
    (State.TALKING, ce.ConsultSwapped): State.HELD,
    **{(state, ce.ConsultMerged): State.TALKING for state in (State.TALKING, State.HELD)},
    **{(state, ce.CustomerHandedOver): State.TALKING for state in (State.TALKING, State.HELD)},
    **{(state, ce.CallTaken): State.TALKING for state in (State.TALKING, State.HELD)},
    (State.WAITING, ev.CallbackTurn): State.DIALLING,
    (State.DIALLING, ev.CallbackReturned): State.WAITING,
    (State.DIALLING, ce.CustomerReached): State.TALKING,
    **{(live, ev.CallEnded): State.ENDED for live in _LIVE},
}


def advance(call: Call, event: ev.Event) -> None:
    """Take the step that `event` means; the table above is the whole law.

    Raises `OutOfTurn` and changes nothing when the table has no such step.
    """
    step = NEXT.get((call.state, type(event)))
    if step is None:
        raise OutOfTurn(f"{type(event).__name__} while the call is {call.state}")
    call.state = step
    call.state_since = event.at
