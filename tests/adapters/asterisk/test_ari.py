"""What is asked of ARI, and every way in which it can fail, in time and without a word of the login."""

from __future__ import annotations

import logging
import socket

import pytest

from adapters.asterisk.ari import Ari, AriDown, AriRefused
from adapters.asterisk.ari_probe import probe_ari
from adapters.asterisk.sip_objects import SipObject
from tests.adapters.asterisk.ari_server import SECRET, USER, AriServer

AOR = SipObject("aor", {"max_contacts": "1"})


async def test_an_object_is_put_looked_at_and_taken_away() -> None:
    server = AriServer()
    async with server.open() as ari:
        assert await ari.look("aor", "3001") is None
        await ari.put("3001", AOR)
        assert await ari.look("aor", "3001") == {"max_contacts": "1"}
        assert await ari.take("aor", "3001") is True
        assert await ari.take("aor", "3001") is False
        assert await ari.started() == "life 1"


async def test_asterisks_no_comes_with_its_status() -> None:
    server = AriServer()
    server.own.add(("aor", "1001"))
    async with server.open() as ari:
        with pytest.raises(AriRefused, match="403: Cannot update") as refusal:
            await ari.put("1001", AOR)
        assert refusal.value.status == 403
        stranger = Ari(server.url, USER, "a guess")
        with pytest.raises(AriRefused, match="401") as refusal:
            await stranger.started()
        assert "a guess" not in str(refusal.value)
        await stranger.close()


@pytest.mark.parametrize(
    "said",
    [
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n["list"]',
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
    ],
)
async def test_whoever_does_not_answer_as_asterisk_does_is_taken_for_nobody(said: str) -> None:
    server = AriServer()
    async with server.open() as ari:
        server.said = [said]
        with pytest.raises(AriDown):
            await ari.started()


async def test_silence_has_an_end_and_nobody_there_is_known_at_once() -> None:
    server = AriServer()
    async with server.open(seconds=0.05) as ari:
        server.silent.clear()
        with pytest.raises(AriDown, match="Timeout"):
            await ari.put("3001", AOR)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nobody = Ari(f"http://127.0.0.1:{port}/ari", USER, SECRET)
    with pytest.raises(AriDown, match="ConnectError"):
        await nobody.started()
    await nobody.close()


async def test_no_secret_goes_into_a_log_however_loud(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = AriServer()
    async with server.open() as ari:
        await ari.put("3001", SipObject("auth", {"password_digest": "MD5:0123456789abcdef"}))
        await ari.look("auth", "3001")
    assert SECRET not in caplog.text
    assert "Basic " not in caplog.text
    assert "0123456789abcdef" not in caplog.text


# --- what the doctor sees ------------------------------------------------------------------------------------------


async def test_the_doctor_leaves_nothing_behind() -> None:
    server = AriServer()
    async with server.open():
        assert await probe_ari(server.url, USER, SECRET, 2.0) == ("", "")
        assert server.objects == {}


async def test_what_sorcery_does_not_map_is_named_with_the_lines_to_paste() -> None:
    server = AriServer()
    server.takes -= {"identify", "registration", "aor"}
    async with server.open():
        says, paste = await probe_ari(server.url, USER, SECRET, 2.0)
    assert says == "takes no aor, identify, registration"
    assert "[res_pjsip]\naor = config,pjsip.conf,criteria=type=aor\naor = memory" in paste
    assert "[res_pjsip_endpoint_identifier_ip]\nidentify = config" in paste
    assert "load = res_pjsip_outbound_registration.so" in paste
    assert "restart Asterisk" in paste


async def test_a_login_that_is_wrong_or_may_only_read_gets_its_stanza() -> None:
    server = AriServer()
    async with server.open():
        says, paste = await probe_ari(server.url, USER, "a guess", 2.0)
        assert "401" in says
        assert paste.startswith("[cti]")
        server.reads_only = True
        says, paste = await probe_ari(server.url, USER, SECRET, 2.0)
        assert "Write access denied" in says
        assert "read_only = no" in paste
        assert SECRET not in paste


async def test_an_asterisk_without_ari_or_nowhere_is_told_apart() -> None:
    server = AriServer()
    async with server.open():
        server.said = ["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"]
        says, paste = await probe_ari(server.url, USER, SECRET, 2.0)
        assert ("res_ari_asterisk" in says, paste) == (True, "load = res_ari_asterisk.so")
    says, paste = await probe_ari(server.url, USER, SECRET, 2.0)
    assert says.startswith("no answer at http://127.0.0.1:")
    assert "enabled = yes" in paste
