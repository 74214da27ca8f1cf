"""What a trunk may be: whom it lets in above all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cti.errors import BadRequest
from cti.trunks import Trunk, checked, shared

NORTH = Trunk(name="north", host="203.0.113.5")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"match": ("203.0.113.5", "203.0.113.5")}, {"match": ("203.0.113.5",)}),
        ({"match": ("203.0.113.0/29", "2001:db8::/64")}, {"match": ("203.0.113.0/29", "2001:db8::/64")}),
        ({"match": ("127.0.0.2", "127.0.0.3/32")}, {"match": ("127.0.0.2", "127.0.0.3")}),
        ({"host": "SIP.Example.com"}, {"host": "sip.example.com"}),
        ({"host": "2001:db8::5"}, {"host": "2001:db8::5"}),
        ({"user": "u1", "digest": "d", "register": True}, {"register": True}),
        ({"caller_ids": ("+862188886666", "4008", "4008")}, {"caller_ids": ("+862188886666", "4008")}),
    ],
)
def test_what_a_trunk_may_be(given: dict[str, Any], kept: dict[str, Any]) -> None:
    trunk = checked(replace(NORTH, **given))
    assert {name: getattr(trunk, name) for name in kept} == kept


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"match": ("127.0.0.1",)}, "this machine"),
        ({"match": ("127.0.0.0/8",)}, "wide"),
        ({"match": ("127.0.0.0/16",)}, "this machine"),
        ({"match": ("127.0.0.4/30",)}, "single ones"),
        ({"match": ("::1",)}, "this machine"),
        ({"match": ("::ffff:127.0.0.1",)}, "this machine"),
        ({"match": ("::ffff:203.0.113.5",)}, "this machine"),
        ({"match": ("::/0",)}, "wide"),
        ({"match": ("0.0.0.0/0",)}, "wide"),
        ({"match": ("0.0.0.0",)}, "nobody"),
        ({"match": ("10.0.0.0/8",)}, "wide"),
        ({"match": ("203.0.113.5/29",)}, "no address"),
        ({"match": ("sip.example.com",)}, "no address"),
        ({"match": ("203.0.113.5,127.0.0.1",)}, "no address"),
        ({"match": ("224.0.0.1",)}, "nobody"),
        ({"match": tuple(f"203.0.113.{n}" for n in range(33))}, "up to 32"),
        ({"host": ""}, "no host"),
        ({"host": "a b"}, "no host"),
        ({"host": "1.2.3"}, "no host"),
        ({"host": "evil.example;transport=tls"}, "no host"),
        ({"host": "evil@example.com"}, "no host"),
        ({"host": "x" * 64 + ".com"}, "no host"),
        ({"host": "0.0.0.0"}, "nobody"),
        ({"host": "fe80::1%eth0"}, "nobody"),
        ({"port": 0}, "port"),
        ({"name": "North"}, "name"),
        ({"name": "north-"}, "name"),
        ({"name": "deadbeef"}, "name"),  # cti-trunk-deadbeef reads like a channel of cti-trunk
        ({"name": "x" * 25}, "name"),
        ({"user": "u1"}, "together"),
        ({"digest": "d"}, "together"),
        ({"user": "u;1", "digest": "d"}, "user"),
        ({"user": "u1", "digest": "d", "realm": 'a"b'}, "realm"),
        ({"register": True}, "registers"),
        ({"caller_ids": ("anonymous",)}, "no number"),
        ({"caller_ids": ("138 0000",)}, "no number"),
    ],
)
def test_what_it_may_not_be(given: dict[str, Any], why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        checked(replace(NORTH, **given))


def test_an_address_belongs_to_one_trunk() -> None:
    assert shared(["203.0.113.5"], ["203.0.113.0/29"]) == "203.0.113.5"
    assert shared(["203.0.113.0/24"], ["2001:db8::1", "203.0.113.9"]) == "203.0.113.0/24"
    assert shared(["203.0.113.5"], ["203.0.113.6", "2001:db8::/64"]) is None


def test_the_digest_of_its_secret_is_not_shown() -> None:
    assert "hidden" not in repr(replace(NORTH, user="u1", digest="hidden"))
