"""One log line per decision: the call's id first, the reason last."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from cti.news import Published

log = logging.getLogger("cti")

TOLD: Final = frozenset({"call.queued", "call.offered", "call.offer_ended", "call.answered", "call.ended"})


def tell(news: Published) -> None:
    """One line per decision: the call's id first, the reason last."""
    data: Mapping[str, Any] = news.data
    match news.type:
        case "call.queued":
            log.info("%s waits in %s, place %s", news.call, news.queue, data["position"])
        case "call.offered":
            log.info("%s is offered to %s: %s", news.call, data["offer"]["agent_no"], data["offer"]["reason"])
        case "call.offer_ended":
            log.info("%s offer to %s: %s", news.call, data["offer"]["agent_no"], data["offer"]["result"])
        case "call.answered":
            log.info("%s is answered by %s after %s s", news.call, data["agent_no"], data["waited"])
        case _:
            log.info("%s has ended: %s", news.call, data["result"])
