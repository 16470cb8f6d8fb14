"""What each municipality asks of the gateway, by month."""

from runtime.revisions import statements_beside

revision = "0006_usage"
down_revision = "0005_secrets"
upgrade = statements_beside(__file__)
