"""Phones and trunks come into Asterisk and go again; what is somebody else's stays theirs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.asterisk.ari import AriDown, AriRefused
from adapters.asterisk.provisioning import NameTaken, Provisioning
from adapters.asterisk.sip_objects import phone, trunk
from cti.ids import DeviceName
from cti.phones import Phone
from cti.trunks import Trunk, checked
from tests.adapters.asterisk.ari_server import AriServer

DESK = Phone(name=DeviceName("3001"), kind="desk", digest="d" * 32)
OBJECTS = phone(DESK, "3001", "张三")
NORTH = checked(
    Trunk(
        name="north", host="203.0.113.5", match=("203.0.113.5",), user="u1", realm="r", digest="e" * 32, register=True
    )
)


async def test_a_phone_is_brought_and_then_left_alone_over_a_restart_of_ours() -> None:
    server = AriServer()
    async with server.open() as ari:
        asterisk = Provisioning(ari)
        await asterisk.meet()
        await asterisk.bring("3001", OBJECTS, fresh=True)
        assert asterisk.has("3001", OBJECTS)
        assert {kind for kind, _ in server.objects} == {"auth", "aor", "endpoint"}
        server.asked.clear()
        again = Provisioning(ari)
        await again.meet()
        assert not again.has("3001", OBJECTS)
        await again.bring("3001", OBJECTS)
        assert server.asked == [("GET", "endpoint/3001")]


async def test_an_asterisk_that_started_anew_has_none_of_them() -> None:
    server = AriServer()
    async with server.open() as ari:
        asterisk = Provisioning(ari)
        await asterisk.meet()
        await asterisk.bring("3001", OBJECTS)
        server.starts_anew()
        await asterisk.meet()
        assert not asterisk.has("3001", OBJECTS)
        await asterisk.bring("3001", OBJECTS)
        assert server.names("endpoint") == {"3001"}


async def test_only_a_new_secret_unregisters_a_phone() -> None:
    server = AriServer()
    async with server.open() as ari:
        asterisk = Provisioning(ari)
        await asterisk.bring("3001", OBJECTS)
        server.registered = {"3001"}
        renamed = phone(DESK, "3001", "李四")
        await asterisk.bring("3001", renamed)
        assert server.registered == {"3001"}
        await Provisioning(ari).bring("3001", OBJECTS)
        assert server.registered == {"3001"}
        server.starts_anew()
        await asterisk.bring("3001", phone(replace(DESK, digest="f" * 32), "3001", "李四"), fresh=True)
        assert server.registered == set()
        assert server.objects["auth", "3001"]["password_digest"] == "MD5:" + "f" * 32


async def test_what_is_removed_is_gone_with_whoever_was_registered_even_if_asterisk_forgot_it() -> None:
    server = AriServer()
    async with server.open() as ari:
        asterisk = Provisioning(ari)
        await asterisk.bring("3001", OBJECTS)
        for forgot in (False, True):
            server.registered = {"3001"}
            if forgot:
                server.starts_anew()
            await asterisk.remove("3001")
            assert (server.objects, server.registered) == ({}, set())
            assert asterisk.has("3001", ())


async def test_a_name_of_the_configuration_is_taken_and_stays_as_it_is() -> None:
    server = AriServer()
    server.own = {("endpoint", "1001"), ("aor", "1001"), ("aor", "1002")}
    async with server.open() as ari:
        asterisk = Provisioning(ari)
        assert [await asterisk.is_taken(name) for name in ("1001", "1002", "3001")] == [True, True, False]
        for name in ("1001", "1002"):
            with pytest.raises(NameTaken):
                await asterisk.bring(name, phone(replace(DESK, name=DeviceName(name)), name, ""))
            assert server.objects == {}, "nothing of ours is left beside it"
        await asterisk.remove("1001")
        assert ("DELETE", "aor/1001") not in server.asked[-6:]
        await asterisk.bring("3001", OBJECTS)
        assert not await asterisk.is_taken("3001")


async def test_an_asterisk_that_takes_no_objects_has_not_taken_the_name() -> None:
    server = AriServer()
    server.takes = set()
    async with server.open() as ari:
        with pytest.raises(AriRefused, match="Cannot create"):
            await Provisioning(ari).bring("3001", OBJECTS)


async def test_an_address_that_a_trunk_lost_lets_nobody_in() -> None:
    server = AriServer()
    async with server.open() as ari:
        asterisk = Provisioning(ari)
        await asterisk.bring(NORTH.endpoint, trunk(NORTH))
        assert {kind for kind, _ in server.objects} == {"auth", "aor", "endpoint", "identify", "registration"}
        moved = replace(NORTH, match=("203.0.113.6",), host="203.0.113.6")
        await asterisk.bring(NORTH.endpoint, trunk(moved))
        assert server.objects["identify", "cti-trunk-north"]["match"] == "203.0.113.6"
        assert server.objects["aor", "cti-trunk-north"]["contact"] == "sip:203.0.113.6:5060"
        plain = replace(moved, match=(), register=False, user="", digest="")
        await Provisioning(ari).bring(NORTH.endpoint, trunk(plain))
        assert {kind for kind, _ in server.objects} == {"auth", "aor", "endpoint"}
        assert server.objects["endpoint", "cti-trunk-north"]["outbound_auth"] == ""


async def test_a_push_that_was_cut_off_is_done_again_in_full() -> None:
    server = AriServer()
    async with server.open(seconds=0.2) as ari:
        asterisk = Provisioning(ari)
        server.said = [None, None, ""]  # the look and the login, and then silence
        with pytest.raises(AriDown):
            await asterisk.bring("3001", OBJECTS)
        assert {kind for kind, _ in server.objects} == {"auth"}
        assert not await asterisk.is_taken("3001")
        await asterisk.bring("3001", OBJECTS)
        assert asterisk.has("3001", OBJECTS)
        assert {kind for kind, _ in server.objects} == {"auth", "aor", "endpoint"}
