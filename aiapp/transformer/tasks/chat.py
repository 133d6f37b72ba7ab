"""Conversations: answers that quote a passage or give its value, records to look up, small talk, texts to label."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from aiapp.transformer.tasks.examples import ASSISTANT, BEGIN, END, REFUSAL, SYSTEM, USER, Example
from aiapp.transformer.tasks.families import families
from aiapp.transformer.tasks.passages import Passage
from aiapp.transformer.tasks.vocabulary import Vocabulary

TEXTS_OF_A_TOPIC = 40

_GREETINGS = ("Hi", "Hello", "Hey there", "Good morning", "Hi!", "Hello, how are you?", "hello", "Good afternoon.")
_GREETED = ("Hello! Ask me something about your documents.", "Hello! What would you like to know?")
_WHO = (
    "Who are you?",
    "What are you?",
    "What can you do?",
    "How can you help me?",
    "Tell me about yourself.",
    "Are you an AI?",
)
_SELF = (
    "I am aiapp's small local model. I run on this machine and answer by quoting documents.",
    "I am a small model that runs on this machine. Give me a passage and a question, and I quote the answer.",
)
_THANKS = ("Thanks", "Thank you!", "Great, thanks.", "Bye", "Goodbye.", "That is all.")
_THANKED = ("You are welcome.", "Glad to help.")
_KEYS = [
    "name",
    "city",
    "email",
    "phone",
    "date",
    "total",
    "status",
    "colour",
    "owner",
    "id",
    "price",
    "topic",
    "title",
    "time",
    "country",
    "age",
]


def quotation(passage: Passage) -> Example:
    """Questions over a passage, each answered by the unit that supports it or by the refusal."""
    asked = [(f"Question: {question.text}", question.unit or REFUSAL) for question in passage.questions]
    return _questions(passage.text, asked)


def short_answer(passage: Passage) -> Example:
    """The value alone."""
    asked = [(f"Answer briefly: {question.text}", question.value or REFUSAL) for question in passage.questions]
    return _questions(passage.text, asked)


def lookup(vocabulary: Vocabulary) -> Example:
    """Keys and values in one line or several, and questions for some of the values."""
    draw = vocabulary.random
    count = draw.randint(2, 8)
    keys = draw.sample(_KEYS, count) if draw.random() < 0.5 else list({vocabulary.word(): 0 for _ in range(count)})
    kinds = ["person", "place", "money", "date", "code", "email", "count", "clock", "phone", "tool"]
    values = {key: vocabulary.value(draw.choice(kinds)) for key in keys}
    separator, join = draw.choice([": ", " = ", " is ", " -> "]), draw.choice(["\n", "; ", ", "])
    text = join.join(f"{key}{separator}{value}" for key, value in values.items())
    asked: list[tuple[str, str]] = []
    for key in draw.sample(list(values), min(5, len(values))):
        question = draw.choice(["{k}?", "What is the {k}?", "Give me the {k}.", "{k}"]).format(k=key)
        asked.append((f"Answer briefly: {question}", values[key]))
    return _questions(text, asked)


def _questions(text: str, asked: Sequence[tuple[str, str]]) -> Example:
    """A passage, and questions about it with their answers, the first one in the passage's own turn."""
    pieces: Example = [(f"{BEGIN}{USER}Passage:\n{text}\n\n", 0.0)]
    for number, (question, answer) in enumerate(asked):
        turn = "" if number == 0 else USER
        pieces += [(f"{turn}{question}{END}{ASSISTANT}", 0.0), (answer + END, 1.0)]
    return pieces


def talk(vocabulary: Vocabulary, prose: list[str]) -> Example:
    """A greeting, a question about the model itself, thanks, or something to repeat."""
    draw = vocabulary.random
    asked, answered = draw.choice([(_GREETINGS, _GREETED), (_WHO, _SELF), (_THANKS, _THANKED), ((), ())])
    if not asked:
        said = draw.choice(prose)
        return [(f"{BEGIN}{USER}Repeat: {said}{END}{ASSISTANT}", 0.0), (said + END, 1.0)]
    return [(f"{BEGIN}{USER}{draw.choice(asked)}{END}{ASSISTANT}", 0.0), (draw.choice(answered) + END, 1.0)]


def topics(vocabulary: Vocabulary, *, held: bool = False) -> dict[str, list[str]]:
    """Statements and questions by the kind of thing that they are about; a sixth of the kinds is held out."""
    draw, found = vocabulary.random, dict[str, list[str]]()
    for number, kind in enumerate(sorted({family.thing for family in families()})):
        if (number % 6 == 2) == held:
            drawn = draw.choices([family for family in families() if family.thing == kind], k=TEXTS_OF_A_TOPIC)
            ways = [(draw.choice((*family.statements, *family.questions)), family.value) for family in drawn]
            found[kind] = [way.format(e=vocabulary.thing(kind), v=vocabulary.value(value)) for way, value in ways]
    return found


def few_shot(topics: Mapping[str, Sequence[str]], random_: random.Random, *, classes: int | None = None) -> Example:
    """Labelled texts as turns, and one more to label; the labels are the topics' names or arbitrary letters."""
    names = random_.sample(sorted(topics), classes or random_.choice([2, 3, 3, 4]))
    letters = random_.sample("ABCDEFGH", len(names))
    labels = dict(zip(names, letters if random_.random() < 0.4 else names, strict=True))
    shots = [(text, labels[name]) for name in names for text in random_.sample(topics[name], random_.randint(1, 3))]
    random_.shuffle(shots)
    asked = random_.choice(names)
    listed = f"Answer with one of: {', '.join(labels.values())}." if random_.random() < 0.5 else ""
    pieces: Example = [(BEGIN + (f"{SYSTEM}{listed}{END}" if listed else ""), 0.0)]
    for place, (text, label) in enumerate(shots):
        pieces += [(f"{USER}{text}{END}{ASSISTANT}", 0.0), (label + END, 1.0 if place >= len(names) else 0.0)]
    return [*pieces, (f"{USER}{random_.choice(topics[asked])}{END}{ASSISTANT}", 0.0), (labels[asked] + END, 1.0)]


def last_answer(example: Example) -> Example:
    """The same, with weight on its last answer only."""
    return [*((text, 0.0) for text, _ in example[:-1]), example[-1]]
