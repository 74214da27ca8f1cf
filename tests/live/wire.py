"""What was on the wire, and when, by the kernel's clock."""

from __future__ import annotations

import ctypes
import re
import socket
import struct
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Final, Self

ETH_P_ALL: Final = 0x0003
SO_TIMESTAMPNS: Final = 35
SO_RCVBUFFORCE: Final = 33
SO_ATTACH_FILTER: Final = 26
SOL_PACKET: Final = 263
PACKET_IGNORE_OUTGOING: Final = 23
_FROM: Final = re.compile(rb"\r\n(?:From|f)[ \t]*:[^\r]*?sip:([0-9+]+)@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Packet:
    """One that arrived over loopback: when (epoch seconds), UDP or TCP, the ports, and what was in it."""

    at: float
    protocol: int
    source: int
    target: int
    payload: bytes


class Wire:
    """Reads loopback while in its `with`; a subclass says what it makes of each packet, and of which protocols."""

    protocols: ClassVar[frozenset[int]] = frozenset({socket.IPPROTO_UDP})
    beginning: ClassVar[bytes] = b""
    """Four octets: the kernel passes on only what begins with them in UDP, and the rest costs nobody a wake-up."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        if self.beginning:
            self._filter(_beginning_with(self.beginning))
        self._thread = threading.Thread(target=self._read, daemon=True)

    def _filter(self, program: bytes) -> None:
        held = ctypes.create_string_buffer(program)
        self._socket.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(held))
        )

    def take(self, packet: Packet) -> None:
        """Note a packet; called in a thread of its own."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)  # over loopback each comes back anyway
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)  # what is dropped is a call lost
        except PermissionError:  # only root may have so much
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
        self._socket.settimeout(0.5)
        self._socket.bind(("lo", 0))
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._socket.close()
        self._thread.join()

    def _read(self) -> None:
        while True:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(65536, 256)
            except TimeoutError:
                continue
            except OSError:
                return
            if len(data) >= 28 and data[9] in self.protocols:
                self.take(_unpacked(data, ancillary))


class InviteTap(Wire):
    """INVITEs into Asterisk and out of it; `into` and `out_of`: caller's number -> epoch seconds of the first one."""

    beginning = b"INVI"

    def __init__(self, sip_port: int) -> None:
        super().__init__()
        self._port = sip_port
        self.into: dict[str, float] = {}
        self.out_of: dict[str, float] = {}

    def take(self, packet: Packet) -> None:
        if not packet.payload.startswith(b"INVITE ") or self._port not in (packet.source, packet.target):
            return
        caller = caller_of(packet.payload)
        if caller:
            seen = self.into if packet.target == self._port else self.out_of
            seen.setdefault(caller, packet.at)


def caller_of(message: bytes) -> str:
    """The number a SIP message is from, or nothing."""
    found = _FROM.search(message)
    return found[1].decode() if found is not None else ""


def _beginning_with(octets: bytes) -> bytes:
    """A program of the kernel's packet filter (Linux, networking/filter.rst) for IPv4 without options."""
    load_byte, load_word, if_equal, accept = 0x30, 0x20, 0x15, 0x06
    steps = (
        (load_byte, 0, 0, 9),  # the protocol
        (if_equal, 0, 3, socket.IPPROTO_UDP),
        (load_word, 0, 0, 28),  # what follows the headers of IP and UDP
        (if_equal, 0, 1, int.from_bytes(octets, "big")),
        (accept, 0, 0, 0xFFFF),
        (accept, 0, 0, 0),
    )
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _unpacked(data: bytes, ancillary: list[tuple[int, int, bytes]]) -> Packet:
    start, protocol = (data[0] & 0x0F) * 4, data[9]
    head = 8 if protocol == socket.IPPROTO_UDP else (data[start + 12] >> 4) * 4
    source, target = struct.unpack_from("!HH", data, start)
    return Packet(_stamp(ancillary), protocol, source, target, data[start + head :])


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> float:
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return float(seconds + nanoseconds / 1e9)
    raise RuntimeError("the kernel gave no time stamp")
