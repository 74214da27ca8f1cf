"""Recordings: which calls are recorded, how people steer that, and what of it is kept."""
