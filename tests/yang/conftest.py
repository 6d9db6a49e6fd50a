"""What the tests of the engine share."""

from __future__ import annotations

from hypothesis import settings

# a busy machine is no failure
settings.register_profile("nos-mgmt", deadline=None)
settings.load_profile("nos-mgmt")
