"""The last requests of each client, which it reads itself."""

from runtime.revisions import statements_beside

revision = "0004_request_log"
down_revision = "0003_issuers_by_url"
upgrade = statements_beside(__file__)
