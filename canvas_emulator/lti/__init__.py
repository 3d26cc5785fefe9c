"""This Canvas as an LTI 1.3 platform: keys, configurations, placements and launches."""
