"""Every order of every command, one after another, is refused or lost: the customer is never left alone by it."""

from __future__ import annotations

from typing import Any, Final

import pytest

from cti.control import events as ce
from cti.errors import Refused
from cti.ids import CallId
from tests.switch_world import Centre, Fault, nobody_is_lost, nothing_is_left_over, over

FAULTS: Final = ("refused", "unheard", "done")
MOST: Final = 40

Step = tuple[str, type[ce.Wish], dict[str, Any]]
ASK: Final[Step] = ("1001", ce.ConsultAsked, {"to": "agent:1002"})
COMPLETE: Final[Step] = ("1001", ce.ConsultCompleteAsked, {})
TO_AND_FRO: Final[Step] = ("1001", ce.ConsultAlternateAsked, {})
MERGE: Final[Step] = ("1001", ce.ConferenceAsked, {})
HOLD: Final[Step] = ("1001", ce.HoldAsked, {})
RETRIEVE: Final[Step] = ("1001", ce.RetrieveAsked, {})


def supervision(mode: str, by: str = "1900") -> Step:
    return (by, ce.WatchAsked, {"mode": mode})


def given(to: str, by: str = "1001") -> Step:
    return (by, ce.TransferAsked, {"to": to})


STORIES: Final[dict[str, tuple[Step, ...]]] = {
    "hold, retrieve": (HOLD, RETRIEVE),
    "hold, retrieve, hold, retrieve": (HOLD, RETRIEVE, HOLD, RETRIEVE),
    "ask, complete": (ASK, COMPLETE),
    "ask, to and fro, complete": (ASK, TO_AND_FRO, TO_AND_FRO, COMPLETE),
    "ask, to and fro, cancel": (ASK, TO_AND_FRO, ("1001", ce.ConsultCancelAsked, {})),
    "hold, ask, cancel": (HOLD, ASK, ("1001", ce.ConsultCancelAsked, {})),
    "ask, merge, one more": (ASK, MERGE, ("1001", ce.ConferenceAsked, {"to": "agent:1003"})),
    "ask a number, merge": (("1001", ce.ConsultAsked, {"to": "13900001111"}), MERGE),
    "to a queue": (given("queue:support"),),
    "on hold, to a queue": (HOLD, given("queue:support")),
    "retrieved, to a queue": (HOLD, RETRIEVE, given("queue:support")),
    "to an agent": (given("agent:1002"),),
    "retrieved, to an agent, who holds": (HOLD, RETRIEVE, given("agent:1002"), ("1002", ce.HoldAsked, {})),
    "to a flow": (given("flow:main"),),
    "retrieved, to a flow": (HOLD, RETRIEVE, given("flow:main")),
    "to a number": (given("13900001111"),),
    "retrieved, to a number": (HOLD, RETRIEVE, given("13900001111")),
    "taken over": (supervision("intercept"),),
    "heard, taken over": (supervision("listen"), supervision("intercept")),
    "retrieved, taken over": (HOLD, RETRIEVE, supervision("intercept")),
    "joined, taken over, on hold": (supervision("barge"), supervision("intercept"), ("1900", ce.HoldAsked, {})),
    "asked, taken over": (ASK, TO_AND_FRO, supervision("intercept")),
    "taken over twice": (supervision("intercept"), supervision("intercept", "1901")),
}


def told(story: tuple[Step, ...], fault: Fault) -> tuple[Centre, CallId, bool]:
    """The story, with every phone picked up that rings, up to what is refused; and whether it came to its end."""
    w = Centre()
    call, whole = w.switch.incoming("sales").call, True
    rings(w)
    for agent, kind, words in story:
        try:
            w.asks(kind, agent, call, **words)
        except Refused:
            whole = False  # the lost order has made it impossible
            break
        rings(w, fault)
    w.settles(40, fault)
    return w, call, whole


def rings(w: Centre, fault: Fault = str) -> None:
    w.settles(fault=fault)
    for one in [one for one in w.switch.channels.values() if not one.up]:
        w.switch.answers(one)
    w.settles(3, fault)


class Nth:
    def __init__(self, n: int, kind: str) -> None:
        self.left, self.kind = n, kind

    def __call__(self) -> str:
        self.left -= 1
        return self.kind if self.left == 0 else ""


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("name", STORIES)
def test_a_customer_is_never_left_alone_whichever_order_is_lost(name: str, kind: str) -> None:
    for n in range(1, MOST):
        fault = Nth(n, kind)
        w, call, whole = told(STORIES[name], fault)
        assert call in w.board.calls, f"order {n}: somebody was hung up on"
        nobody_is_lost(w)
        nothing_is_left_over(w)
        over(w)
        if fault.left > 0:
            assert whole, "nothing was lost, and yet something was refused"
            assert n > len(STORIES[name])
            return
    raise AssertionError("more orders than anybody thought")
