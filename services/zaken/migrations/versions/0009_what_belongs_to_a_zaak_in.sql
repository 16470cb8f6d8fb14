-- Writers wait from here, readers from the first DROP.
CREATE INDEX zaakeigenschap_zaak ON zaakeigenschap (zaak, id);
CREATE INDEX zaakobject_zaak ON zaakobject (zaak, id);
CREATE INDEX zaak_deelzaken ON zaak (hoofdzaak, id) WHERE hoofdzaak IS NOT NULL;
DROP INDEX ix_zaakeigenschap_zaak;
DROP INDEX ix_zaakobject_zaak;
DROP INDEX zaak_hoofdzaak;
