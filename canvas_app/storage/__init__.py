"""What Easel stores about people: sign-ins, grants and leases, calendar feeds, the outbox."""
