"""Changes behind the server's back, found, named and handled, for as long as one likes."""
