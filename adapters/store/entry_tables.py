"""Numbers, schedules, calendars and lists."""
