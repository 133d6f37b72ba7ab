"""Parallel voting: the same thing put in several ways at once, and the answer that most of them give.

One wording may lead a model astray; it takes the same mistake in most of them to lead the vote astray.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from aiapp import Client, Prompt
from aiapp.chains import ask, chain, parallel

HANDBOOK = (
    "Handbook\nParental leave is 120 days. Annual leave is 25 days. Sick leave is paid for 42 days. "
    "Unused annual leave lapses on 31 March.\nA password must have at least 14 characters. "
    "A new password is due every 90 days. Expenses are paid back within 10 days.\n"
    "The canteen is open from 11:30 to 14:00. The workshop is in Leeds. The car park has 60 places."
)

WORDINGS = {
    "plain": "How long must a password be?",
    "formal": "What is the minimum length of a password?",
    "casual": "How many characters does a password need?",
}


@dataclass(frozen=True)
class Decision:
    """What more than half of the votes say, or None where they say nothing."""

    answer: str | None
    votes: dict[str, str]


def majority(votes: dict[str, str]) -> Decision:
    answer, count = Counter(votes.values()).most_common(1)[0]
    return Decision(answer if count > len(votes) / 2 else None, votes)


client = Client()
voters = {
    name: Prompt("Passage:\n{{passage}}\n\nAnswer briefly: " + wording, name=f"{name} wording") | ask(client)
    for name, wording in WORDINGS.items()
}
vote = chain(parallel(**voters), majority)

decision = vote.run(HANDBOOK)
for name, answer in decision.votes.items():
    print(f"{WORDINGS[name]}  {answer}")
print("decided:", decision.answer)
print(f"\n{vote.draw().mermaid}")
