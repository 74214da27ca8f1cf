"""What agents do with a call under way: one file per command."""
