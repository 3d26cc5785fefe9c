"""What Easel calls itself to Canvas, which refuses calls without a User-Agent (RFC 9110 10.1.5)."""

from importlib.metadata import PackageNotFoundError, version

try:
    USER_AGENT = f"Easel/{version('easel')}"
except PackageNotFoundError:
    USER_AGENT = "Easel"
