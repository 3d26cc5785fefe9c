"""Measure Canvas clients side by side against the stand-in Canvas; no test depends on it."""
