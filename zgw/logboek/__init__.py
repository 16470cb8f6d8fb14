"""The Logboek Dataverwerkingen: which processing of whose data happened, for which processing activity.

``config`` is what a municipality set, ``records`` are the actions that wait in the database, ``subjects`` finds out
whose data they were about, ``otlp`` makes log lines of them, ``delivery`` brings those to the logbook (docs/adr/0020).
"""
