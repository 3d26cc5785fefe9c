"""Easel: a web application beside Canvas LMS."""
