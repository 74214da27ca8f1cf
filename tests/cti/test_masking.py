"""The number firewall: how much of a number is left, in whatever dress it comes, and what a token is worth."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.errors import BadRequest
from cti.ids import TenantId
from cti.masking import Firewall, is_token, masked, masked_text, shown_on_phone

DEMO, OTHER = TenantId("demo"), TenantId("other")
NUMBER = "13987604521"
FIREWALL = Firewall(b"k" * 32)


def left_of(number: str, text: str) -> int:
    """The length of the longest part of this number that can be read out of the text, whatever stands in between."""
    longest = 0
    digits = "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in text)
    for start in range(len(number)):
        for end in range(start + longest + 1, len(number) + 1):
            if re.search(r"[^0-9A-Za-z]{0,4}".join(number[start:end]), digits) is None:
                break
            longest = end - start
    return longest


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13800138000", "138****8000"),
        ("+8613800138000", "138****8000"),
        ("0086 138-0013-8000", "138****8000"),
        ("02112345678", "021****5678"),
        ("+14155552671", "141****2671"),
        ("62345678", "6****678"),
        ("95588", "****88"),
        ("1001", "****01"),
        ("7", "****"),
        ("１３８００１３８０００", "138****8000"),
    ],
)
def test_a_number_keeps_three_and_four_digits_and_a_short_one_fewer(number: str, shown: str) -> None:
    assert masked(number) == shown


@given(st.text("0123456789", min_size=1, max_size=20))
def test_no_number_is_shown_whole(number: str) -> None:
    shown = re.sub(r"\D", "", masked(number))
    assert len(shown) <= min(7, len(number) - 1 if len(number) < 11 else 7)


dress = st.sampled_from(["", " ", "-", ".", " - ", "\u200b", "\u00a0", "/", "(", ") ", "_", "‑", ","])
script = st.sampled_from(["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩"])


@pytest.mark.parametrize(
    ("number", "worn"),
    [
        ("13987604521", "139.8.7.60 4521"),
        ("13987604521", "1398760452.1"),
        ("18812345678", "1881234567.8"),
        ("19980102345", "1998-01-02 345"),
        ("13987604521", "1 39.8.7.60.4521"),
    ],
)
def test_a_number_dressed_as_a_host_a_day_or_an_id_is_hidden_too(number: str, worn: str) -> None:
    assert left_of(number, masked_text(f"{worn} called; who was it")) <= 4


@given(st.lists(dress, min_size=11, max_size=11), script, st.sampled_from(["", "+86", "tel:", "张", "x"]))
def test_a_number_in_any_dress_is_hidden_in_a_sentence(between: list[str], digits: str, before: str) -> None:
    worn = "".join(digits[int(digit)] + gap for digit, gap in zip(NUMBER, between, strict=True))
    assert left_of(NUMBER, masked_text(f"{before}{worn} called; who was it")) <= 4


@pytest.mark.parametrize(
    "text",
    [
        "1763823600-12-123456 is offered to 1001",
        "1763823600-12-123456.3",
        "1763823600.15",
        "2026-11-22T10:00:00.000Z",
        "ready since 11:51:00; fewest calls today (3), 1001, 1002, 1003 tie",
        "127.0.0.1 and 192.168.100.200",
        "PJSIP/trunk-00000123",
        "PJSIP/1001-web-00000123",
        "0123456789abcdef0123456789abcdef",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "2026-10-01 is a holiday",
    ],
)
def test_times_ids_and_hosts_are_no_numbers(text: str) -> None:
    assert masked_text(text) == text


@pytest.mark.parametrize("text", [f"?tel=%2B86{NUMBER}", "?tel=139%208760%204521", f"Local/{NUMBER}@x", f"#{NUMBER}#"])
def test_a_number_in_an_address_is_hidden(text: str) -> None:
    assert left_of(NUMBER, masked_text(text)) <= 4


def test_a_call_is_masked_wherever_its_number_stands_and_carries_a_token() -> None:
    call = {
        "id": "1763823600-12-123456",
        "direction": "inbound",
        "number": f"+86{NUMBER}",
        "name": NUMBER,
        "dialled": "4008001234",
        "caller": {"number": "95588", "name": "95588"},
        "rules": [f"vip: {NUMBER}"],
        "data": {NUMBER: "x", "note": "call 139-8760-4521 back"},
        "url": f"https://crm/?n=%2B86{NUMBER}&c=1763823600-12-123456",
        "device": {"name": "1001"},
        "next": "WzE3NjM4MjM2MDAwMDAsImMiXQ",
    }
    seen = FIREWALL.masked(DEMO, call)
    assert left_of(NUMBER, repr(seen)) <= 4
    assert (seen["number"], seen["name"]) == ("139****4521", "139****4521")
    assert seen["caller"]["number"] == seen["caller"]["name"] == "****88"
    assert (seen["id"], seen["dialled"], seen["device"]) == (call["id"], "4008001234", {"name": "1001"})
    assert FIREWALL.resolve(DEMO, seen["number_token"]) == f"+86{NUMBER}"
    assert seen["number_token"].replace(":", "%3A") in seen["url"]
    assert FIREWALL.opened(DEMO, seen["next"]) == call["next"]


def test_one_number_has_one_token_however_it_is_written() -> None:
    written = (NUMBER, f"+86{NUMBER}", f"0086{NUMBER}", "139 8760 4521", "１３９８７６０４５２１")
    assert len({FIREWALL.token(DEMO, one) for one in written}) == 1
    assert FIREWALL.token(DEMO, "02112345678") == FIREWALL.token(DEMO, "+862112345678")
    assert FIREWALL.resolve(DEMO, FIREWALL.token(DEMO, "02112345678")) == "+862112345678"


@given(st.text("0123456789", min_size=1, max_size=20))
def test_a_token_tells_nothing_and_is_never_taken_for_a_number(number: str) -> None:
    token = FIREWALL.token(DEMO, number)
    assert is_token(token)
    assert masked_text(token) == token
    assert not any(one.isdigit() for one in token)


def test_a_token_opens_nothing_for_another_tenant_or_under_another_key_or_when_changed() -> None:
    token = FIREWALL.token(DEMO, NUMBER)
    changed = token[:-1] + ("a" if token[-1] != "a" else "b")
    for firewall, tenant, said in (
        (FIREWALL, OTHER, token),
        (Firewall(b"j" * 32), DEMO, token),
        (FIREWALL, DEMO, changed),
        (FIREWALL, DEMO, "token:"),
        (FIREWALL, DEMO, "token:" + "a" * 48),
        (FIREWALL, DEMO, NUMBER),
        (FIREWALL, DEMO, "token:" + FIREWALL.sealed(DEMO, NUMBER)),
    ):
        with pytest.raises(BadRequest):
            firewall.resolve(tenant, said)
    assert FIREWALL.token(OTHER, NUMBER) != token


def test_a_phone_shows_what_its_agent_may_see() -> None:
    assert shown_on_phone(NUMBER, "张伟明", True) == (NUMBER, "张伟明")
    assert shown_on_phone(NUMBER, "张伟明", False) == ("139****4521", "张伟明")
    assert shown_on_phone("95588", f"{NUMBER}", False) == ("****88", "139****4521")
    assert shown_on_phone("anonymous", "", False) == ("anonymous", "")
