"""The tables of the console: accounts, one-time links, sessions, failed logins and the beheerlog."""

from runtime.revisions import statements_beside

revision = "0001_first"
down_revision = None
upgrade = statements_beside(__file__)
