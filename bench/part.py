"""One part of Samenzaak for benchmarks, as ``python -m beheer.serve_service``, with shorter waits between attempts."""

import os

from beheer import serve_service
from services.notificaties import bezorger
from services.notificaties.rij import Policy

if __name__ == "__main__":
    if os.environ.get("BENCH_SHORT_WAITS"):
        bezorger.USUAL = Policy(waits=(0.2, 0.5, *([1.0, 2.0, 4.0] * 40)), pause=0.5, longest_pause=3.0, lease=4.0)
    serve_service.main()
