"""Side-by-side measurements of Canvas clients against the stand-in Canvas; never a test."""
