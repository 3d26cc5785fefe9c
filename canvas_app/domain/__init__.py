"""What Canvas's objects mean: statuses, grades, dates, charts; pure functions and frozen data."""
