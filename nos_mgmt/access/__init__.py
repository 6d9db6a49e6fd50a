"""What a user may see and do: the access control of RFC 8341, with what the running configuration says of users and rules."""

from nos_mgmt.access.access import Access, AccessDenied, Denials
from nos_mgmt.access.control import AccessControl

__all__ = ["Access", "AccessControl", "AccessDenied", "Denials"]
