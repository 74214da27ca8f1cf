"""A leg that has not yet gone where the order before sent it is asked again, and the newest order wins."""

from __future__ import annotations

import asyncio

from adapters.asterisk.encode import Action
from adapters.asterisk.failures import LinkFailure, Rejected
from adapters.asterisk.redirects import Done, Redirects, Step
from adapters.asterisk.wire import Message
from tests.adapters.asterisk.waiting import Bell

A, B = "PJSIP/cti-trunk-00000001", "PJSIP/1001-00000002"
TO_MUSIC, TO_ROOM = Step(A, "cti-hold", "customer"), Step(A, "cti-room", "m_1")
GONE = Rejected("Redirect", "Channel does not exist: PJSIP/1001-00000002")
NOT_UP = Rejected("Redirect", "Redirect failed, channel not up.")
EXTRA_NOT_UP = Rejected("Redirect", "Redirect failed, extra channel not up.")
YES = Message.of(("Response", "Success"))


class Asterisk:
    """Answers a Redirect with what it is told to, and with success once it has been told no more."""

    def __init__(self, *answers: Message | LinkFailure) -> None:
        self.answers = list(answers)
        self.bell = Bell()
        self.asked: list[dict[str, str]] = []
        self.outcomes: list[Message | LinkFailure] = []

    def send(self, action: Action, done: Done | None) -> None:
        assert action.name == "Redirect"
        assert done is not None
        self.asked.append(dict(action.headers))
        answer = self.answers.pop(0) if self.answers else YES
        asyncio.get_running_loop().call_soon(self._tell, done, answer)

    def _tell(self, done: Done, answer: Message | LinkFailure) -> None:
        done(answer)
        self.bell.ring()

    def done(self, outcome: Message | LinkFailure) -> None:
        self.outcomes.append(outcome)
        self.bell.ring()


async def test_a_leg_that_has_not_gone_yet_is_asked_again_until_it_goes() -> None:
    asterisk = Asterisk(NOT_UP, NOT_UP)
    Redirects(asterisk.send).go(TO_MUSIC, done=asterisk.done)
    await asterisk.bell.until(lambda: asterisk.outcomes)
    assert asterisk.outcomes == [YES]
    assert [one["Exten"] for one in asterisk.asked] == ["customer"] * 3


async def test_a_leg_that_is_gone_is_not_asked_again() -> None:
    asterisk = Asterisk(NOT_UP, GONE)
    Redirects(asterisk.send).go(TO_MUSIC, done=asterisk.done)
    await asterisk.bell.until(lambda: asterisk.outcomes)
    assert asterisk.outcomes == [GONE]
    assert len(asterisk.asked) == 2


async def test_a_leg_that_never_goes_is_given_up_with_asterisk_s_own_word() -> None:
    asterisk = Asterisk(*[NOT_UP] * 9)
    Redirects(asterisk.send, (0.0, 0.0)).go(TO_MUSIC, done=asterisk.done)
    await asterisk.bell.until(lambda: asterisk.outcomes)
    assert asterisk.outcomes == [NOT_UP]
    assert len(asterisk.asked) == 3


async def test_two_legs_of_which_one_has_not_gone_yet_are_asked_again_together() -> None:
    asterisk = Asterisk(EXTRA_NOT_UP)
    Redirects(asterisk.send).go(TO_MUSIC, Step(B, "cti-alone", "s"), done=asterisk.done)
    await asterisk.bell.until(lambda: asterisk.outcomes)
    assert [(one["Channel"], one["ExtraChannel"]) for one in asterisk.asked] == [(A, B)] * 2


async def test_an_order_that_a_newer_one_overtook_is_not_made_again_and_the_other_leg_goes_alone() -> None:
    asterisk = Asterisk(NOT_UP)
    redirects = Redirects(asterisk.send)
    redirects.go(TO_MUSIC, Step(B, "cti-alone", "s"), done=asterisk.done)
    redirects.go(TO_ROOM)
    await asterisk.bell.until(lambda: asterisk.outcomes)
    assert [(one["Channel"], one["Exten"]) for one in asterisk.asked] == [(A, "customer"), (A, "m_1"), (B, "s")]


async def test_nothing_is_remembered_of_orders_that_are_done() -> None:
    asterisk = Asterisk(NOT_UP)
    redirects = Redirects(asterisk.send)
    redirects.go(TO_MUSIC, done=asterisk.done)
    await asterisk.bell.until(lambda: asterisk.outcomes)
    assert not redirects._newest
