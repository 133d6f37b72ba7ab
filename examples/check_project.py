"""The doctor in Python: what will break in a project on a day, as values that a test of yours can look at."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from aiapp.doctor.examination import examine
from aiapp.doctor.findings import RULES
from aiapp.doctor.options import Options

options = Options(today=date(2026, 11, 22), within=timedelta(days=90), ignore=("AI5",), environment=False)
found = examine([Path("examples/doctor")], options)
print(f"{found.files} files, {found.models} models, {len(found.findings)} findings, {found.silenced} silenced")
for code, count in sorted(Counter(finding.code for finding in found.findings).items()):
    print(f"  {count} x {code}, {RULES[code].severity}: {RULES[code].summary}")

print("\none of them, what to do, and how it is known")
first = next(finding for finding in found.findings if finding.source)
print(f"{first}\n  {first.source}")

# As a test: assert [one for one in found.findings if one.severity == "error"] == []
