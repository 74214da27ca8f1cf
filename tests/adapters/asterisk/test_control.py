"""Orders of call control as Asterisk reads them; nothing in a value becomes another field or another line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.asterisk.control import originate, say_to, step_of, steps_of
from adapters.asterisk.redirects import redirect
from cti.control.dialling import Diallable
from cti.control.effects import Invite, Move, Spot
from cti.ids import CallId, DeviceName, LegId, TenantId

CALL = CallId("1795399200-1-123456")
LEG = LegId(f"{CALL}.3")
N110, MOBILE = Diallable("110"), Diallable("13900001111")


@pytest.mark.parametrize(
    ("spot", "step"),
    [
        (Spot("room", CALL, marked=True), ("cti-room", f"m_{CALL}")),
        (Spot("room", CALL), ("cti-room", f"u_{CALL}")),
        (Spot("aside", CALL, marked=True), ("cti-room", f"m_{CALL}-2")),
        (Spot("hold", "customer"), ("cti-hold", "customer")),
        (Spot("alone"), ("cti-alone", "s")),
        (Spot("listen", "1795.7"), ("cti-spy", "listen_1795.7")),
        (Spot("spare"), ("cti-spy", "spare")),
        (Spot("ask_device", "1002-web", caller_id="1001", seconds=30), ("cti-consult", "dev_30_1001_1002-web")),
        (Spot("call_device", "1002", caller_id="1001", seconds=45), ("cti-call", "dev_45_1001_1002")),
        (Spot("call_number", number=MOBILE, seconds=45, hidden=True), ("cti-call", "hid_45__13900001111")),
        (Spot("ask_number", number=N110, caller_id="4000", seconds=30), ("cti-consult", "num_30_4000_110")),
        (Spot("call_number", number=N110, seconds=45), ("cti-call", "num_45__110")),
        (Spot("out", number=MOBILE, caller_id="4000", seconds=30), ("cti-out", "num_30_4000_13900001111")),
        (Spot("after"), ("cti-after", "s")),
        (Spot("ask_number", number=N110, trunk="cti-trunk", seconds=30), ("cti-consult", "num_30__110")),
        (Spot("ask_number", number=N110, trunk="cti-trunk-x", seconds=30), ("cti-consult", "via_30__110_cti-trunk-x")),
        (Spot("call_number", number=N110, trunk="carrier", seconds=45), ("cti-call", "via_45__110_carrier")),
        (Spot("out", number=N110, caller_id="4", trunk="x"), ("cti-out", "via_0_4_110_x")),
    ],
)
def test_each_place_is_an_extension(spot: Spot, step: tuple[str, str]) -> None:
    assert step_of(spot) == step


@pytest.mark.parametrize("word", ["1_2", "1,2", "1&2", "1\r\nAction: Logoff", "${X}", "1|2", "1 2", "a/b"])
def test_a_word_that_could_be_more_than_one_field_is_not_sent(word: str) -> None:
    with pytest.raises(ValueError, match="more than one field"):
        step_of(Spot("out", number=Diallable(word), caller_id="4000", seconds=30))
    with pytest.raises(ValueError, match="more than one field"):
        step_of(Spot("out", number=MOBILE, caller_id=word, seconds=30))


@pytest.mark.parametrize("spot", [Spot("out", "13900001111", seconds=30), Spot("room", CALL, number=MOBILE)])
def test_the_outside_world_is_dialled_with_an_allowed_number_and_nothing_else_is(spot: Spot) -> None:
    with pytest.raises(ValueError, match="without a"):
        step_of(spot)


@pytest.mark.parametrize("trunk", ["a_b", "a/b", "a@b", "a,b", "a b", "${X}"])
def test_a_trunk_is_a_name_and_nothing_else(trunk: str) -> None:
    with pytest.raises(ValueError, match="more than one field"):
        step_of(Spot("out", number=N110, caller_id="4000", seconds=30, trunk=trunk))
    order = Invite(TenantId("demo"), CALL, LEG, Spot("room", CALL), number=MOBILE, trunk=trunk)
    with pytest.raises(ValueError, match="more than one field"):
        originate(order)


def test_two_legs_go_in_one_order() -> None:
    action = redirect(steps_of(Move(CALL, "PJSIP/a-1", Spot("hold", "customer"), "PJSIP/b-1", Spot("alone"))))
    assert dict(action.headers) == {
        "Channel": "PJSIP/a-1",
        "Context": "cti-hold",
        "Exten": "customer",
        "Priority": "1",
        "ExtraChannel": "PJSIP/b-1",
        "ExtraContext": "cti-alone",
        "ExtraExten": "s",
        "ExtraPriority": "1",
    }


def test_an_invited_leg_has_an_id_of_ours_and_a_phone_may_answer_by_itself() -> None:
    spot = Spot("listen", "1795.7")
    order = Invite(TenantId("demo"), CALL, LEG, spot, DeviceName("1900"), shown=("1001", ""), at_once=True)
    headers = list(originate(order).headers)
    assert ("ChannelId", LEG) in headers
    assert ("Async", "true") in headers
    assert ("Exten", f"listen_1795.7_{LEG}") in headers
    assert any("answer-after=0" in value for _, value in headers)


def test_the_outside_world_is_told_nothing_of_ours() -> None:
    order = Invite(TenantId("demo"), CALL, LEG, Spot("room", CALL), number=MOBILE, shown=("4000", ""))
    headers = list(originate(order).headers)
    assert ("Channel", "PJSIP/13900001111@cti-trunk") in headers
    assert not any("PJSIP_HEADER" in value for _, value in headers)
    by_another = originate(replace(order, trunk="cti-trunk-north"))
    assert ("Channel", "PJSIP/13900001111@cti-trunk-north") in list(by_another.headers)


def test_a_customer_who_is_to_be_recorded_is_announced_to_on_their_own_leg() -> None:
    spot = Spot("call_number", number=MOBILE, caller_id="4000", seconds=45)
    order = Invite(TenantId("demo"), CALL, LEG, spot, DeviceName("1001"), record=True)

    headers = list(originate(order, "/prompts/zh/notice").headers)

    assert ("Exten", f"rec_num_45_4000_13900001111_{LEG}") in headers
    assert ("Variable", "_CTI_RECORD_SAY=/prompts/zh/notice") in headers
    by_another = originate(replace(order, spot=replace(spot, trunk="north")))
    assert ("Exten", f"rec_via_45_4000_13900001111_north_{LEG}") in list(by_another.headers)
    for said in ("/prompts/../x", "a,CALLERID(num)=1", "${SHELL(id)}", "a&b c"):
        with pytest.raises(ValueError, match="more than one field"):
            originate(order, said)


@pytest.mark.parametrize("sound", ["../etc/passwd", "a&b", "a,b", "${X}", "a b"])
def test_only_the_path_of_a_prompt_is_played(sound: str) -> None:
    with pytest.raises(ValueError, match="more than one field"):
        say_to("1795.7", sound, CALL, TenantId("demo"))
