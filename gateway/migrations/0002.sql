-- The origins whose web pages may call the APIs of a municipality from a browser, such as https://mijn.deventer.nl.

ALTER TABLE gateway.tenant ADD COLUMN origins text[] NOT NULL DEFAULT '{}';
