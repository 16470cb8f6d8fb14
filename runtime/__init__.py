"""The machinery of every process of an installation; it knows nothing of ZGW."""
