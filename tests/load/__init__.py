"""Many clients, slow ones, large requests and cut connections, against one server process: `make load`."""
