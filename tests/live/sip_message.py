"""SIP messages as far as a test's phone needs them: parse, build, answer a digest challenge."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final

COMPACT: Final = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length"}


@dataclass(frozen=True, slots=True)
class SipMessage:
    """One request or response as it arrived, with the time of arrival."""

    at: float
    first: str
    headers: tuple[tuple[str, str], ...]
    body: str = ""

    @property
    def method(self) -> str:
        """The request's method, or the empty string for a response."""
        return "" if self.first.startswith("SIP/2.0 ") else self.first.split(" ", 1)[0]

    @property
    def status(self) -> int:
        """The response's code, or 0 for a request."""
        return int(self.first.split(" ", 2)[1]) if self.first.startswith("SIP/2.0 ") else 0

    def get(self, name: str) -> str:
        """Return the first header of that name, or the empty string."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        """Return every header of that name."""
        return [value for key, value in self.headers if key == name.lower()]

    @property
    def cseq(self) -> tuple[int, str]:
        """Number and method of the transaction."""
        number, method = self.get("cseq").split()
        return int(number), method

    @property
    def address(self) -> str:
        """The address to send requests to."""
        found = re.search(r"<([^>]*)>", self.get("contact"))
        return found[1] if found else ""

    @property
    def caller(self) -> tuple[str, str]:
        """Number and display name of the From header."""
        found = re.match(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^<]*?))\s*<sips?:([^@>;]*)', self.get("from"))
        return (found[3], found[1] or found[2] or "") if found else ("", "")


def parse(at: float, data: bytes) -> SipMessage:
    """Read one datagram."""
    head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = []
    for line in lines:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        headers.append((COMPACT.get(key, key), value.strip()))
    return SipMessage(at, first, tuple(headers), body)


def build(first: str, headers: list[tuple[str, str]], body: str = "") -> bytes:
    """Write one message."""
    content = body.encode()
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    if body:
        lines.append("Content-Type: application/sdp")
    lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def reply(request: SipMessage, status: str, *, tag: str, contact: str = "", body: str = "") -> bytes:
    """Answer a request."""
    to = request.get("to")
    headers = [("Via", via) for via in request.all("via")]
    headers += [("From", request.get("from")), ("To", to if ";tag=" in to or not tag else f"{to};tag={tag}")]
    headers += [("Call-ID", request.get("call-id")), ("CSeq", request.get("cseq"))]
    if contact:
        headers.append(("Contact", f"<{contact}>"))
    return build(f"SIP/2.0 {status}", headers, body)


def sdp(address: str, port: int, direction: str = "sendrecv") -> str:
    """Offer or accept ulaw."""
    lines = [
        "v=0",
        f"o=- 1 {secrets.randbelow(1 << 30)} IN IP4 {address}",
        "s=-",
        f"c=IN IP4 {address}",
        "t=0 0",
        f"m=audio {port} RTP/AVP 0 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:101 telephone-event/8000",
        f"a={direction}",
    ]
    return "\r\n".join(lines) + "\r\n"


@dataclass(frozen=True, slots=True)
class Login:
    """Who a phone says it is."""

    user: str
    secret: str

    def answer(self, challenge: str, method: str, uri: str) -> str:
        """Return the Authorization header for a WWW-Authenticate one."""
        told = dict(re.findall(r'(\w+)="?([^",]*)"?', challenge))
        realm, nonce, cnonce = told["realm"], told["nonce"], secrets.token_hex(8)

        def digest(*parts: str) -> str:
            return hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()

        response = digest(digest(self.user, realm, self.secret), nonce, "00000001", cnonce, "auth", digest(method, uri))
        said = {
            "username": self.user,
            "realm": realm,
            "nonce": nonce,
            "uri": uri,
            "cnonce": cnonce,
            "response": response,
        }
        quoted = ", ".join(f'{name}="{value}"' for name, value in said.items())
        opaque = f', opaque="{told["opaque"]}"' if "opaque" in told else ""
        return f"Digest {quoted}, algorithm=MD5, qop=auth, nc=00000001{opaque}"
