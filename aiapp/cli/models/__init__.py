"""`aiapp models`: which models there are, and which to take. A verb a file."""
