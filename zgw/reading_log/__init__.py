"""The reading log: which application and user saw which objects (docs/adr/0019).

- ``read``: a read, as it is gathered from an answer and handed to the sinks of the service by ``recorder``.
- ``log``: the sink that keeps reads, in memory first and then in the table of ``table.sql``; ``rows``: what a row has;
  ``hidden``: what is kept of filters; ``upkeep``: the partitions.

The service that answers a client records all that its answer shows, also what ``expand`` took from other services. What
our services ask each other shows nobody anything.
"""
