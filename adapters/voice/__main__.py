"""`python -m adapters.voice <folder>`: make the built-in prompts there; the lab and the tests run it once."""

import asyncio
import sys
from pathlib import Path

from adapters.voice.build import build
from cti.errors import Refused


def main(arguments: list[str]) -> int:
    """Build, and return the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("python -m adapters.voice <folder>\n")
        return 2
    try:
        asyncio.run(build(Path(arguments[0]).absolute(), _say))
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
