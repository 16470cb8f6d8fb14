"""The OAS of an API and its interactive page, generated from the declarations."""
