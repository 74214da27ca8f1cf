"""What is said to waiting callers and at the join, and where they are sent, as Asterisk is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pytest

from adapters.asterisk.encode import Action
from adapters.asterisk.redirects import Redirects
from adapters.asterisk.waiting import VALUE_MOST, WaitingOrders
from cti.control.dialling import Diallable
from cti.effects import Announce, Deliver, SendOn
from cti.ids import AgentNo, CallId, DeviceName, Instant, TenantId

DEMO = TenantId("demo")
CALL = CallId("1-1")
CHANNEL = "PJSIP/cti-trunk-1"


class Office:
    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []
        self.orders = WaitingOrders(
            self.send, Redirects(self.send), self.sounds, self.joined, lambda: Instant(0), lambda _event, _tenant: None
        )

    def send(self, action: Action, done: Any = None) -> None:
        self.told.append(dict(action.headers))

    def sounds(self, tenant: str, names: Collection[str], language: str) -> list[str]:
        return [f"/voice/{language}/{name}" for name in names]

    def joined(self, files: Sequence[str]) -> str:
        if any("broken" in file for file in files):
            raise ValueError("no sound of ours")
        return "+".join(files)

    @property
    def variables(self) -> dict[str, str]:
        return {one["Variable"]: one["Value"] for one in self.told if "Variable" in one}

    @property
    def sent_to(self) -> tuple[str, str]:
        return next((one["Context"], one["Exten"]) for one in self.told if "Context" in one)

    def send_on(self, target: str, shown: str = "", number: Diallable | None = None, trunk: str = "") -> None:
        self.orders.orders[SendOn](DEMO, SendOn(CALL, CHANNEL, target, shown, number, trunk))


def deliver(**more: Any) -> Deliver:
    return Deliver(CALL, CHANNEL, 1, AgentNo("1001"), DeviceName("1001"), 15, language="zh", **more)


def test_each_side_hears_its_own_words_at_the_join() -> None:
    office = Office()
    office.orders.before_ringing(DEMO, deliver(say=("agent-no", "digit-1"), whisper=("support",)))
    assert office.variables == {"CTI_DIAL": "A(/voice/zh/support:/voice/zh/agent-no+/voice/zh/digit-1)"}


def test_a_prompt_that_is_broken_costs_the_words_and_not_the_call() -> None:
    office = Office()
    office.orders.before_ringing(DEMO, deliver(say=("agent-no", "broken"), whisper=("support",)))
    assert office.variables == {"CTI_DIAL": "A(/voice/zh/support)"}


def test_what_was_to_be_said_at_one_join_is_not_said_at_the_next() -> None:
    office = Office()
    office.orders.before_ringing(DEMO, deliver(whisper=("support",)))
    office.orders.before_ringing(DEMO, deliver())
    assert office.variables == {"CTI_DIAL": ""}


def test_words_too_many_for_asterisk_are_left_out_and_the_phone_rings() -> None:
    office = Office()
    office.orders.before_ringing(DEMO, deliver(say=("digit-1",) * 100, shown=("138****1234", "张")))
    assert office.variables["CTI_DIAL"] == 'f("张" <138****1234>)'


def test_an_announcement_too_long_for_asterisk_loses_its_end() -> None:
    office = Office()
    office.orders.orders[Announce](DEMO, Announce(CALL, CHANNEL, ("digit-1",) * 100, "zh"))
    said = office.variables["CTI_SAY"]
    assert VALUE_MOST - 20 < len(said) <= VALUE_MOST
    assert set(said.split("&")) == {"/voice/zh/digit-1"}
    assert office.sent_to == ("cti-wait", "say")


@pytest.mark.parametrize(
    ("target", "way", "values"),
    [
        (
            "number:01065529988",
            ("cti-go", "number"),
            {
                "CTI_ARG": "01065529988",
                "CTI_SECONDS": "45",
                "CTI_SHOWN": "4000",
                "CTI_TRUNK": "cti-trunk-north",
                "CTI_ELSE": "flow:otherwise",
            },
        ),
        ("hangup", ("cti-go", "hangup"), {}),
        ("queue:sales", ("cti-join", "sales"), {}),
        ("voicemail:main", ("cti-entry", "again"), {"CTI_ARG": "voicemail:main", "CTI_ELSE": ""}),
        ("flow:otherwise", ("cti-entry", "again"), {"CTI_ARG": "flow:otherwise", "CTI_ELSE": ""}),
    ],
)
def test_who_is_sent_on_goes_where_the_dialplan_knows_what_follows(
    target: str, way: tuple[str, str], values: dict[str, str]
) -> None:
    office = Office()
    number = Diallable("01065529988") if target.startswith("number") else None
    office.send_on(target, "4000", number, "cti-trunk-north")
    assert (office.sent_to, office.variables) == (way, values)


def test_a_number_that_nobody_has_allowed_goes_no_way_at_all() -> None:
    office = Office()
    with pytest.raises(ValueError, match="nobody has allowed"):
        office.send_on("number:01065529988")
    assert not office.told
