"""Find zaken by the type of their status."""

from runtime.revisions import statements_beside

revision = "0008_find_zaken_by_the_type_of"
down_revision = "0007_what_municipalities_use_by"
upgrade = statements_beside(__file__)
