"""`python -m nos_mgmt` is `nos-mgmt`."""

from nos_mgmt.cli import main

if __name__ == "__main__":
    main()
