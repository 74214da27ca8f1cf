"""One look at ARI, for `cti doctor`: whether it takes phones and trunks, and what mends it where it does not.

It makes an object of each kind that opens nothing, and takes it away again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adapters.asterisk import sip_objects
from adapters.asterisk.ari import Ari, AriDown, AriRefused

NAME: Final = "cti-doctor"
SECTIONS: Final = {
    "auth": "res_pjsip",
    "aor": "res_pjsip",
    "endpoint": "res_pjsip",
    "identify": "res_pjsip_endpoint_identifier_ip",
    "registration": "res_pjsip_outbound_registration",
}
_READ_ONLY: Final = 403
_NOT_FOUND: Final = 404
_MAY_NOT: Final = "Write access"
"""How Asterisk begins to say that a login may only read."""

_OPEN: Final = """enabled = yes      ; in [general] of http.conf and of ari.conf
bindaddr = 127.0.0.1      ; in http.conf; its bindport goes into CTI_ARI_URL: http://127.0.0.1:8088/ari"""


async def probe_ari(url: str, user: str, secret: str, seconds: float) -> tuple[str, str]:
    """What is wrong with it, and the line to paste; nothing when it takes phones and trunks."""
    ari = Ari(url, user, secret, seconds)
    try:
        refused = await _refused(ari)
    except AriDown as failure:
        return f"no answer at {url}: {failure}", _OPEN
    except AriRefused as refusal:
        if refusal.status == _NOT_FOUND:
            return "res_ari_asterisk is not loaded, or not where CTI_ARI_URL says", "load = res_ari_asterisk.so"
        return f"the login is refused: {refusal}", _login(user)
    finally:
        await ari.close()
    return (f"takes no {', '.join(refused)}", _sorcery(refused)) if refused else ("", "")


async def _refused(ari: Ari) -> Sequence[str]:
    """The kinds of object that nobody may make there."""
    await ari.started()
    found = []
    for one in sip_objects.probes():
        try:
            await ari.put(NAME, one)
            await ari.take(one.kind, NAME)
        except AriRefused as refusal:
            if refusal.status not in (_READ_ONLY, _NOT_FOUND) or refusal.why.startswith(_MAY_NOT):
                raise
            found.append(one.kind)
    return found


def _login(user: str) -> str:
    return (
        f"[{user}]                        ; ari.conf, then: asterisk -rx 'module reload res_ari'\n"
        "type = user\nread_only = no\npassword = <the value of CTI_ARI_SECRET>"
    )


def _sorcery(kinds: Sequence[str]) -> str:
    lines = ["; sorcery.conf, then: restart Asterisk, for a reload does not read it"]
    for section in dict.fromkeys(SECTIONS[kind] for kind in kinds):
        lines.append(f"[{section}]")
        for kind in (one for one in kinds if SECTIONS[one] == section):
            lines += [f"{kind} = config,pjsip.conf,criteria=type={kind}", f"{kind} = memory"]
    if "registration" in kinds:
        lines.append("load = res_pjsip_outbound_registration.so      ; in modules.conf")
    return "\n".join(lines)
