"""The console: screens for the people who run an installation, and for those of each municipality."""
