"""`aiapp prompts render`: the request that a prompt makes of variables."""

from __future__ import annotations

from aiapp.cli.prompts.sources import AsJson, CaseName, Folders, Given, Named, VarsFile, load, request_of


def render(
    name: Named,
    var: Given = None,
    vars_file: VarsFile = None,
    case: CaseName = None,
    folder: Folders = None,
    as_json: AsJson = False,
) -> None:
    """Show what would be said to a model: who says what, settings, and the form of the answer. Nothing is sent."""
    from aiapp.core.serialisation import to_json
    from aiapp.evals.prompt_diff import request_text

    prompt = load(name, folder)
    request = request_of(prompt, var, vars_file, case)
    print(to_json(request) if as_json else request_text(request))
