"""The ZGW standard, as far as the six APIs share it; imports no service and no gateway."""
