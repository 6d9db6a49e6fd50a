"""Every boundary of a commit: what there is after a kill, and after an error, at each of them."""
