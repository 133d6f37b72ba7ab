"""`aiapp doctor`: what will break in code, prompts and settings on models; a status for CI."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aiapp.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from aiapp.doctor.examination import Examination
    from aiapp.doctor.findings import Finding
    from aiapp.doctor.options import Options

_COLOURS = {"error": "bold red", "warning": "bold yellow", "note": "bold blue"}


def doctor(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders; this folder where none is given.")
    ] = None,
    today: Annotated[datetime | None, typer.Option("--today", formats=["%Y-%m-%d"], help="Judge on this day.")] = None,
    within: Annotated[
        int | None, typer.Option("--within", help="Tell of models that leave in so many days (90).")
    ] = None,
    select: Annotated[str, typer.Option("--select", help="Only these codes, such as AI1,AI501.")] = "",
    ignore: Annotated[str, typer.Option("--ignore", help="Not these codes.")] = "",
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="Not these paths, such as tests; repeated.")
    ] = None,
    environment: Annotated[
        bool,
        typer.Option("--environment/--no-environment", help="Also what is installed here, and which keys are set."),
    ] = True,
    tests: Annotated[bool, typer.Option("--tests", help="Also models in tests, where none is asked.")] = False,
    fail_on: Annotated[str, typer.Option("--fail-on", help="Status 1 from: error, warning or note.")] = "warning",
    sources: Annotated[bool, typer.Option("--sources", help="How each finding is known.")] = False,
    rules: Annotated[bool, typer.Option("--rules", help="List the codes, and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Find what will break in code, prompts and settings: retired models, rejected settings, schemas over limits,
    caches that never hit, missing keys, packages that do not fit. Nothing is run or sent.

    Status 0: nothing; 1: findings; 2: wrong input. `# aiapp: ignore[CODE]` on a line silences it; `[tool.aiapp.doctor]`
    in pyproject.toml holds select, ignore, exclude, per-file-ignores and within.
    """
    from aiapp.doctor.examination import examine
    from aiapp.doctor.findings import SEVERITIES
    from aiapp.doctor.options import project_options

    if rules:
        _show_rules(as_json)
        return
    if fail_on not in SEVERITIES:
        raise InvalidInput("fail-on", fail_on, ", ".join(SEVERITIES))
    given = paths or [Path()]
    options, root = project_options(given[0])
    options = _over(options, today, within, select, ignore, exclude or [], environment, tests)
    examination = examine(given, options, root)
    if as_json:
        print(json.dumps(_as_data(examination, options), indent=2))
    else:
        _show(examination, sources)
    failing = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    if any(finding.severity in failing for finding in examination.findings):
        raise typer.Exit(1)


def _over(
    options: Options,
    today: datetime | None,
    within: int | None,
    select: str,
    ignore: str,
    exclude: list[str],
    environment: bool,
    tests: bool,
) -> Options:
    """The options of the command line, over those of the project."""
    return replace(
        options,
        today=today.date() if today else options.today,
        within=options.within if within is None else timedelta(days=within),
        select=_codes(select) or options.select,
        ignore=(*options.ignore, *_codes(ignore)),
        exclude=(*options.exclude, *exclude),
        environment=environment,
        tests=tests or options.tests,
    )


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip() for code in text.split(",") if code.strip())


def _show(examination: Examination, sources: bool) -> None:
    from aiapp.cli.screen import show

    show(_lines(examination, sources))


def _lines(examination: Examination, sources: bool) -> Iterator[Text | str]:
    for finding in examination.findings:
        yield _line(finding)
        if sources and finding.source:
            yield f"    source: {finding.source}"
    yield _summary(examination)


def _line(finding: Finding) -> Text:
    from rich.text import Text

    line = Text()
    line.append(str(finding.place), "bold")
    line.append(": ")
    line.append(finding.code, _COLOURS[finding.severity])
    line.append(f" {finding.message}")
    if finding.fix:
        line.append(f"; {finding.fix}", "dim")
    return line


def _summary(examination: Examination) -> str:
    from aiapp.doctor.findings import SEVERITIES

    counts = Counter(finding.severity for finding in examination.findings)
    told = ", ".join(_counted(counts[severity], severity) for severity in SEVERITIES if counts[severity])
    read = f"{_counted(examination.models, 'model')} seen in {_counted(examination.files, 'file')}"
    silenced = f"; {examination.silenced} silenced" if examination.silenced else ""
    tests = f"; {examination.in_tests} in tests (--tests tells them)" if examination.in_tests else ""
    return f"{told or 'All is well'}: {read}{silenced}{tests}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _as_data(examination: Examination, options: Options) -> dict[str, Any]:
    return {
        "today": options.today.isoformat(),
        "within_days": options.within.days,
        "files": examination.files,
        "models": examination.models,
        "silenced": examination.silenced,
        "in_tests": examination.in_tests,
        "findings": [_finding_data(finding) for finding in examination.findings],
    }


def _finding_data(finding: Finding) -> dict[str, Any]:
    from aiapp.doctor.findings import RULES

    place = finding.place
    return {
        "path": place.path,
        "cell": place.cell or None,
        "line": place.line,
        "column": place.column,
        "code": finding.code,
        "name": RULES[finding.code].name,
        "severity": finding.severity,
        "message": finding.message,
        "fix": finding.fix or None,
        "source": finding.source or None,
    }


def _show_rules(as_json: bool) -> None:
    from dataclasses import asdict

    from aiapp.cli.models.layout import columns
    from aiapp.cli.screen import show
    from aiapp.doctor.findings import RULES

    if as_json:
        print(json.dumps([asdict(rule) for rule in RULES.values()], indent=2))
        return
    rows = [[rule.code, rule.name, rule.severity, rule.summary] for rule in RULES.values()]
    show(columns(("code", "name", "severity", "what it finds"), rows))
