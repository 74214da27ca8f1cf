"""The network that each test process has to itself."""

import socket

import pytest

from tests.alone import MEDIA_ADDRESS


def test_nothing_but_loopback_is_there() -> None:
    assert {name for _, name in socket.if_nameindex()} <= {
        "lo",
        "tunl0",
        "sit0",
        "ip6tnl0",
        "ip_vti0",
        "ip6_vti0",
        "gre0",
        "gretap0",
        "erspan0",
        "ip6gre0",
    }


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", MEDIA_ADDRESS])
def test_the_addresses_of_phones_trunk_and_sound_are_ours(address: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.bind((address, 0))


def test_our_own_name_is_known_without_asking_anybody() -> None:
    assert socket.gethostbyname(socket.gethostname()).startswith("127.")


def test_nobody_outside_can_be_reached() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours, pytest.raises(OSError):
        ours.connect(("192.0.2.1", 9))
