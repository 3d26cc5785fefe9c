"""Send a running Easel hostile requests and spoiled Canvas answers, seeded and bounded."""
