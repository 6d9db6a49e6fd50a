"""Any backend in a process of its own, supervised: what happens to it does not happen to the server."""

from backends.process.proxy import ProcessBackend

__all__ = ["ProcessBackend"]
