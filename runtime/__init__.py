"""What any process of an installation needs; knows nothing of ZGW."""
