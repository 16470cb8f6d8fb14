"""The reading log."""

from zgw.reading_log.table import migration

revision = "0003_reading_log"
down_revision = "0002_profiel"
upgrade = migration()
