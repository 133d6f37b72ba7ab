"""The command line: a verb a file, each a thin layer over the library.

Nothing is decided here that an import could not do; a verb reads its arguments, calls the library and prints.
Statuses: 0 done, 1 a provider or the machine failed, 2 the input cannot be used, 3 not in the documents, 130 Ctrl-C.
"""
