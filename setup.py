"""The wheel's packages: templates/ stands beside canvas_app here and within it in the wheel."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["canvas_app*", "canvas_emulator*"]), "canvas_app.templates"],
    package_dir={"canvas_app.templates": "templates"},
)
