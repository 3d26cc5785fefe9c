"""Hostile requests and spoiled Canvas answers for a running Easel, seeded and bounded."""
