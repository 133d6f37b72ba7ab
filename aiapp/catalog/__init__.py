"""What is known about models: dated facts with their sources, as data, and the small code that reads them.

Nothing here talks to anyone. A fact that changes with a model stands here; one that is true of a whole wire stands in
its provider's folder.
"""
