"""A leg that has not yet gone where the order before sent it is asked again, and the newest order wins."""

from __future__ import annotations

import asyncio

import pytest

from adapters.asterisk.encode import Action
from adapters.asterisk.failures import LinkFailure, Rejected
from adapters.asterisk.redirects import Done, Redirects, Step
from adapters.asterisk.wire import Message
from cti.ids import CallId
from tests.adapters.asterisk.waiting import Bell, eventually

CALL, OTHER = CallId("1795399200-1-123456"), CallId("1795399200-2-123456")
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
    Redirects(asterisk.send).go(CALL, TO_MUSIC, done=asterisk.done)
    await asterisk.bell.until(lambda: asterisk.outcomes)
    assert asterisk.outcomes == [YES]
    assert [one["Exten"] for one in asterisk.asked] == ["customer"] * 3


async def test_a_leg_that_is_gone_is_not_asked_again() -> None:
    asterisk = Asterisk(NOT_UP, GONE)
    Redirects(asterisk.send).go(CALL, TO_MUSIC, done=asterisk.done)
    await asterisk.bell.until(lambda: asterisk.outcomes)
    assert asterisk.outcomes == [GONE]
    assert len(asterisk.asked) == 2


async def test_a_leg_that_never_goes_is_given_up_with_asterisk_s_own_word() -> None:
    asterisk = Asterisk(*[NOT_UP] * 9)
    Redirects(asterisk.send, (0.0, 0.0)).go(CALL, TO_MUSIC, done=asterisk.done)
    await asterisk.bell.until(lambda: asterisk.outcomes)
    assert asterisk.outcomes == [NOT_UP]
    assert len(asterisk.asked) == 3


async def test_two_legs_of_which_one_has_not_gone_yet_are_asked_again_together() -> None:
    asterisk = Asterisk(EXTRA_NOT_UP)
    Redirects(asterisk.send).go(CALL, TO_MUSIC, Step(B, "cti-alone", "s"), done=asterisk.done)
    await asterisk.bell.until(lambda: asterisk.outcomes)
    assert [(one["Channel"], one["ExtraChannel"]) for one in asterisk.asked] == [(A, B)] * 2


async def test_an_order_that_a_newer_one_overtook_is_not_made_again_and_the_other_leg_goes_alone() -> None:
    asterisk = Asterisk(NOT_UP)
    redirects = Redirects(asterisk.send)
    redirects.go(CALL, TO_MUSIC, Step(B, "cti-alone", "s"), done=asterisk.done)
    redirects.go(CALL, TO_ROOM, done=lambda _: None)
    await asterisk.bell.until(lambda: asterisk.outcomes)
    assert [(one["Channel"], one["Exten"]) for one in asterisk.asked] == [(A, "customer"), (A, "m_1"), (B, "s")]


async def test_nothing_is_remembered_of_orders_that_are_done() -> None:
    asterisk = Asterisk(NOT_UP)
    redirects = Redirects(asterisk.send)
    redirects.go(CALL, TO_MUSIC, done=asterisk.done)
    await asterisk.bell.until(lambda: asterisk.outcomes)
    assert not redirects._newest
    assert not redirects._under_way
    assert not redirects._then


class Released:
    """Somebody who is hung up when the customer has gone elsewhere."""

    def __init__(self, redirects: Redirects, call: CallId = CALL) -> None:
        self.said: list[str] = []
        redirects.then(call, lambda: self.said.append("hung up"), lambda: self.said.append("left"))


async def test_whoever_gives_a_customer_away_is_hung_up_when_the_customer_has_gone_and_not_before() -> None:
    asterisk = Asterisk(NOT_UP, NOT_UP)
    redirects = Redirects(asterisk.send)
    redirects.go(CALL, TO_MUSIC, done=asterisk.done)
    agent, stranger = Released(redirects), Released(redirects, OTHER)
    assert (agent.said, stranger.said) == ([], ["hung up"])
    await asterisk.bell.until(lambda: asterisk.outcomes)
    assert agent.said == ["hung up"]


async def test_a_customer_who_has_not_gone_keeps_whoever_is_there_until_somebody_has_looked() -> None:
    asterisk = Asterisk(YES, GONE)
    redirects = Redirects(asterisk.send)
    redirects.go(CALL, TO_MUSIC, done=asterisk.done)
    redirects.go(CALL, Step(B, "cti-alone", "s"), done=asterisk.done)
    agent = Released(redirects)
    await asterisk.bell.until(lambda: len(asterisk.outcomes) == 2)
    assert agent.said == ["left"]
    assert Released(redirects).said == ["left"]
    redirects.looked()
    assert Released(redirects).said == ["hung up"]


async def test_an_order_that_a_newer_one_overtook_holds_nobody_up() -> None:
    asterisk = Asterisk(NOT_UP)
    redirects = Redirects(asterisk.send)
    redirects.go(CALL, TO_MUSIC, done=asterisk.done)
    redirects.go(CALL, TO_ROOM, done=asterisk.done)
    agent = Released(redirects)
    await eventually(lambda: agent.said)
    assert (agent.said, asterisk.outcomes) == (["hung up"], [YES])


async def test_whoever_gives_a_customer_away_is_hung_up_when_the_others_are_in_their_room() -> None:
    asterisk = Asterisk()
    redirects = Redirects(asterisk.send)
    redirects.go(CALL, TO_ROOM, Step(B, "cti-room", "m_1"), done=asterisk.done)
    agent = Released(redirects)
    await asterisk.bell.until(lambda: asterisk.outcomes)
    redirects.entered(A, "1795399200.1")
    assert agent.said == []
    redirects.entered("PJSIP/1001-00000002", B)
    assert agent.said == ["hung up"]
    assert not redirects._entering


async def test_a_leg_that_is_in_its_room_before_asterisk_has_said_yes_is_not_waited_for() -> None:
    asterisk = Asterisk()
    redirects = Redirects(asterisk.send)
    redirects.go(CALL, TO_ROOM, done=asterisk.done)
    agent = Released(redirects)
    redirects.entered(A, "1795399200.1")
    assert agent.said == []
    await asterisk.bell.until(lambda: asterisk.outcomes)
    assert agent.said == ["hung up"]


async def test_a_leg_that_never_enters_its_room_holds_nobody_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.asterisk.redirects.ENTERS_WITHIN", 0.01)
    redirects = Redirects(Asterisk().send)
    redirects.go(CALL, TO_ROOM, done=lambda _: None)
    agent = Released(redirects)
    await eventually(lambda: agent.said)
    assert agent.said == ["hung up"]
    assert not redirects._entering
    assert not redirects._under_way


async def test_a_leg_that_is_sent_elsewhere_on_its_way_into_a_room_is_waited_for_there() -> None:
    asterisk = Asterisk()
    redirects = Redirects(asterisk.send)
    redirects.go(CALL, TO_ROOM, done=asterisk.done)
    agent = Released(redirects)
    await asterisk.bell.until(lambda: asterisk.outcomes)
    redirects.go(CALL, TO_MUSIC, done=asterisk.done)
    assert agent.said == []
    await asterisk.bell.until(lambda: len(asterisk.outcomes) == 2)
    assert agent.said == ["hung up"]
