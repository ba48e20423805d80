#!/usr/bin/env python3
"""Lists the public API of each library, one name a line, in `.ci/public-api/CRATE.txt`.

    .ci/public_api.py            write the listings, after a change of the API that is meant
    .ci/public_api.py --check    compare with what is committed, count, find double meanings

A name is a type, function, constant, macro, method, field, variant or item of a trait that can be
reached from outside. Listed and not counted are the fields of variants, and further paths to a name
(`use`), among them those to names of another crate. What only a feature that is off by default brings
is marked `+`. Needs a nightly compiler, whose rustdoc writes JSON.
"""

import argparse
import difflib
import functools
import heapq
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
class Unreadable(Exception):
    """Rustdoc's JSON is not what it was."""


def features(crate: str, *flags: str) -> dict[str, str]:
    """The features that a build of this crate enables in each of our crates."""
    command = ["cargo", "tree", "--locked", "-p", crate, *flags, "-e", "normal", "--prefix", "none"]
    command += ["-f", "{p}|{f}"]
    text = subprocess.run(command, cwd=ROOT, check=True, text=True, capture_output=True).stdout
    lines = [line.split("|") for line in text.splitlines() if "|" in line]
    # A crate that was listed before is followed by a star.
    enabled = {package.split()[0]: names.removesuffix(" (*)") for package, names in lines}
    return {name: enabled[name] for name in CRATES if name in enabled}


@functools.cache
def rustdoc(crate: str, enabled: str) -> dict:
    """The crate's documentation with these features, as rustdoc's JSON."""
    command = ["cargo", "+nightly", "rustdoc", "--quiet", "--locked", "-p", crate, "--lib"]
    command += ["--no-default-features", "--features", enabled]
    command += ["--", "-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(TARGET)}
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        sys.exit(f"{' '.join(command)} failed: a nightly compiler is needed (rustup toolchain install nightly)")
    document = json.loads((TARGET / "doc" / f"{crate.replace('-', '_')}.json").read_text())
    if document.get("format_version") not in FORMATS:
        raise Unreadable(f"its format is {document.get('format_version')}")
    return document


def listing(crate: str, *flags: str) -> "Listing":
    """The names of a crate, and by its globs those of our crates that it re-exports."""
    others: list[Listing] = []
    for name, enabled in features(crate, *flags).items():
        others.append(Listing(rustdoc(name, enabled), others))
    return others[-1]


class Listing:
    """The names of one crate as one set of features makes it."""

    def __init__(self, document: dict, others: "list[Listing]") -> None:
        self.index, self.paths = document["index"], document["paths"]
        # Modules of other crates by their paths; where an item of theirs is public, by where it is defined.
        self.foreign = {path: names for other in others for path, names in other.modules.items()}
        self.foreign_homes = {path: home for other in others for path, home in other.defined.items()}
        # Kind and path of each name; the path of each item that has been listed; further paths.
        self.names: set[tuple[str, str]] = set()
        self.homes: dict[int, str] = {}
        self.uses: set[tuple[str, str]] = set()
        # What stands in each module: a name and its home.
        self.modules: dict[str, dict[str, str]] = {}
        # The shortest path is an item's home: modules come after what stands beside them, and what
        # has its own place in a module comes before what a glob brings there.
        waiting = [(0, 0, document["root"], self.index[str(document["root"])]["name"])]
        seen: set[tuple[int, str]] = set()
        while waiting:
            _, _, module, path = heapq.heappop(waiting)
            if (module, path) not in seen:
                seen.add((module, path))
                for is_glob, found, below in self._module(module, path):
                    heapq.heappush(waiting, (below.count("::"), is_glob, found, below))
        self.defined = {
            "::".join(self.paths[str(item)]["path"]): home
            for item, home in self.homes.items()
            if str(item) in self.paths
        }

    def _module(self, module: int, path: str) -> Iterator[tuple[bool, int, str]]:
        """Lists what stands in a module; yields the modules within, and whether a glob leads there."""
        globs = []
        held = self.modules.setdefault(path, {})
        for child in self.index[str(module)]["inner"]["module"]["items"]:
            item = self.index[str(child)]
            if item["visibility"] != "public":
                continue
            kind, inner = next(iter(item["inner"].items()))
            if kind == "use" and inner["is_glob"]:
                globs.append(inner)
            elif kind == "use":
                yield from self._use(inner, path)
            elif kind == "module":
                held.setdefault(item["name"], f"{path}::{item['name']}")
                yield False, child, f"{path}::{item['name']}"
            elif kind != "impl":
                self._item(item, f"{path}::{item['name']}")
        # A name of the module's own hides that of a glob.
        own = set(held)
        for inner in globs:
            yield from self._glob(inner, path, own)

    def _use(self, use: dict, path: str) -> Iterator[tuple[bool, int, str]]:
        target = self.index.get(str(use["id"]))
        name = f"{path}::{use['name']}"
        if target is None:
            known = self.paths.get(str(use["id"]))
            source = "::".join(known["path"]) if known else use["source"]
            self._used(name, self.foreign_homes.get(source, source))
        elif "module" in target["inner"]:
            self.modules[path].setdefault(use["name"], name)
            yield False, use["id"], name
        else:
            self._item(target, name)

    def _glob(self, use: dict, path: str, own: set[str]) -> Iterator[tuple[bool, int, str]]:
        target = self.index.get(str(use["id"]))
        if target is None:
            known = self.paths.get(str(use["id"]))
            source = "::".join(known["path"]) if known else use["source"]
            for name, home in self.foreign[source].items():
                if name not in own:
                    self._used(f"{path}::{name}", home)
        elif "module" in target["inner"]:
            yield True, use["id"], path
        else:
            for variant in target["inner"]["enum"]["variants"]:
                name = self.index[str(variant)]["name"]
                if name not in own:
                    self._item(self.index[str(variant)], f"{path}::{name}")

    def _used(self, path: str, home: str) -> None:
        module, name = path.rsplit("::", 1)
        self.modules[module].setdefault(name, home)
        self.uses.add((path, home))

    def _item(self, item: dict, path: str) -> None:
        if (home := self.homes.get(item["id"])) is not None:
            if home != path:
                self._used(path, home)
            return
        self.homes[item["id"]] = path
        module, name = path.rsplit("::", 1)
        self.modules[module].setdefault(name, path)
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
        problems.append(f"{name} has {len(paths)} meanings: {', '.join(sorted(paths))}")
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
    for crate in CRATES:
        try:
            default, every = listing(crate), listing(crate, "--all-features")
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
