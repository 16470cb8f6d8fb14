"""The reading log."""

from zgw.reading_log.table import migration

revision = "0002_reading_log"
down_revision = "0001_first"
upgrade = migration()
