"""The readers and what is no document: `make fuzz SECONDS=n`."""
