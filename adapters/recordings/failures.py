"""Ways in which a storage fails. Whoever meets one tries again later: nothing leaves the spool before it is kept."""

from __future__ import annotations


class StorageFailure(Exception):
    """The storage did not do what it was asked; `why` is for the log."""


class NotThere(StorageFailure):
    """There is no sound at that place."""


class NoStorage(Exception):
    """The settings name a storage that cannot be used; the server does not start."""
