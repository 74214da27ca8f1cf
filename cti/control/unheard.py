"""How a call of ours ended, in words; also one that ended while nobody listened, from its last words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cti import events as ev
from cti.control import events as ce
from cti.ids import Instant
from cti.records import Call, Leg, Result

WHY: Final[Mapping[int, str]] = {
    1: "wrong_number",
    17: "busy",
    18: "no_answer",
    19: "no_answer",
    20: "unreachable",
    21: "rejected",
    28: "wrong_number",
}
"""Q.850 causes in words; 16 and 0, a plain end before the answer, is nobody answering."""


def not_reached_cause(call: Call, leg: Leg | None, cause: int) -> str:
    """Which side did not answer, and why: `customer:busy`, `agent:no_answer`."""
    side = "agent" if leg is None or leg.id == call.legs[0].id else "customer"
    if side == "agent" and call.legs[0].answered_at is not None:
        return "agent:hung_up"
    return f"{side}:{_word(cause)}"


def ended(call: Call, last: ev.LastWords) -> Iterator[ev.Event]:
    """The agent had answered, and the dialplan has been through: what it wrote down becomes the story."""
    offer = call.offers[-1]
    at = Instant(max(last.ended_at, offer.offered_at))
    if last.talked:
        reached = Instant(max(at - last.talked, offer.offered_at))
        yield ce.CustomerReached(at=reached, call=call.id, agent=offer.agent_no)
        yield ev.LegEnded(at=at, leg=call.customer.id, cause=16)
    else:
        yield ce.PlacingEnded(at=at, call=call.id, agent=offer.agent_no)
        yield ev.CallEnded(at=at, call=call.id, result=Result.NOT_REACHED, cause=f"customer:{_word(last.cause)}")


def _word(cause: int) -> str:
    return WHY.get(cause, "no_answer" if cause in (0, 16) else f"q850_{cause}")
