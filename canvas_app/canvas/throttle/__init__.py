"""Pacing below Canvas's rate limit: the queue, the bucket's level, and both shared in Redis."""
