"""What an operator sees of the server from outside: its log, its metrics, and whether it is well."""
