"""Text that may be spoken: a few sentences, as plain text. Nothing in it is an order to the voice."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from cti.errors import BadRequest

LONGEST: Final = 1000
_REFUSED: Final = ("Cc", "Cs", "Co", "Cn")


def plain(text: str) -> str:
    """One line of text, trimmed; raises `BadRequest` when it is empty, too long, or not text."""
    line = " ".join(text.split())
    if not line:
        raise BadRequest("there is no text to speak")
    if len(line) > LONGEST:
        raise BadRequest(f"the text is longer than {LONGEST} characters")
    if any(unicodedata.category(one) in _REFUSED for one in line):
        raise BadRequest("the text has characters that nobody can speak")
    return line


def spoken(text: str) -> str:
    """The text as espeak-ng is given it: without `[[`, which would begin phonemes of its own."""
    return re.sub(r"\[(?=\[)", "[ ", text)
