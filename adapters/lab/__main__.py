"""`python -m adapters.lab up|down|status|fetch`: the lab's Asterisk alone, for `make lab` and `make clean`."""

import sys

from adapters.lab.failures import LabFailure
from adapters.lab.fetch import fetch
from adapters.lab.fetch_voice import fetch_voice
from adapters.lab.place import place
from adapters.lab.up import down, status, up


def main(arguments: list[str]) -> int:
    """Do one thing and return the exit code."""
    where = place()
    match arguments:
        case ["up"]:
            up(where, say)
            return 0
        case ["down"]:
            say("Asterisk stopped" if down(where) else "Asterisk was not running")
            return 0
        case ["status"]:
            told = status(where)
            say(f"Asterisk {told.version}, pid {told.pid}" if told else "Asterisk is not running")
            return 0 if told else 1
        case ["fetch"]:
            fetch(where.root, say=say)
            fetch_voice(where.voice, say=say)
            return 0
    say("up | down | status | fetch")
    return 2


def say(line: str) -> None:
    """Tell a person."""
    sys.stdout.write(f"· {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LabFailure as failure:
        sys.stderr.write(f"{failure}\n")
        sys.exit(1)
