"""Commands of the event stream by name, each one request to the desk; the table is the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapters.desktop.messages import AgentStatus, CallRecord, Nothing, OneCall, arguments
from adapters.desktop.ports import Desk
from cti.errors import BadRequest, NotAllowed
from cti.ids import AgentNo, CallId
from cti.people import Principal
from cti.permissions import OWN_DESK, RECORDINGS_STEER

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


def record(desk: Desk, who: Principal, args: Args) -> None:
    asked = arguments(args, CallRecord)
    desk.record(CallId(asked.call), asked.action, who.agents_for(RECORDINGS_STEER), who.username)


COMMANDS: Final[Mapping[str, tuple[Callable[[Desk, Principal, Args], None], type, str]]] = {
    "agent.status": (set_status, AgentStatus, OWN_DESK),
    "agent.finish_acw": (finish_acw, Nothing, OWN_DESK),
    "call.hangup": (hang_up, OneCall, OWN_DESK),
    "call.record": (record, CallRecord, RECORDINGS_STEER),
}
"""What each command does, its arguments, and the permission it asks for."""


def carry_out(desk: Desk, who: Principal, name: str, args: Args) -> str:
    """Do it, or raise `Refused`; returns the permission that was asked for."""
    try:
        command, _, permission = COMMANDS[name]
    except KeyError:
        raise BadRequest("unknown command") from None
    if not who.may(permission):
        raise NotAllowed(f"this needs the permission {permission}")
    command(desk, who, args)
    return permission
