"""What the six ZGW APIs have in common; imports no service and no gateway."""
