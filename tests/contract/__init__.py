"""The contract test: what we serve, compared with the normative OAS of the six ZGW APIs."""
