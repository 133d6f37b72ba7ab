"""`aiapp models`: which models there are, what they cost, until when, and which to take. A verb a file."""
