"""The table of places as a file: a line of JSON with its names and sizes, then the columns as they are in memory.

So a server has it in the time it takes to read a megabyte. What is not to the last byte as it was written is refused.
"""

from __future__ import annotations

import json
import sys
from array import array
from zlib import crc32

from cti.entry.places import Column, Places

FORMAT = 1


def packed(places: Places, library: str) -> bytes:
    """The file of these places, which are this library's."""
    body = b"".join(part.tobytes() for one in places.columns for part in (one.starts, one.names))
    head = {
        "format": FORMAT,
        "library": library,
        "order": sys.byteorder,
        "names": places.names,
        "columns": [(one.length, len(one.starts)) for one in places.columns],
        "crc": crc32(body),
    }
    return json.dumps(head, ensure_ascii=False).encode() + b"\n" + body


def unpacked(data: bytes, library: str) -> Places:
    """Raises `ValueError` for a file that is broken, or of another library, form or machine."""
    line, _, body = data.partition(b"\n")
    try:
        head = json.loads(line)
        if (head["format"], head["library"], head["order"]) != (FORMAT, library, sys.byteorder):
            raise ValueError("it is of another version")
        if head["crc"] != crc32(body):
            raise ValueError("it is broken")
        columns, at = [], 0
        for length, count in head["columns"]:
            column = Column(length)
            for part in (column.starts, column.names):
                at = _fill(part, body, at, count)
            columns.append(column)
        names = [str(one) for one in head["names"]]
    except (KeyError, TypeError, UnicodeDecodeError) as wrong:
        raise ValueError("it is broken") from wrong
    if at != len(body) or any(max(one.names, default=0) >= len(names) for one in columns):
        raise ValueError("it is broken")
    places = Places()
    places.adopt(names, columns)
    return places


def _fill(part: array[int], body: bytes, at: int, count: int) -> int:
    end = at + count * part.itemsize
    if end > len(body):
        raise ValueError("it is cut off")
    part.frombytes(body[at:end])
    return end
