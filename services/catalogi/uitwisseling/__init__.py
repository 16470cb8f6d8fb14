"""Catalogues in and out, in the ZIP format that Open Zaak writes (docs/catalogus.md)."""
