"""Remembers that the demo tenant is in the database: a second start need not make fourteen password hashes again.

It declines to know what the demo tenant is.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.lab import people
from adapters.lab.place import CHECKOUT, Place

SEED_FILES: Final = ("seed.py", "seed_entry.py", "seed_codes.py", "seed_extras.py")
SEEDS: Final = [Path(__file__).parents[1] / "store" / name for name in SEED_FILES]


@dataclass(frozen=True, slots=True)
class Seeded:
    """Whether the lab's own database has the people of today's credentials, and today's flows."""

    place: Place
    environ: Mapping[str, str]

    def already(self) -> bool:
        """Tell whether nothing has changed since the last seeding; another database is always seeded."""
        mark = self._mark()
        return mark is not None and self._file.exists() and self._file.read_text() == mark

    def remember(self) -> None:
        """Note what was seeded."""
        if mark := self._mark():
            self._file.write_text(mark)

    @property
    def _file(self) -> Path:
        return self.place.folder / "seeded"

    def _mark(self) -> str | None:
        database = self.place.folder / "cti.db"
        if "CTI_DATABASE_URL" in self.environ or not database.exists():
            return None
        flows = sorted((CHECKOUT / "dialplans/flows").glob("*.yaml"))
        parts = [self.place.folder / "credentials.json", Path(people.__file__), *SEEDS, *flows]
        digest = hashlib.sha256(b"".join(part.read_bytes() for part in parts if part.exists())).hexdigest()
        return f"{digest} {database.stat().st_ino}\n"
