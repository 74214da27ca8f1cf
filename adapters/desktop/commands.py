"""Commands of the event stream by name, each one request to the desk; the table is the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapters.desktop.messages import AgentStatus, Nothing, OneCall, arguments
from adapters.desktop.ports import Desk
from cti.errors import BadRequest, NotAllowed
from cti.ids import AgentNo, CallId
from cti.people import Principal

Args = Mapping[str, Any]


def _own(who: Principal) -> AgentNo:
    if who.desk is None:
        raise NotAllowed("this sign-in has no agent number of its own")
    return who.desk


def set_status(desk: Desk, who: Principal, args: Args) -> None:
    asked = arguments(args, AgentStatus)
    desk.status(_own(who), asked.status, asked.reason, asked.device, who.username, False)


def finish_acw(desk: Desk, who: Principal, args: Args) -> None:
    arguments(args, Nothing)
    desk.finish_acw(_own(who))


def hang_up(desk: Desk, who: Principal, args: Args) -> None:
    asked = arguments(args, OneCall)
    desk.hang_up(CallId(asked.call), _own(who))


COMMANDS: Final[Mapping[str, tuple[Callable[[Desk, Principal, Args], None], type]]] = {
    "agent.status": (set_status, AgentStatus),
    "agent.finish_acw": (finish_acw, Nothing),
    "call.hangup": (hang_up, OneCall),
}


def carry_out(desk: Desk, who: Principal, name: str, args: Args) -> None:
    """Do it, or raise `Refused`."""
    try:
        command, _ = COMMANDS[name]
    except KeyError:
        raise BadRequest("unknown command") from None
    command(desk, who, args)
