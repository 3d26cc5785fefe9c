"""What may be wrong with a deployment: small probes, and judgements of what they found.

Nothing here changes anything, at Canvas or in the stores.
"""
