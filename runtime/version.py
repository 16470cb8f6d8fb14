"""The version of Samenzaak, as pyproject.toml has it: not that of an API of the standard (``Api.version``)."""

from importlib.metadata import version

VERSION = version("samenzaak")
