"""From documents to cited answers: load, split, embed, store, search, quote.

Everything here works on text and spans: a chunk, a unit and a citation are always verbatim slices of a document's text.
Language models are reached through `Client` alone, the bundled encoder directly, and no vendor's store or embedder is
named outside its own file.
"""
