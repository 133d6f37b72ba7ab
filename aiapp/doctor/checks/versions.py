"""Ranges of versions: whether what is asked for lies wholly inside a range. By `packaging`, as pip reads them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from aiapp.doctor.sightings import Surroundings


def certainly(package: str, versions: str, around: Surroundings) -> bool:
    """Whether every release that the project allows of a package is in a range; else whether the installed one is."""
    asked = [one for one in around.requirements if one.name == package]
    told = [one for one in asked if one.versions]
    if told:
        return any(inside(one.versions, versions) for one in told)
    installed = around.installed.get(package)
    return not asked and installed is not None and inside(f"=={installed}", versions)


@lru_cache(maxsize=4096)
def inside(asked: str, versions: str) -> bool:
    """Whether every version that fits `asked` fits `versions`, and there is one.

    What a range takes changes only at the versions that it names, so that these and their neighbours stand for all.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        wanted, known = SpecifierSet(asked), SpecifierSet(versions)
    except InvalidSpecifier:
        return False
    fitting = [version for version in _probes(asked, versions) if wanted.contains(version, prereleases=True)]
    return bool(fitting) and all(known.contains(version, prereleases=True) for version in fitting)


def _probes(*ranges: str) -> Iterator[str]:
    """The versions that ranges name, one a little below each and one a little above, the least and the greatest."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    yield from ("0", "99999")
    for text in ranges:
        for one in SpecifierSet(text):
            version = Version(one.version.removesuffix(".*"))
            yield str(version)
            release = list(version.release)
            yield f"{'.'.join(map(str, release))}.0.0.1"
            while release and release[-1] == 0:
                release.pop()
            if release:
                yield ".".join(map(str, [*release[:-1], release[-1] - 1, 9999]))
