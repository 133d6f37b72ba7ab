"""Training of the sentence encoder: a teacher's directions, and which sentence answers a question.

`texts` are what it reads, `teacher` says where they should point, `groups` are questions with their candidates,
`network` is the model in torch, `loop` trains both tasks together, `export` writes what the runtime loads.
"""
