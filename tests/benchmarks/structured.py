"""How the bundled model's grammars fare on a suite of JSON schemas: `structured.py --data FOLDER [--seed 0]`.

FOLDER holds `suite.tar.gz`, the JSON Schema Test Suite. Tokens are drawn at random among those that the grammar allows
(the bundled model at a high temperature), and what comes out is validated against the schema as written. Not judged is
what has a pattern that Python's `re` cannot read.
"""

from __future__ import annotations

import argparse
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, cast

from jsonschema import Draft7Validator, Draft201909Validator, Draft202012Validator, ValidationError, validators
from jsonschema.protocols import Validator

from aiapp.core.errors import InvalidInput
from aiapp.transformer import Completion, Grammar, Sampling, Transformer, collect

DRAFTS: dict[str, type[Validator]] = {
    "draft2020-12": Draft202012Validator,
    "draft2019-09": Draft201909Validator,
    "draft7": Draft7Validator,
}
DIALECTS = {
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft7": "http://json-schema.org/draft-07/schema#",
}
PROMPT = "Write any value of the schema."
LIMIT = 512


class Case(NamedTuple):
    """A schema of the suite."""

    draft: str
    file: str
    name: str
    schema: Any


def cases(folder: Path) -> Iterator[Case]:
    """Every schema of the suite, with the dialect that it is meant in; the Booleans as objects."""
    with tarfile.open(folder / "suite.tar.gz") as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            parts = Path(member.name).parts
            draft = next((part for part in parts if part in DRAFTS), None)
            if draft is None or "tests" not in parts or not member.name.endswith(".json"):
                continue
            file = archive.extractfile(member)
            for entry in json.load(file) if file is not None else ():
                schema: Any = entry["schema"]
                if isinstance(schema, bool):
                    schema = cast("Any", {} if schema else {"not": {}})
                yield Case(draft, parts[-1], entry["description"], {"$schema": DIALECTS[draft], **schema})


def exact_multiple(_validator: Any, step: Any, value: Any, _schema: Any) -> Iterator[ValidationError]:
    """`multipleOf` on decimals: 0.3 is a multiple of 0.1."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and Decimal(repr(value)) % Decimal(repr(step)) != 0:
        yield ValidationError(f"{value} is not a multiple of {step}")


def validator(draft: str, schema: Any) -> Any:
    """The judge of a schema's values."""
    kind = cast("Any", validators).extend(DRAFTS[draft], {"multipleOf": exact_multiple})
    return kind(schema, format_checker=DRAFTS[draft].FORMAT_CHECKER)


def problem(case: Case, text: str) -> str | None:
    """Why a text is no value of the schema; a pattern that Python cannot read raises `re.error`."""
    try:
        first = next(validator(case.draft, case.schema).iter_errors(json.loads(text)), None)
    except ValueError as error:
        return str(error)
    return None if first is None else str(first.message)


def verdict(case: Case, written: Completion) -> tuple[str, str | None]:
    """What became of a text, and what is wrong with it."""
    if written.finish == "length":
        return "length", None
    try:
        wrong = problem(case, written.text)
    except re.error:
        json.loads(written.text)
        return "not judged", None
    return ("valid", None) if wrong is None else ("invalid", wrong)


def reason(error: InvalidInput) -> str:
    """What a refusal is for, without what varies from schema to schema."""
    if "branches of oneOf" in error.accepted:
        return "oneOf"
    found = re.search(r"follow \((.*)\)", error.accepted, re.DOTALL)
    if found is None:
        named = re.findall(r"(\S+) at #", f"{error.field} {error.value}")
        return " and ".join(sorted(set(named))) or str(error)
    kinds = {"Resource": "a reference to another document", "Unsatisfiable": "nothing fits the schema"}
    first = found.group(1).split("\n")[0]
    return kinds.get(first.split(" ")[0], re.sub(r"/[^ ]+/|[-0-9.e+]{3,}|Some\(.*?\)", "…", first))


def main() -> None:
    """Print what became of the schemas, for each draft and in all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    model = Transformer.load()
    prompt = model.tokenizer.chat_ids([("user", PROMPT)])
    outcomes: dict[str, Counter[str]] = {draft: Counter() for draft in [*DRAFTS, "all"]}
    refused: Counter[str] = Counter()
    invalid: list[str] = []
    for number, case in enumerate(cases(given.data)):
        try:
            grammar = Grammar.json_schema(case.schema)
        except InvalidInput as error:
            refused[reason(error)] += 1
            outcome = "refused"
        else:
            hot = Sampling(temperature=5.0, seed=given.seed + number)
            written = collect(model.generate(prompt, hot, grammar=grammar, max_tokens=LIMIT))
            outcome, wrong = verdict(case, written)
            if wrong is not None:
                invalid.append(f"{case.draft} {case.file}: {case.name}: {written.text!r}: {wrong}")
        for row in (case.draft, "all"):
            outcomes[row][outcome] += 1
    print("| draft | schemas | supported | valid | length | not judged | invalid | refused |\n" + "|---" * 8 + "|")
    for draft, counts in outcomes.items():
        kinds = [counts[kind] for kind in ("valid", "length", "not judged", "invalid", "refused")]
        print(f"| {draft} | {counts.total()} | {counts.total() - counts['refused']} | {' | '.join(map(str, kinds))} |")
    print("\n| refused for | schemas |\n|---|---|")
    for why, count in refused.most_common():
        print(f"| {why} | {count} |")
    print("\n".join(["", f"Invalid: {len(invalid)}", *invalid]))


if __name__ == "__main__":
    main()
