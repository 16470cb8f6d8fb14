"""The notifications that the Catalogi API writes down."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.stack import Stack

LOG = """
CREATE TABLE IF NOT EXISTS deventer_catalogi.announced (id bigint, message jsonb);
CREATE OR REPLACE FUNCTION deventer_catalogi.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
  'BEGIN INSERT INTO deventer_catalogi.announced VALUES (NEW.id, NEW.message); RETURN NEW; END';
DROP TRIGGER IF EXISTS note ON deventer_catalogi.outbox;
CREATE TRIGGER note AFTER INSERT ON deventer_catalogi.outbox FOR EACH ROW EXECUTE FUNCTION deventer_catalogi.note();
"""


@asynccontextmanager
async def noted(stack: Stack) -> AsyncIterator[Any]:
    """Give a function that returns the notifications about a URL, in order. The relay takes them away, so they are
    noted."""
    async with stack.admin() as admin:
        await admin.execute(LOG)

        async def about(url: str) -> list[dict[str, Any]]:
            sql = "SELECT message::text FROM deventer_catalogi.announced WHERE message->>'hoofdObject' = $1 ORDER BY id"
            return [json.loads(row["message"]) for row in await admin.fetch(sql, url)]

        yield about
        await admin.execute("DROP TRIGGER note ON deventer_catalogi.outbox")
