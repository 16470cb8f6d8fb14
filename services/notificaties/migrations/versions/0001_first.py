"""The tables of notificaties in release 0.1.0."""

from runtime.revisions import statements_beside

revision = "0001_first"
down_revision = None
upgrade = statements_beside(__file__)
