"""Notifications: event streams, their log, and subscriptions to them and to datastores, whatever the protocol."""
