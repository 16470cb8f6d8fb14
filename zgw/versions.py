"""The version of the standard that each API implements; every response tells it (common.md §8)."""

VERSIONS = {
    "autorisaties": "1.1.0",
    "besluiten": "1.1.0",
    "catalogi": "1.4.0",
    "documenten": "1.7.1",
    "notificaties": "1.0.1",
    "zaken": "1.7.0",
}
