"""Find zaken by the type of their status."""

from runtime.revisions import statements_beside

revision = "0007_find_zaken_by_the_type_of"
down_revision = "0006_which_zaken_ever_were"
upgrade = statements_beside(__file__)
