"""Recordings, their markers, and who heard them."""
