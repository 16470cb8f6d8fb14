"""The reading log."""

from zgw.reading_log.table import migration

revision = "0005_reading_log"
down_revision = "0004_what_municipalities_use_by"
upgrade = migration()
