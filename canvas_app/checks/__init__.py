"""Checks of a deployment: small probes, and judgements of their results.

Nothing here changes anything, at Canvas or in the stores.
"""
