"""Examples: what the model reads (weight 0) and what it must say (weight above 0), in the chat format."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from pathlib import Path

from aiapp.transformer.train import corpora
from aiapp.transformer.train.calls import Calls
from aiapp.transformer.train.examples import ASSISTANT, BEGIN, END, REFUSAL, USER, Example
from aiapp.transformer.train.extraction import Extraction
from aiapp.transformer.train.passages import Passage, Passages
from aiapp.transformer.train.requests import Commands, Dialogues, Intents, few_shot
from aiapp.transformer.train.vocabulary import Vocabulary

MIXTURE = Path(__file__).with_name("mixture.toml")

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
    pieces: Example = [(f"{BEGIN}{USER}Passage:\n{passage.text}\n\n", 0.0)]
    for number, question in enumerate(passage.questions):
        turn = "" if number == 0 else USER
        pieces.append((f"{turn}Question: {question.text}{END}{ASSISTANT}", 0.0))
        pieces.append(((question.unit or REFUSAL) + END, 1.0))
    return pieces


def short_answer(passage: Passage) -> Example:
    """The value alone."""
    pieces: Example = [(f"{BEGIN}{USER}Passage:\n{passage.text}\n\n", 0.0)]
    for number, question in enumerate(passage.questions):
        turn = "" if number == 0 else USER
        pieces.append((f"{turn}Answer briefly: {question.text}{END}{ASSISTANT}", 0.0))
        pieces.append(((question.value or REFUSAL) + END, 1.0))
    return pieces


def lookup(vocabulary: Vocabulary) -> Example:
    """Keys and values in one line or several, and questions for some of the values."""
    draw = vocabulary.random
    count = draw.randint(2, 8)
    keys = draw.sample(_KEYS, count) if draw.random() < 0.5 else list({vocabulary.word(): 0 for _ in range(count)})
    kinds = ["person", "place", "money", "date", "code", "email", "count", "clock", "phone", "tool"]
    values = {key: vocabulary.value(draw.choice(kinds)) for key in keys}
    separator, join = draw.choice([": ", " = ", " is ", " -> "]), draw.choice(["\n", "; ", ", "])
    text = join.join(f"{key}{separator}{value}" for key, value in values.items())
    pieces: Example = [(f"{BEGIN}{USER}Passage:\n{text}\n\n", 0.0)]
    for number, key in enumerate(draw.sample(list(values), min(3, len(values)))):
        turn = "" if number == 0 else USER
        asked = draw.choice(["{k}?", "What is the {k}?", "Give me the {k}.", "{k}"]).format(k=key)
        pieces.append((f"{turn}Answer briefly: {asked}{END}{ASSISTANT}", 0.0))
        pieces.append((values[key] + END, 1.0))
    return pieces


def talk(vocabulary: Vocabulary, prose: list[str]) -> Example:
    """A greeting, a question about the model itself, thanks, or something to repeat."""
    draw = vocabulary.random
    asked, answered = draw.choice([(_GREETINGS, _GREETED), (_WHO, _SELF), (_THANKS, _THANKED), ((), ())])
    if not asked:
        said = draw.choice(prose)
        return [(f"{BEGIN}{USER}Repeat: {said}{END}{ASSISTANT}", 0.0), (said + END, 1.0)]
    return [(f"{BEGIN}{USER}{draw.choice(asked)}{END}{ASSISTANT}", 0.0), (draw.choice(answered) + END, 1.0)]


def title(row: dict[str, str]) -> Example:
    """The title of a post from its first sentences."""
    return [
        (f"{BEGIN}{USER}Give this text a title:\n{row['text'][:700]}{END}{ASSISTANT}", 0.0),
        (row["title"] + END, 1.0),
    ]


class Mixture:
    """Draws examples in the shares that `mixture.toml` declares."""

    def __init__(self, data: Path, seed: int) -> None:
        parts = tomllib.loads(MIXTURE.read_text(encoding="utf-8"))["parts"]
        draw = self.random = random.Random(seed)

        def path(part: str, name: str = "file") -> Path:
            return data / str(parts[part][name])

        prose, posts = corpora.prose(path("prose")), corpora.articles(path("prose"))
        titled = [row for row in corpora.read(path("title")) if 10 < len(row.get("title", "")) < 90]
        made, vocabulary = Passages(draw, prose), Vocabulary(draw)
        calls, extraction = Calls(draw), Extraction(draw, prose)
        reviews = corpora.Reviews(path("reviews"), held=False)
        encyclopedia, glossary = corpora.Encyclopedia(path("encyclopedia")), corpora.Glossary(path("glossary"))
        dialogues = Dialogues(path("dialogues"), path("dialogues", "schema"))
        commands = Commands(path("commands"))
        intents = Intents(path("intents"), path("intents", "second"))
        makers: dict[str, Callable[[], Example]] = {
            "workplace": lambda: quotation(made.passage(draw.choice([1, 2, 3, 4]))),
            "short_answer": lambda: short_answer(made.passage(draw.choice([2, 3, 4]))),
            "reviews": lambda: quotation(reviews.passage(draw, draw.choice([1, 3, 5]))),
            "encyclopedia": lambda: quotation(encyclopedia.passage(draw, draw.choice([1, 2, 4]))),
            "glossary": lambda: quotation(glossary.passage(draw, draw.choice([1, 2, 3]))),
            "lookup": lambda: lookup(vocabulary),
            "extraction": extraction.example,
            "calls": lambda: calls.example(draw.choice([1, 2, 3, 4, 6])),
            "dialogues": lambda: dialogues.example(draw),
            "commands": lambda: commands.call(draw) if draw.random() < 0.6 else commands.fields(draw),
            "intents": lambda: intents.call(draw),
            "few_shot": lambda: few_shot(intents.texts, draw),
            "talk": lambda: talk(vocabulary, prose),
            "title": lambda: title(draw.choice(titled)),
            "prose": lambda: [(BEGIN, 0.0), (draw.choice(posts), 0.3)],
        }
        self._makers = [makers[name] for name in parts]
        self._shares = [part["share"] for part in parts.values()]

    def example(self) -> Example:
        """The next example."""
        return self.random.choices(self._makers, self._shares)[0]()
