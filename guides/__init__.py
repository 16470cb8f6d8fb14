"""Builds the pages at /docs from docs/: ``python -m guides.build``. Nothing of it runs where Samenzaak does."""
