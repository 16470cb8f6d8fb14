"""``python -m beheer``: the command ``samenzaak``."""

from beheer.start import samenzaak

samenzaak()
