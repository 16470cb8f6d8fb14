INSERT INTO applicatie (id, uuid, client_ids, label, heeft_alle_autorisaties, alleen_is_gereed_voor_publicatie, autorisaties) VALUES (1, 'a5d524cb-a8a7-4d25-a151-f2698ba6b2ca', '["zaaksysteem-deventer"]', 'Zaaksysteem Gemeente Deventer', true, false, '[]');
SELECT pg_catalog.setval('applicatie_id_seq', 1, true);
SELECT pg_catalog.setval('outbox_id_seq', 1, false);
