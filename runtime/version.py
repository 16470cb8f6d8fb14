"""The version of Samenzaak, not that of an API of the standard (``Api.version``).

The package takes it from here, because an image has the code without the package.
"""

VERSION = "0.1.0"
