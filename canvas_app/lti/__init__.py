"""Launches from inside Canvas (LTI 1.3, 1EdTech Security Framework): a library without Flask."""
