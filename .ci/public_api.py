#!/usr/bin/env python3
"""Lists the public API of each library, one name a line, in `.ci/public-api/CRATE.txt`.

    .ci/public_api.py            write the listings, after a change of the API that is meant
    .ci/public_api.py --check    compare with what is committed, count, and look for double meanings

A name is a type, function, constant, macro, method, field, variant or item of a trait that can be
reached from outside. Listed and not counted are the fields of variants, and further paths to a name
(`use`), among them those to names of another crate. What only a feature that is off by default brings
is marked `+`. Needs a nightly compiler, whose rustdoc writes JSON.
"""

import argparse
import difflib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LISTINGS = ROOT / ".ci" / "public-api"
TARGET = ROOT / "target" / "public-api"
CRATES = ("health-core", "health-driver", "health-tokio", "health-smol", "health-blocking")
TYPES = ("struct", "enum", "union", "trait", "type_alias")
# What the core may have with its default features.
MOST_NAMES, MOST_TYPES = 800, 130
# The formats of rustdoc's JSON that this has been tried with.
FORMATS = range(45, 70)
# Names that mean one thing here and another there, within one crate, and why that is well.
TWO_MEANINGS: dict[tuple[str, str], str] = {}


class Unreadable(Exception):
    """Rustdoc's JSON is not what it was."""


