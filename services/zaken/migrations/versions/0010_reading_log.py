"""The reading log."""

from zgw.reading_log.table import migration

revision = "0010_reading_log"
down_revision = "0009_what_belongs_to_a_zaak_in"
upgrade = migration()
