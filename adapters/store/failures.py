"""What can be wrong with the store. Each has a stable `code`; none of them means that routing stops."""

from __future__ import annotations

from typing import ClassVar


class StoreFailure(Exception):
    code: ClassVar[str] = "store_failure"


class StoreAway(StoreFailure):
    """The database does not answer, or somebody else holds it locked. It may be back in a moment."""

    code = "store_away"


class StoreOld(StoreFailure):
    """The database is not at the version this code was written for."""

    code = "store_old"


class StoreTaken(StoreFailure):
    """Another server works on this database. Two writers would each undo the other's decisions."""

    code = "store_taken"
