"""Where a call enters and why: numbers, schedules with holidays, deny and VIP lists."""
