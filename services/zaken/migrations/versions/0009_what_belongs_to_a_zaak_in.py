"""What belongs to a zaak in the order in which it shows it."""

from runtime.revisions import statements_beside

revision = "0009_what_belongs_to_a_zaak_in"
down_revision = "0008_find_zaken_by_the_type_of"
upgrade = statements_beside(__file__)
