"""What Easel keeps of people: sign-ins, grants and leases, calendar feeds, the outbox."""
