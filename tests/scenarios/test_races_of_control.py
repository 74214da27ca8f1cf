"""Call control against an Asterisk that carries orders out in its own time: whatever crosses whatever, whichever order
comes to nothing, whenever the link breaks or the server dies, no customer is left alone and nothing is left over."""

from __future__ import annotations

import random
from typing import Final

import pytest

from cti.errors import Refused
from tests.switch_world import Centre, Life, nobody_is_lost, nothing_is_left_over, over

FAULTS: Final = ("refused", "unheard", "done")
STEPS: Final = 120


class Once:
    """One order, the nth, comes to nothing, or seems to."""

    def __init__(self, seed: int, among: int = 25) -> None:
        rng = random.Random(seed)
        self.left, self.kind = rng.randrange(1, among), rng.choice(FAULTS)

    def __call__(self) -> str:
        self.left -= 1
        return self.kind if self.left == 0 else ""


def settled(w: Centre, fault: Once | type[str] = str) -> None:
    """At rest, with every phone that rang having rung out."""
    w.settles(75, fault)
    nobody_is_lost(w)


@pytest.mark.parametrize("batch", range(5))
def test_whatever_crosses_whatever_nobody_is_lost_nothing_is_left_and_the_seconds_add_up(batch: int) -> None:
    for seed in range(batch * 200, batch * 200 + 200):
        w = Centre()
        Life(w, seed).goes_on(STEPS)
        settled(w)
        nothing_is_left_over(w)
        over(w)


@pytest.mark.parametrize("batch", range(5))
def test_whichever_order_comes_to_nothing_nobody_is_lost_and_nothing_is_left(batch: int) -> None:
    hit = 0
    for seed in range(batch * 160, batch * 160 + 160):
        w, fault = Centre(), Once(seed)
        Life(w, seed, fault).goes_on(STEPS)
        settled(w, fault)
        nothing_is_left_over(w)
        over(w)
        hit += fault.left <= 0
    assert hit > 40


@pytest.mark.parametrize("batch", range(2))
def test_whichever_order_comes_to_nothing_no_customer_s_call_ends_by_it(batch: int) -> None:
    for seed in range(batch * 150, batch * 150 + 150):
        w, fault = Centre(), Once(seed)
        Life(w, seed, fault, gently=True).goes_on(STEPS)
        w.settles(10, fault)
        came = {call for call, kept in w.kept.items() if kept.direction == "inbound"}
        assert came <= set(w.board.calls), "somebody was hung up on"


@pytest.mark.parametrize("batch", range(2))
def test_a_link_that_breaks_in_the_middle_of_anything_costs_nobody_their_call(batch: int) -> None:
    for seed in range(batch * 150, batch * 150 + 150):
        w = Centre()
        life = Life(w, seed)
        life.goes_on(random.Random(seed).randrange(20, 100))
        w.link_breaks()
        unseen(life)
        w.looks()
        life.goes_on(30)
        settled(w)
        nothing_is_left_over(w)
        over(w)


@pytest.mark.parametrize("batch", range(2))
def test_a_server_killed_in_the_middle_of_anything_loses_no_customer(batch: int) -> None:
    for seed in range(batch * 150, batch * 150 + 150):
        w = Centre()
        life = Life(w, seed)
        life.goes_on(random.Random(seed).randrange(20, 100))
        for _ in range(life.rng.randrange(min(len(w.switch.orders), 3) + 1)):
            w.switch.carry()
        w.killed()
        unseen(life)
        w.looks()
        life.goes_on(30)
        settled(w)


def unseen(life: Life) -> None:
    """What people do while nobody looks."""
    for _ in range(life.rng.randrange(6)):
        try:
            life.people()
        except Refused:
            pass
        life.switch.goes_on()
        life.w.unheard()
        life.w.passes(life.rng.choice((0, 0.3, 1)))
        life.w.unheard()
