"""What a phone may be called, and what is kept of its secret."""

from __future__ import annotations

import pytest

from cti.errors import BadRequest
from cti.ids import AgentNo, DeviceName
from cti.phones import Kind, Phone, digest_of, name_for, named


@pytest.mark.parametrize(
    ("name", "kind"),
    [("3001", "desk"), ("3001-web", "web"), ("a", "desk"), ("Hall-2", "desk"), ("x" * 28 + "-web", "web")],
)
def test_letters_digits_and_dashes_make_a_name(name: str, kind: Kind) -> None:
    assert named(name, kind) == name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", "desk"),
        ("-1", "desk"),
        ("1-", "desk"),
        ("x" * 33, "desk"),
        ("3001;x", "desk"),
        ("3001]\n[evil", "desk"),
        ("3001\n", "desk"),
        ("30 01", "desk"),
        ("30/01", "desk"),
        ("30_01", "desk"),  # divides the fields of an extension
        ("${X}", "desk"),
        ("三", "desk"),
        ("３００１", "desk"),
        ("cti-desk", "desk"),
        ("CTI-trunk", "desk"),
        ("cti-doctor", "desk"),
        ("3001-0000000a", "desk"),  # a channel of 3001
        ("3001", "web"),
        ("3001-web", "desk"),
    ],
)
def test_any_other_is_none(name: str, kind: Kind) -> None:
    with pytest.raises(BadRequest):
        named(name, kind)


def test_an_agents_phones_are_called_after_them() -> None:
    assert name_for(AgentNo("3001"), "desk") == "3001"
    assert name_for(AgentNo("3001"), "web") == "3001-web"


def test_of_a_secret_only_a_digest_is_kept_and_not_even_that_is_shown() -> None:
    assert digest_of("3001", "secret") == "fa8c422fa19a7d65a48037d478145c60"
    phone = Phone(name=DeviceName("3001"), kind="desk", digest=digest_of("3001", "secret"))
    assert phone.digest not in repr(phone)
    assert digest_of("3001", "secret") != digest_of("3002", "secret")
