"""`python -m adapters.geodata.extract`: writes what the library `phonenumbers` knows of places in China to the output.

A program of its own: the library's tables of the whole world take a hundred megabytes that the server never needs.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping

import phonenumbers

from adapters.geodata.packed import packed
from cti.entry.places import COUNTRY, Places

_CODE = "86"
_LANGUAGE = "zh"
_NETWORK = re.compile(r"1[3-9][0-9]?")
_NICE = 10  # calls go first


def places_of(world: Mapping[str, Mapping[str, str]]) -> Places:
    """Those of the country, by the library's table of the world; names in Chinese."""
    return Places(sorted(_rows(world)))


def _rows(world: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for prefix, names in world.items():
        start, name = prefix.removeprefix(_CODE), names.get(_LANGUAGE)
        if start == prefix or not start or name is None or name == COUNTRY:
            continue
        # 173 is said to be Beijing: three digits are a whole network, and whoever has it is from anywhere.
        if not _NETWORK.fullmatch(start):
            yield start, name


def main() -> None:
    os.nice(_NICE)
    from phonenumbers.geodata import GEOCODE_DATA

    sys.stdout.buffer.write(packed(places_of(GEOCODE_DATA), phonenumbers.__version__))


if __name__ == "__main__":
    main()
