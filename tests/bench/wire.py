"""What was on the wire, and when, by the kernel's clock: INVITEs into Asterisk and out of it, told apart by caller."""

from __future__ import annotations

import re
import socket
import struct
import threading
from types import TracebackType
from typing import Final, Self

ETH_P_ALL: Final = 0x0003
SO_TIMESTAMPNS: Final = 35
SO_RCVBUFFORCE: Final = 33
PACKET_OUTGOING: Final = 4
_FROM: Final = re.compile(rb"\r\n(?:From|f)[ \t]*:[^\r]*?sip:([0-9+]+)@", re.IGNORECASE)


class InviteTap:
    """Reads loopback while in its `with`; `into` and `out_of`: caller's number -> epoch seconds of the first INVITE."""

    def __init__(self, sip_port: int) -> None:
        self._port = sip_port
        self.into: dict[str, float] = {}
        self.out_of: dict[str, float] = {}
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)  # a packet that is dropped is a call lost
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
                packet, ancillary, _, address = self._socket.recvmsg(65536, 256)
            except TimeoutError:
                continue
            except OSError:
                return
            if address[2] == PACKET_OUTGOING or len(packet) < 28 or packet[9] != socket.IPPROTO_UDP:
                continue
            start = (packet[0] & 0x0F) * 4
            source, target = struct.unpack_from("!HH", packet, start)
            payload = packet[start + 8 :]
            if not payload.startswith(b"INVITE ") or self._port not in (source, target):
                continue
            caller = _FROM.search(payload)
            if caller is not None:
                seen = self.into if target == self._port else self.out_of
                seen.setdefault(caller[1].decode(), _stamp(ancillary))


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> float:
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return float(seconds + nanoseconds / 1e9)
    raise RuntimeError("the kernel gave no time stamp")
