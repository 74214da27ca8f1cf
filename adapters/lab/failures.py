"""What can go wrong with the lab, each told in one line a person can act on."""


class LabFailure(Exception):
    """The lab cannot do what was asked; the text says why and what to do."""

    code = "lab_failure"


class NotFetched(LabFailure):
    """The packages could not be had."""

    code = "lab_not_fetched"


class PortTaken(LabFailure):
    """Somebody else listens on a port of ours."""

    code = "lab_port_taken"


class NotBooted(LabFailure):
    """A program of the lab was started and did not come up."""

    code = "lab_not_booted"
