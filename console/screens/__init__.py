"""The screens, a module each: their addresses, what they need of whom, and what they show."""
