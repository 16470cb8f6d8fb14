"""What an outsider, a client with narrow rights or a careless writer may try; it speaks HTTP."""
