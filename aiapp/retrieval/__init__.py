"""From documents to cited answers: load, split, embed, store, search, quote.

Everything here works on text and spans: a chunk, a unit and a citation are always verbatim slices of a document's text.
Models are reached through `Client` alone, and no vendor's store or embedder is named outside its own file.
"""
