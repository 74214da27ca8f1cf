"""What supervisors do with the calls of others 班长: one file per action."""
