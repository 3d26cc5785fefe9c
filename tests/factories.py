"""Make objects that many tests need; each test names only the values it is about."""

from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from canvas_app.settings import Environment, Settings

TOKEN_KEY = Fernet.generate_key().decode()


def school_settings(folder: Path = Path(), **changed: Any) -> Settings:
    """Return settings for easel.example.edu with one Canvas; its SQLite file is in ``folder``."""
    made: dict[str, Any] = {
        "environments": (Environment("production", "https://canvas.example.edu", "1", "secret"),),
        "public_url": "https://easel.example.edu",
        "secret_key": "0123456789abcdef" * 4,
        "token_keys": (TOKEN_KEY,),
        "instance_path": folder,
        "database_url": f"sqlite:///{folder / 'easel.sqlite'}",
    }
    return Settings(**made | changed)


def local_settings(folder: Path = Path(), **changed: Any) -> Settings:
    """Return settings for this machine with a Canvas that does not answer."""
    nobody = (Environment("production", "http://127.0.0.1:1", "1", "secret"),)
    own = {"environments": nobody, "public_url": "http://127.0.0.1:8000"}
    return school_settings(folder, **own | changed)
