"""What the browser asks for: thin, and the only rooms that render."""
