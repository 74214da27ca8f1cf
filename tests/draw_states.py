"""Draws `docs/call-states.md` from the tables that are the law. `python -m tests.draw_states` writes it anew."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from cti.agents import WORK_NEXT, Work
from cti.calls import NEXT
from cti.events import Event
from cti.records import State

S = TypeVar("S", bound=StrEnum)

FILE: Final = Path(__file__).parent.parent / "docs/call-states.md"

MEANS: Final = {
    "CallerWaiting": "the caller stands in a queue's waiting room",
    "SurveyBegan": "the agent has hung up and the caller is asked",
    "AgentChosen": "routing has decided; from here on the agent is spoken for",
    "PhoneRinging": "the agent's phone rings",
    "AgentAnswered": "the agent's leg has answered or entered the bridge",
    "OfferEnded": "the offer came to nothing: rejected, no_answer, failed or cancelled",
    "CallHeld": "the agent holds",
    "CallRetrieved": "the agent is back",
    "CallbackTurn": "the turn of a callback has come: the agent's phone is called",
    "CallbackReturned": "the agent of a callback was not reached; it waits again",
    "CallRequeued": "the caller is given to a queue, or moved within",
    "CallForwarded": "the customer is sent to an outside number",
    "ConsultBegan": "the agent asks somebody, the customer on hold",
    "ConsultSwapped": "to the customer, or back to whoever is asked",
    "ConsultEnded": "the consultation is over; the customer is still on hold",
    "ConsultMerged": "a consultation becomes a conference",
    "CustomerHandedOver": "the customer goes to whoever was asked",
    "ColleagueAsked": "an agent is rung for a colleague's call",
    "ColleagueRang": "that agent's phone rings",
    "ColleagueAnswered": "that agent is being asked",
    "ColleagueJoined": "that agent talks with the customer",
    "ColleagueReleased": "that agent is free again, without having had the customer",
    "CallPlaced": "click-to-call: the agent's phone is called",
    "CustomerReached": "the other side of an outbound call has answered",
    "PlacingEnded": "an outbound call reached nobody",
    "WatchBegan": "a supervisor's phone is called",
    "WatchEnded": "supervision is over",
    "CallTaken": "a supervisor has the customer now",
    "AgentLeft": "the agent's part has ended, or the caller's leg under it",
    "AcwResumed": "what interrupted after-call work came to no talk, and it goes on",
    "AcwEnded": "after-call work is over: its time, or the agent's word",
    "CallOverflowed": "a rule moves the caller to another queue",
    "CallSentOn": "a rule sends the caller to a number, an agent, voicemail, a flow or a callback",
    "CallReturned": "what the caller was sent to did not take them",
    "FallbackTaken": "the waiting room gave up on the server",
    "CallEnded": "the caller's leg has ended, and with it the call",
}

HEAD: Final = """# States of a call and of an agent

Drawn from `NEXT` in `cti/calls.py` and `WORK_NEXT` in `cti/agents.py` by `python -m tests.draw_states`; not edited by
hand. A step that is not in the table is refused as `out_of_turn` and changes nothing.
"""

BETWEEN: Final = """
A call begins as `ivr` where a flow hears the caller first, else as `waiting`.
It stays `talking` after its agent's part, until the caller's own leg ends. An agent's
`offered`, `ringing`, `talking` and `held` follow the call.
"""

STATUS: Final = """
## What an agent declares

`status` is the other axis: `logged_out`, `ready`, or `not_ready` with a reason. Agents ask for any of them,
supervisors only of somebody who is signed in. When it takes place depends on `work`.

| `work` | a status asked for |
| --- | --- |
| `idle` | at once |
| `offered`, `ringing` | waits as `pending_status` for the end of the offer, or of the call |
| `talking`, `held` | waits as `pending_status` for the end of after-call work; signing out skips that |
| `consulting`, `supervising` | waits as `pending_status` for its end, or for that of the call that comes of it |
| `acw` | `ready` and signing out end it at once; `not_ready`, and what a supervisor forces, waits for its end |

What an agent begins in `acw` (a number dialled, a caller picked up, a colleague listened to) interrupts it: its timer
runs on, what is left of it comes afterwards, and a status asked for meanwhile waits for the end of that too, but for
signing out.

The product itself sets `not_ready` with the reasons `no_answer` and `unreachable` (see [routing](routing.md)) and
`connection_lost` (no desktop for 60 s; after the call if there is one).
"""


def table(law: Mapping[tuple[S, type[Event]], S], states: type[S]) -> str:
    """One row a state, one column an event; a dot where the step does not exist."""
    events = list(dict.fromkeys(kind for _, kind in law))
    used = [one for one in states if any(one in (start, end) for (start, _), end in law.items())]
    rows = [
        "| | " + " | ".join(f"`{kind.__name__}`" for kind in events) + " |",
        "| --- |" + " --- |" * len(events),
    ]
    for state in used:
        steps = (law.get((state, kind)) for kind in events)
        rows.append(f"| **{state}** | " + " | ".join("·" if step is None else f"{step}" for step in steps) + " |")
    return "\n".join(rows) + "\n"


def unused(law: Mapping[tuple[S, type[Event]], S], states: type[S]) -> str:
    left = [f"`{one}`" for one in states if not any(one in (start, end) for (start, _), end in law.items())]
    return f"\nNamed, and not reached by any step yet: {', '.join(left)}.\n" if left else ""


def draw() -> str:
    """The whole page."""
    kinds = dict.fromkeys(kind.__name__ for law in (NEXT, WORK_NEXT) for _, kind in law)
    glossary = "\n".join(f"- `{name}`: {MEANS[name]}" for name in kinds)
    return (
        f"{HEAD}\n## A call\n\n{table(NEXT, State)}{unused(NEXT, State)}"
        f"{BETWEEN}\n## An agent's work\n\n{table(WORK_NEXT, Work)}{unused(WORK_NEXT, Work)}"
        f"\n## The events\n\n{glossary}\n{STATUS}"
    )


if __name__ == "__main__":
    FILE.write_text(draw(), encoding="utf-8")
