"""Ids of rows that people name to us. Letters alone, so that no mask takes one for a telephone number."""

from __future__ import annotations

import secrets
from typing import Final

_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz"  # none that is taken for another
_LENGTH: Final = 14  # 63 bits


def new_id() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
