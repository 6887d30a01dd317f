"""The outside world: one folder a vendor, each behind the interface of `core.system`."""
