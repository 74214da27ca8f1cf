"""What is pushed for a phone and for a trunk: these fields and no others, whatever people are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from adapters.asterisk.sip_objects import MARK, SipObject, mark_of, phone, trunk
from cti.ids import DeviceName
from cti.phones import Phone
from cti.trunks import Trunk, checked

DESK = Phone(name=DeviceName("3001"), kind="desk", digest="d" * 32)
WEB = Phone(name=DeviceName("3001-web"), kind="web", digest="d" * 32)
NORTH = checked(Trunk(name="north", host="203.0.113.5", match=("203.0.113.5", "203.0.113.8/30")))


def fields(objects: Sequence[SipObject]) -> Mapping[str, Mapping[str, str]]:
    return {one.kind: {key: value for key, value in one.fields.items() if key != MARK} for one in objects}


def test_a_desk_phone_is_a_login_an_address_and_an_endpoint_in_that_order() -> None:
    objects = phone(DESK, "3001", "张三")
    assert [one.kind for one in objects] == ["auth", "aor", "endpoint"]
    assert fields(objects)["auth"] == {
        "auth_type": "digest",
        "username": "3001",
        "password_digest": "MD5:" + "d" * 32,
        "realm": "",
        "oauth_clientid": "cti",
    }
    endpoint = fields(objects)["endpoint"]
    assert (endpoint["context"], endpoint["auth"], endpoint["aors"]) == ("cti-agents", "3001", "3001")
    assert endpoint["callerid"] == '"张三" <3001>'
    assert "webrtc" not in endpoint


def test_a_browser_phone_speaks_webrtc() -> None:
    endpoint = fields(phone(WEB, "3001", "张三"))["endpoint"]
    assert (endpoint["webrtc"], endpoint["dtls_auto_generate_cert"], endpoint["allow"]) == ("yes", "yes", "ulaw,opus")


@pytest.mark.parametrize("name", ['a"b', "a>b <c", "a\nb", "a;b", "a,b", "a\\b", "\u2028x", "x" * 500])
def test_no_name_of_a_person_ends_its_field(name: str) -> None:
    shown = fields(phone(DESK, "3001", name))["endpoint"]["callerid"]
    assert shown.startswith('"')
    assert shown.endswith('" <3001>')
    inner = shown[1 : -len('" <3001>')]
    assert inner.isprintable()
    assert not set(inner) & set('"<>\\,;')
    assert len(inner) <= 60


def test_a_trunk_is_known_by_its_addresses_and_by_nothing_else() -> None:
    objects = fields(trunk(NORTH))
    assert set(objects) == {"auth", "aor", "identify", "endpoint"}
    assert objects["identify"] == {"endpoint": "cti-trunk-north", "match": "203.0.113.5,203.0.113.8/30"}
    assert objects["aor"] == {"contact": "sip:203.0.113.5:5060"}
    endpoint = objects["endpoint"]
    assert (endpoint["context"], endpoint["identify_by"], endpoint["outbound_auth"]) == ("cti-trunk", "ip", "")
    assert "auth" not in endpoint, "nobody signs in by a trunk's name"


def test_a_trunk_that_registers_does_so_with_a_digest() -> None:
    one = checked(
        replace(NORTH, host="2001:db8::5", match=(), user="u1", realm="voice", digest="e" * 32, register=True)
    )
    objects = fields(trunk(one))
    assert "identify" not in objects
    assert objects["registration"]["server_uri"] == "sip:[2001:db8::5]:5060"
    assert objects["registration"]["client_uri"] == "sip:u1@[2001:db8::5]:5060"
    assert objects["endpoint"]["outbound_auth"] == "cti-trunk-north"
    auth = objects["auth"]
    assert (auth["username"], auth["realm"], auth["password_digest"]) == ("u1", "voice", "MD5:" + "e" * 32)


def test_the_mark_tells_every_difference_and_no_digest_is_shown() -> None:
    marks = {
        mark_of(objects)
        for objects in (
            phone(DESK, "3001", "张三"),
            phone(DESK, "3001", "李四"),
            phone(replace(DESK, digest="f" * 32), "3001", "张三"),
            trunk(NORTH),
            trunk(replace(NORTH, match=("203.0.113.5",))),
        )
    }
    assert len(marks) == 5
    assert mark_of(phone(DESK, "3001", "张三")) == mark_of(phone(DESK, "3001", "张三"))
    assert "d" * 32 not in repr(phone(DESK, "3001", "张三"))
