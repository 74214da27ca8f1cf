"""Refusals: few, one root, each with a stable `code` that clients rely on; adapters map codes to HTTP and frames."""

from typing import ClassVar


class Refused(Exception):
    """Something was asked that may not or cannot be done; nothing has changed."""

    code: ClassVar[str] = "refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(Refused):
    code = "not_found"


class NotAllowed(Refused):
    code = "not_allowed"


class BadRequest(Refused):
    """The words of the request are wrong: a missing field, an unknown value."""

    code = "bad_request"


class Conflict(Refused):
    """Right words, wrong moment."""

    code = "conflict"


class Outdated(Conflict):
    """Somebody else has changed it since the asker looked."""

    code = "outdated"


class NotInAcw(Conflict):
    code = "not_in_acw"


class DispositionMissing(Conflict):
    """After-call work goes on until the agent has said what the call came to."""

    code = "disposition_missing"


class NotSignedIn(Conflict):
    code = "not_signed_in"


class NoLeg(Conflict):
    """The asker has no live leg in that call."""

    code = "no_leg"


class WrongState(Conflict):
    """The call, or somebody's part in it, stands elsewhere than the command supposes."""

    code = "wrong_state"


class Busy(Conflict):
    """Whoever is asked for is in a call, away, or signed out."""

    code = "busy"


class NoSuchTarget(Refused):
    """There is nobody and nothing of that name to go to."""

    code = "no_such_target"


class RefusedByPolicy(Refused):
    """A dialling rule forbids it; the message names the rule."""

    code = "refused_by_policy"


class AnswerOnPhone(Conflict):
    """That phone can only be answered by hand."""

    code = "answer_on_phone"


class DeviceTaken(Conflict):
    code = "device_taken"


class ProvisioningOff(Conflict):
    """This server has no way to make phones or trunks in Asterisk."""

    code = "provisioning_off"


class PbxDown(Conflict):
    """The link to Asterisk is down, so a live call cannot be touched now."""

    code = "pbx_down"


class NotRecordable(Conflict):
    """No file is being written for this call, so there is nothing to start, pause or stop."""

    code = "not_recordable"


class OutOfTurn(Refused):
    """A call or an agent cannot take this step from the state it is in."""

    code = "out_of_turn"


class NotPlayable(BadRequest):
    """An upload or a text that no sound can be made of."""

    code = "not_playable"


class NoVoice(Conflict):
    """The programs that make prompts are not on this machine."""

    code = "no_voice"
