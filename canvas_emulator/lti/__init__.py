"""This Canvas as an LTI 1.3 platform: keys, registrations, placements and the three legs."""
