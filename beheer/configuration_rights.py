"""The rights of a client in the file that ``samenzaak apply`` reads, and what every part of that file is."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from zgw.bundels import MORE, Bundel, scopes_of
from zgw.rights import TYPE_FIELDS


class Part(BaseModel):
    """A part of the file; an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class Type(Part):
    """A type of a catalogue, or without a name all types of that kind."""

    domein: str
    identificatie: str | None = None
    omschrijving: str | None = None


Component = Literal["ac", "nrc", "zrc", "ztc", "drc", "brc"]


class Right(Part):
    """Autorisaties as in the Autorisaties API, but for how they name types and scopes."""

    component: Component | None = None
    """May be left out where the type tells it, or where a bundle is for all of a catalogue."""
    scopes: Annotated[list[str], Field(min_length=1)] | None = None
    bundel: Bundel | None = None
    zaaktype: str | Type | None = None
    informatieobjecttype: str | Type | None = None
    besluittype: str | Type | None = None
    catalogus: str | None = None
    """The domein of a catalogue, or its URL: all its types."""
    alle_versies: bool | None = None
    """Whether the rights follow the type: by default when it is named by its catalogue, and not by the URL of a
    version."""
    max_vertrouwelijkheidaanduiding: str = ""

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Right":
        named = [kind for kind in TYPE_FIELDS.values() if getattr(self, kind)]
        if (self.scopes is None) == (self.bundel is None):
            raise ValueError("give scopes or bundel, one of them")
        if len(named) + bool(self.catalogus) > 1:
            raise ValueError("give one type, or catalogus")
        if self.alle_versies is not None and not named:
            raise ValueError("alleVersies needs a type")
        if self.component is None and not named and not (self.bundel and self.catalogus):
            raise ValueError("component is missing")
        if self.bundel is not None:
            for component in self.components:
                scopes_of(self.bundel, component)
        return self

    @property
    def kind(self) -> str | None:
        """The kind of type that is named."""
        return next((kind for kind in TYPE_FIELDS.values() if getattr(self, kind)), None)

    @property
    def components(self) -> list[str]:
        """The components that these rights are in."""
        if self.component is not None:
            return [self.component]
        return [each for each in MORE if self.kind in (None, TYPE_FIELDS[each])]

    def scopes_in(self, component: str) -> list[str]:
        """Return the scopes that are given in a component."""
        return sorted(set(self.scopes or ())) if self.bundel is None else scopes_of(self.bundel, component)
