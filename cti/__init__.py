"""Decisions: what happens to every call and every agent. Standard library only; no sockets, no SQL, no clock."""
