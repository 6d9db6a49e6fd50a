"""What each client is made to do, run by the interpreter that has the client; what it saw is told in lines of JSON."""