def rustdoc(crate: str, *flags: str) -> dict:
    """The crate's documentation as rustdoc's JSON."""
    command = ["cargo", "+nightly", "rustdoc", "--quiet", "--locked", "-p", crate, "--lib", *flags]
    command += ["--", "-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(TARGET)}
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        sys.exit(f"{' '.join(command)} failed: a nightly compiler is needed (rustup toolchain install nightly)")
    document = json.loads((TARGET / "doc" / f"{crate.replace('-', '_')}.json").read_text())
    if document.get("format_version") not in FORMATS:
        raise Unreadable(f"its format is {document.get('format_version')}")
    return document


class Listing:
    """The names of one crate as one set of features makes it."""

    def __init__(self, document: dict, others: "list[Listing]") -> None:
        self.others = others
        self.index, self.paths = document["index"], document["paths"]
        # Kind and path of each name; the path of each item that has been listed; further paths.
        self.names: set[tuple[str, str]] = set()
        self.homes: dict[int, str] = {}
        self.uses: set[tuple[str, str]] = set()
        # The shortest path is an item's home: modules come after what stands beside them.
        waiting = [(document["root"], self.index[str(document["root"])]["name"])]
        seen: set[tuple[int, str]] = set()
        while waiting:
            module, path = waiting.pop(0)
            if (module, path) not in seen:
                seen.add((module, path))
                waiting += list(self._module(module, path))

    def _module(self, module: int, path: str) -> Iterator[tuple[int, str]]:
        """Lists what stands in a module; yields the modules within."""
        for child in self.index[str(module)]["inner"]["module"]["items"]:
            item = self.index[str(child)]
            if item["visibility"] != "public":
                continue
            kind, inner = next(iter(item["inner"].items()))
            if kind == "use":
                yield from self._use(inner, path)
            elif kind == "module":
                yield child, f"{path}::{item['name']}"
            elif kind != "impl":
                self._item(item, f"{path}::{item['name']}")

    def _use(self, use: dict, path: str) -> Iterator[tuple[int, str]]:
        target = self.index.get(str(use["id"]))
        name = f"{path}::{use['name']}"
        if target is None:
            known = self.paths.get(str(use["id"]))
            source = "::".join(known["path"]) if known else use["source"]
            if use["is_glob"]:
                self.uses |= {(f"{path}::{one.rsplit('::', 1)[1]}", home) for one, home in self._all_of(source)}
            else:
                self.uses.add((name, self._home(source)))
        elif "module" in target["inner"]:
            yield use["id"], path if use["is_glob"] else name
        elif use["is_glob"]:
            for variant in target["inner"]["enum"]["variants"]:
                self._item(self.index[str(variant)], f"{path}::{self.index[str(variant)]['name']}")
        else:
            self._item(target, name)

    def _all_of(self, module: str) -> Iterator[tuple[str, str]]:
        """Path and home of whatever stands in a module of another crate."""
        for other in self.others:
            for path, home in [(path, path) for _, path in other.names] + list(other.uses):
                if "." not in path and path.rsplit("::", 1)[0] == module:
                    yield path, home

    def _home(self, source: str) -> str:
        """The public path of what another crate defines at this path, which may be private."""
        module, name = source.rsplit("::", 1)
        homes = [
            path
            for other in self.others
            for _, path in other.names
            if path.endswith(f"::{name}") and f"{module}::".startswith(path[: -len(name)])
        ]
        return max(homes, key=len, default=source)

    def _item(self, item: dict, path: str) -> None:
        if (home := self.homes.get(item["id"])) is not None:
            if home != path:
                self.uses.add((path, home))
            return
        self.homes[item["id"]] = path
        kind, inner = next(iter(item["inner"].items()))
        self.names.add((kind, path))
        if kind == "struct":
            self._fields("field", inner["kind"], path)
        for variant in inner["variants"] if kind == "enum" else ():
            self._member("variant", variant, path, "::")
            shape = self.index[str(variant)]
            self._fields("variant_field", shape["inner"]["variant"]["kind"], f"{path}::{shape['name']}")
        for member in inner["items"] if kind == "trait" else ():
            self._member(None, member, path, "::")
        for number in inner["impls"] if kind in ("struct", "enum", "union") else ():
            implementation = self.index[str(number)]["inner"]["impl"]
            if implementation["trait"] is None:
                for member in implementation["items"]:
                    if self.index[str(member)]["visibility"] == "public":
                        self._member(None, member, path, "::")

    def _fields(self, kind: str, shape: object, path: str) -> None:
        """Named fields; a variant's are as public as the variant."""
        for fields in (shape.get("plain"), shape.get("struct")) if isinstance(shape, dict) else ():
            for field in fields["fields"] if fields else ():
                if self.index[str(field)]["visibility"] in ("public", "default"):
                    self._member(kind, field, path, ".")

    def _member(self, kind: str | None, number: int, path: str, joint: str) -> None:
        item = self.index[str(number)]
        self.names.add((kind or next(iter(item["inner"])), f"{path}{joint}{item['name']}"))

    def counted(self) -> int:
        """How many names there are."""
        return sum(kind != "variant_field" for kind, _ in self.names)

    def types(self) -> list[str]:
        """The paths of all types."""
        return sorted(path for kind, path in self.names if kind in TYPES)

    def two_meanings(self) -> dict[str, set[str]]:
        """Names that lead to more than one type, with the paths of those."""
        homes: dict[str, set[str]] = {}
        for path, home in [(path, path) for path in self.types()] + list(self.uses):
            name = path.rsplit("::", 1)[1]
            if name[0].isupper() and not name.isupper():
                homes.setdefault(name, set()).add(home)
        return {name: found for name, found in homes.items() if len(found) > 1}


def listed(every: Listing, default: Listing) -> str:
    """The text of a listing."""
    lines = [
        (path, f"{'  ' if (kind, path) in default.names else '+ '}{kind} {path}")
        for kind, path in every.names
    ]
    lines += [
        (path, f"{'  ' if (path, home) in default.uses else '+ '}use {path} = {home}")
        for path, home in every.uses
    ]
    return "".join(f"{line}\n" for _, line in sorted(lines))


def check(crate: str, every: Listing, default: Listing) -> list[str]:
    """What is wrong with a crate's API."""
    problems = []
    committed = LISTINGS / f"{crate}.txt"
    before = committed.read_text() if committed.exists() else ""
    difference = difflib.unified_diff(
        before.splitlines(), listed(every, default).splitlines(), "committed", "as it is", "", "", 0, ""
    )
    if text := "\n".join(difference):
        problems.append(f"differs from what is committed (meant? then .ci/public_api.py):\n{text}")
    for name, paths in every.two_meanings().items():
        if (crate, name) not in TWO_MEANINGS:
            problems.append(f"{name} has {len(paths)} meanings: {', '.join(sorted(paths))}")
    for known_crate, name in TWO_MEANINGS:
        if known_crate == crate and name not in every.two_meanings():
            problems.append(f"{name} has one meaning only: take it off TWO_MEANINGS")
    if crate == "health-core":
        for count, most, what in (
            (default.counted(), MOST_NAMES, "names"),
            (len(default.types()), MOST_TYPES, "types"),
        ):
            if count > most:
                problems.append(f"{count} {what} by default, more than {most}")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    args = parser.parse_args()
    failed = 0
    listings: list[Listing] = []
    for crate in CRATES:
        try:
            default = Listing(rustdoc(crate), listings)
            every = Listing(rustdoc(crate, "--all-features"), listings)
            listings.append(every)
        except (Unreadable, KeyError, TypeError, StopIteration) as error:
            sys.exit(f"{crate}: this script cannot read the JSON of the installed rustdoc: {error!r}")
        print(
            f"{crate}: {default.counted()} names, {len(default.types())} types by default; "
            f"{every.counted()} names, {len(every.types())} types with all features"
        )
        if args.check:
            problems = check(crate, every, default)
            failed += bool(problems)
            for problem in problems:
                print(f"{crate}: {problem}")
        else:
            LISTINGS.mkdir(exist_ok=True)
            (LISTINGS / f"{crate}.txt").write_text(listed(every, default))
    if args.check:
        print(f"{len(CRATES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
