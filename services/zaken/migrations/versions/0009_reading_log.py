"""The reading log."""

from zgw.reading_log.table import migration

revision = "0009_reading_log"
down_revision = "0008_find_zaken_by_the_type_of"
upgrade = migration()
