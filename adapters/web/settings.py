"""The figures of the HTTP interface."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    token_key: str = field(repr=False)
    pages: Path | None = None
    """Where the built pages are."""
    origins: frozenset[str] = frozenset()
    """Foreign origins that are welcome, like `https://crm.example.com`; our own always is."""
    token_seconds: int = 12 * 3600
    failed_logins_a_minute: int = 5
    most_body: int = 1 << 20
    most_upload: int = (10 << 20) + (64 << 10)
    """For a file in a form, where one is expected."""
    most_sheet: int = 64 << 20
    """For a list: two million lines with numbers alone, a good half of that with names and reasons."""
    read_deadline: float = 2.0
    """How long a read waits for the database to have caught up with what was published."""
    away: tuple[type[Exception], ...] = ()
    """What a database that is not there raises: these become 503 `store_away`."""
