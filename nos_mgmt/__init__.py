"""Everything that a person or a program talks to: NETCONF, the command, and how it is all put together."""
