"""How places come to be unknown."""


class NoPlaces(Exception):
    """The places of numbers cannot be had; the message says why in one line."""
