"""``python -m beheer.serve_service zaken``, or ``gateway``, or ``worker``: one part in a process of its own."""

from beheer.start import start

if __name__ == "__main__":
    start("beheer.part", "main")
